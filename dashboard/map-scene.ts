// The still picture under the traffic: ground grid, roads, coverage discs, antennas, scale bar. North is up.
// Must not: draw anything that moves.

import type { MapScene } from '../protocol/run-info.ts';
import { paintLanes } from './map-streets.ts';
import type { Theme } from './palette.ts';
import { paintAntenna } from './sprites.ts';
import type { Viewport } from './viewport.ts';
import { scaleBarMeters, screenX, screenY, worldX, worldY } from './viewport.ts';

interface Still {
  readonly scene: MapScene;
  readonly port: Viewport;
  readonly theme: Theme;
}

/** A two-lane road is about 8 m wide; below 4 pixels it would not be seen as a road. */
const roadMeters = 8;
const roadPixelsMin = 4;
/** Between a disc and the name over it; nearer the top of the picture it would be cut. CSS pixels. */
const labelGapPixels = 6;
const labelTopPixels = 14;
/** Below an antenna's tip its name clears its foot. */
const labelUnderPixels = 29;
/** A disc smaller than this would have its name beside the antenna's tip. */
const labelDiscPixels = 30;

/** Paints the whole still picture; the context is in CSS pixels. */
export function paintScene(context: CanvasRenderingContext2D, still: Still): void {
  const { port, theme } = still;
  context.fillStyle = theme.ground;
  context.fillRect(0, 0, port.width, port.height);
  paintGrid(context, still);
  paintCoverage(context, still);
  if (still.scene.lanes) paintLanes(context, { ...still, lanes: still.scene.lanes });
  else paintRoads(context, still);
  paintRsus(context, still);
  paintScaleBar(context, still);
}

function paintGrid(context: CanvasRenderingContext2D, { port, theme }: Still): void {
  const step = scaleBarMeters(port, 110);
  context.strokeStyle = theme.grid;
  context.lineWidth = 1;
  context.beginPath();
  for (let x = Math.ceil(worldX(port, 0) / step) * step; x <= worldX(port, port.width); x += step) {
    const px = Math.round(screenX(port, x)) + 0.5;
    context.moveTo(px, 0);
    context.lineTo(px, port.height);
  }
  for (let y = Math.ceil(worldY(port, port.height) / step) * step; y <= worldY(port, 0); y += step) {
    const py = Math.round(screenY(port, y)) + 0.5;
    context.moveTo(0, py);
    context.lineTo(port.width, py);
  }
  context.stroke();
}

function paintCoverage(context: CanvasRenderingContext2D, { scene, port, theme }: Still): void {
  for (const rsu of scene.rsus) {
    context.beginPath();
    const radius = rsu.coverageRadiusMeters * port.pixelsPerMeter;
    context.arc(screenX(port, rsu.x), screenY(port, rsu.y), radius, 0, 2 * Math.PI);
    context.fillStyle = theme.coverage;
    context.fill();
    context.setLineDash([6, 5]);
    context.lineWidth = 1.4;
    context.strokeStyle = theme.coverageEdge;
    context.stroke();
    context.setLineDash([]);
  }
}

/** All edges first, then all surfaces, so that crossings join. */
function paintRoads(context: CanvasRenderingContext2D, { scene, port, theme }: Still): void {
  const path = new Path2D();
  for (const road of scene.roads) {
    road.points.forEach(([x, y], i) => {
      const [px, py] = [screenX(port, x), screenY(port, y)];
      if (i === 0) path.moveTo(px, py);
      else path.lineTo(px, py);
    });
  }
  const width = Math.max(roadPixelsMin, roadMeters * port.pixelsPerMeter);
  context.lineCap = 'round';
  context.lineJoin = 'round';
  context.strokeStyle = theme.roadEdge;
  context.lineWidth = width + 2.5;
  context.stroke(path);
  context.strokeStyle = theme.road;
  context.lineWidth = width;
  context.stroke(path);
  if (width < 9) return;
  context.strokeStyle = theme.roadMarking;
  context.lineWidth = 1;
  context.setLineDash([8, 8]);
  context.lineCap = 'butt';
  context.stroke(path);
  context.setLineDash([]);
}

function paintRsus(context: CanvasRenderingContext2D, { scene, port, theme }: Still): void {
  context.font = '600 11.5px system-ui, sans-serif';
  context.textAlign = 'center';
  for (const rsu of scene.rsus) {
    const [x, y] = [screenX(port, rsu.x), screenY(port, rsu.y)];
    paintAntenna(context, theme, x, y);
    context.lineWidth = 4;
    context.strokeStyle = theme.ground;
    const base = labelBase(port, { y, radius: rsu.coverageRadiusMeters * port.pixelsPerMeter });
    context.strokeText(rsu.id, x, base);
    context.fillStyle = theme.ink;
    context.fillText(rsu.id, x, base);
  }
}

/**
 * Where an RSU's name stands: over its disc, as the cars gather around its antenna; under the antenna where the disc's top is
 * not on the screen, or the disc is hardly larger than the sign.
 */
function labelBase(port: Viewport, { y, radius }: { readonly y: number; readonly radius: number }): number {
  const above = y - radius - labelGapPixels;
  const isSeen = above > labelTopPixels && above < port.height;
  return radius > labelDiscPixels && isSeen ? above : y + labelUnderPixels;
}

function paintScaleBar(context: CanvasRenderingContext2D, { port, theme }: Still): void {
  const meters = scaleBarMeters(port, 120);
  const length = meters * port.pixelsPerMeter;
  const [right, bottom] = [port.width - 16, port.height - 16];
  context.strokeStyle = theme.inkSoft;
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(right - length, bottom - 5);
  context.lineTo(right - length, bottom);
  context.lineTo(right, bottom);
  context.lineTo(right, bottom - 5);
  context.stroke();
  context.fillStyle = theme.inkSoft;
  context.font = '11px system-ui, sans-serif';
  context.textAlign = 'center';
  const text = meters >= 1000 ? `${meters / 1000} km` : `${meters} m`;
  context.fillText(text, right - length / 2, bottom - 6);
}
