// A task with plan `split`, as values: what it means for the model, how long each part of a mini-batch takes, and what
// crosses the cut, as it travels. Split learning with label sharing, or without (U-shaped), where the car runs the end of
// the model too: Vepakomma et al., arXiv:1812.00564, configurations b and a. Must not: keep state, or talk to anyone.

import { messageOf } from '../base/errors.ts';
import type { Rng } from '../base/rng.ts';
import {
  type CrossingFormat,
  crossingBytes,
  decodeCrossing,
  encodeCrossing,
} from '../learning/compression/crossing.ts';
import type { ModelCost } from '../learning/cost/types.ts';
import type { CutFacts } from '../learning/split/cuts.ts';
import { type Crossed, crossingTensors, type HeadFacts, headFacts } from '../learning/split/head.ts';
import type { NamedBlob } from '../protocol/blob/manifest.ts';
import {
  type BlobMeta,
  blobKey,
  type DeviceProfile,
  type Manifest,
  type Task,
} from '../protocol/messages.ts';
import { baseFault } from './full-path.ts';

/** A split task and what its cut comes to. */
export interface SplitPlan {
  readonly task: Task;
  readonly facts: CutFacts;
  readonly cost: ModelCost;
}

/** What the car is asked to run: one direction of the lower layers, or a training step of the model's end. */
export type Part = 'forward' | 'ending' | 'backward';

/** Why this car cannot do a split task, or undefined when it can. */
export function splitFault(plan: SplitPlan): string | undefined {
  const { task } = plan;
  if (task.control !== undefined) return `a ${task.control} task with plan split (expected full)`;
  const expected = 4 * carFloats(plan);
  return task.base.size === expected ? undefined : baseFault(task, expected);
}

/** The end of the model, where this car runs it. */
function headOf({ task, cost }: SplitPlan): HeadFacts | undefined {
  return task.head === undefined ? undefined : headFacts(cost, task.head);
}

/** Floats of the weights this car holds: the layers below the cut, then those of the model's end. */
export function carFloats(plan: SplitPlan): number {
  return plan.facts.lowerParameters + (headOf(plan)?.parameters ?? 0);
}

/** Samples in mini-batch `step`; the last one of an epoch may be smaller. */
export function batchOf(step: number, steps: number, samples: number, task: Task): number {
  const { epochs, batchSize } = task.settings;
  const position = step % Math.max(1, Math.round(steps / epochs));
  return Math.max(1, Math.min(batchSize, samples - position * batchSize));
}

/** Modelled seconds of one part of one mini-batch of `batch` samples. */
export function partSeconds(part: Part, plan: SplitPlan, batch: number, device: DeviceProfile): number {
  const { facts } = plan;
  const head = headOf(plan);
  const flops = {
    forward: facts.lowerForwardFlops,
    ending: head ? head.forwardFlops + head.backwardFlops : 0,
    backward: facts.lowerBackwardFlops,
  };
  return (batch * flops[part]) / device.trainingFlopsPerSecond;
}

/** Floats of each tensor that crosses for `samples` samples: at the cut, or before the model's end. */
function tensorsOf(crossed: Crossed, plan: SplitPlan, samples: number): number[] {
  return crossingTensors(crossed, plan.facts, headOf(plan), samples);
}

const formatOf = ({ crossing }: Task): CrossingFormat => crossing ?? 'float32';

/** What the car sends of one mini-batch. `labels`: none where they stay in the car. */
export interface Sent {
  readonly purpose: 'smashed' | 'output-gradient';
  readonly vehicle: string;
  readonly step: number;
  readonly floats: Float32Array;
  readonly samples: number;
  readonly labels?: Uint8Array;
  /** For rounding, where the format rounds at random. */
  readonly rng: Rng;
}

/** Numbers that cross the cut as they travel: the tensors in the task's format, then one byte a label. */
export function crossedBlob(plan: SplitPlan, sent: Sent): NamedBlob {
  const { task } = plan;
  const { purpose, vehicle, step, floats, samples, labels = new Uint8Array(0), rng } = sent;
  const tensors = tensorsOf(purpose, plan, samples);
  const numbers = encodeCrossing(formatOf(task), floats, tensors, rng);
  const bytes = new Uint8Array(numbers.length + labels.length);
  bytes.set(numbers);
  bytes.set(labels, numbers.length);
  const { round, nonce, cut, base, crossing } = task;
  const facts: BlobMeta = { round, nonce, step, samples, cut, base: base.sha };
  const meta = crossing === undefined || crossing === 'float32' ? facts : { ...facts, format: crossing };
  return { key: blobKey(round, vehicle, purpose, step), purpose, bytes, meta };
}

/** Why an answer of the RSU to a mini-batch of `samples` samples is not one to this task, from its manifest alone. */
export function answerFault(plan: SplitPlan, manifest: Manifest, samples: number): string | undefined {
  const { task } = plan;
  const { purpose, size, meta } = manifest;
  const what = `${purpose} of round ${meta.round}, step ${meta.step}`;
  if (meta.cut !== task.cut) return `${what}, of cut ${meta.cut} (expected ${task.cut})`;
  if (meta.base !== task.base.sha) return `${what}, of model ${meta.base} (expected ${task.base.sha})`;
  const format = meta.format ?? 'float32';
  if (format !== formatOf(task)) return `${what}, in ${format} (expected ${formatOf(task)})`;
  const expected = crossingBytes(formatOf(task), tensorsOf(purpose as Crossed, plan, samples));
  return size === expected ? undefined : `${what}, of ${size} bytes (expected ${expected})`;
}

/** The numbers in an answer that `answerFault` let in. Throws a sentence where one is not finite. */
export function answerFloats(
  plan: SplitPlan,
  manifest: Manifest,
  bytes: Uint8Array,
  samples: number,
): Float32Array {
  const tensors = tensorsOf(manifest.purpose as Crossed, plan, samples);
  try {
    return decodeCrossing(formatOf(plan.task), bytes, tensors);
  } catch (error) {
    throw new Error(`${manifest.purpose}: ${messageOf(error)}`, { cause: error });
  }
}

/** Mean of the last `count` losses; 0 where there are none. */
export function meanOfLast(losses: readonly number[], count: number): number {
  const last = losses.slice(-count);
  return last.length === 0 ? 0 : last.reduce((sum, loss) => sum + loss, 0) / last.length;
}
