// A ranking that is worked out as far as it is read. An RSU asks for five of ten thousand cars: their scores are compared
// in a heap, and only those that are asked for get their terms and reasons. Must not: know any policy.

import type { Candidate, Choice, ChoiceContext } from './policy.ts';

/** Whether position `a` comes before `b`: by score, equals by position. */
function isBefore(scores: Float64Array, a: number, b: number): boolean {
  return scores[a]! > scores[b]! || (scores[a]! === scores[b]! && a < b);
}

/** Moves the entry at `root` down until none of its children comes before it. */
function sink(scores: Float64Array, heap: Int32Array, size: number, root: number): void {
  const moved = heap[root]!;
  let at = root;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= size) break;
    if (child + 1 < size && isBefore(scores, heap[child + 1]!, heap[child]!)) child++;
    if (!isBefore(scores, heap[child]!, moved)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = moved;
}

/** Positions of `scores`, highest first, equals in their order: O(n) to begin with, O(log n) for each that is read. */
export function* bestFirst(scores: Float64Array): Generator<number> {
  const heap = new Int32Array(scores.length);
  for (let i = 0; i < heap.length; i++) heap[i] = i;
  for (let i = (heap.length >> 1) - 1; i >= 0; i--) sink(scores, heap, heap.length, i);
  for (let size = heap.length; size > 0; size--) {
    yield heap[0]!;
    heap[0] = heap[size - 1]!;
    sink(scores, heap, size - 1, 0);
  }
}

/** A figure for each of `items`; plain loops, as there may be ten thousand. */
export function figuresOf<T>(
  items: ArrayLike<T>,
  figure: (item: T, position: number) => number,
): Float64Array {
  const figures = new Float64Array(items.length);
  for (let i = 0; i < items.length; i++) figures[i] = figure(items[i]!, i);
  return figures;
}

/** What `make` yields, made anew each time it is read from its beginning. */
export function lazily<T>(make: () => Iterator<T>): Iterable<T> {
  return { [Symbol.iterator]: make };
}

/** All of `parts`, one after the other. */
export function chained<T>(...parts: readonly Iterable<T>[]): Iterable<T> {
  return lazily(function* () {
    for (const part of parts) yield* part;
  });
}

/** `items` by their scores, highest first, equals in their order; `choiceOf` is asked as the ranking is read. */
export function ranked<T>(
  items: ArrayLike<T>,
  scores: Float64Array,
  choiceOf: (item: T, position: number) => Choice,
): Iterable<Choice> {
  return lazily(function* () {
    for (const position of bestFirst(scores)) yield choiceOf(items[position]!, position);
  });
}

/** Positions of the candidates in seeded random order, which decides among equals. */
export function shuffledOrder({ candidates, rng }: ChoiceContext): Int32Array {
  const order = new Int32Array(candidates.length);
  for (let at = 0; at < order.length; at++) order[at] = at;
  return rng.shuffle(order);
}

/** Figures by position in `order`. They are worked out in the order of the table, where neighbours lie side by side. */
export function inOrder(order: Int32Array, figures: Float64Array): Float64Array {
  const ordered = new Float64Array(order.length);
  for (let at = 0; at < order.length; at++) ordered[at] = figures[order[at]!]!;
  return ordered;
}

/** How a policy scores one candidate: the figure for all, its terms for those that are read. */
export interface Scoring {
  score(candidate: Candidate): number;
  choice(candidate: Candidate): Choice;
}

/** All candidates, highest score first; equals come in seeded random order. */
export function rankByScore(context: ChoiceContext, scoring: Scoring): Iterable<Choice> {
  const { candidates } = context;
  const order = shuffledOrder(context);
  const scores = inOrder(order, figuresOf(candidates, scoring.score));
  return ranked(order, scores, (position) => scoring.choice(candidates[position]!));
}
