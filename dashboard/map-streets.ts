// A city on the map: lanes as wide as they are, and the stop lines of its signals. Lanes belong to the still picture;
// what a signal shows is painted with every frame. Must not: hold state.

import type { SignalColour } from '../protocol/frame.ts';
import type { MapScene } from '../protocol/run-info.ts';
import type { Theme } from './palette.ts';
import { screenX, screenY, type Viewport } from './viewport.ts';

/** Narrower than this a lane would not be seen, CSS pixels. */
const lanePixelsMin = 1.4;
/** From this width on lanes side by side are told apart by a line between them. */
const apartPixels = 3;
/** Signals of a whole city from afar would hide its streets. */
const signalPixelsMin = 0.12;

type Lanes = NonNullable<MapScene['lanes']>;

/** All edges first, then all surfaces, so that lanes of one street and crossings join. */
export function paintLanes(
  context: CanvasRenderingContext2D,
  { lanes, port, theme }: { lanes: Lanes; port: Viewport; theme: Theme },
): void {
  context.lineJoin = 'round';
  context.lineCap = 'butt';
  for (const [widthMeters, path] of pathsByWidth(lanes, port)) {
    context.strokeStyle = theme.roadEdge;
    context.lineWidth = Math.max(lanePixelsMin, widthMeters * port.pixelsPerMeter) + 1.5;
    context.stroke(path);
  }
  for (const [widthMeters, path] of pathsByWidth(lanes, port)) {
    const width = Math.max(lanePixelsMin, widthMeters * port.pixelsPerMeter);
    context.strokeStyle = theme.road;
    context.lineWidth = width >= apartPixels ? width - 0.7 : width;
    context.stroke(path);
  }
}

/** One path for all lanes of a width: a stroke costs by the call. */
function pathsByWidth(lanes: Lanes, port: Viewport): Map<number, Path2D> {
  const paths = new Map<number, Path2D>();
  for (const { widthMeters, points } of lanes) {
    const path = paths.get(widthMeters) ?? new Path2D();
    paths.set(widthMeters, path);
    points.forEach(([x, y], i) => {
      if (i === 0) path.moveTo(screenX(port, x), screenY(port, y));
      else path.lineTo(screenX(port, x), screenY(port, y));
    });
  }
  return paths;
}

const colours: Readonly<Record<Exclude<SignalColour, 'off'>, string>> = {
  red: '#e5484d',
  yellow: '#ffc53d',
  green: '#30a46c',
};

/**
 * What each stop line shows. Colour is not all: red is a bar across the lane, green one along it, yellow both.
 */
export function paintSignals(
  context: CanvasRenderingContext2D,
  { scene, port, signals }: { scene: MapScene; port: Viewport; signals: readonly SignalColour[] },
): void {
  if (port.pixelsPerMeter < signalPixelsMin) return;
  context.lineCap = 'butt';
  context.lineWidth = Math.max(3, 1.1 * port.pixelsPerMeter);
  scene.stopLines?.forEach((line, i) => {
    const colour = signals[i] ?? 'off';
    if (colour === 'off') return;
    const half = Math.max(4.5, (line.widthMeters / 2) * port.pixelsPerMeter);
    // North is up, so a heading turns the other way on the screen.
    const along = { x: Math.cos(line.headingRadians) * half, y: -Math.sin(line.headingRadians) * half };
    const at = { x: screenX(port, line.x), y: screenY(port, line.y) };
    context.strokeStyle = colours[colour];
    context.beginPath();
    if (colour !== 'green') bar(context, at, { x: -along.y, y: along.x });
    if (colour !== 'red') bar(context, at, along);
    context.stroke();
  });
}

function bar(
  context: CanvasRenderingContext2D,
  at: { x: number; y: number },
  half: { x: number; y: number },
): void {
  context.moveTo(at.x - half.x, at.y - half.y);
  context.lineTo(at.x + half.x, at.y + half.y);
}
