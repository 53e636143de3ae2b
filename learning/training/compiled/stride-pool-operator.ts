// Pooling of a compiled step with a stride of its own and `same` padding, maximum or mean; and the mean of each channel
// over the whole image, which is such a pool with one window. Padding is no element: a window at the border has fewer.
// Must not: be used where windows tile the image; pool-operator.ts is faster there.

import { assert } from '../../../base/assert.ts';
import type { PlacedLayer } from '../../models/blocks.ts';
import { borderOf } from './conv-geometry.ts';
import { floatsOf, type LayerBuilder, type Operator, type Site } from './operator.ts';
import type { PoolShape } from './wide-kernels.ts';

function stridePoolOperator(site: Site, average: boolean, pool: PoolShape): Operator {
  const { arena, input, output } = site;
  const { kernels } = arena;
  const [outHeight, outWidth] = output.shape;
  return {
    forward(rows) {
      for (let n = 0; n < rows; n++) {
        const x = input.address + n * input.imageBytes;
        const to = output.address + n * output.imageBytes;
        kernels.stridePool(average, x, input.rowBytes, ...pool, to, output.rowBytes, outHeight, outWidth);
      }
    },
    backward(rows) {
      assert(site.outputGradient !== undefined, 'this plan does not train');
      if (site.inputGradient === undefined) return;
      for (let n = 0; n < rows; n++) {
        const x = input.address + n * input.imageBytes;
        const dy = site.outputGradient + n * floatsOf(output.shape) * 4;
        const dx = site.inputGradient + n * floatsOf(input.shape) * 4;
        kernels.stridePoolGradient(average, x, input.rowBytes, ...pool, dy, dx, outHeight, outWidth);
      }
    },
  };
}

function shapeOf({ plan, input, output }: PlacedLayer): PoolShape {
  assert(plan.kind === 'pool', `a ${plan.kind} layer is no pool`);
  const { window, stride } = plan;
  const { top, left } = borderOf(input, { kernel: window, stride, convolved: output });
  return [...input, window, window, stride, stride, top, left];
}

export const stridePoolBuilder: LayerBuilder = {
  build(site, layer) {
    const average = layer.plan.kind === 'pool' && layer.plan.how === 'average';
    return stridePoolOperator(site, average, shapeOf(layer));
  },
};

export const globalAverageBuilder: LayerBuilder = {
  build(site, { input }) {
    const [height, width] = input;
    return stridePoolOperator(site, true, [...input, height, width, 1, 1, 0, 0]);
  },
};
