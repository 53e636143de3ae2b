// Whether what a vehicle sent may be used. Checked in the order of the wire's rules, cheapest and most telling first:
// declared size, hash, model shape, finiteness, norm. The answer is a reason in words, which goes back to the sender.
// Must not: throw on anything a peer can send, or repair what it refuses.

import { floatsOfBytes, sha256 } from '../../base/hash.ts';
import type { BlobSha } from '../../base/ids.ts';

/**
 * An update may move the model at most this many times its own Euclidean norm (or 100 in all for a model shorter than 1).
 * Honest training moves LeNet-5 by about a tenth of its norm in a round; three orders of magnitude above that is an
 * explosion or an attack, never learning.
 */
export const maximumRelativeChange = 100;

/** Number of the first value that is not finite, or -1. */
function firstNonFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}

function norm(values: Float32Array, minus?: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += ((values[i] as number) - (minus?.[i] ?? 0)) ** 2;
  return Math.sqrt(sum);
}

/** What arrived (`bytes`) and what its manifest declared. */
export interface ReceivedUpdate {
  readonly bytes: Uint8Array;
  readonly declaredSize: number;
  readonly declaredSha: BlobSha;
}

/**
 * Why the update is refused, or null when it is sound. `base` is what the vehicle was given to start from: the whole
 * model for a full plan, the lower part for a split one.
 */
export function checkUpdate(update: ReceivedUpdate, base: Float32Array): string | null {
  const { bytes, declaredSize, declaredSha } = update;
  if (bytes.byteLength !== declaredSize)
    return `size is ${bytes.byteLength} bytes (declared ${declaredSize})`;
  const sha = sha256(bytes);
  if (sha !== declaredSha) return `sha-256 is ${sha} (declared ${declaredSha})`;
  if (bytes.byteLength !== base.length * 4)
    return `update holds ${bytes.byteLength / 4} parameters (expected ${base.length})`;
  const weights = floatsOfBytes(bytes);
  const broken = firstNonFinite(weights);
  if (broken >= 0) return `parameter ${broken} is ${weights[broken]} (expected a finite number)`;
  const change = norm(weights, base);
  const limit = maximumRelativeChange * Math.max(1, norm(base));
  if (change > limit)
    return `update norm is ${change.toPrecision(6)} (expected at most ${limit.toPrecision(6)})`;
  return null;
}

/** One mini-batch as it crossed the cut. `shape` begins with the number of samples. */
export interface SmashedBatch {
  readonly step: number;
  readonly shape: readonly number[];
  readonly smashed: Float32Array;
  readonly labels: Uint8Array;
}

/** What the RSU waits for: the step in order, the whole shape with this batch's samples, and the classes of the task. */
export interface ExpectedBatch {
  readonly step: number;
  readonly shape: readonly number[];
  readonly classes: number;
}

/** Why a mini-batch of smashed data is refused, or null: step, shape, sizes, finiteness, labels. */
export function checkSmashed(batch: SmashedBatch, expected: ExpectedBatch): string | null {
  if (batch.step !== expected.step) return `step is ${batch.step} (expected ${expected.step})`;
  if (batch.shape.join('x') !== expected.shape.join('x'))
    return `shape is ${batch.shape.join('x')} (expected ${expected.shape.join('x')})`;
  const floats = expected.shape.reduce((product, size) => product * size, 1);
  if (batch.smashed.length !== floats)
    return `smashed data hold ${batch.smashed.length} floats (expected ${floats})`;
  const samples = expected.shape[0] ?? 0;
  if (batch.labels.length !== samples) return `there are ${batch.labels.length} labels (expected ${samples})`;
  const broken = firstNonFinite(batch.smashed);
  if (broken >= 0) return `float ${broken} is ${batch.smashed[broken]} (expected a finite number)`;
  const wrong = batch.labels.findIndex((label) => label >= expected.classes);
  if (wrong >= 0) return `label ${wrong} is ${batch.labels[wrong]} (expected below ${expected.classes})`;
  return null;
}
