// One split task as the RSU holds it: what its cut comes to, which mini-batch is next, and what was kept on the way. What a
// car may send of it is checked here from the manifest alone, each fault by its name.
// Must not: compute, send, or decide about a round.

import type { BlobSha } from '../../base/ids.ts';
import { type CrossingFormat, crossingBytes } from '../../learning/compression/crossing.ts';
import type { CutFacts } from '../../learning/split/cuts.ts';
import { type Crossed, crossingTensors, type HeadFacts } from '../../learning/split/head.ts';
import type { BlobMeta, Manifest } from '../../protocol/messages.ts';
import type { ServerHalf } from './server-halves.ts';

/** What is constant in a split task. */
export interface SplitTerms {
  readonly facts: CutFacts;
  /** The end of the model that runs in the car, where it does. */
  readonly head: HeadFacts | undefined;
  readonly format: CrossingFormat;
  /** Address of the weights the car started from. */
  readonly base: BlobSha;
  readonly labelsPerSample: number;
  /** Of the car, by its hello. */
  readonly samples: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** The car's part comes after so many mini-batches; 0: never. */
  readonly checkpointSteps: number;
  readonly server: ServerHalf;
}

/** What crosses from the car. */
export type CrossingUp = 'smashed' | 'output-gradient';

/** Work that was kept on the way. */
interface KeptBytes {
  readonly updateSha: BlobSha;
  readonly bytes: Uint8Array;
}

/** Why a blob is not taken; `hostile` where no honest car sends it. */
interface Fault {
  readonly reason: string;
  readonly hostile: boolean;
}

const hostile = (reason: string): Fault => ({ reason, hostile: true });

/** A car whose part is on its way for longer than so many checkpoints has that one refused, and the next one taken. */
const snapshotsMost = 4;

export class SplitTask {
  readonly terms: SplitTerms;
  /** Mini-batches of the whole task. */
  readonly steps: number;
  /** The mini-batch under way. */
  step = 0;
  /** What may come of it; null while the RSU computes. */
  awaits: CrossingUp | null = 'smashed';
  /** What crossed so far, labels included. */
  bytesUp = 0;
  bytesDown = 0;
  /** The RSU's weights behind so many mini-batches, until the car's part of them has come. */
  readonly #snapshots = new Map<number, Float32Array>();
  kept: KeptBytes | null = null;

  constructor(terms: SplitTerms) {
    this.terms = terms;
    this.steps = terms.epochs * Math.ceil(terms.samples / terms.batchSize);
  }

  /** Samples of a mini-batch; the last one of an epoch may be smaller. */
  samplesAt(step: number): number {
    const { samples, batchSize } = this.terms;
    const position = step % Math.ceil(samples / batchSize);
    return Math.min(batchSize, samples - position * batchSize);
  }

  /** Floats of each tensor that crosses as `crossed`, for so many samples. */
  tensors(crossed: Crossed, samples: number): number[] {
    return crossingTensors(crossed, this.terms.facts, this.terms.head, samples);
  }

  /** Keeps the RSU's weights behind the mini-batches done so far. */
  snapshot(weights: Float32Array): void {
    this.#snapshots.set(this.step, weights);
    if (this.#snapshots.size > snapshotsMost) this.#snapshots.delete(this.#snapshots.keys().next().value!);
  }

  /** The RSU's weights behind so many mini-batches; these and older ones are kept no longer. */
  takeSnapshot(step: number): Float32Array | undefined {
    const weights = this.#snapshots.get(step);
    for (const older of this.#snapshots.keys()) if (older <= step) this.#snapshots.delete(older);
    return weights;
  }

  /** The task has its outcome: what was kept for it is let go, and so is the RSU's part. */
  release(): void {
    this.#snapshots.clear();
    this.kept = null;
    this.terms.server.release();
  }

  /** Floats of the car's weights: the layers below the cut, then those of the model's end. */
  get carFloats(): number {
    return this.terms.facts.lowerParameters + (this.terms.head?.parameters ?? 0);
  }

  /** Bytes of what crosses in one mini-batch: its tensors, and with smashed data one byte a label. */
  crossingBytes(purpose: Crossed, samples: number): number {
    const { format, head, labelsPerSample } = this.terms;
    const labels = purpose === 'smashed' && !head ? samples * labelsPerSample : 0;
    return crossingBytes(format, this.tensors(purpose, samples)) + labels;
  }

  /** Floating-point operations of the RSU's share of a mini-batch, from what the car sent to the answer. */
  serverFlops(purpose: CrossingUp, samples: number): number {
    const { facts, head } = this.terms;
    const forward = facts.upperForwardFlops - (head?.forwardFlops ?? 0);
    const backward = facts.upperBackwardFlops - (head?.backwardFlops ?? 0);
    if (!head) return samples * (forward + backward);
    return samples * (purpose === 'smashed' ? forward : backward);
  }

  /** What an answer to the car says of itself. */
  answerMeta(round: number): Pick<BlobMeta, 'round' | 'step' | 'cut' | 'base' | 'format'> {
    const { facts, base, format } = this.terms;
    const meta = { round, step: this.step, cut: facts.cut, base };
    return format === 'float32' ? meta : { ...meta, format };
  }

  /** Why what `manifest` offers is not taken, or undefined. */
  faultOf(manifest: Manifest): Fault | undefined {
    const { purpose } = manifest;
    if (purpose === 'smashed' || purpose === 'output-gradient') return this.#crossingFault(manifest, purpose);
    return this.#sizeFault(manifest, 4 * this.carFloats) ?? this.#partFault(manifest);
  }

  #sizeFault({ purpose, size }: Manifest, expected: number): Fault | undefined {
    return size === expected
      ? undefined
      : hostile(`size of ${purpose} is ${size} bytes (expected ${expected})`);
  }

  #partFault({ purpose, meta }: Manifest): Fault | undefined {
    const { step: done = 0, trainLoss } = meta;
    if (trainLoss === undefined) return hostile(`a ${purpose} without its trainLoss`);
    if (purpose === 'lower-update') {
      if (this.step === this.steps) return undefined;
      return hostile(`a lower-update after ${this.step} mini-batches (expected all ${this.steps})`);
    }
    const { checkpointSteps } = this.terms;
    const isDue = checkpointSteps > 0 && done % checkpointSteps === 0 && done >= 1 && done <= this.step;
    return isDue ? undefined : hostile(`a ${purpose} after ${done} mini-batches, which is not asked for`);
  }

  #crossingFault(manifest: Manifest, purpose: CrossingUp): Fault | undefined {
    const { terms } = this;
    const { step = -1, samples, cut, base, format = 'float32' } = manifest.meta;
    const what = `${purpose} of step ${step}`;
    if (purpose === 'output-gradient' && !terms.head)
      return hostile(`${what}, though the RSU has the end of the model`);
    if (cut !== terms.facts.cut) return hostile(`${what} of cut ${cut} (expected ${terms.facts.cut})`);
    if (base !== terms.base) return hostile(`${what} of model ${base} (expected ${terms.base})`);
    if (format !== terms.format) return hostile(`${what} in ${format} (expected ${terms.format})`);
    if (step < 0 || step >= this.steps) return hostile(`${what} (expected 0..${this.steps - 1})`);
    const expected = this.samplesAt(step);
    if (samples !== expected) return hostile(`${what} with ${samples} samples (expected ${expected})`);
    return (
      this.#sizeFault(manifest, this.crossingBytes(purpose, expected)) ?? this.#orderFault(purpose, step)
    );
  }

  /** A mini-batch that was answered may be offered again, where word of it was lost; one that is not begun may not. */
  #orderFault(purpose: CrossingUp, step: number): Fault | undefined {
    const isAhead = step === this.step && purpose === 'output-gradient' && this.awaits === 'smashed';
    if (step === this.step && !isAhead) return undefined;
    return {
      reason: `${purpose} of step ${step} (expected ${this.step})`,
      hostile: isAhead || step > this.step,
    };
  }
}
