// A dense layer of a compiled step, with its rectifier. The weight gradient never exists as an array: each 4x8 block of
// it is applied to the weights as soon as it is summed.
// Must not: update the weights before the input gradient is made from them.

import { assert } from '../../../base/assert.ts';
import { wish } from './arena.ts';
import {
  assertDense,
  descend,
  floatsOf,
  type LayerBuilder,
  type Operator,
  PANEL,
  panels,
  type Site,
  type StepSettings,
  WORK_HEAD_BYTES,
} from './operator.ts';

function denseOperator(site: Site, units: number, rectify: boolean): Operator {
  const { arena, input, output, work, capacity } = site;
  const { kernels } = arena;
  assertDense(input);
  const inputs = floatsOf(input.shape);
  const bias = site.weights + inputs * units * 4;
  const widest = Math.max(inputs, units, site.trains ? panels(units) * capacity : 0);
  wish(work, WORK_HEAD_BYTES + widest * PANEL * 4);
  const biasGradient = arena.reserve(units);

  function backward(rows: number, step: StepSettings): void {
    const dy = site.outputGradient;
    assert(dy !== undefined, 'this plan does not train');
    if (rectify) kernels.reluGradient(output.address, dy, dy, rows * units);
    kernels.sumRows(dy, biasGradient, rows, units, work.address);
    if (site.inputGradient !== undefined) {
      kernels.denseInputGradient(dy, site.weights, site.inputGradient, rows, inputs, units, work.address);
    }
    const { learningRate, momentum } = step;
    const velocities = momentum === 0 ? 0 : site.velocities;
    kernels.denseDescend(
      input.address,
      dy,
      site.weights,
      velocities,
      rows,
      inputs,
      units,
      learningRate,
      momentum,
      work.address,
    );
    descend(site, inputs * units, biasGradient, units, step);
  }

  return {
    forward(rows) {
      kernels.denseForward(
        input.address,
        site.weights,
        bias,
        output.address,
        rows,
        inputs,
        units,
        rectify,
        work.address,
      );
    },
    backward,
  };
}

export const denseBuilder: LayerBuilder = {
  build(site, { plan }) {
    assert(plan.kind === 'dense', `a ${plan.kind} layer is not dense`);
    return denseOperator(site, plan.units, plan.activation === 'relu');
  },
};
