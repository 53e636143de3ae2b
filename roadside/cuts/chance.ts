// The chance that a car stays as long as its task takes: the predicted stay, spread as past predictions came out. Ours.
// An error is a ratio, what came over what was predicted, so that those of long and short stays can be told together.
// Must not: predict a stay (stay-history.ts does), or draw.

import type { StayPrediction } from '../../protocol/events.ts';

/** Ratios of past predictions, oldest first. */
export type StayErrors = readonly number[];

/** As many are remembered; traffic changes over hours. */
const remembered = 256;
/** A prediction counts as exact in as many stays before any was seen, so that the first few do not decide alone. */
const priorStays = 4;
/** A prediction of less than this says nothing as a ratio, seconds. */
const leastSeconds = 0.5;

/** The errors with those of an ended stay. */
export function withPredictions(
  errors: StayErrors,
  predictions: readonly StayPrediction[],
  method: 'road' | 'learned',
): StayErrors {
  const ratios = predictions.flatMap((one) => {
    const predicted = method === 'learned' ? one.learnedSeconds : one.roadSeconds;
    return predicted < leastSeconds ? [] : [one.actualSeconds / predicted];
  });
  return [...errors, ...ratios].slice(-remembered);
}

/**
 * The chance of a stay of `neededSeconds` where `predictedSeconds` are predicted, 0..1. More stay, or less need, never
 * lowers it. Without errors to go by it is 1 where the prediction suffices and 0 where it does not.
 */
export function chanceOfStay(errors: StayErrors, predictedSeconds: number, neededSeconds: number): number {
  const exact = neededSeconds <= predictedSeconds ? priorStays : 0;
  const long = errors.filter((ratio) => ratio * predictedSeconds >= neededSeconds).length;
  return (exact + long) / (priorStays + errors.length);
}
