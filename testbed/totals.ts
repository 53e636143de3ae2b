// A run's totals as a fold over its event log: what `roadbed run` prints is what the log says, nothing else.
// Must not: count anything the log does not hold.

import { assert } from '../base/assert.ts';
import type { LoggedEvent, RoundCounts } from '../protocol/events.ts';

const counted = [
  'selected',
  'committed',
  'left',
  'late',
  'refused',
  'failed',
  'split',
  'skipped',
  'bytesUp',
  'bytesDown',
  'wastedSeconds',
  'wastedJoules',
] as const;

export interface Totals extends RoundCounts {
  readonly rounds: number;
  readonly testAccuracy: number;
  readonly testLoss: number;
  readonly virtualSeconds: number;
  readonly modelSha: string;
  readonly closedBecause: string | null;
}

const none: Totals = {
  selected: 0,
  committed: 0,
  left: 0,
  late: 0,
  refused: 0,
  failed: 0,
  split: 0,
  skipped: 0,
  bytesUp: 0,
  bytesDown: 0,
  wastedSeconds: 0,
  wastedJoules: 0,
  rounds: 0,
  testAccuracy: 0,
  testLoss: 0,
  virtualSeconds: 0,
  modelSha: '',
  closedBecause: null,
};

function withRound(totals: Totals, body: RoundCounts & { modelSha: string }): Totals {
  const sums = Object.fromEntries(
    counted.map((name) => [name, totals[name] + body[name]]),
  ) as unknown as RoundCounts;
  return { ...totals, ...sums, rounds: totals.rounds + 1, modelSha: body.modelSha };
}

function add(totals: Totals, { at, body }: LoggedEvent): Totals {
  const next = { ...totals, virtualSeconds: at };
  if (body.kind === 'run-opened') return { ...next, modelSha: body.modelSha };
  if (body.kind === 'round-closed') return withRound(next, body);
  if (body.kind === 'model-evaluated') return { ...next, testAccuracy: body.accuracy, testLoss: body.loss };
  if (body.kind === 'run-closed') return { ...next, closedBecause: body.reason };
  return next;
}

/** Folds events into totals, a few at a time. */
export class TotalsFold {
  #totals = none;

  hear(events: readonly LoggedEvent[]): void {
    for (const event of events) this.#totals = add(this.#totals, event);
  }

  /** The totals so far. Asserts the accounting identity of the run. */
  get totals(): Totals {
    const t = this.#totals;
    assert(
      t.selected === t.committed + t.left + t.late + t.refused + t.failed,
      'selected = committed + left + late + refused + failed does not hold',
    );
    return t;
  }
}
