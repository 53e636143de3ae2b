// Attention of a compiled step: queries, keys and values are three branches that come together.
// Must not: hold weights of the model; the branches and what follows have them.

import { assert } from '../../../base/assert.ts';
import { wish } from './arena.ts';
import { assertDense, type JoinBuilder, type JoinSite, type Operator } from './operator.ts';

function attentionOperator(site: JoinSite, heads: number, causal: boolean): Operator {
  const { arena, inputs, output, outputGradient, capacity, trains, work } = site;
  const { kernels } = arena;
  for (const slot of [...inputs.map((port) => port.slot), output]) assertDense(slot);
  const [q, k, v] = inputs.map((port) => port.slot.address) as [number, number, number];
  const [, length, width] = output.shape;
  // An evaluation needs the weights of attention until their sample is done.
  const kept = trains ? capacity : 1;
  const weights = arena.reserve((kept * heads * kernels.attentionBytes(length)) / 4);
  wish(work, kernels.attentionWork(length, width / heads));
  return {
    forward(rows) {
      for (let n = 0; n < rows; n += kept) {
        const at = n * output.imageBytes;
        const shape = [Math.min(kept, rows), heads, length, width, causal] as const;
        kernels.attention(q + at, k + at, v + at, output.address + at, weights, ...shape, work.address);
      }
    },
    backward(rows) {
      const [dq, dk, dv] = inputs.map((port) => port.gradient);
      const known = dq !== undefined && dk !== undefined && dv !== undefined;
      assert(
        outputGradient !== undefined && known,
        'attention whose input has no gradient cannot be trained',
      );
      const shape = [rows, heads, length, width, causal] as const;
      kernels.attentionGradient(q, k, v, outputGradient, weights, dq, dk, dv, ...shape, work.address);
    },
  };
}

export const attentionBuilder: JoinBuilder = {
  build(site, { plan }) {
    assert(plan.kind === 'merge' && plan.how === 'attention', `a ${plan.kind} layer is no attention`);
    return attentionOperator(site, plan.heads ?? 1, plan.causal ?? false);
  },
  passesGradient: false,
};
