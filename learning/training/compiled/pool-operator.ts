// Max pooling of a compiled step where it stands alone (behind a convolution of the same block it is part of that).
// Must not: be used for windows that overlap.

import { assert } from '../../../base/assert.ts';
import type { LayerBuilder, Operator, Site } from './operator.ts';

function poolOperator(site: Site, window: number): Operator {
  const { arena, input, output } = site;
  const { kernels } = arena;
  const [height, width, channels] = input.shape;
  const [outHeight, outWidth] = output.shape;
  const outBytes = outHeight * outWidth * channels * 4;
  const rowBytes = width * channels * 4;
  const windows = arena.constants([input.rowBytes, channels, window, outHeight, outWidth, 0]);
  return {
    forward(rows) {
      for (let n = 0; n < rows; n++) {
        const x = input.address + n * input.imageBytes;
        kernels.maxPoolImage(windows, x, output.address + n * output.imageBytes, output.rowBytes);
      }
    },
    backward(rows) {
      assert(site.outputGradient !== undefined, 'this plan does not train');
      if (site.inputGradient === undefined) return;
      for (let n = 0; n < rows; n++) {
        // Rows and columns outside all windows are never written: their gradient stays zero.
        const x = input.address + n * input.imageBytes;
        const dy = site.outputGradient + n * outBytes;
        const dx = site.inputGradient + n * height * rowBytes;
        kernels.maxPoolGradientImage(windows, x, dy, dx, rowBytes);
      }
    },
  };
}

export const poolBuilder: LayerBuilder = {
  build(site, { plan }) {
    assert(plan.kind === 'maxpool', `a ${plan.kind} layer is no pool`);
    return poolOperator(site, plan.window);
  },
};
