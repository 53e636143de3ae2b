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

/** Why the labels of a mini-batch are refused, or undefined. */
export function labelFault(labels: Uint8Array, classes: number): string | undefined {
  const wrong = labels.findIndex((label) => label >= classes);
  return wrong < 0 ? undefined : `label ${wrong} is ${labels[wrong]} (expected below ${classes})`;
}
