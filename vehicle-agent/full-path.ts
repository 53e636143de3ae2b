// A task with plan `full`, as values: is it possible, how long does training take, what goes back to the RSU.
// Must not: keep state, or talk to anyone.

import type { ModelCost } from '../learning/cost/types.ts';
import type { TrainResult } from '../learning/learner.ts';
import type { NamedBlob } from '../protocol/blob/manifest.ts';
import { type BlobMeta, blobKey, type DeviceProfile, type Task } from '../protocol/messages.ts';

/** Floats of the model in a task's base: half of them, where as many follow it. */
export function modelFloats({ base, control }: Task): number {
  return base.size / (control === 'scaffold' ? 8 : 4);
}

/** Why this car cannot do a full task, or undefined when it can. */
export function fullFault(task: Task, cost: ModelCost): string | undefined {
  if (task.cut !== 0) return `cut ${task.cut} with plan full (expected 0)`;
  const expected = 4 * cost.parameters * (task.control === 'scaffold' ? 2 : 1);
  return task.base.size === expected ? undefined : baseFault(task, expected);
}

/** What is wrong with the size of a task's base. */
export function baseFault({ base, model }: Task, expectedBytes: number): string {
  return `base of ${base.size} bytes for ${model.name} (expected ${expectedBytes})`;
}

/** Modelled seconds of local training: epochs x samples x (forward + backward FLOPs) over the device's speed. */
export function trainingSeconds(task: Task, samples: number, cost: ModelCost, device: DeviceProfile): number {
  const flops = task.settings.epochs * samples * (cost.forwardFlops + cost.backwardFlops);
  return flops / device.trainingFlopsPerSecond;
}

/** Whether the car trains epoch by epoch, so that it can stop after any of them. */
export function isByEpoch({ plan, partial, settings }: Task): boolean {
  return plan === 'full' && partial !== undefined && settings.epochs > 1;
}

export function allFinite(values: Float32Array): boolean {
  for (const value of values) if (!Number.isFinite(value)) return false;
  return true;
}

/** Why a result must not be sent, or undefined. The RSU checks the same: here it saves the upload. */
export function resultFault(
  { weights, trainLoss }: Pick<TrainResult, 'weights' | 'trainLoss'>,
  expectedFloats: number,
): string | undefined {
  if (weights.length !== expectedFloats)
    return `training gave ${weights.length} weights (expected ${expectedFloats})`;
  if (!Number.isFinite(trainLoss)) return `training gave the loss ${trainLoss}`;
  if (!allFinite(weights)) return 'training gave weights that are not finite';
  return undefined;
}

/** What an update is made of. */
export interface UpdateFacts {
  readonly task: Task;
  readonly vehicle: string;
  readonly device: DeviceProfile;
  /** The new weights themselves, not a difference: float32 little-endian. */
  readonly bytes: Uint8Array;
  readonly samples: number;
  readonly trainLoss: number;
  readonly computeSeconds: number;
  /** Epochs behind it, where fewer than asked for. */
  readonly epochsDone?: number;
}

/** The update as it travels. Joules are those of computing; what sending cost only the radio's end can say. */
export function updateBlob(facts: UpdateFacts): NamedBlob {
  const { task, vehicle, device, bytes, samples, trainLoss, computeSeconds } = facts;
  const purpose = task.plan === 'full' ? 'update' : 'lower-update';
  const joules = computeSeconds * device.computeWatts;
  const { round, nonce } = task;
  const all: BlobMeta = { round, nonce, samples, trainLoss, computeSeconds, joules };
  const meta = facts.epochsDone === undefined ? all : { ...all, epochsDone: facts.epochsDone };
  return { key: blobKey(round, vehicle, purpose), purpose, bytes, meta };
}
