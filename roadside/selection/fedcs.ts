// FedCS: as many clients as a round's deadline has room for, the one that adds least time first. Source: Nishio and
// Yonetani, "Client Selection for Federated Learning with Heterogeneous Resources in Mobile Edge", ICC 2019, Algorithm 3:
// clients compute side by side and upload one after the other. With Theta the time taken by those chosen so far, client k
// adds upload(k) + max(0, compute(k) - Theta).
// Ours: at most K0 clients, so that it is compared with policies of the same K0. It does not know that cars drive away.
// Must not: look at the seconds left in coverage.

import type { Candidate, Choice, ChoiceContext, Policy } from './policy.ts';
import { chained, figuresOf, inOrder, lazily, ranked, shuffledOrder } from './ranking.ts';

/** Candidates in the order that decides ties, with what their time is made of. */
interface Waiting {
  readonly order: Int32Array;
  readonly upload: Float64Array;
  /** Until its upload could begin. */
  readonly before: Float64Array;
}

interface Greedy {
  readonly chosen: readonly Choice[];
  /** The others, in the order that decides ties. */
  readonly rest: () => Candidate[];
}

function waitingIn(context: ChoiceContext): Waiting {
  const order = shuffledOrder(context);
  const upload = figuresOf(context.candidates, ({ task }) => task.uploadSeconds);
  const before = figuresOf(context.candidates, ({ task }) => task.downloadSeconds + task.computeSeconds);
  return { order, upload: inOrder(order, upload), before: inOrder(order, before) };
}

/** The position of the client that adds least time to `elapsed`, and what it adds; those taken upload never. Ties: the first. */
function cheapest({ upload, before }: Waiting, elapsed: number): { at: number; added: number } {
  let best = { at: 0, added: Number.POSITIVE_INFINITY };
  for (let at = 0; at < upload.length; at++) {
    const added = upload[at]! + Math.max(0, before[at]! - elapsed);
    if (added < best.added) best = { at, added };
  }
  return best;
}

/** Adds clients while the deadline has room and K0 is not reached. */
function fill(context: ChoiceContext): Greedy {
  const { candidates, deadlineSeconds, perRound } = context;
  const waiting = waitingIn(context);
  const taken = new Set<number>();
  const chosen: Choice[] = [];
  let elapsed = 0;
  while (chosen.length < Math.min(perRound, candidates.length)) {
    const { at, added } = cheapest(waiting, elapsed);
    if (elapsed + added > deadlineSeconds) break;
    elapsed += added;
    waiting.upload[at] = Number.POSITIVE_INFINITY;
    taken.add(at);
    const { vehicle } = candidates[waiting.order[at]!]!;
    const terms = { secondsAdded: -added };
    chosen.push({ vehicle, arm: vehicle, score: -added, terms, reason: 'adds least time to the round' });
  }
  const rest = (): Candidate[] => {
    const ordered = Array.from(waiting.order, (position) => candidates[position]!);
    return ordered.filter((_, at) => !taken.has(at));
  };
  return { chosen, rest };
}

/** Those without room, by the time they take. */
function behind(rest: readonly Candidate[]): Iterable<Choice> {
  const alone = figuresOf(rest, ({ task }) => -task.totalSeconds);
  return ranked(rest, alone, ({ vehicle, task }): Choice => {
    const score = -task.totalSeconds;
    const terms = { secondsAlone: score };
    return { vehicle, arm: vehicle, score, terms, reason: 'no room before the deadline' };
  });
}

export const fedcs: Policy<null> = {
  name: 'fedcs',
  source: 'Nishio and Yonetani, ICC 2019 (arXiv 1804.08333), Algorithm 3',
  describe: 'as many as the deadline has room for, least added time first',
  init: () => null,
  choose: (state, context) => {
    const { chosen, rest } = fill(context);
    // A round needs somebody: where nobody fits, the fastest is asked all the same.
    return {
      state,
      ranking: chained(
        chosen,
        lazily(() => behind(rest())[Symbol.iterator]()),
      ),
      tasks: Math.max(1, chosen.length),
    };
  },
  learn: (state) => ({ state, rewarded: [] }),
};
