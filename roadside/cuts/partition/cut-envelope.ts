// All best cuts of one instance at once. Where a gradient is as large as its activation (the usual case), what a cut costs
// depends on the rates through z = 1 / up + 1 / down alone: T = fixedSeconds + bits z, a line for each cut, and the best
// cuts are the lower envelope of those lines. It is found once, by asking for the best cut where two neighbouring lines
// meet until none is better there (Eisner and Severance 1976, "Mathematical Techniques for Efficient Record Segmentation
// in Large Shared Databases"); afterwards a decision is a binary search. What changes a line (speeds of car or server,
// batch, N) needs a new envelope. Ours; exact.
// Must not: be used where gradients and activations differ in size; the constructor says so.

import { RoadbedError } from '../../../base/errors.ts';
import {
  checkInstance,
  checkRates,
  closureOf,
  epochCost,
  type LinkRates,
  type Split,
  type SplitInstance,
} from './instance.ts';
import { ReducedCut } from './reduced-cut.ts';

interface Line {
  readonly onDevice: Uint8Array;
  readonly fixedSeconds: number;
  readonly bits: number;
}

/** Seconds per bit at which an envelope begins and ends: 1 Pbit/s to 1 bit/s both ways. Beyond, each cut is searched. */
const leastZ = 2e-15;
const mostZ = 2;

export class CutEnvelope {
  readonly #lines: Line[];
  /** The line i + 1 is better than i from turns[i] on. */
  readonly #turns: Float64Array;
  readonly #solver: ReducedCut;

  /** Throws RoadbedError('data') where a gradient that may have to be sent is not as large as its activation. */
  constructor(instance: SplitInstance) {
    checkInstance(instance);
    checkSizes(instance);
    const solver = new ReducedCut(instance);
    this.#solver = solver;
    const lineAt = (z: number): Line => {
      const { onDevice } = solver.decide({ up: 2 / z, down: 2 / z });
      const kept = onDevice.slice();
      const { fixedSeconds, bitsUp } = epochCost(instance, kept);
      return { onDevice: kept, fixedSeconds, bits: bitsUp };
    };
    const first = lineAt(leastZ);
    this.#lines = [first, ...between(first, lineAt(mostZ), lineAt)];
    this.#turns = Float64Array.from(this.#lines.slice(1), (line, i) => meeting(this.#lines[i]!, line));
  }

  /** The best cut at these rates. `onDevice` must not be written to. */
  decide(rates: LinkRates): Split {
    checkRates(rates);
    const z = 1 / rates.up + 1 / rates.down;
    if (z < leastZ || z > mostZ) return this.#solver.decide(rates);
    let low = 0;
    let high = this.#turns.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#turns[middle]! <= z) low = middle + 1;
      else high = middle;
    }
    const { onDevice, fixedSeconds, bits } = this.#lines[low]!;
    return { onDevice, seconds: fixedSeconds + bits * z };
  }
}

function checkSizes({ graph, costs, pinnedToDevice }: SplitInstance): void {
  const stays = closureOf(graph, pinnedToDevice);
  for (let v = 0; v < graph.count; v++) {
    if (costs.gradientBits[v] === costs.activationBits[v]) continue;
    const readers = graph.children.subarray(graph.firstChild[v]!, graph.firstChild[v + 1]!);
    if (readers.every((reader) => stays[reader] === 1)) continue;
    throw new RoadbedError(
      'data',
      `layer ${v}: a gradient of ${costs.gradientBits[v]} bits for an activation of ${costs.activationBits[v]} ` +
        '(the envelope of cuts needs them equal). Take minimum-cut.',
    );
  }
}

/** Where two lines cost the same. */
function meeting(a: Line, b: Line): number {
  return (b.fixedSeconds - a.fixedSeconds) / (a.bits - b.bits);
}

/** The lines of the envelope behind `a` up to and with `b`. With z the bits of the best cut only ever fall. */
function between(a: Line, b: Line, lineAt: (z: number) => Line): Line[] {
  if (b.bits >= a.bits) return [];
  const z = meeting(a, b);
  const best = lineAt(z);
  const gain = a.fixedSeconds + a.bits * z - (best.fixedSeconds + best.bits * z);
  const isNew = gain > 1e-12 * (a.fixedSeconds + a.bits * z) && best.bits < a.bits && best.bits > b.bits;
  if (!isNew) return [b];
  return [...between(a, best, lineAt), ...between(best, b, lineAt)];
}
