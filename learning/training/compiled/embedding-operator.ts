// Token embedding of a compiled step: rows of the table are gathered, their gradients scattered back.
// Must not: make an input gradient; tokens have none.

import { assert } from '../../../base/assert.ts';
import { wish } from './arena.ts';
import { assertDense, descend, type LayerBuilder, type Operator, type Site } from './operator.ts';

function embeddingOperator(site: Site, vocabulary: number, width: number): Operator {
  const { arena, input, output, weights, packed, trains } = site;
  assertDense(input);
  assertDense(output);
  const { kernels } = arena;
  const length = input.shape[1];
  const tableBytes = vocabulary * width * 4;
  if (trains) wish(packed, tableBytes + length * width * 4);
  return {
    forward(rows) {
      kernels.embed(input.address, weights, weights + tableBytes, output.address, rows, length, width);
    },
    backward(rows, step) {
      const { outputGradient: dy } = site;
      assert(dy !== undefined, 'this plan does not train');
      const dTable = packed.address;
      kernels.embedGradient(input.address, dy, dTable, dTable + tableBytes, rows, length, vocabulary, width);
      descend(site, 0, dTable, (vocabulary + length) * width, step);
    },
  };
}

export const embeddingBuilder: LayerBuilder = {
  build(site, { plan }) {
    assert(plan.kind === 'embedding', `a ${plan.kind} layer is no embedding`);
    return embeddingOperator(site, plan.vocabulary, plan.width);
  },
};
