// The set of cars that makes most progress a second: a round lasts as long as its slowest member, the band is shared, and
// the fifth update of a round adds less than the first.
//
//   maximise over sets S of 1..K0:  h(sum of values in S) / (longest time in S),   h(v) = v / (v + c)
//
// For one size n the times are fixed. If the longest time is to be T, the best set are the n highest values among those
// with times up to T; so a sweep over the times with the n highest so far finds the optimum. Which sets can be best at all
// is seen beforehand: a car with K0 others that are faster and worth more is in none.
// Must not: know cars, or what their values are made of.

/** One car as far as the set is concerned. Index n - 1 of both lists: in a round of n, which share the bands. */
export interface Item {
  /** Position in the caller's list. */
  readonly at: number;
  /** Seconds until its outcome. */
  readonly seconds: readonly number[];
  /** Expected worth of its update. */
  readonly values: readonly number[];
}

export interface BestSet {
  readonly members: readonly Item[];
  readonly progress: number;
  readonly seconds: number;
  /** Progress a second. */
  readonly rate: number;
}

/** Progress of a round with updates worth `value`; c is how many bring half of what infinitely many would. */
export function progressOf(value: number, half: number): number {
  return value / (value + half);
}

/** Least seconds of a round: nothing is instant, and a rate must stay finite. */
const leastSeconds = 1e-3;

/** Takes the place of the least valuable of `top` if `item` is worth more; returns the change of the sum. */
function admit(top: Item[], item: Item, size: number): number {
  const n = size - 1;
  if (top.length < size) {
    top.push(item);
    return item.values[n]!;
  }
  let least = 0;
  for (let i = 1; i < top.length; i++) if (top[i]!.values[n]! < top[least]!.values[n]!) least = i;
  const gain = item.values[n]! - top[least]!.values[n]!;
  if (gain <= 0) return 0;
  top[least] = item;
  return gain;
}

/** The best set of `size`, or of fewer where there are fewer. */
function bestOfSize(items: readonly Item[], size: number, half: number): BestSet | null {
  const n = size - 1;
  const byTime = [...items].sort((a, b) => a.seconds[n]! - b.seconds[n]! || a.at - b.at);
  const top: Item[] = [];
  let value = 0;
  let best: BestSet | null = null;
  for (const item of byTime) {
    const gain = admit(top, item, size);
    if (gain <= 0) continue;
    value += gain;
    const seconds = Math.max(leastSeconds, item.seconds[n]!);
    const progress = progressOf(value, half);
    if (best && progress / seconds <= best.rate) continue;
    best = { members: [...top], progress, seconds, rate: progress / seconds };
  }
  return best;
}

/** The best set of 1 to `most` items; null where there is none. Equal rates: the smaller set. */
export function bestSet(items: readonly Item[], most: number, half: number): BestSet | null {
  let best: BestSet | null = null;
  for (let size = 1; size <= Math.min(most, items.length); size++) {
    const found = bestOfSize(items, size, half);
    if (found && (!best || found.rate > best.rate)) best = found;
  }
  return best;
}

/** Times fall into so many classes for each doubling: within a class two cars count as equally fast. */
const classesADoubling = 16;

/**
 * Positions that a best set may hold: those with fewer than `most` others in faster or equal classes that are worth more.
 * O(n most) with the times' classes; `seconds` and `values` are of equal length.
 */
export function contenders(seconds: Float64Array, values: Float64Array, most: number): number[] {
  const classes = new Map<number, number[]>();
  for (let i = 0; i < seconds.length; i++) {
    const key = Math.floor(classesADoubling * Math.log2(Math.max(leastSeconds, seconds[i]!)));
    const kept = classes.get(key);
    if (!kept) classes.set(key, [i]);
    else keepBest(kept, values, i, most);
  }
  const frontier: number[] = [];
  const top: number[] = [];
  for (const key of [...classes.keys()].sort((a, b) => a - b)) {
    for (const i of classes.get(key)!) if (keepBest(top, values, i, most)) frontier.push(i);
  }
  return frontier;
}

/** Keeps the `most` positions with the highest values in `kept`; says whether `i` is among them. */
function keepBest(kept: number[], values: Float64Array, i: number, most: number): boolean {
  if (kept.length < most) {
    kept.push(i);
    return true;
  }
  let least = 0;
  for (let j = 1; j < kept.length; j++) if (values[kept[j]!]! < values[kept[least]!]!) least = j;
  if (values[i]! <= values[kept[least]!]!) return false;
  kept[least] = i;
  return true;
}
