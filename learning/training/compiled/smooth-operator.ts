// GELU and SiLU of a compiled step. Must not: overwrite its input; its gradient needs it.

import { assert } from '../../../base/assert.ts';
import { assertDense, floatsOf, type Operator, type Site } from './operator.ts';

export function smoothOperator(site: Site, how: 'gelu' | 'silu'): Operator {
  const { arena, input, output } = site;
  assertDense(input);
  assertDense(output);
  const { gelu, geluGradient, silu, siluGradient } = arena.kernels;
  const [apply, differentiate] = how === 'gelu' ? [gelu, geluGradient] : [silu, siluGradient];
  const floats = floatsOf(input.shape);
  return {
    forward(rows) {
      apply(input.address, output.address, rows * floats);
    },
    backward(rows) {
      const { inputGradient: dx, outputGradient: dy } = site;
      assert(dy !== undefined, 'this plan does not train');
      if (dx !== undefined) differentiate(input.address, dy, dx, rows * floats);
    },
  };
}
