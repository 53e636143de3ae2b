// The statistics by which two traffics are compared. Must not: know where the numbers come from.

/**
 * GEH of two hourly flows: sqrt(2 (a - b)^2 / (a + b)), the traffic engineers' measure that is strict on busy streets
 * and lenient on empty ones (Design Manual for Roads and Bridges, volume 12). 0 where both are 0.
 */
export function geh(a: number, b: number): number {
  return a + b === 0 ? 0 : Math.sqrt((2 * (a - b) * (a - b)) / (a + b));
}

/** Kolmogorov-Smirnov distance of two samples: the largest gap between their distributions. NaN where one is empty. */
export function ksDistance(a: readonly number[], b: readonly number[]): number {
  if (a.length === 0 || b.length === 0) return Number.NaN;
  const left = Float64Array.from(a).sort();
  const right = Float64Array.from(b).sort();
  let i = 0;
  let j = 0;
  let most = 0;
  while (i < left.length && j < right.length) {
    // Ties are passed together: between equal values no gap can be seen.
    const at = Math.min(left[i]!, right[j]!);
    while (i < left.length && left[i] === at) i++;
    while (j < right.length && right[j] === at) j++;
    most = Math.max(most, Math.abs(i / left.length - j / right.length));
  }
  return most;
}

/** Root mean square of the differences of two curves of equal length. */
export function rmse(curve: readonly number[], reference: readonly number[]): number {
  const squares = reference.reduce((sum, value, i) => sum + (curve[i]! - value) ** 2, 0);
  return Math.sqrt(squares / reference.length);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The chance that a round of `roundSeconds` begun at a random instant by a random vehicle in coverage ends before it
 * leaves: of a stay of D seconds, the first D - T are good. NaN where nobody stayed.
 */
export function roundSuccess(dwellSeconds: readonly number[], roundSeconds: number): number {
  let good = 0;
  let all = 0;
  for (const dwell of dwellSeconds) {
    good += Math.max(0, dwell - roundSeconds);
    all += dwell;
  }
  return all > 0 ? good / all : Number.NaN;
}
