// Whether what a vehicle sent may be used. Checked in the order of the wire's rules, cheapest and most telling first:
// declared size, hash, model shape, finiteness, norm. The answer is a reason in words, which goes back to the sender.
// Must not: throw on anything a peer can send, or repair what it refuses.

import { floatsOfBytes, sha256 } from '../../base/hash.ts';

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

/** What arrived (`bytes`), what its manifest declared, and the model it must fit. */
export interface ReceivedUpdate {
  readonly bytes: Uint8Array;
  readonly declaredSize: number;
  readonly declaredSha: string;
  readonly expectedParameters: number;
  /** What the vehicle started from: the whole model, or the lower part where only that is checked. */
  readonly base: Float32Array;
}

/** Why the update is refused, or null when it is sound. */
export function checkUpdate(update: ReceivedUpdate): string | null {
  const { bytes, declaredSize, declaredSha, expectedParameters, base } = update;
  if (bytes.byteLength !== declaredSize)
    return `size is ${bytes.byteLength} bytes (declared ${declaredSize})`;
  const sha = sha256(bytes);
  if (sha !== declaredSha) return `sha-256 is ${sha} (declared ${declaredSha})`;
  if (bytes.byteLength !== expectedParameters * 4)
    return `update holds ${bytes.byteLength / 4} parameters (expected ${expectedParameters})`;
  const weights = floatsOfBytes(bytes);
  const broken = firstNonFinite(weights);
  if (broken >= 0) return `parameter ${broken} is ${weights[broken]} (expected a finite number)`;
  const change = norm(weights, base);
  const limit = maximumRelativeChange * Math.max(1, norm(base));
  if (change > limit)
    return `update norm is ${change.toPrecision(6)} (expected at most ${limit.toPrecision(6)})`;
  return null;
}

/** One mini-batch as it crossed the cut, and what the RSU waits for. */
export interface ReceivedSmashed {
  /** samples x outputFloats float32 activations, then one label byte a sample */
  readonly bytes: Uint8Array;
  readonly samples: number;
  readonly outputFloats: number;
  readonly classes: number;
  readonly step: number;
  readonly expectedStep: number;
  /** 1 when absent. */
  readonly labelsPerSample?: number;
  /** Samples a mini-batch may hold at most; unbounded when absent. */
  readonly batchSize?: number;
}

/** Why a mini-batch of smashed data is refused, or null: step, samples, size, finiteness, range of labels. */
export function checkSmashed(batch: ReceivedSmashed): string | null {
  const { bytes, samples, outputFloats, classes, step, expectedStep } = batch;
  const batchSize = batch.batchSize ?? Number.POSITIVE_INFINITY;
  if (step !== expectedStep) return `step is ${step} (expected ${expectedStep})`;
  if (!Number.isInteger(samples) || samples < 1 || samples > batchSize)
    return `mini-batch of ${samples} samples (expected 1..${batchSize})`;
  const floatBytes = samples * outputFloats * 4;
  const labelCount = samples * (batch.labelsPerSample ?? 1);
  if (bytes.byteLength !== floatBytes + labelCount)
    return `size is ${bytes.byteLength} bytes (expected ${samples} x ${outputFloats} floats and ${labelCount} labels)`;
  const smashed = floatsOfBytes(bytes.subarray(0, floatBytes));
  const broken = firstNonFinite(smashed);
  if (broken >= 0) return `float ${broken} is ${smashed[broken]} (expected a finite number)`;
  const labels = bytes.subarray(floatBytes);
  const wrong = labels.findIndex((label) => label >= classes);
  if (wrong >= 0) return `label ${wrong} is ${labels[wrong]} (expected below ${classes})`;
  return null;
}
