// How well stays in coverage were predicted, as a fold over the event log. Must not: predict anything.

import type { LoggedEvent, StayPrediction } from '../protocol/events.ts';
import type { PredictionError } from '../protocol/run-info.ts';

type Method = 'road' | 'learned';

const errorOf = (method: Method, { actualSeconds, roadSeconds, learnedSeconds }: StayPrediction): number =>
  (method === 'learned' ? learnedSeconds : roadSeconds) - actualSeconds;

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The value below which this share of `sorted` lies (nearest rank). */
const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;

export class StayErrors {
  readonly #predictions: StayPrediction[] = [];
  #stays = 0;

  hear(events: readonly LoggedEvent[]): void {
    for (const { body } of events) {
      if (body.kind !== 'stay-ended') continue;
      this.#stays++;
      this.#predictions.push(...body.predictions);
    }
  }

  /** The error of `method`, beside that of both; null before the first stay has ended. */
  error(method: Method): PredictionError | null {
    if (this.#predictions.length === 0) return null;
    const of = (one: Method): number[] => this.#predictions.map((prediction) => errorOf(one, prediction));
    const absolute = (one: Method): number[] => of(one).map(Math.abs);
    const sorted = absolute(method).sort((a, b) => a - b);
    return {
      stays: this.#stays,
      predictions: this.#predictions.length,
      maeSeconds: meanOf(sorted),
      roadMaeSeconds: meanOf(absolute('road')),
      learnedMaeSeconds: meanOf(absolute('learned')),
      biasSeconds: meanOf(of(method)),
      p50Seconds: quantile(sorted, 0.5),
      p90Seconds: quantile(sorted, 0.9),
    };
  }
}
