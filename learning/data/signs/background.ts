// What stands behind a sign: a coarse patchwork of street colours, hard-edged blocks, a pole. Clutter, so that no
// model can go by the corner pixels. Must not: depend on the class of the sign.

import type { Rng } from '../../../base/rng.ts';

/** Edge of an image in pixels. */
export const imageSize = 32;
export const pixelCount = imageSize * imageSize;

type Colour = readonly [number, number, number];

/** Sky, cloud, foliage, dark foliage, wall, brick, road, shadow. */
const streetColours: readonly Colour[] = [
  [150, 185, 225],
  [220, 224, 228],
  [90, 120, 60],
  [45, 60, 35],
  [176, 164, 146],
  [150, 86, 66],
  [112, 112, 116],
  [38, 40, 46],
];

/** Knots of the patchwork along an edge, one for broad areas and one for leaves and bricks. */
const coarseKnots = 4;
const fineKnots = 12;

/** A colour of the street, each channel off by up to `spread`. */
export function streetColour(rng: Rng, spread: number): [number, number, number] {
  const base = streetColours[rng.integer(streetColours.length)]!;
  return [
    base[0] + rng.between(-spread, spread),
    base[1] + rng.between(-spread, spread),
    base[2] + rng.between(-spread, spread),
  ];
}

/** Fills `image` (32 x 32 x 3, 0..255) with a street scene. */
export function paintBackground(image: Float32Array, rng: Rng): void {
  image.fill(0);
  const two = [streetColour(rng, 25), streetColour(rng, 25)];
  const coarse = new Float32Array(coarseKnots * coarseKnots * 3);
  for (let knot = 0; knot < coarse.length; knot += 3) {
    const colour = two[rng.integer(2)]!;
    for (let c = 0; c < 3; c++) coarse[knot + c] = colour[c]! + rng.between(-20, 20);
  }
  addGrid(image, coarse, { knots: coarseKnots, channels: 3 });
  const fine = new Float32Array(fineKnots * fineKnots);
  const roughness = rng.between(5, 70);
  for (let knot = 0; knot < fine.length; knot++) fine[knot] = rng.between(-roughness, roughness);
  addGrid(image, fine, { knots: fineKnots, channels: 1 });
  for (let blocks = rng.integer(4); blocks > 0; blocks--) paintBlock(image, rng);
  if (rng.uniform() < 0.5) paintPole(image, rng);
}

/** Adds a grid of knots, bilinearly widened to the image. One channel goes to red, green and blue alike. */
function addGrid(image: Float32Array, grid: Float32Array, shape: { knots: number; channels: 1 | 3 }): void {
  const { knots, channels } = shape;
  const step = (knots - 1) / imageSize;
  for (let pixel = 0; pixel < pixelCount; pixel++) {
    const x = ((pixel % imageSize) + 0.5) * step;
    const y = (Math.floor(pixel / imageSize) + 0.5) * step;
    const left = Math.floor(x);
    const top = Math.floor(y);
    const fx = x - left;
    const fy = y - top;
    const first = (top * knots + left) * channels;
    for (let c = 0; c < 3; c++) {
      const k = first + (channels === 3 ? c : 0);
      const upper = grid[k]! + (grid[k + channels]! - grid[k]!) * fx;
      const below = k + knots * channels;
      const lower = grid[below]! + (grid[below + channels]! - grid[below]!) * fx;
      image[pixel * 3 + c]! += upper + (lower - upper) * fy;
    }
  }
}

/** A block with a hard edge: a window, a car, another board. */
function paintBlock(image: Float32Array, rng: Rng): void {
  const left = rng.integer(imageSize);
  const top = rng.integer(imageSize);
  const width = 2 + rng.integer(14);
  const height = 2 + rng.integer(14);
  paintRectangle(image, { left, top, width, height }, streetColour(rng, 40));
}

/** The pole that carries the sign. */
function paintPole(image: Float32Array, rng: Rng): void {
  const shade = rng.between(60, 170);
  const left = 13 + rng.integer(5);
  const width = 1 + rng.integer(3);
  paintRectangle(image, { left, top: 16, width, height: imageSize - 16 }, [shade, shade, shade]);
}

/** A rectangle of pixels; may reach over the image's edge. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Paints the part of `area` that lies inside the image. */
export function paintRectangle(image: Float32Array, area: Rectangle, colour: Colour): void {
  const right = Math.min(imageSize, area.left + area.width);
  const bottom = Math.min(imageSize, area.top + area.height);
  for (let y = Math.max(0, area.top); y < bottom; y++) {
    for (let x = Math.max(0, area.left); x < right; x++) {
      for (let c = 0; c < 3; c++) image[(y * imageSize + x) * 3 + c] = colour[c]!;
    }
  }
}
