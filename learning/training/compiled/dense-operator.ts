// A dense layer of a compiled step, with its rectifier. While an owner is here its weights lie unit by unit, as every
// product of the layer reads them; the weight gradient never exists as an array, but goes straight into the weights.
// Must not: update the weights before the input gradient is made from them.

import { assert } from '../../../base/assert.ts';
import { type Address, wish } from './arena.ts';
import {
  assertDense,
  descend,
  descendAt,
  floatsOf,
  type LayerBuilder,
  type Operator,
  type Pull,
  type Site,
  type StepSettings,
} from './operator.ts';

/** Bytes a forward pass puts aside: initial values and two rows of an edge. */
const FORWARD_BYTES = 64;

class DenseOperator implements Operator {
  readonly #site: Site;
  readonly #inputs: number;
  readonly #units: number;
  readonly #rectify: boolean;
  /** Bytes from the weights of one unit to those of the next: whole vectors. */
  readonly #unitBytes: number;
  readonly #weights: Address;
  readonly #velocities: Address;
  /** Adam's mean of the squares; undefined where the plan is for SGD. */
  readonly #squares: Address | undefined;
  readonly #pull: Pull | undefined;
  /** Room for the gradient, where Adam or a pull wants it as an array. */
  readonly #gradient: Address | undefined;
  readonly #biasGradient: Address;

  constructor(site: Site, units: number, rectify: boolean) {
    const { arena, input, work, capacity, trains } = site;
    assertDense(input);
    this.#site = site;
    this.#inputs = floatsOf(input.shape);
    this.#units = units;
    this.#rectify = rectify;
    this.#unitBytes = Math.ceil(this.#inputs / 4) * 16;
    const floats = (this.#unitBytes / 4) * units;
    this.#weights = arena.reserve(floats);
    this.#velocities = arena.reserve(trains ? floats : 0);
    this.#squares = site.squares === undefined ? undefined : arena.reserve(floats);
    this.#pull = site.pull && { anchor: arena.reserve(floats), correction: arena.reserve(floats) };
    this.#gradient = this.#squares || this.#pull ? arena.reserve(floats) : undefined;
    this.#biasGradient = arena.reserve(trains ? units : 0);
    const { kernels } = arena;
    // The sum over rows wants eight floats for each unit.
    const backwardBytes = trains ? Math.max(kernels.unitsWork(capacity, units), 32 * units) : 0;
    wish(work, Math.max(FORWARD_BYTES, backwardBytes));
  }

  arrive(hasVelocities: boolean): void {
    this.#take(this.#site.weights, this.#weights);
    if (hasVelocities) this.#take(this.#site.velocities, this.#velocities);
    if (this.#squares) this.#take(this.#site.squares!, this.#squares);
    const { pull } = this.#site;
    if (!pull || !this.#pull) return;
    this.#take(pull.anchor, this.#pull.anchor);
    this.#take(pull.correction, this.#pull.correction);
  }

  leave(hasVelocities: boolean): void {
    this.#putBack(this.#weights, this.#site.weights);
    if (hasVelocities) this.#putBack(this.#velocities, this.#site.velocities);
    if (this.#squares) this.#putBack(this.#squares, this.#site.squares!);
  }

  #take(flat: Address, own: Address): void {
    const units = this.#units;
    this.#site.arena.kernels.turn(flat, units * 4, this.#inputs, units, own, this.#unitBytes);
  }

  #putBack(own: Address, flat: Address): void {
    const units = this.#units;
    this.#site.arena.kernels.turn(own, this.#unitBytes, units, this.#inputs, flat, units * 4);
  }

  forward(rows: number): void {
    const { arena, input, output, weights, work } = this.#site;
    const [inputs, units] = [this.#inputs, this.#units];
    const bias = weights + inputs * units * 4;
    const [w, out, rectify] = [this.#weights, output.address, this.#rectify];
    arena.kernels.unitsForward(input.address, w, bias, out, rows, inputs, units, rectify, work.address);
  }

  backward(rows: number, step: StepSettings): void {
    const { arena, input, inputGradient, output, outputGradient: dy, work } = this.#site;
    assert(dy !== undefined, 'this plan does not train');
    const { kernels } = arena;
    const [inputs, units, w] = [this.#inputs, this.#units, this.#weights];
    if (this.#rectify) kernels.reluGradient(output.address, dy, dy, rows * units);
    kernels.sumRows(dy, this.#biasGradient, rows, units, work.address);
    if (inputGradient !== undefined) {
      kernels.unitsInputGradient(dy, w, inputGradient, rows, inputs, units, work.address);
    }
    const { learningRate, momentum } = step;
    const v = momentum === 0 ? 0 : this.#velocities;
    const x = input.address;
    if (this.#gradient) this.#stepOnArray(rows, dy, this.#gradient, step);
    else kernels.unitsDescend(x, dy, w, v, rows, inputs, units, learningRate, momentum, work.address);
    descend(this.#site, inputs * units, this.#biasGradient, units, step);
  }

  /** The gradient as an array: it is where SGD with the rate -1 comes to from zero. */
  #stepOnArray(rows: number, dy: Address, gradient: Address, step: StepSettings): void {
    const { arena, input, work } = this.#site;
    const floats = (this.#unitBytes / 4) * this.#units;
    arena.floats(gradient, floats).fill(0);
    const [x, inputs, units] = [input.address, this.#inputs, this.#units];
    arena.kernels.unitsDescend(x, dy, gradient, 0, rows, inputs, units, -1, 0, work.address);
    const [weights, velocities, squares] = [this.#weights, this.#velocities, this.#squares];
    descendAt(arena.kernels, { weights, velocities, squares, pull: this.#pull }, gradient, floats, step);
  }
}

export const denseBuilder: LayerBuilder = {
  build(site, { plan }) {
    assert(plan.kind === 'dense', `a ${plan.kind} layer is not dense`);
    return new DenseOperator(site, plan.units, plan.activation === 'relu');
  },
};
