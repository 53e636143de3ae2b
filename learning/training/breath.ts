// Lets waiting messages through during a long computation: after about every 50 ms of arithmetic, counted and not
// clocked, so that what a run does never depends on how fast the machine is. Impure: setImmediate.
// Must not: be awaited while something global to the thread (a tfjs backend, a claimed arena) is taken for granted.

import { modelCost } from '../cost/model-cost.ts';
import type { ModelSpec } from '../learner.ts';

/** About 50 ms of a core that computes 30 GFLOP/s. */
const FLOPS_BETWEEN = 1.5e9;

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export class Breath {
  readonly #flopsOfSample: number;
  #flops = 0;

  constructor(model: ModelSpec, work: 'training' | 'evaluation') {
    const { forwardFlops, backwardFlops } = modelCost(model);
    this.#flopsOfSample = work === 'training' ? forwardFlops + backwardFlops : forwardFlops;
  }

  /** Counts `samples` more; true if it is time to await `take`. */
  due(samples: number): boolean {
    this.#flops += samples * this.#flopsOfSample;
    return this.#flops >= FLOPS_BETWEEN;
  }

  /** Gives the event loop one turn. */
  async take(): Promise<void> {
    this.#flops = 0;
    await nextTurn();
  }
}
