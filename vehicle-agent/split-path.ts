// A task with plan `split`, as values: the car runs the blocks below the cut, mini-batch by mini-batch, and sends what
// comes out of them (smashed data, the field's term); the RSU sends the gradient back. Vanilla split learning with label
// sharing (Vepakomma et al., arXiv:1812.00564). Must not: keep state, or talk to anyone.

import { bytesOfFloats, floatsOfBytes } from '../base/hash.ts';
import type { ModelCost } from '../learning/cost/types.ts';
import type { LowerHalf } from '../learning/learner.ts';
import type { NamedBlob } from '../protocol/blob/manifest.ts';
import { blobKey, type DeviceProfile, type Task } from '../protocol/messages.ts';
import { allFinite } from './full-path.ts';

export interface StepFacts {
  readonly task: Task;
  readonly cost: ModelCost;
  readonly device: DeviceProfile;
  /** Samples of the mini-batch. */
  readonly batch: number;
}

/** Samples in mini-batch `step`; the last one of an epoch may be smaller. */
export function batchOf(step: number, steps: number, samples: number, task: Task): number {
  const { epochs, batchSize } = task.settings;
  const position = step % Math.max(1, Math.round(steps / epochs));
  return Math.max(1, Math.min(batchSize, samples - position * batchSize));
}

/** Modelled seconds of one direction of one mini-batch through the blocks below the cut. */
export function halfSeconds(direction: 'forward' | 'backward', facts: StepFacts): number {
  const { task, cost, device, batch } = facts;
  const flops = cost.blocks
    .slice(0, task.cut)
    .reduce((sum, block) => sum + (direction === 'forward' ? block.forwardFlops : block.backwardFlops), 0);
  return (batch * flops) / device.trainingFlopsPerSecond;
}

/** Smashed data as they travel: float32 activations, then one byte a label. */
export function smashedBlob(
  facts: { task: Task; vehicle: string; step: number },
  forward: ReturnType<LowerHalf['forward']>,
): NamedBlob {
  const { task, vehicle, step } = facts;
  const { smashed, smashedShape, samples, labels } = forward;
  const bytes = new Uint8Array(smashed.byteLength + labels.length);
  bytes.set(bytesOfFloats(smashed));
  bytes.set(labels, smashed.byteLength);
  const { round, nonce } = task;
  const meta = { round, nonce, step, shape: [...smashedShape], samples };
  const all = labels.length === samples ? meta : { ...meta, labels: labels.length };
  return { key: blobKey(round, vehicle, 'smashed', step), purpose: 'smashed', bytes, meta: all };
}

/** The gradient in `bytes`, or a sentence saying why it cannot be one. */
export function gradientOf(bytes: Uint8Array, expectedFloats: number): Float32Array | string {
  if (bytes.length !== expectedFloats * 4)
    return `gradient of ${bytes.length} bytes (expected ${expectedFloats * 4})`;
  const gradient = floatsOfBytes(bytes);
  return allFinite(gradient) ? gradient : 'gradient with a value that is not finite';
}

/** Mean loss of the last epoch from the losses the RSU told with its gradients; 0 where it told none. */
export function meanLossOfLastEpoch(losses: readonly number[], epochs: number): number {
  const last = losses.slice(losses.length - Math.ceil(losses.length / epochs));
  return last.length === 0 ? 0 : last.reduce((sum, loss) => sum + loss, 0) / last.length;
}
