// A run's totals as a fold over its event log: what `roadbed run` prints is what the log says, nothing else.
// Must not: count anything the log does not hold.

import { assert } from '../base/assert.ts';
import { addCounts, type LoggedEvent, noCounts, type RoundCounts } from '../protocol/events.ts';

export interface Totals extends RoundCounts {
  readonly rounds: number;
  readonly testAccuracy: number;
  readonly testLoss: number;
  readonly virtualSeconds: number;
  readonly modelSha: string;
  readonly closedBecause: string | null;
  readonly handovers: number;
  readonly transfersHandedOver: number;
  readonly splitsHandedOver: number;
}

const none: Totals = {
  ...noCounts,
  rounds: 0,
  testAccuracy: 0,
  testLoss: 0,
  virtualSeconds: 0,
  modelSha: '',
  closedBecause: null,
  handovers: 0,
  transfersHandedOver: 0,
  splitsHandedOver: 0,
};

function withRound(totals: Totals, body: RoundCounts & { modelSha: string }): Totals {
  return { ...totals, ...addCounts(totals, body), rounds: totals.rounds + 1, modelSha: body.modelSha };
}

function add(totals: Totals, { at, body }: LoggedEvent): Totals {
  const next = { ...totals, virtualSeconds: at };
  if (body.kind === 'run-opened') return { ...next, modelSha: body.modelSha };
  if (body.kind === 'round-closed') return withRound(next, body);
  if (body.kind === 'model-evaluated') return { ...next, testAccuracy: body.accuracy, testLoss: body.loss };
  if (body.kind === 'handover') return { ...next, handovers: next.handovers + 1 };
  if (body.kind === 'transfer-handed-over')
    return { ...next, transfersHandedOver: next.transfersHandedOver + 1 };
  if (body.kind === 'split-handed-over') return { ...next, splitsHandedOver: next.splitsHandedOver + 1 };
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
