// Loops over flat arrays: sums, products, rectifier, bias, its gradient, and the SGD step. Float32, four at a time.
// Must not: reorder a sum by anything but its shape; the same input gives the same bits.

/** out = a + b, n floats. */
export function add(a: usize, b: usize, out: usize, n: i32): void {
  const bytes = <usize>n << 2;
  const whole = bytes & ~15;
  for (let i: usize = 0; i < whole; i += 16) v128.store(out + i, f32x4.add(v128.load(a + i), v128.load(b + i)));
  for (let i = whole; i < bytes; i += 4) store<f32>(out + i, load<f32>(a + i) + load<f32>(b + i));
}

/** out = a * b, n floats. */
export function multiply(a: usize, b: usize, out: usize, n: i32): void {
  const bytes = <usize>n << 2;
  const whole = bytes & ~15;
  for (let i: usize = 0; i < whole; i += 16) v128.store(out + i, f32x4.mul(v128.load(a + i), v128.load(b + i)));
  for (let i = whole; i < bytes; i += 4) store<f32>(out + i, load<f32>(a + i) * load<f32>(b + i));
}

/** out = max(x, 0), n floats; NaN stays NaN, so a broken run is noticed. */
export function relu(x: usize, out: usize, n: i32): void {
  const zero = f32x4.splat(0);
  const bytes = <usize>n << 2;
  const whole = bytes & ~15;
  for (let i: usize = 0; i < whole; i += 16) v128.store(out + i, f32x4.max(v128.load(x + i), zero));
  for (let i = whole; i < bytes; i += 4) store<f32>(out + i, max<f32>(load<f32>(x + i), 0));
}

/** dx = dy where x > 0, else 0; n floats. */
export function reluGradient(x: usize, dy: usize, dx: usize, n: i32): void {
  const zero = f32x4.splat(0);
  const bytes = <usize>n << 2;
  const whole = bytes & ~15;
  for (let i: usize = 0; i < whole; i += 16) {
    v128.store(dx + i, v128.and(v128.load(dy + i), f32x4.gt(v128.load(x + i), zero)));
  }
  for (let i = whole; i < bytes; i += 4) store<f32>(dx + i, load<f32>(x + i) > 0 ? load<f32>(dy + i) : 0);
}

/**
 * out[rows, cols] = x + bias[cols], then the rectifier if `rectify`. `out` may be `x`.
 * pattern: room for 4 * cols floats. Four rows are always a whole number of vectors, whatever `cols` is.
 */
export function biasAdd(x: usize, bias: usize, out: usize, rows: i32, cols: i32, rectify: bool, pattern: usize): void {
  const rowBytes = <usize>cols << 2;
  const groupBytes = rowBytes << 2;
  for (let r: usize = 0; r < 4; r++) memory.copy(pattern + r * rowBytes, bias, rowBytes);
  const floor = f32x4.splat(rectify ? 0 : -Infinity);
  const bytes = <usize>rows * rowBytes;
  const whole = <usize>(rows & ~3) * rowBytes;
  for (let g: usize = 0; g < whole; g += groupBytes) {
    for (let i: usize = 0; i < groupBytes; i += 16) {
      v128.store(out + g + i, f32x4.max(f32x4.add(v128.load(x + g + i), v128.load(pattern + i)), floor));
    }
  }
  for (let i = whole; i < bytes; i += 4) {
    const sum = load<f32>(x + i) + load<f32>(pattern + i - whole);
    store<f32>(out + i, rectify ? max<f32>(sum, 0) : sum);
  }
}

/** Groups of four rows that are summed before they join the total: keeps the rounding error of long sums small. */
const RUN: i32 = 256;

/** out[cols] = sum over rows of x[rows, cols]. partial: room for 8 * cols floats. */
export function sumRows(x: usize, out: usize, rows: i32, cols: i32, partial: usize): void {
  const rowBytes = <usize>cols << 2;
  const groupBytes = rowBytes << 2;
  const total = partial + groupBytes;
  memory.fill(total, 0, groupBytes);
  let groups = rows >> 2;
  while (groups > 0) {
    const run = min<i32>(RUN, groups);
    memory.fill(partial, 0, groupBytes);
    for (let g = 0; g < run; g++) {
      add(partial, x, partial, cols << 2);
      x += groupBytes;
    }
    add(total, partial, total, cols << 2);
    groups -= run;
  }
  for (let c: usize = 0; c < rowBytes; c += 4) {
    let sum = load<f32>(total + c) + load<f32>(total + c + rowBytes) +
      (load<f32>(total + c + 2 * rowBytes) + load<f32>(total + c + 3 * rowBytes));
    for (let r = 0; r < (rows & 3); r++) sum += load<f32>(x + c + <usize>r * rowBytes);
    store<f32>(out + c, sum);
  }
}

/**
 * One step of SGD with momentum (Polyak's heavy ball, the form of PyTorch and TensorFlow without Nesterov):
 * velocityOut = momentum * velocity + gradient; weightOut = weight - rate * velocityOut. n floats.
 */
export function sgdStep(
  weight: usize, gradient: usize, velocity: usize, weightOut: usize, velocityOut: usize, n: i32, rate: f32, momentum: f32,
): void {
  const rate4 = f32x4.splat(rate);
  const momentum4 = f32x4.splat(momentum);
  const bytes = <usize>n << 2;
  const whole = bytes & ~15;
  for (let i: usize = 0; i < whole; i += 16) {
    const v = f32x4.add(f32x4.mul(momentum4, v128.load(velocity + i)), v128.load(gradient + i));
    v128.store(velocityOut + i, v);
    v128.store(weightOut + i, f32x4.sub(v128.load(weight + i), f32x4.mul(rate4, v)));
  }
  for (let i = whole; i < bytes; i += 4) {
    const v: f32 = momentum * load<f32>(velocity + i) + load<f32>(gradient + i);
    store<f32>(velocityOut + i, v);
    store<f32>(weightOut + i, load<f32>(weight + i) - rate * v);
  }
}

/**
 * gradient += mu (weight - anchor) + correction: what a proximal term and a control variate add to a gradient, in one pass.
 * n floats.
 */
export function pullGradient(
  gradient: usize, weight: usize, anchor: usize, correction: usize, n: i32, mu: f32,
): void {
  const mu4 = f32x4.splat(mu);
  const bytes = <usize>n << 2;
  const whole = bytes & ~15;
  for (let i: usize = 0; i < whole; i += 16) {
    const away = f32x4.mul(mu4, f32x4.sub(v128.load(weight + i), v128.load(anchor + i)));
    v128.store(gradient + i, f32x4.add(v128.load(gradient + i), f32x4.add(away, v128.load(correction + i))));
  }
  for (let i = whole; i < bytes; i += 4) {
    const away: f32 = mu * (load<f32>(weight + i) - load<f32>(anchor + i));
    store<f32>(gradient + i, load<f32>(gradient + i) + (away + load<f32>(correction + i)));
  }
}
