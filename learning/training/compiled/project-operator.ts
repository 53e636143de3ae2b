// The same dense layer at every position of a compiled step: three products of large matrices. The weight gradient of a
// layer is short-lived; all layers write it to the same place, which so stays in the cache.
// Must not: update the weights before the input gradient is made from them.

import { assert } from '../../../base/assert.ts';
import { wish } from './arena.ts';
import {
  assertDense,
  descend,
  type LayerBuilder,
  type Operator,
  type Site,
  type StepSettings,
} from './operator.ts';

class ProjectOperator implements Operator {
  readonly #site: Site;
  readonly #inputs: number;
  readonly #units: number;
  readonly #bias: boolean;
  /** Rows of the products: positions of one sample. */
  readonly #positions: number;

  constructor(site: Site, units: number, bias: boolean) {
    const { arena, input, output, work, packed, capacity, trains } = site;
    assertDense(input);
    assertDense(output);
    const [height, width, inputs] = input.shape;
    this.#site = site;
    this.#inputs = inputs;
    this.#units = units;
    this.#bias = bias;
    this.#positions = height * width;
    const { multiplyWork } = arena.kernels;
    wish(work, multiplyWork(units, inputs));
    if (!trains) return;
    wish(work, Math.max(multiplyWork(inputs, units), multiplyWork(units, capacity * this.#positions)));
    // The sum over rows wants eight floats for each unit.
    wish(work, 32 * units);
    wish(packed, (inputs * units + units) * 4);
  }

  forward(rows: number): void {
    const { arena, input, output, weights, work } = this.#site;
    const [inputs, units] = [this.#inputs, this.#units];
    const bias = this.#bias ? weights + inputs * units * 4 : 0;
    arena.kernels.multiplyRows(
      ...([input.address, inputs * 4, 4] as const),
      ...([weights, units * 4, 4] as const),
      bias,
      ...([output.address, units * 4] as const),
      ...([rows * this.#positions, units, inputs] as const),
      work.address,
    );
  }

  backward(rows: number, step: StepSettings): void {
    const { outputGradient: dy, packed, work } = this.#site;
    assert(dy !== undefined, 'this plan does not train');
    const [inputs, units] = [this.#inputs, this.#units];
    this.#inputGradient(rows, dy);
    const gradient = packed.address;
    const { kernels } = this.#site.arena;
    kernels.multiplyRows(
      ...([this.#site.input.address, 4, inputs * 4] as const),
      ...([dy, units * 4, 4] as const),
      0,
      ...([gradient, units * 4] as const),
      ...([inputs, units, rows * this.#positions] as const),
      work.address,
    );
    const biasGradient = gradient + inputs * units * 4;
    if (this.#bias) kernels.sumRows(dy, biasGradient, rows * this.#positions, units, work.address);
    descend(this.#site, 0, gradient, inputs * units + (this.#bias ? units : 0), step);
  }

  #inputGradient(rows: number, dy: number): void {
    const { arena, inputGradient, weights, work } = this.#site;
    if (inputGradient === undefined) return;
    const [inputs, units] = [this.#inputs, this.#units];
    arena.kernels.multiplyRows(
      ...([dy, units * 4, 4] as const),
      ...([weights, 4, units * 4] as const),
      0,
      ...([inputGradient, inputs * 4] as const),
      ...([rows * this.#positions, inputs, units] as const),
      work.address,
    );
  }
}

export const projectBuilder: LayerBuilder = {
  build(site, { plan }) {
    assert(plan.kind === 'project', `a ${plan.kind} layer is no dense layer of positions`);
    return new ProjectOperator(site, plan.units, plan.bias);
  },
};
