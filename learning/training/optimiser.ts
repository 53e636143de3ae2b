// The optimisers of the op-by-op path: momentum, or the two moments of Adam, for each variable of a part, kept from step
// to step. Must not: outlive its part without `forget`; the tensors would leak.

import * as tf from '@tensorflow/tfjs-core';
import type { TrainingSettings } from '../learner.ts';
import { adamFactors, isAdaptive } from './adam.ts';
import { adamStep, sgdStep } from './ops.ts';

/** What one step depends on. */
export type StepSettings = Pick<
  TrainingSettings,
  'learningRate' | 'momentum' | 'optimiser' | 'weightDecay' | 'proximal'
>;

/** What is added to the gradient of a variable: mu (w - anchor) + correction. */
export interface Pull {
  readonly anchor: tf.Tensor;
  readonly correction: tf.Tensor | undefined;
}

/** The new weight, and what is kept of a variable's past. */
type Stepped = readonly [weight: tf.Tensor, kept: readonly tf.Tensor[]];

function stepSgd(
  variable: tf.Tensor,
  gradient: tf.Tensor,
  kept: readonly tf.Tensor[] | undefined,
  settings: StepSettings,
): Stepped {
  const velocity = kept?.[0];
  // Without a velocity yet it is zero, and momentum 0 needs none: then the gradient itself stands in, times 0.
  const step = velocity === undefined ? { ...settings, momentum: 0 } : settings;
  const [weight, next] = sgdStep(variable, gradient, velocity ?? gradient, step);
  return [weight, settings.momentum === 0 ? [] : [next]];
}

function pulled(gradient: tf.Tensor, variable: tf.Tensor, pull: Pull | undefined, mu: number): tf.Tensor {
  if (!pull) return gradient;
  const { anchor, correction } = pull;
  const near =
    mu > 0 ? tf.add(gradient, tf.mul(tf.sub(variable, anchor), tf.fill(anchor.shape, mu))) : gradient;
  return correction ? tf.add(near, correction) : near;
}

export class OptimiserState {
  #kept: (readonly tf.Tensor[])[] = [];
  #steps = 0;
  /** One for each variable, until `forget`; none where nothing is added. */
  #pulls: readonly Pull[] = [];

  get steps(): number {
    return this.#steps;
  }

  /** What is kept, for each variable: nothing, its velocity, or its two moments. */
  get kept(): readonly (readonly tf.Tensor[])[] {
    return this.#kept;
  }

  /** Goes on from what another state kept. Both lists of tensors belong to this state from now on. */
  resume(kept: (readonly tf.Tensor[])[], steps: number): void {
    this.#kept = kept;
    this.#steps = steps;
  }

  /** From the next step on something is added to the gradients. The tensors belong to this state from now on. */
  pull(pulls: readonly Pull[]): void {
    this.#pulls = pulls;
  }

  /** Steps every variable along its gradient. To be called in a tidy. */
  update(variables: readonly tf.Variable[], gradients: readonly tf.Tensor[], settings: StepSettings): void {
    this.#steps++;
    const old = this.#kept;
    this.#kept = variables.map((variable, i) => {
      const gradient = pulled(gradients[i]!, variable, this.#pulls[i], settings.proximal ?? 0);
      const [weight, kept] = this.#step(variable, gradient, old[i], settings);
      variable.assign(weight);
      for (const tensor of kept) tf.keep(tensor);
      return kept;
    });
    tf.dispose(old.flat());
  }

  #step(
    variable: tf.Tensor,
    gradient: tf.Tensor,
    kept: readonly tf.Tensor[] | undefined,
    settings: StepSettings,
  ): Stepped {
    if (!isAdaptive(settings)) return stepSgd(variable, gradient, kept, settings);
    const [mean, square] = kept ?? [tf.zerosLike(variable), tf.zerosLike(variable)];
    const factors = { learningRate: settings.learningRate, ...adamFactors(settings, this.#steps) };
    const [weight, ...next] = adamStep(variable, gradient, [mean!, square!], factors);
    return [weight, next];
  }

  /** Back to the beginning; frees what was kept. */
  forget(): void {
    tf.dispose(this.#kept.flat());
    tf.dispose(
      this.#pulls.flatMap(({ anchor, correction }) => (correction ? [anchor, correction] : [anchor])),
    );
    this.#kept = [];
    this.#pulls = [];
    this.#steps = 0;
  }
}
