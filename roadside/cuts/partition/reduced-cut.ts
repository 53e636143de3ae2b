// The best cut of any layer graph in microseconds: the minimum cut of the instance that is left when layers have joined
// that never part (presolve.ts), written back to all layers. Exact.
// Must not: allocate between decisions, apart from the answer.

import { checkInstance, type LinkRates, type Split, type SplitInstance } from './instance.ts';
import { writeBack } from './join.ts';
import { MinimumCut } from './minimum-cut.ts';
import { reduceInstance } from './presolve.ts';

export class ReducedCut {
  readonly #solver: MinimumCut;
  readonly #vertexOf: Int32Array;
  readonly #onDevice: Uint8Array;
  /** Vertices that are left to decide about. */
  readonly vertices: number;

  /** Throws RoadbedError('data') at costs that are none (`checkInstance`). */
  constructor(instance: SplitInstance) {
    checkInstance(instance);
    const reduced = reduceInstance(instance);
    this.#solver = new MinimumCut(reduced.instance);
    this.#vertexOf = reduced.vertexOf;
    this.#onDevice = new Uint8Array(instance.graph.count);
    this.vertices = reduced.instance.graph.count;
  }

  /** As `MinimumCut.decide`. */
  decide(rates: LinkRates): Split {
    const { onDevice, seconds } = this.#solver.decide(rates);
    writeBack(this.#vertexOf, onDevice, this.#onDevice);
    return { onDevice: this.#onDevice, seconds };
  }
}
