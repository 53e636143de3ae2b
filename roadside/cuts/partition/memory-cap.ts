// The best cut whose layers fit the car's memory. With a cap the problem is as hard as a knapsack; what is done here is
// Lagrangian relaxation: each byte in the car costs lambda seconds, lambda is bisected, and the best cut seen that fits is
// kept, beside cuts behind one layer. Not exact: the answer comes with a lower bound that says how far off it may be.
// A larger lambda leaves no more layers in the car (its sets are nested), so the bisection loses nothing it could find.
// Must not: be called exact.

import { RoadbedError } from '../../../base/errors.ts';
import { allowedArticulations, cutBehind } from './chain.ts';
import {
  checkInstance,
  closureOf,
  epochSeconds,
  type LinkRates,
  type Split,
  type SplitInstance,
} from './instance.ts';
import { ReducedCut } from './reduced-cut.ts';

export interface CappedSplit extends Split {
  readonly memoryBytes: number;
  /** No cut that fits is faster than this. Equal to `seconds`: this one is the best. */
  readonly lowerBoundSeconds: number;
}

const bisections = 48;

function bytesOf(bytes: Float64Array, onDevice: Uint8Array): number {
  return bytes.reduce((sum, value, v) => sum + value * onDevice[v]!, 0);
}

/** The best cut where a byte in the car costs `lambda` seconds. */
function relaxed(instance: SplitInstance, rates: LinkRates, bytes: Float64Array, lambda: number): Uint8Array {
  const { costs, localSteps } = instance;
  const deviceSeconds = costs.deviceSeconds.map((seconds, v) => seconds + (lambda * bytes[v]!) / localSteps);
  return new ReducedCut({ ...instance, costs: { ...costs, deviceSeconds } }).decide(rates).onDevice;
}

/**
 * The fastest cut found that holds at most `capBytes` in the car, where layer v takes `bytes[v]` there. Throws
 * RoadbedError('data') where not even the layers that must be in the car fit.
 */
export function cappedSplit(
  instance: SplitInstance,
  rates: LinkRates,
  bytes: Float64Array,
  capBytes: number,
): CappedSplit {
  checkInstance(instance);
  const { graph, pinnedToDevice } = instance;
  const least = closureOf(graph, pinnedToDevice);
  if (!(bytesOf(bytes, least) <= capBytes)) {
    throw new RoadbedError(
      'data',
      `no cut fits: the layers that must be in the car take ${bytesOf(bytes, least)} bytes, the cap is ${capBytes}. ` +
        'Take a smaller batch, or a car with more memory.',
    );
  }
  const seen = [least, ...allowedArticulations(instance).map((v) => cutBehind(graph, v))];
  const bound = searchLambda(instance, rates, bytes, capBytes, seen);
  const fitting = seen
    .filter((onDevice) => bytesOf(bytes, onDevice) <= capBytes)
    .map((onDevice) => ({ onDevice, seconds: epochSeconds(instance, onDevice, rates) }));
  const best = fitting.reduce((a, b) => (b.seconds < a.seconds ? b : a));
  const memoryBytes = bytesOf(bytes, best.onDevice);
  return { ...best, memoryBytes, lowerBoundSeconds: Math.min(bound, best.seconds) };
}

/** Bisects lambda, adds every cut it meets to `seen`, and returns the best lower bound of the dual. */
function searchLambda(
  instance: SplitInstance,
  rates: LinkRates,
  bytes: Float64Array,
  capBytes: number,
  seen: Uint8Array[],
): number {
  let bound = 0;
  const fits = (lambda: number): boolean => {
    const onDevice = relaxed(instance, rates, bytes, lambda);
    seen.push(onDevice);
    const excess = bytesOf(bytes, onDevice) - capBytes;
    bound = Math.max(bound, epochSeconds(instance, onDevice, rates) + lambda * excess);
    return excess <= 0;
  };
  if (fits(0)) return bound;
  const total = epochSeconds(instance, seen[0]!, rates);
  let [low, high] = [0, total / Math.max(1, capBytes)];
  for (let i = 0; i < bisections && !fits(high); i++) [low, high] = [high, high * 4];
  for (let i = 0; i < bisections; i++) {
    const middle = (low + high) / 2;
    if (fits(middle)) high = middle;
    else low = middle;
  }
  return bound;
}
