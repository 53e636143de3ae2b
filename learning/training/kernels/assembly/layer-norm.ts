// Layer normalisation (Ba, Kiros and Hinton 2016, arXiv 1607.06450): every row to mean 0 and variance 1, then a scale and
// a shift for each column. Sums run over four lanes and are joined at the end, the same way on every machine.
// Must not: subtract squares. The variance is that of what is left when the mean is taken away.

import { madd } from './madd';

/** Sum of four lanes. */
@inline
function sumOf(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}

/**
 * out[rows, width] = (x - mean) / sqrt(variance + epsilon) * scale[width] + shift[width].
 * statistics[rows, 2]: mean and 1 / sqrt(variance + epsilon) of each row, for the gradient.
 */
export function layerNorm(
  x: usize, scale: usize, shift: usize, out: usize, statistics: usize, rows: i32, width: i32, epsilon: f32,
): void {
  const bytes = <usize>width << 2;
  const whole = bytes & ~15;
  for (let r = 0; r < rows; r++) {
    let sum4 = f32x4.splat(0);
    for (let i: usize = 0; i < whole; i += 16) sum4 = f32x4.add(sum4, v128.load(x + i));
    let sum = sumOf(sum4);
    for (let i = whole; i < bytes; i += 4) sum += load<f32>(x + i);
    const mean = sum / <f32>width;
    const mean4 = f32x4.splat(mean);
    let squares4 = f32x4.splat(0);
    for (let i: usize = 0; i < whole; i += 16) {
      const centred = f32x4.sub(v128.load(x + i), mean4);
      squares4 = madd(centred, centred, squares4);
    }
    let squares = sumOf(squares4);
    for (let i = whole; i < bytes; i += 4) squares += (load<f32>(x + i) - mean) * (load<f32>(x + i) - mean);
    const inverse: f32 = 1 / sqrt<f32>(squares / <f32>width + epsilon);
    const inverse4 = f32x4.splat(inverse);
    for (let i: usize = 0; i < whole; i += 16) {
      const y = f32x4.mul(f32x4.sub(v128.load(x + i), mean4), inverse4);
      v128.store(out + i, madd(y, v128.load(scale + i), v128.load(shift + i)));
    }
    for (let i = whole; i < bytes; i += 4) {
      store<f32>(out + i, (load<f32>(x + i) - mean) * inverse * load<f32>(scale + i) + load<f32>(shift + i));
    }
    store<f32>(statistics, mean);
    store<f32>(statistics, inverse, 4);
    statistics += 8;
    x += bytes;
    out += bytes;
  }
}

/**
 * Gradients of scale and shift, summed over the rows into dScale[width] and dShift[width] (which are cleared first), and
 * of the input into dx[rows, width], unless that is 0. `dx` may be `dy`.
 */
export function layerNormGradient(
  x: usize, dy: usize, scale: usize, statistics: usize, dx: usize, dScale: usize, dShift: usize, rows: i32, width: i32,
): void {
  const bytes = <usize>width << 2;
  const whole = bytes & ~15;
  memory.fill(dScale, 0, bytes);
  memory.fill(dShift, 0, bytes);
  for (let r = 0; r < rows; r++) {
    const mean = load<f32>(statistics), inverse = load<f32>(statistics, 4);
    const mean4 = f32x4.splat(mean), inverse4 = f32x4.splat(inverse);
    // The means, over the row, of g and of g * y, where y is the normalised input and g = dy * scale.
    let sum4 = f32x4.splat(0), product4 = f32x4.splat(0);
    for (let i: usize = 0; i < whole; i += 16) {
      const d = v128.load(dy + i);
      const y = f32x4.mul(f32x4.sub(v128.load(x + i), mean4), inverse4);
      v128.store(dScale + i, madd(d, y, v128.load(dScale + i)));
      v128.store(dShift + i, f32x4.add(d, v128.load(dShift + i)));
      const g = f32x4.mul(d, v128.load(scale + i));
      sum4 = f32x4.add(sum4, g);
      product4 = madd(g, y, product4);
    }
    let sum = sumOf(sum4), product = sumOf(product4);
    for (let i = whole; i < bytes; i += 4) {
      const d = load<f32>(dy + i), y = (load<f32>(x + i) - mean) * inverse;
      store<f32>(dScale + i, load<f32>(dScale + i) + d * y);
      store<f32>(dShift + i, load<f32>(dShift + i) + d);
      sum += d * load<f32>(scale + i);
      product += d * load<f32>(scale + i) * y;
    }
    if (dx != 0) {
      sum /= <f32>width;
      product /= <f32>width;
      const sums4 = f32x4.splat(sum), products4 = f32x4.splat(product);
      for (let i: usize = 0; i < whole; i += 16) {
        const y = f32x4.mul(f32x4.sub(v128.load(x + i), mean4), inverse4);
        const g = f32x4.mul(v128.load(dy + i), v128.load(scale + i));
        v128.store(dx + i, f32x4.mul(inverse4, f32x4.sub(f32x4.sub(g, sums4), f32x4.mul(y, products4))));
      }
      for (let i = whole; i < bytes; i += 4) {
        const y = (load<f32>(x + i) - mean) * inverse;
        store<f32>(dx + i, inverse * (load<f32>(dy + i) * load<f32>(scale + i) - sum - y * product));
      }
      dx += bytes;
    }
    statistics += 8;
    x += bytes;
    dy += bytes;
  }
}
