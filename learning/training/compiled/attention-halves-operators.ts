// Attention of a compiled step in two operators, where a cut falls between them: scores below it, softmax and mix above.
// Must not: be used where both are in one part; attention-operator.ts keeps the scores in the cache.

import { assert } from '../../../base/assert.ts';
import type { PlacedLayer } from '../../models/blocks.ts';
import { wish } from './arena.ts';
import { assertDense, type JoinBuilder, type JoinSite, type Operator } from './operator.ts';

/** Heads, positions, width and whether a position sees those behind it. */
function extentOf({ plan, output }: PlacedLayer): readonly [number, number, number, boolean] {
  assert(plan.kind === 'merge' && plan.how === 'attention', `a ${plan.kind} layer is no attention`);
  return [plan.heads ?? 1, output[1], output[2], plan.causal ?? false];
}

function scoresOperator(site: JoinSite, layer: PlacedLayer): Operator {
  const { arena, inputs, output, outputGradient, work } = site;
  const { kernels } = arena;
  const extent = extentOf(layer);
  const [heads, length, width] = extent;
  for (const slot of [...inputs.map((port) => port.slot), output]) assertDense(slot);
  const [q, k] = inputs.map((port) => port.slot.address) as [number, number];
  wish(work, kernels.attentionWork(length, width / heads));
  return {
    forward(rows) {
      kernels.attentionScores(q, k, output.address, rows, ...extent, work.address);
    },
    backward(rows) {
      const [dq, dk] = inputs.map((port) => port.gradient);
      const known = outputGradient !== undefined && dq !== undefined && dk !== undefined;
      assert(known, 'scores whose inputs have no gradient cannot be trained');
      kernels.attentionScoresGradient(q, k, outputGradient, dq, dk, rows, ...extent, work.address);
    },
  };
}

function mixOperator(site: JoinSite, layer: PlacedLayer): Operator {
  const { arena, inputs, output, outputGradient, capacity, work } = site;
  const { kernels } = arena;
  const extent = extentOf(layer);
  const [heads, length, width] = extent;
  for (const slot of [...inputs.map((port) => port.slot), output]) assertDense(slot);
  const [scores, v] = inputs.map((port) => port.slot.address) as [number, number];
  const weights = arena.reserve((capacity * heads * kernels.attentionBytes(length)) / 4);
  wish(work, kernels.attentionWork(length, width / heads));
  return {
    forward(rows) {
      kernels.attentionMix(scores, v, output.address, weights, rows, ...extent, work.address);
    },
    backward(rows) {
      const [dScores, dv] = inputs.map((port) => port.gradient);
      const known = outputGradient !== undefined && dScores !== undefined && dv !== undefined;
      assert(known, 'a mix whose inputs have no gradient cannot be trained');
      kernels.attentionMixGradient(v, outputGradient, weights, dScores, dv, rows, ...extent, work.address);
    },
  };
}

export const scoresBuilder: JoinBuilder = { build: scoresOperator, passesGradient: false };
export const mixBuilder: JoinBuilder = { build: mixOperator, passesGradient: false };
