// Layer normalisation of a compiled step: every position by itself. Must not: write to its input; shortcuts read it too.

import { assert } from '../../../base/assert.ts';
import { wish } from './arena.ts';
import { assertDense, descend, type LayerBuilder, type Operator, type Site } from './operator.ts';

/** Added to the variance, as in the op-by-op path. */
const EPSILON = 1e-5;

function layerNormOperator(site: Site): Operator {
  const { arena, input, output, capacity, trains, weights, packed } = site;
  assertDense(input);
  assertDense(output);
  const { kernels } = arena;
  const [height, width, channels] = input.shape;
  const positions = height * width;
  const statistics = arena.reserve(2 * capacity * positions);
  const shift = weights + channels * 4;
  if (trains) wish(packed, 2 * channels * 4);
  return {
    forward(rows) {
      const count = rows * positions;
      kernels.layerNorm(input.address, weights, shift, output.address, statistics, count, channels, EPSILON);
    },
    backward(rows, step) {
      const { inputGradient: dx = 0, outputGradient: dy } = site;
      assert(dy !== undefined, 'this plan does not train');
      const dScale = packed.address;
      const [x, count] = [input.address, rows * positions];
      const dShift = dScale + channels * 4;
      kernels.layerNormGradient(x, dy, weights, statistics, dx, dScale, dShift, count, channels);
      descend(site, 0, dScale, 2 * channels, step);
    },
  };
}

export const layerNormBuilder: LayerBuilder = { build: layerNormOperator };
