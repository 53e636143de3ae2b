// The vector a car keeps from round to round where the aggregation rule asks for one, and corrects its gradients by.
// SCAFFOLD (Karimireddy et al., ICML 2020, arXiv 1910.06378, Algorithm 1, Option II): its control variate c_k.
// FedDyn (Acar et al., ICLR 2021, arXiv 2111.04263, Algorithm 1): the gradient g_k of its past.
//
// The RSU reckons with a new vector only where it has committed the update behind it, so the car does the same: what an
// update comes to waits for its answer, and is dropped where that is not `committed`. A car that starts anew begins at zero,
// as one that never took part. Must not: train, or send the vector.

import { accumulatedSteps } from '../learning/accumulated-steps.ts';
import type { TrainingSettings } from '../learning/learner.ts';
import type { AckResult, Task } from '../protocol/messages.ts';

export type ControlKind = NonNullable<Task['control']>;

/** A piece of training that is done, as far as a rule goes by it. */
export interface Trained {
  readonly base: Float32Array; // parameters
  readonly weights: Float32Array; // parameters
  /** SCAFFOLD's c, which came behind the model. */
  readonly companion: Float32Array | undefined; // parameters
  readonly steps: number;
  readonly settings: Pick<TrainingSettings, 'learningRate' | 'momentum' | 'proximal'>;
}

type Kept = { readonly kind: ControlKind; readonly vector: Float32Array };

/** c_k - c + (w - w_k) / (K eta), or g_k - alpha (w_k - w). */
function nextVector(kind: ControlKind, kept: Float32Array, trained: Trained): Float32Array {
  const { base, weights, companion, steps, settings } = trained;
  const { learningRate, momentum, proximal = 0 } = settings;
  if (kind === 'feddyn') return kept.map((g, i) => g - proximal * (weights[i]! - base[i]!));
  const way = accumulatedSteps(steps, momentum) * learningRate;
  return kept.map((c, i) => c - (companion?.[i] ?? 0) + (base[i]! - weights[i]!) / way);
}

export class ControlBook {
  #kept: Kept | null = null;
  /** What updates without an answer come to, by their key. */
  readonly #pending = new Map<string, Kept>();

  /** What is added to every gradient of a round: c - c_k, or -g_k. */
  correction(kind: ControlKind, parameters: number, companion: Float32Array | undefined): Float32Array {
    const vector = this.#vector(kind, parameters);
    return vector.map((value, i) => (companion?.[i] ?? 0) - value);
  }

  /** An update was made: its vector is kept once it is committed. */
  propose(key: string, kind: ControlKind, trained: Trained): void {
    const vector = nextVector(kind, this.#vector(kind, trained.base.length), trained);
    this.#pending.set(key, { kind, vector });
  }

  /** The RSU's answer to an update. */
  settle(key: string, result: AckResult): void {
    const proposed = this.#pending.get(key);
    this.#pending.delete(key);
    if (proposed && result === 'committed') this.#kept = proposed;
  }

  #vector(kind: ControlKind, parameters: number): Float32Array {
    const kept = this.#kept;
    const fits = kept?.kind === kind && kept.vector.length === parameters;
    return fits ? kept.vector : new Float32Array(parameters);
  }
}
