// The map: two canvases, one over the other. Below: ground, roads, RSUs and coverage, painted when the picture moves.
// Above: vehicles, links and marks, painted every frame. Canvas 2D, because it holds 60 frames a second at 1,000 vehicles
// without a GPU and needs nothing from outside; thousands go as one picture of pixels (crowd.ts). Must not: keep time, or ask for frames.

import type { Box, FrameVehicle } from '../protocol/frame.ts';
import type { MapScene } from '../protocol/run-info.ts';
import { CrowdPicture } from './crowd.ts';
import type { FramePair } from './frames.ts';
import { blend } from './frames.ts';
import { paintScene } from './map-scene.ts';
import { paintSignals } from './map-streets.ts';
import type { Theme } from './palette.ts';
import { themes, transfers } from './palette.ts';
import { paintMark, paintRing, SpriteSheet, spritePixels } from './sprites.ts';
import type { View } from './view.ts';
import type { Viewport } from './viewport.ts';
import { centerOn, fitBeside, fitTo, resize, screenX, screenY } from './viewport.ts';

/** Everything a picture shows. */
export interface Picture {
  readonly pair: FramePair;
  /** The instant to show, seconds. */
  readonly at: number;
  readonly view: View;
  /** Vehicle ids by frame index. */
  readonly ids: readonly string[];
  readonly chosen: string | null;
  readonly follow: boolean;
  /** How long an outcome's mark stays, run seconds. */
  readonly markSeconds: number;
}

/** A vehicle as placed in the last picture: canvas point in CSS pixels, and where that is in the world. */
interface Spot {
  readonly vehicle: FrameVehicle;
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly headingRadians: number;
}

/** More vehicles than this are drawn smaller: they would cover each other, and copying costs by the pixel. */
const crowd = 3000;
const crowdScale = 0.6;
/** Where each has less room than this on the screen, square pixels, they are drawn as small as can still be told apart. */
const roomPixels = 60;
const fineScale = 0.34;
/** Screens of more device pixels a pixel come with a GPU, which copies bitmaps faster than a processor sets their pixels. */
const ratioOfGpu = 1.5;
/** A click within this many pixels of a vehicle means it. */
const reachPixels = 16;
const emptyBox: Box = { minX: 0, minY: 0, maxX: 1000, maxY: 600 };

export class RoadMap {
  readonly #ground: CanvasRenderingContext2D;
  readonly #traffic: CanvasRenderingContext2D;
  #scene: MapScene = { box: emptyBox, roads: [], rsus: [] };
  #theme: Theme = themes.dark;
  #sprites = new SpriteSheet(themes.dark, 1);
  #crowdSprites = this.#sprites;
  #fineSprites = this.#sprites;
  readonly #crowd = new CrowdPicture();
  #port: Viewport = fitTo(emptyBox, { width: 1, height: 1 });
  #fitted = true;
  #coveredPixels = 0;
  #ratio = 1;
  #groundStale = true;
  #spots: Spot[] = [];

  constructor(ground: HTMLCanvasElement, traffic: HTMLCanvasElement) {
    const [below, above] = [ground.getContext('2d'), traffic.getContext('2d')];
    if (below === null || above === null)
      throw new Error('This browser draws no canvas; the map cannot show.');
    this.#ground = below;
    this.#traffic = above;
  }

  get viewport(): Viewport {
    return this.#port;
  }

  /** How many vehicles the last picture held. */
  get count(): number {
    return this.#spots.length;
  }

  setScene(scene: MapScene): void {
    this.#scene = scene;
    this.showAll();
  }

  setTheme(theme: Theme): void {
    this.#theme = theme;
    this.#makeSprites();
    this.#groundStale = true;
  }

  /** Takes the canvas size, CSS pixels. A fitted picture stays fitted. */
  setSize(width: number, height: number, devicePixelRatio: number): void {
    this.#ratio = devicePixelRatio;
    for (const { canvas } of [this.#ground, this.#traffic]) {
      canvas.width = Math.max(1, Math.round(width * devicePixelRatio));
      canvas.height = Math.max(1, Math.round(height * devicePixelRatio));
    }
    this.#port = resize(this.#port, width, height);
    this.#makeSprites();
    this.#groundStale = true;
    if (this.#fitted) this.showAll();
  }

  /** Says how many pixels at the left something lies over, so that the fitted picture stands beside it. */
  setCovered(leftPixels: number): void {
    this.#coveredPixels = leftPixels;
    if (this.#fitted) this.showAll();
  }

  /** Shows the whole scene, coverage included. */
  showAll(): void {
    this.#port = fitBeside(reachOf(this.#scene), this.#port, this.#coveredPixels);
    this.#fitted = true;
    this.#groundStale = true;
  }

  /** Changes the viewport, as a hand or a key does. */
  move(change: (port: Viewport) => Viewport): void {
    this.#port = change(this.#port);
    this.#fitted = false;
    this.#groundStale = true;
  }

  draw(picture: Picture): void {
    const chosen = this.#place(picture);
    if (picture.follow && chosen !== undefined) this.#followTo(chosen, picture);
    if (this.#groundStale) this.#drawGround();
    const context = this.#traffic;
    context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    const isCrowd = this.#spots.length > crowd && this.#ratio < ratioOfGpu;
    // The picture of a crowd replaces all that was there, so lines to RSUs lie over it.
    if (isCrowd) this.#drawCrowd();
    else context.clearRect(0, 0, this.#port.width, this.#port.height);
    for (const spot of this.#spots) if (transfers(spot.vehicle.state)) this.#drawLink(spot, picture);
    if (!isCrowd) this.#drawVehicles();
    // The first car at a red light stands on its line: the line lies over it.
    const signals = picture.pair.before?.signals;
    if (signals) paintSignals(context, { scene: this.#scene, port: this.#port, signals });
    for (const spot of this.#spots) this.#drawMarks(spot, picture);
    if (chosen !== undefined) this.#drawChosen(picture.chosen);
  }

  /** The vehicle at a canvas point, CSS pixels; null where none is near. */
  hit(px: number, py: number): string | null {
    let best: string | null = null;
    let nearest = reachPixels;
    for (const spot of this.#spots) {
      const distance = Math.hypot(spot.x - px, spot.y - py);
      if (distance < nearest) [nearest, best] = [distance, spot.id];
    }
    return best;
  }

  #place(picture: Picture): { readonly x: number; readonly y: number } | undefined {
    const spots: Spot[] = [];
    let chosen: { readonly x: number; readonly y: number } | undefined;
    blend(picture.pair, picture.at, (vehicle, x, y, headingRadians) => {
      const id = picture.ids[vehicle.index] ?? `#${vehicle.index}`;
      if (id === picture.chosen) chosen = { x, y };
      spots.push({ vehicle, id, x: screenX(this.#port, x), y: screenY(this.#port, y), headingRadians });
    });
    this.#spots = spots;
    return chosen;
  }

  #followTo(world: { readonly x: number; readonly y: number }, picture: Picture): void {
    if (this.#port.centerX === world.x && this.#port.centerY === world.y) return;
    this.move((port) => centerOn(port, world.x, world.y));
    this.#place(picture);
  }

  #drawGround(): void {
    this.#ground.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    paintScene(this.#ground, { scene: this.#scene, port: this.#port, theme: this.#theme });
    this.#groundStale = false;
  }

  #makeSprites(): void {
    this.#sprites = new SpriteSheet(this.#theme, this.#ratio);
    this.#crowdSprites = new SpriteSheet(this.#theme, this.#ratio * crowdScale);
    this.#fineSprites = new SpriteSheet(this.#theme, this.#ratio * fineScale);
  }

  #drawVehicles(): void {
    const { width, height } = this.#port;
    const { sprites, half } = this.#signs();
    // Whole device pixels and no scaling: a plain copy, which a machine without a GPU does many times faster.
    this.#traffic.setTransform(1, 0, 0, 1, 0, 0);
    this.#traffic.imageSmoothingEnabled = false;
    // Those at work lie over those that merely drive.
    for (const atWork of [false, true]) {
      for (const { vehicle, x, y, headingRadians } of this.#spots) {
        if (isAtWork(vehicle) !== atWork) continue;
        if (x < -half || y < -half || x > width + half || y > height + half) continue;
        const [left, top] = [Math.round((x - half) * this.#ratio), Math.round((y - half) * this.#ratio)];
        this.#traffic.drawImage(sprites.of(vehicle.state, headingRadians), left, top);
      }
    }
    this.#traffic.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
  }

  /** The signs for so many vehicles at this zoom, and half their size in CSS pixels. */
  #signs(): { readonly sprites: SpriteSheet; readonly half: number } {
    if (this.#spots.length <= crowd) return { sprites: this.#sprites, half: spritePixels / 2 };
    const { minX, minY, maxX, maxY } = this.#scene.box;
    const area = (maxX - minX) * (maxY - minY) * this.#port.pixelsPerMeter ** 2;
    if (area / this.#spots.length > roomPixels)
      return { sprites: this.#crowdSprites, half: (spritePixels * crowdScale) / 2 };
    return { sprites: this.#fineSprites, half: (spritePixels * fineScale) / 2 };
  }

  #drawCrowd(): void {
    const { canvas } = this.#traffic;
    const { sprites, half } = this.#signs();
    this.#crowd.begin(canvas.width, canvas.height);
    for (const atWork of [false, true]) {
      for (const { vehicle, x, y, headingRadians } of this.#spots) {
        if (isAtWork(vehicle) !== atWork) continue;
        const [left, top] = [Math.round((x - half) * this.#ratio), Math.round((y - half) * this.#ratio)];
        this.#crowd.put(sprites.stampOf(vehicle.state, headingRadians), left, top);
      }
    }
    this.#crowd.show(this.#traffic);
  }

  /** A line to the RSU the event log says the vehicle is with, or the nearest one before the log has said so. */
  #drawLink(spot: Spot, picture: Picture): void {
    const named = picture.view.vehicles.get(spot.id)?.rsu;
    const rsu = this.#scene.rsus.find(({ id }) => id === named) ?? nearest(this.#scene, spot.vehicle);
    if (rsu === undefined) return;
    const context = this.#traffic;
    context.strokeStyle = this.#theme.states[spot.vehicle.state];
    context.globalAlpha = 0.75;
    context.lineWidth = 1.6;
    // Dashes distinguish the direction without colour: long ones go up, short ones come down.
    context.setLineDash(
      spot.vehicle.state === 'uploading' ? [9, 4] : spot.vehicle.state === 'splitting' ? [] : [2.5, 4],
    );
    context.beginPath();
    context.moveTo(spot.x, spot.y);
    context.lineTo(screenX(this.#port, rsu.x), screenY(this.#port, rsu.y));
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  #drawMarks(spot: Spot, picture: Picture): void {
    const { vehicle } = spot;
    const context = this.#traffic;
    if (vehicle.selected) {
      context.strokeStyle = this.#theme.halo;
      context.globalAlpha = 0.9;
      context.lineWidth = 1.4;
      context.beginPath();
      context.arc(spot.x, spot.y, 14.5, 0, 2 * Math.PI);
      context.stroke();
      context.globalAlpha = 1;
    }
    if (vehicle.state === 'uploading' || vehicle.state === 'downloading') {
      const full = this.#theme.states[vehicle.state];
      paintRing(context, spot, vehicle.progress, { full, rest: this.#theme.roadEdge });
    }
    if (!vehicle.committed && !vehicle.lost) return;
    const endedAt = picture.view.vehicles.get(spot.id)?.lastEndedAt ?? null;
    if (endedAt !== null && picture.at - endedAt > picture.markSeconds) return;
    paintMark(context, this.#theme, spot, vehicle.committed ? 'check' : 'cross');
  }

  #drawChosen(chosen: string | null): void {
    const spot = this.#spots.find(({ id }) => id === chosen);
    if (spot === undefined) return;
    const context = this.#traffic;
    context.strokeStyle = this.#theme.ink;
    context.lineWidth = 2;
    for (const quarter of [0, 1, 2, 3]) {
      const middle = (quarter + 0.5) * (Math.PI / 2);
      context.beginPath();
      context.arc(spot.x, spot.y, 19, middle - 0.35, middle + 0.35);
      context.stroke();
    }
    context.font = '600 12px system-ui, sans-serif';
    context.textAlign = 'center';
    context.lineWidth = 4;
    context.strokeStyle = this.#theme.ground;
    context.strokeText(spot.id, spot.x, spot.y - 25);
    context.fillStyle = this.#theme.ink;
    context.fillText(spot.id, spot.x, spot.y - 25);
  }
}

const isAtWork = ({ state }: FrameVehicle): boolean => state !== 'idle' && state !== 'in-range';

function nearest(
  scene: MapScene,
  from: { readonly x: number; readonly y: number },
): MapScene['rsus'][number] | undefined {
  let best: MapScene['rsus'][number] | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const rsu of scene.rsus) {
    const distance = Math.hypot(rsu.x - from.x, rsu.y - from.y);
    if (distance < least) [least, best] = [distance, rsu];
  }
  return best;
}

/** The box of roads and coverage discs together. */
function reachOf(scene: MapScene): Box {
  return scene.rsus.reduce(
    (box, { x, y, coverageRadiusMeters: r }) => ({
      minX: Math.min(box.minX, x - r),
      minY: Math.min(box.minY, y - r),
      maxX: Math.max(box.maxX, x + r),
      maxY: Math.max(box.maxY, y + r),
    }),
    scene.box,
  );
}
