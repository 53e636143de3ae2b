// Pan, zoom and fit: the arithmetic between metres on the road and pixels on the screen. North is up, so y is turned over.
// Must not: draw.

import type { Box } from '../protocol/frame.ts';

export interface Viewport {
  /** The world point in the middle of the canvas, metres. */
  readonly centerX: number;
  readonly centerY: number;
  readonly pixelsPerMeter: number;
  /** Canvas size, CSS pixels. */
  readonly width: number;
  readonly height: number;
}

const zoomMin = 0.002;
const zoomMax = 40;

/**
 * The viewport that shows all of `box` with 24 pixels around it, right of `leftPixels` that something else covers: unless
 * that made the picture smaller by more than a fifth, for then a covered corner is the lesser evil.
 */
export function fitBeside(
  box: Box,
  size: { readonly width: number; readonly height: number },
  leftPixels: number,
): Viewport {
  const whole = fitTo(box, size);
  const beside = fitTo(box, { width: size.width - leftPixels, height: size.height });
  if (beside.pixelsPerMeter < 0.8 * whole.pixelsPerMeter) return whole;
  const centerX = beside.centerX - leftPixels / 2 / beside.pixelsPerMeter;
  return { ...beside, centerX, width: size.width };
}

/** The viewport that shows all of `box` with `marginPixels` around it. */
export function fitTo(
  box: Box,
  size: { readonly width: number; readonly height: number },
  marginPixels = 24,
): Viewport {
  const room = {
    x: Math.max(1, size.width - 2 * marginPixels),
    y: Math.max(1, size.height - 2 * marginPixels),
  };
  const spanX = Math.max(1, box.maxX - box.minX);
  const spanY = Math.max(1, box.maxY - box.minY);
  return {
    centerX: (box.minX + box.maxX) / 2,
    centerY: (box.minY + box.maxY) / 2,
    pixelsPerMeter: Math.min(zoomMax, Math.max(zoomMin, Math.min(room.x / spanX, room.y / spanY))),
    width: size.width,
    height: size.height,
  };
}

export const screenX = (port: Viewport, x: number): number =>
  port.width / 2 + (x - port.centerX) * port.pixelsPerMeter;
export const screenY = (port: Viewport, y: number): number =>
  port.height / 2 - (y - port.centerY) * port.pixelsPerMeter;
export const worldX = (port: Viewport, px: number): number =>
  port.centerX + (px - port.width / 2) / port.pixelsPerMeter;
export const worldY = (port: Viewport, py: number): number =>
  port.centerY - (py - port.height / 2) / port.pixelsPerMeter;

/** Moves the picture by pixels, as a dragging hand does. */
export function pan(port: Viewport, dx: number, dy: number): Viewport {
  return {
    ...port,
    centerX: port.centerX - dx / port.pixelsPerMeter,
    centerY: port.centerY + dy / port.pixelsPerMeter,
  };
}

/** Zooms by `factor`; the world point under (`px`, `py`) stays where it is. */
export function zoomAt(
  port: Viewport,
  at: { readonly px: number; readonly py: number },
  factor: number,
): Viewport {
  const pixelsPerMeter = Math.min(zoomMax, Math.max(zoomMin, port.pixelsPerMeter * factor));
  const x = worldX(port, at.px);
  const y = worldY(port, at.py);
  return {
    ...port,
    pixelsPerMeter,
    centerX: x - (at.px - port.width / 2) / pixelsPerMeter,
    centerY: y + (at.py - port.height / 2) / pixelsPerMeter,
  };
}

/** The same picture on a canvas of another size. */
export const resize = (port: Viewport, width: number, height: number): Viewport => ({
  ...port,
  width,
  height,
});

export const centerOn = (port: Viewport, x: number, y: number): Viewport => ({
  ...port,
  centerX: x,
  centerY: y,
});

/** A round length (1, 2 or 5 times a power of ten, metres) that is at most `pixelsMax` long: for the scale bar. */
export function scaleBarMeters(port: Viewport, pixelsMax: number): number {
  const longest = pixelsMax / port.pixelsPerMeter;
  const power = 10 ** Math.floor(Math.log10(longest));
  return [5, 2, 1].map((n) => n * power).find((n) => n <= longest) ?? power;
}
