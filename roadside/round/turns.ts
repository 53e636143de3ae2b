// Cars that train one after the other (vanilla split learning: Gupta and Raskar 2018, arXiv 1810.06060; here for whole models
// too): each starts from the model the one before left, with the whole band for itself. The round's model is that of the
// last car that committed; one that is lost changes nothing. Why: no averaging, at the price of waiting for one's turn.
// Must not: decide who takes part (open.ts does), or end anyone.

import type { BlobSha } from '../../base/ids.ts';
import { withMember } from './endings.ts';
import { dispatchOf, roundRng } from './open.ts';
import { type Member, type OpenRound, quiet, type RoundState, type Step } from './state.ts';
import type { RoundConfig } from './types.ts';

/** The member whose model the round would end with now: of those that committed, the last; undefined before the first. */
export function lastTurn({ members }: OpenRound): Member | undefined {
  const order = ({ turn }: Member): number => turn?.order ?? -1;
  return members
    .filter(({ turn, ending }) => turn && ending?.outcome === 'committed')
    .reduce<Member | undefined>((last, one) => (last && order(last) > order(one) ? last : one), undefined);
}

/** Whose turn it is: nobody's while a task is under way, and where nobody waits. */
function nextOf({ members }: OpenRound): Member | undefined {
  const unfinished = members.filter(({ turn, ending }) => turn && ending === null);
  if (unfinished.some(({ turn }) => turn?.beganAt !== null)) return undefined;
  return unfinished.reduce<Member | undefined>(
    (first, one) => (first?.turn && one.turn && first.turn.order < one.turn.order ? first : one),
    undefined,
  );
}

/** Sends the next car its task where it is its turn; in a round without turns nothing happens. */
export function takeTurn(config: RoundConfig, state: RoundState, at: number): Step {
  const { open } = state;
  const member = open?.phase === 'collecting' ? nextOf(open) : undefined;
  if (!open || !member?.turn) return quiet(state);
  const modelSha: BlobSha = lastTurn(open)?.ending?.updateSha ?? state.modelSha;
  const { round } = open;
  const waitedSeconds = at - member.dispatchedAt;
  const task = { rng: roundRng(config, round), sharers: 1, waitedSeconds, round, modelSha };
  return {
    state: withMember(state, { ...member, turn: { ...member.turn, beganAt: at } }),
    effects: [dispatchOf(config, member, task)],
  };
}
