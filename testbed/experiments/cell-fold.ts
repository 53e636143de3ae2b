// What came of a run, as a fold over its event log: the figures a sweep compares. Must not: count what the log does not
// hold, or know where the run was carried out.

import {
  addCounts,
  type LoggedEvent,
  noCounts,
  type RoundCounts,
  wastedWork,
} from '../../protocol/events.ts';
import type { CellResult, Evaluation } from '../../roadside/store/experiment.ts';

/** What the log alone does not say. */
export interface CellFacts {
  readonly engine: string;
  readonly eventLogSha256: string;
  readonly modelSha256: string;
  /** The accuracy at which the run was to stop; undefined where it had none. */
  readonly targetAccuracy: number | undefined;
}

const ratio = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null);

/** Folds a run's events into a `CellResult`. */
export class CellFold {
  readonly #curve: Evaluation[] = [];
  #counts: RoundCounts = noCounts;
  #rounds = 0;
  #lastAt = 0;
  #data = '';
  #seconds = 0;
  #lostSeconds = 0;
  #joules = 0;
  #wastedJoules = 0;

  hear(events: readonly LoggedEvent[]): void {
    for (const event of events) this.#add(event);
  }

  #add({ at, body }: LoggedEvent): void {
    this.#lastAt = at;
    if (body.kind === 'run-opened') this.#data = body.dataFingerprint;
    else if (body.kind === 'model-evaluated')
      this.#curve.push({ round: body.round, at, accuracy: body.accuracy, loss: body.loss });
    else if (body.kind === 'round-closed') {
      this.#counts = addCounts(this.#counts, body);
      this.#rounds += 1;
    } else if (body.kind === 'vehicle-outcome') {
      const { seconds, joules } = body.booking;
      this.#seconds += seconds;
      this.#joules += joules;
      const wasted = wastedWork(body);
      this.#lostSeconds += wasted.seconds;
      this.#wastedJoules += wasted.joules;
    }
  }

  result({ engine, eventLogSha256, modelSha256, targetAccuracy }: CellFacts): CellResult {
    const { selected, committed, left, late, refused, failed, bytesUp, bytesDown } = this.#counts;
    const reached =
      targetAccuracy === undefined
        ? undefined
        : this.#curve.find(({ accuracy }) => accuracy >= targetAccuracy);
    const censored = targetAccuracy !== undefined && reached === undefined;
    return {
      status: reached ? 'reached' : censored ? 'censored' : 'finished',
      secondsToTarget: reached?.at ?? null,
      censoredAtSeconds: censored ? this.#lastAt : null,
      virtualSeconds: this.#lastAt,
      rounds: this.#rounds,
      finalAccuracy: this.#curve.at(-1)?.accuracy ?? null,
      ...{ selected, committed, left, late, refused, failed, bytesUp, bytesDown },
      participationRatio: ratio(committed, selected),
      lostShare: ratio(this.#lostSeconds, this.#seconds),
      joules: this.#joules,
      wastedJoules: this.#wastedJoules,
      engine,
      dataFingerprint: this.#data,
      eventLogSha256,
      modelSha256,
      curve: [...this.#curve],
    };
  }
}
