// One step of Adam (Kingma and Ba 2015, arXiv 1412.6980, algorithm 1), with decoupled weight decay where there is one
// (Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2), in a single pass over all five arrays.
// Must not: know how many steps were taken; the two corrections come from outside.

import { put } from './lanes';

/**
 * mean' = 0.9 mean + 0.1 g, square' = 0.999 square + 0.001 g^2,
 * w' = (1 - decay) w - rate (mean' / meanPart) / (sqrt(square' / squarePart) + 1e-8).
 * decay: rate times the weight decay; the parts: 1 - 0.9^t and 1 - 0.999^t. n floats; outputs may be the inputs.
 */
export function adamStep(
  weight: usize, gradient: usize, mean: usize, square: usize, weightOut: usize, meanOut: usize, squareOut: usize, n: i32,
  rate: f32, decay: f32, meanPart: f32, squarePart: f32,
): void {
  const old = f32x4.splat(0.9), fresh = f32x4.splat(0.1);
  const oldSquare = f32x4.splat(0.999), freshSquare = f32x4.splat(0.001);
  const step = f32x4.splat(rate / meanPart);
  const inverse = f32x4.splat(1 / squarePart);
  const epsilon = f32x4.splat(1e-8);
  const kept = f32x4.splat(1 - decay);
  for (let left = n; left > 0; left -= 4) {
    const g = v128.load(gradient);
    const m = f32x4.add(f32x4.mul(old, v128.load(mean)), f32x4.mul(fresh, g));
    const v = f32x4.add(f32x4.mul(oldSquare, v128.load(square)), f32x4.mul(f32x4.mul(freshSquare, g), g));
    const size = f32x4.add(f32x4.sqrt(f32x4.mul(v, inverse)), epsilon);
    const w = f32x4.sub(f32x4.mul(kept, v128.load(weight)), f32x4.div(f32x4.mul(step, m), size));
    put(meanOut, m, left);
    put(squareOut, v, left);
    put(weightOut, w, left);
    weight += 16, gradient += 16, mean += 16, square += 16;
    weightOut += 16, meanOut += 16, squareOut += 16;
  }
}
