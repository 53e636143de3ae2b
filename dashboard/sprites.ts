// Vehicle and RSU signs, drawn once per state and heading into small canvases and then copied: 10,000 vehicles a frame are
// 10,000 copies, no paths. The legend uses the same drawing, so it cannot differ from the map.
// Must not: know where a vehicle is.

import type { FrameState } from '../protocol/frame.ts';
import { frameStates } from '../protocol/frame.ts';
import { type Stamp, stampOf } from './crowd.ts';
import type { Shape, Theme } from './palette.ts';
import { stateShapes } from './palette.ts';

/** Headings are drawn in 48 steps of 7.5 degrees: finer is not seen at this size. */
const headings = 48;
/** Width and height of a sprite, CSS pixels. */
export const spritePixels = 22;

export type Sprite = ImageBitmap;

/** The signs of one theme and pixel ratio. */
export class SpriteSheet {
  /** By state, then by heading step: bitmaps to be copied, and the same signs as pixels. */
  readonly #stamps = new Map<FrameState, Stamp[]>(frameStates.map((state) => [state, []]));
  readonly #sprites = new Map<FrameState, Sprite[]>(frameStates.map((state) => [state, []]));
  readonly #theme: Theme;
  readonly #ratio: number;

  constructor(theme: Theme, devicePixelRatio: number) {
    this.#theme = theme;
    this.#ratio = devicePixelRatio;
  }

  /** The sign of a vehicle in `state` driving at `headingRadians` (0 = east, counter-clockwise). */
  of(state: FrameState, headingRadians: number): Sprite {
    const step = stepOf(headingRadians);
    const row = this.#sprites.get(state) ?? [];
    const held = row[step];
    if (held !== undefined) return held;
    const sprite = drawSprite(this.#theme, state, (step / headings) * 2 * Math.PI, this.#ratio);
    row[step] = sprite;
    return sprite;
  }

  /** The same sign as pixels. */
  stampOf(state: FrameState, headingRadians: number): Stamp {
    const step = stepOf(headingRadians);
    const row = this.#stamps.get(state) ?? [];
    const held = row[step];
    if (held !== undefined) return held;
    const context = paintSprite(this.#theme, state, (step / headings) * 2 * Math.PI, this.#ratio);
    const { width, height } = context.canvas;
    const stamp = stampOf(context.getImageData(0, 0, width, height));
    row[step] = stamp;
    return stamp;
  }
}

function stepOf(headingRadians: number): number {
  const turn = headingRadians / (2 * Math.PI);
  return Math.round((turn - Math.floor(turn)) * headings) % headings;
}

/** Draws one sign into a canvas of its own: a bitmap, because it is copied many times and never drawn on again. */
export function drawSprite(
  theme: Theme,
  state: FrameState,
  headingRadians: number,
  devicePixelRatio: number,
): Sprite {
  return paintSprite(theme, state, headingRadians, devicePixelRatio).canvas.transferToImageBitmap();
}

function paintSprite(
  theme: Theme,
  state: FrameState,
  headingRadians: number,
  devicePixelRatio: number,
): OffscreenCanvasRenderingContext2D {
  const size = Math.ceil(spritePixels * devicePixelRatio);
  const canvas = new OffscreenCanvas(size, size);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('This browser draws no canvas; the map cannot show.');
  context.scale(devicePixelRatio, devicePixelRatio);
  context.translate(spritePixels / 2, spritePixels / 2);
  context.lineJoin = 'round';
  const shape = stateShapes[state];
  // Screen y grows downwards, so a counter-clockwise heading is a negative turn.
  context.rotate(-headingRadians);
  if (shape !== 'arrow' && shape !== 'hollow-arrow') {
    paintNose(context, theme.states[state], theme.ground);
    // Only the nose turns: a square turned by 45 degrees would read as a diamond.
    context.rotate(headingRadians);
  }
  paintShape(context, shape, theme.states[state], theme.ground);
  return context;
}

function paintShape(
  context: OffscreenCanvasRenderingContext2D,
  shape: Shape,
  colour: string,
  edge: string,
): void {
  const path = shapePath(shape);
  if (shape === 'hollow-arrow') {
    context.lineWidth = 1.8;
    context.strokeStyle = colour;
    context.fillStyle = edge;
    context.fill(path);
    context.stroke(path);
    return;
  }
  context.lineWidth = 2.4;
  context.strokeStyle = edge;
  context.stroke(path);
  context.fillStyle = colour;
  context.fill(path);
}

/** A small wedge before a shape that has no front of its own, to show where the vehicle goes. */
function paintNose(context: OffscreenCanvasRenderingContext2D, colour: string, edge: string): void {
  const nose = polygon([
    [10.4, 0],
    [5, 3.6],
    [5, -3.6],
  ]);
  context.lineWidth = 2;
  context.strokeStyle = edge;
  context.stroke(nose);
  context.fillStyle = colour;
  context.fill(nose);
}

function shapePath(shape: Shape): Path2D {
  switch (shape) {
    case 'arrow':
    case 'hollow-arrow':
      return polygon([
        [8, 0],
        [-6, 5],
        [-3.2, 0],
        [-6, -5],
      ]);
    case 'square':
      return polygon([
        [5, 5],
        [-5, 5],
        [-5, -5],
        [5, -5],
      ]);
    case 'diamond':
      return polygon([
        [6.6, 0],
        [0, 6.6],
        [-6.6, 0],
        [0, -6.6],
      ]);
    case 'hexagon':
      return polygon(
        [0, 1, 2, 3, 4, 5].map((i) => [
          6 * Math.cos(((i + 0.5) * Math.PI) / 3),
          6 * Math.sin(((i + 0.5) * Math.PI) / 3),
        ]),
      );
    case 'circle': {
      const path = new Path2D();
      path.arc(0, 0, 5.4, 0, 2 * Math.PI);
      return path;
    }
  }
}

function polygon(corners: readonly (readonly number[])[]): Path2D {
  const path = new Path2D();
  for (const [x = 0, y = 0] of corners) path.lineTo(x, y);
  path.closePath();
  return path;
}

/** An antenna: a mast with a foot and two pairs of waves, its tip at (`x`, `y`). */
export function paintAntenna(context: CanvasRenderingContext2D, theme: Theme, x: number, y: number): void {
  context.save();
  context.translate(x, y);
  context.lineCap = 'round';
  for (const [colour, extra] of [
    [theme.ground, 3],
    [theme.ink, 0],
  ] as const) {
    context.strokeStyle = colour;
    context.fillStyle = colour;
    context.lineWidth = 1.8 + extra;
    context.beginPath();
    context.moveTo(-5, 15);
    context.lineTo(0, 0);
    context.lineTo(5, 15);
    context.moveTo(-3, 9.5);
    context.lineTo(3, 9.5);
    context.stroke();
    for (const radius of [5.5, 9.5]) {
      for (const side of [0, Math.PI]) {
        context.beginPath();
        context.arc(0, 0, radius, side - 0.7, side + 0.7);
        context.stroke();
      }
    }
    context.beginPath();
    context.arc(0, 0, 2.2 + extra / 2, 0, 2 * Math.PI);
    context.fill();
  }
  context.restore();
}

/** A ring around a vehicle, full at `share` 1. */
export function paintRing(
  context: CanvasRenderingContext2D,
  at: { readonly x: number; readonly y: number },
  share: number,
  colours: { readonly full: string; readonly rest: string },
): void {
  context.lineWidth = 3;
  context.strokeStyle = colours.rest;
  context.beginPath();
  context.arc(at.x, at.y, 11.5, 0, 2 * Math.PI);
  context.stroke();
  context.strokeStyle = colours.full;
  context.beginPath();
  context.arc(at.x, at.y, 11.5, -Math.PI / 2, -Math.PI / 2 + 2 * Math.PI * share);
  context.stroke();
}

/** A check mark or a cross at the upper right of a vehicle, on a plate of the ground's colour. */
export function paintMark(
  context: CanvasRenderingContext2D,
  theme: Theme,
  at: { readonly x: number; readonly y: number },
  mark: 'check' | 'cross',
): void {
  const [x, y] = [at.x + 10, at.y - 10];
  context.fillStyle = theme.ground;
  context.beginPath();
  context.arc(x, y, 7, 0, 2 * Math.PI);
  context.fill();
  context.strokeStyle = mark === 'check' ? theme.good : theme.bad;
  context.lineWidth = 2.2;
  context.beginPath();
  if (mark === 'check') {
    context.moveTo(x - 3.6, y + 0.2);
    context.lineTo(x - 1, y + 3);
    context.lineTo(x + 3.8, y - 3);
  } else {
    context.moveTo(x - 3, y - 3);
    context.lineTo(x + 3, y + 3);
    context.moveTo(x + 3, y - 3);
    context.lineTo(x - 3, y + 3);
  }
  context.stroke();
}
