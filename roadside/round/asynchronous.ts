// The asynchronous run: nobody waits for a round. `selection.perRound` tasks (the concurrency M) are kept in the air, each a
// flight with its own deadline, from the model that was newest when it took off. As soon as the rule's buffer is full of
// committed updates a model is made of them, and such a step is what log, map and tables call a round.
//
// A flight belongs to the round in which it ends. While it is in the air it goes along from round to round: its events are
// logged under the one that is open. So each round adds up when it closes, and so does the run: who is still in the air when
// the run ends is late in its last round. A round that is complete hands its flights to the next at once, and is closed when
// its model is there; until then nobody takes off, so that each flight begins from the newest model, and what commits
// meanwhile is of the next round.
//
// Must not: choose vehicles (launch.ts does), or end a member.

import { present } from '../../base/assert.ts';
import { bufferSizeOf } from '../aggregation/aggregators.ts';
import { candidatesAt } from './candidates.ts';
import { abandonRound, closedBody, closeRound, contributionsOf, nextRound, stopReason } from './close.ts';
import { endUnfinished, unfinishedMembers } from './endings.ts';
import {
  type Asynchronous,
  andThen,
  type Member,
  type OpenRound,
  quiet,
  type RoundState,
  type Step,
} from './state.ts';
import type { RoundConfig, RoundEffect, RoundEvent } from './types.ts';

function asynchronousOf(state: RoundState): Asynchronous {
  return present(state.asynchronous, 'the state of an asynchronous run');
}

/** Opens the next round with these flights in the air. The caller sees that none is open. */
export function openWith(
  config: RoundConfig,
  state: RoundState,
  now: { members: Member[]; at: number },
): Step {
  const { members, at } = now;
  const round = state.round + 1;
  // None is open, so that those in the air are counted too.
  const candidates = candidatesAt(config, state, at).length;
  const open: OpenRound = {
    round,
    openedAt: at,
    members,
    skipped: state.skippedNext.size,
    phase: 'collecting',
  };
  const body = { kind: 'round-opened', round, modelSha: state.modelSha, candidates } as const;
  return { state: { ...state, round, open }, effects: [{ kind: 'log', body }] };
}

function byVehicleAndTask(a: Member, b: Member): number {
  if (a.vehicle !== b.vehicle) return a.vehicle < b.vehicle ? -1 : 1;
  return (a.flight?.task ?? 0) - (b.flight?.task ?? 0);
}

/** Asks for the model of the open round; those in the air go on in the next. */
function complete(config: RoundConfig, state: RoundState, at: number): Step {
  const open = present(state.open, 'the open round');
  const members = open.members.filter(({ ending }) => ending !== null).sort(byVehicleAndTask);
  const closing: OpenRound = { ...open, members, phase: 'aggregating' };
  const waiting: RoundState = {
    ...state,
    open: null,
    skippedNext: new Set(),
    asynchronous: { ...asynchronousOf(state), closing },
  };
  const { round } = open;
  const contributions = contributionsOf(config, closing);
  const asked: Step = {
    state: waiting,
    effects: [{ kind: 'aggregate', round, base: state.modelSha, contributions }],
  };
  const inTheAir = unfinishedMembers(state);
  return inTheAir.length === 0
    ? asked
    : andThen(asked, (now) => openWith(config, now, { members: inTheAir, at }));
}

/** Asks for a model when the buffer is full and none is being made. In the last round those in the air are late. */
function completeWhenFull(config: RoundConfig, state: RoundState, at: number): Step {
  const { open } = state;
  if (!open || asynchronousOf(state).closing) return quiet(state);
  const committed = open.members.filter(({ ending }) => ending?.outcome === 'committed').length;
  const wanted = present(bufferSizeOf(config.scenario.aggregation), 'the size of the buffer');
  if (committed < wanted) return quiet(state);
  const reason = stopReason(config, open.round, at);
  const cut = reason === null ? quiet(state) : endUnfinished(state, at, `run over: ${reason}`);
  return andThen(cut, (now) => complete(config, now, at));
}

/** Timers of flights that came down are stopped, and their places are to be filled as soon as a model stands. */
function fillPlaces(before: RoundState, state: RoundState): RoundEffect[] {
  const inTheAir = new Set(unfinishedMembers(state).map(({ flight }) => flight?.task));
  const ended = unfinishedMembers(before).flatMap(({ flight }) =>
    flight && !inTheAir.has(flight.task) ? [flight.task] : [],
  );
  if (ended.length === 0) return [];
  const timers = ended.map(
    (round): RoundEffect => ({ kind: 'timer', name: 'deadline', round, delaySeconds: null }),
  );
  return asynchronousOf(state).closing ? timers : [...timers, ...nextRound(state)];
}

/** What follows from flights that ended in the step from `before` to `now`. */
export function followFlights(
  config: RoundConfig,
  before: RoundState,
  { now, at }: { now: RoundState; at: number },
): Step {
  return andThen(completeWhenFull(config, now, at), (state) => ({
    state,
    effects: fillPlaces(before, state),
  }));
}

/** The model of the round that was complete is there: its accounts are closed, and places are filled. */
export function landModel(
  config: RoundConfig,
  state: RoundState,
  { round, modelSha: sha, at }: Extract<RoundEvent, { kind: 'aggregated' }>,
): Step {
  const asynchronous = asynchronousOf(state);
  const { closing, version } = asynchronous;
  if (closing?.round !== round) return quiet(state);
  const { open } = state;
  const closed = closeRound(config, { ...state, open: closing }, { sha, at });
  const made: RoundState = {
    ...closed.state,
    open,
    asynchronous: { ...asynchronous, closing: null, version: version + 1 },
  };
  const { stopping } = made;
  const step: Step = { state: made, effects: closed.effects };
  // Time may have run out while the model was made.
  return stopping === null
    ? step
    : andThen(step, (now) => abandonRound(config, now, at, `run over: ${stopping}`));
}

/** Closes the round whose model is not there yet with the model before it, where the run ends at once. */
export function abandonModel(config: RoundConfig, state: RoundState): Step {
  const { asynchronous, modelSha } = state;
  if (!asynchronous?.closing) return quiet(state);
  return {
    state: { ...state, asynchronous: { ...asynchronous, closing: null } },
    effects: [{ kind: 'log', body: closedBody(config, asynchronous.closing, modelSha) }],
  };
}
