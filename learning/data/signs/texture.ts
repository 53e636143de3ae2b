// Draws a sign class once, flat and clean, into a small texture that the camera then looks at many times. This is what
// makes 10,000 images a matter of seconds: glyph geometry is evaluated 43 times, not 10,000 times.
// Must not: draw random numbers; the texture is the same in every run.

import type { Layer, SignClass } from './classes.ts';
import { type FlatPath, flatten, insideFill, insideStroke } from './paths.ts';

/** A sign seen straight on. Spans -1..1 in both axes of the sign. */
export interface Texture {
  /** size x size x 4, row-major: red, green, blue 0..255 premultiplied by alpha, then alpha 0..1. */
  readonly texels: Float32Array;
}

/** Texels along an edge. A sign is seen at most 32 pixels wide, with 2 x 2 samples per pixel: 64 loses nothing. */
export const textureSize = 64;
/** Points per texel along an edge, for smooth edges. */
const pointsPerTexel = 3;

/** A layer ready for inside tests. */
interface Shape {
  readonly layer: Layer;
  readonly path: FlatPath | null;
}

/** Draws `sign`. Costs about 43 x 36,864 inside tests for the whole class table. */
export function drawTexture(sign: SignClass): Texture {
  const shapes = sign.layers.map((layer) => ({
    layer,
    path: layer.kind === 'path' ? flatten(layer.path, layer.place) : null,
  }));
  const texels = new Float32Array(textureSize * textureSize * 4);
  for (let row = 0; row < textureSize; row++) {
    for (let column = 0; column < textureSize; column++) drawTexel(shapes, texels, { row, column });
  }
  return { texels };
}

function drawTexel(
  shapes: readonly Shape[],
  texels: Float32Array,
  at: { row: number; column: number },
): void {
  const points = pointsPerTexel * pointsPerTexel;
  const sum = [0, 0, 0, 0];
  for (let i = 0; i < points; i++) {
    const subX = ((i % pointsPerTexel) + 0.5) / pointsPerTexel;
    const subY = (Math.floor(i / pointsPerTexel) + 0.5) / pointsPerTexel;
    const x = (2 * (at.column + subX)) / textureSize - 1;
    const y = (2 * (at.row + subY)) / textureSize - 1;
    const colour = topColour(shapes, x, y);
    if (colour === null) continue;
    for (let c = 0; c < 3; c++) sum[c]! += colour[c]!;
    sum[3]! += 1;
  }
  const first = (at.row * textureSize + at.column) * 4;
  for (let c = 0; c < 4; c++) texels[first + c] = sum[c]! / points;
}

/** The colour of the uppermost shape at (x, y), null beside the sign. */
function topColour(shapes: readonly Shape[], x: number, y: number): readonly [number, number, number] | null {
  for (let i = shapes.length - 1; i >= 0; i--) {
    const shape = shapes[i]!;
    if (covers(shape, x, y)) return shape.layer.colour;
  }
  return null;
}

function covers({ layer, path }: Shape, x: number, y: number): boolean {
  if (layer.kind === 'disc') return x * x + y * y <= layer.radius * layer.radius;
  if (path === null) return false;
  const radius = layer.strokeWidth / 2;
  if (x < path.left - radius || x > path.right + radius) return false;
  if (y < path.top - radius || y > path.bottom + radius) return false;
  return (layer.filled && insideFill(path, x, y)) || (radius > 0 && insideStroke(path, radius, x, y));
}
