// Softmax and cross-entropy in one pass, value and gradient. Sums run in float64: a batch has few logits, so it costs
// nothing, and the loss does not lose its last digits.
// Must not: call a math library; exp and ln are written out so that their bits are the same on every machine.

const LN2: f64 = 0.6931471805599453;

/** e^x for x <= 0, by 2^n * e^r with |r| <= ln2/2 and the series of e^r to r^13 (error below 1e-17 of the result). */
function exp(x: f64): f64 {
  if (x < -700) return 0;
  const n = nearest(x / LN2);
  const r = x - n * LN2;
  let sum: f64 = 1.0 / 6227020800.0;
  sum = sum * r + 1.0 / 479001600.0;
  sum = sum * r + 1.0 / 39916800.0;
  sum = sum * r + 1.0 / 3628800.0;
  sum = sum * r + 1.0 / 362880.0;
  sum = sum * r + 1.0 / 40320.0;
  sum = sum * r + 1.0 / 5040.0;
  sum = sum * r + 1.0 / 720.0;
  sum = sum * r + 1.0 / 120.0;
  sum = sum * r + 1.0 / 24.0;
  sum = sum * r + 1.0 / 6.0;
  sum = sum * r + 0.5;
  sum = sum * r + 1;
  sum = sum * r + 1;
  return sum * reinterpret<f64>((<i64>n + 1023) << 52);
}

/** ln x for normal x > 0, by the series of 2 artanh((m-1)/(m+1)) for the mantissa m in [sqrt(1/2), sqrt(2)). */
function ln(x: f64): f64 {
  const bits = reinterpret<i64>(x);
  let exponent = <i32>((bits >> 52) & 0x7ff) - 1023;
  let m = reinterpret<f64>((bits & 0xfffffffffffff) | 0x3ff0000000000000);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    exponent++;
  }
  const s = (m - 1) / (m + 1);
  const square = s * s;
  let sum: f64 = 0;
  for (let k = 21; k > 0; k -= 2) sum = sum * square + 1 / <f64>k;
  return 2 * s * sum + <f64>exponent * LN2;
}

/**
 * losses[rows] = cross-entropy of each row of logits[rows, classes] against labels[rows] (int32);
 * gradient[rows, classes] = scale * (softmax - one-hot). Pass scale = 1/rows for the gradient of the mean loss.
 */
export function softmaxCrossEntropy(
  logits: usize, labels: usize, losses: usize, gradient: usize, rows: i32, classes: i32, scale: f64,
): void {
  const rowBytes = <usize>classes << 2;
  for (let r = 0; r < rows; r++) {
    const label = <usize>load<i32>(labels + (<usize>r << 2)) << 2;
    let largest: f32 = load<f32>(logits);
    for (let c: usize = 4; c < rowBytes; c += 4) largest = max<f32>(largest, load<f32>(logits + c));
    let sum: f64 = 0;
    for (let c: usize = 0; c < rowBytes; c += 4) {
      const e = exp(<f64>load<f32>(logits + c) - <f64>largest);
      sum += e;
      store<f32>(gradient + c, <f32>e);
    }
    const factor = scale / sum;
    for (let c: usize = 0; c < rowBytes; c += 4) store<f32>(gradient + c, <f32>(<f64>load<f32>(gradient + c) * factor));
    store<f32>(gradient + label, load<f32>(gradient + label) - <f32>scale);
    store<f32>(losses + (<usize>r << 2), <f32>(ln(sum) + <f64>largest - <f64>load<f32>(logits + label)));
    logits += rowBytes;
    gradient += rowBytes;
  }
}
