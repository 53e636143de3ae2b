// Activations and gradients between an arena and plain arrays, where several tensors lie one behind the other in the array
// (what crosses a cut). Must not: know what they mean.

import type { Address, Arena } from './arena.ts';
import { floatsOf, isDense, type Slot } from './operator.ts';

/** Visits the places of a slot that lie together: one, or every row where there are gaps. */
function eachRun(slot: Slot, samples: number, visit: (address: Address, floats: number) => void): void {
  const { address, rowBytes, imageBytes, shape } = slot;
  if (isDense(slot)) {
    visit(address, samples * floatsOf(shape));
    return;
  }
  const [height, width, channels] = shape;
  for (let n = 0; n < samples; n++)
    for (let y = 0; y < height; y++) visit(address + n * imageBytes + y * rowBytes, width * channels);
}

/** Floats of one sample in all of these slots. */
export function floatsOfSlots(slots: readonly Slot[]): number {
  return slots.reduce((sum, slot) => sum + floatsOf(slot.shape), 0);
}

/** A copy of the activations of `samples` samples. */
export function copySlots(arena: Arena, slots: readonly Slot[], samples: number): Float32Array {
  const values = new Float32Array(samples * floatsOfSlots(slots));
  let at = 0;
  for (const slot of slots) {
    eachRun(slot, samples, (address, floats) => {
      values.set(arena.floats(address, floats), at);
      at += floats;
    });
  }
  return values;
}

/** Writes the activations of `samples` samples. */
export function fillSlots(arena: Arena, slots: readonly Slot[], samples: number, values: Float32Array): void {
  let at = 0;
  for (const slot of slots) {
    eachRun(slot, samples, (address, floats) => {
      arena.floats(address, floats).set(values.subarray(at, at + floats));
      at += floats;
    });
  }
}
