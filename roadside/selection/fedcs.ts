// FedCS: as many clients as a round's deadline has room for, the one that adds least time first. Source: Nishio and
// Yonetani, "Client Selection for Federated Learning with Heterogeneous Resources in Mobile Edge", ICC 2019, Algorithm 3:
// clients compute side by side and upload one after the other. With Theta the time taken by those chosen so far, client k
// adds upload(k) + max(0, compute(k) - Theta).
// Ours: at most K0 clients, so that it is compared with policies of the same K0. It does not know that cars drive away.
// Must not: look at the seconds left in coverage.

import type { Candidate, Choice, ChoiceContext, Policy } from './policy.ts';
import { chained, figuresOf, ranked } from './ranking.ts';

interface Greedy {
  readonly chosen: readonly Choice[];
  readonly rest: readonly Candidate[];
}

/** The position in `rest` of the client that adds least time, and what it adds. Ties: the first. */
function cheapest(rest: readonly Candidate[], elapsed: number): { at: number; added: number } {
  let best = { at: 0, added: Number.POSITIVE_INFINITY };
  for (let at = 0; at < rest.length; at++) {
    const { task } = rest[at]!;
    const added = task.uploadSeconds + Math.max(0, task.downloadSeconds + task.computeSeconds - elapsed);
    if (added < best.added) best = { at, added };
  }
  return best;
}

/** Adds clients while the deadline has room and K0 is not reached. */
function fill(context: ChoiceContext): Greedy {
  const rest = context.rng.shuffle([...context.candidates]);
  const chosen: Choice[] = [];
  let elapsed = 0;
  while (chosen.length < context.perRound && rest.length > 0) {
    const { at, added } = cheapest(rest, elapsed);
    if (elapsed + added > context.deadlineSeconds) break;
    const [candidate] = rest.splice(at, 1) as [Candidate];
    elapsed += added;
    const { vehicle } = candidate;
    const terms = { secondsAdded: -added };
    chosen.push({ vehicle, arm: vehicle, score: -added, terms, reason: 'adds least time to the round' });
  }
  return { chosen, rest };
}

/** Those who fit the deadline; behind them the others by the time they take, for when a chosen one is skipped. */
export const fedcs: Policy<null> = {
  name: 'fedcs',
  source: 'Nishio and Yonetani, ICC 2019 (arXiv 1804.08333), Algorithm 3',
  describe: 'as many as the deadline has room for, least added time first',
  init: () => null,
  choose: (state, context) => {
    const { chosen, rest } = fill(context);
    const alone = figuresOf(rest, ({ task }) => -task.totalSeconds);
    const behind = ranked(rest, alone, ({ vehicle, task }): Choice => {
      const score = -task.totalSeconds;
      return {
        vehicle,
        arm: vehicle,
        score,
        terms: { secondsAlone: score },
        reason: 'no room before the deadline',
      };
    });
    // A round needs somebody: where nobody fits, the fastest is asked all the same.
    return { state, ranking: chained(chosen, behind), tasks: Math.max(1, chosen.length) };
  },
  learn: (state) => ({ state, rewarded: [] }),
};
