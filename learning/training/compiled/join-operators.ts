// Where values part and come together again in a compiled step: one value for several branches, the sum of branches,
// branches side by side. Must not: hold weights.

import { assert } from '../../../base/assert.ts';
import type { Address } from './arena.ts';
import {
  floatsOf,
  type Ground,
  isDense,
  type JoinBuilder,
  type JoinSite,
  type Operator,
  type Port,
  type Slot,
} from './operator.ts';

/** One value for several branches. They read it where it lies; its gradient is the sum of theirs. */
export function forkOperator({ arena }: Ground, input: Port, branches: readonly Port[]): Operator {
  const floats = floatsOf(input.slot.shape);
  const [first, ...others] = branches.map(({ gradient }) => gradient);
  return {
    forward() {},
    backward(rows) {
      const sum = input.gradient;
      if (sum === undefined) return;
      let partial = first!;
      for (const other of others) {
        arena.kernels.add(partial, other!, sum, rows * floats);
        partial = sum;
      }
    },
  };
}

/** sum = a + b, image rows one by one where a slot has gaps. */
function addSlots({ arena }: Ground, a: Slot, b: Slot, sum: Slot, rows: number): void {
  const { kernels } = arena;
  const [height, width, channels] = sum.shape;
  if ([a, b, sum].every(isDense)) {
    kernels.add(a.address, b.address, sum.address, rows * floatsOf(sum.shape));
    return;
  }
  const at = ({ address, imageBytes, rowBytes }: Slot, image: number, y: number): Address =>
    address + image * imageBytes + y * rowBytes;
  for (let n = 0; n < rows; n++) {
    for (let y = 0; y < height; y++) kernels.add(at(a, n, y), at(b, n, y), at(sum, n, y), width * channels);
  }
}

function addOperator(site: JoinSite): Operator {
  const { arena, inputs, output, outputGradient } = site;
  const floats = floatsOf(output.shape);
  return {
    forward(rows) {
      let partial = inputs[0]!.slot;
      for (const { slot } of inputs.slice(1)) {
        addSlots(site, partial, slot, output, rows);
        partial = output;
      }
    },
    backward(rows) {
      assert(outputGradient !== undefined, 'this plan does not train');
      const bytes = rows * floats * 4;
      for (const { gradient } of inputs) {
        if (gradient === undefined || gradient === outputGradient) continue;
        arena.kernels.copyRows(outputGradient, bytes, gradient, bytes, 1, bytes);
      }
    },
  };
}

/** The sum of branches. */
export const addBuilder: JoinBuilder = { build: addOperator, passesGradient: true };

function concatOperator({ arena, inputs, output, outputGradient }: JoinSite): Operator {
  const { kernels } = arena;
  const [height, width, channels] = output.shape;
  const bytesOf = ({ slot }: Port): number => slot.shape[2] * 4;
  const befores = inputs.map((_, i) => inputs.slice(0, i).reduce((sum, port) => sum + bytesOf(port), 0));
  return {
    forward(rows) {
      inputs.forEach((port, i) => {
        const { slot } = port;
        for (let n = 0; n < rows; n++) {
          for (let y = 0; y < height; y++) {
            const from = slot.address + n * slot.imageBytes + y * slot.rowBytes;
            const to = output.address + n * output.imageBytes + y * output.rowBytes + befores[i]!;
            kernels.copyRows(from, bytesOf(port), to, channels * 4, width, bytesOf(port));
          }
        }
      });
    },
    backward(rows) {
      assert(outputGradient !== undefined, 'this plan does not train');
      inputs.forEach((port, i) => {
        if (port.gradient === undefined) return;
        const pixels = rows * height * width;
        const from = outputGradient + befores[i]!;
        kernels.copyRows(from, channels * 4, port.gradient, bytesOf(port), pixels, bytesOf(port));
      });
    },
  };
}

/** Branches' channels side by side. */
export const concatBuilder: JoinBuilder = { build: concatOperator, passesGradient: false };
