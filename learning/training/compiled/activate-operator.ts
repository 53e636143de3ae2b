// A rectifier of a compiled step that stands alone: behind a sum of branches, or at the begin of a block. Elsewhere it is
// part of the operator before it. Must not: overwrite its input; other branches may read it.

import { assert } from '../../../base/assert.ts';
import { floatsOf, type LayerBuilder, type Operator, type Site } from './operator.ts';
import { smoothOperator } from './smooth-operator.ts';

function rectifyOperator({ arena, input, output, inputGradient, outputGradient }: Site): Operator {
  const { kernels } = arena;
  const [height, width, channels] = input.shape;
  const rowBytes = width * channels * 4;
  const imageBytes = floatsOf(input.shape) * 4;
  return {
    forward(rows) {
      for (let n = 0; n < rows; n++) {
        const x = input.address + n * input.imageBytes;
        const to = output.address + n * output.imageBytes;
        kernels.rectifyRows(x, input.rowBytes, to, output.rowBytes, height, rowBytes);
      }
    },
    backward(rows) {
      assert(outputGradient !== undefined, 'this plan does not train');
      if (inputGradient === undefined) return;
      for (let n = 0; n < rows; n++) {
        const y = output.address + n * output.imageBytes;
        const at = n * imageBytes;
        kernels.rectifyGradientRows(
          y,
          output.rowBytes,
          outputGradient + at,
          inputGradient + at,
          height,
          rowBytes,
        );
      }
    },
  };
}

export const activateBuilder: LayerBuilder = {
  build(site, { plan }) {
    assert(plan.kind === 'activate', `a ${plan.kind} layer is no activation`);
    return plan.how === 'relu' ? rectifyOperator(site) : smoothOperator(site, plan.how);
  },
};
