// The heart of roadbed: one event in, a new state and a list of effects out. All branching of a round is in this file;
// the files beside it are its leaves. Same state and same event, same answer, on any machine.
//
// A round's straight path: round-due -> round-opened, dispatch -> update-received of each member -> aggregate ->
// round-closed, evaluate -> round-due. Off it are the exits: left, late, refused, failed.
//
// Where cars take turns (`fallback.schedule`), each is dispatched when the one before has its outcome (`turns.ts`).
// Where the aggregation rule is asynchronous there is no waiting for all: `asynchronous.ts` says what a round is there.
//
// An event about a vehicle that never said hello nor sent a beacon has no effect. After `finish` nothing has one.
// Must not: do I/O, read a clock, draw randomness outside `open.ts`, or throw on anything the world can send.

import type { VehicleId } from '../../base/ids.ts';
import type { AckResult } from '../../protocol/messages.ts';
import { abandonModel, followFlights, landModel } from './asynchronous.ts';
import { abandonRound, closeRound, completeRound, nextRound, timeIsUp } from './close.ts';
import {
  type Ended,
  endEarly,
  endLate,
  endMember,
  endUnfinished,
  logCommit,
  memberOf,
  taskNumber,
  unfinishedMembers,
  withMember,
} from './endings.ts';
import { launch } from './launch.ts';
import { openRound } from './open.ts';
import { andThen, type Member, quiet, type RoundState, type Step } from './state.ts';
import { takeTurn } from './turns.ts';
import type { RoundConfig, RoundEffect, RoundEvent } from './types.ts';
import { lookUp } from './vehicle-table.ts';
import { hearBeacon, hearHello, hearLeaving } from './vehicles.ts';

type EventOf<Kind extends RoundEvent['kind']> = Extract<RoundEvent, { kind: Kind }>;

/** What happens next. Never throws on an event the world can send; a broken invariant of ours is an AssertionError. */
export function advance(config: RoundConfig, state: RoundState, event: RoundEvent): Step {
  // 1. A finished run hears nothing more; a car without hello or beacon is not listened to.
  if (state.phase === 'finished' || fromStranger(state, event)) return quiet(state);

  // 2. The event changes what is known: of vehicles, of members' outcomes, of the model.
  const heard = hear(config, state, event);

  // 3. A round whose members all have an outcome is complete: aggregate, or close at once when nobody committed. In an
  //    asynchronous run it is complete when enough have committed.
  const completed = andThen(heard, (now) =>
    now.asynchronous
      ? followFlights(config, state, { now, at: event.at })
      : andThen(takeTurn(config, now, event.at), (turned) => completeRound(config, turned, event.at)),
  );

  // 4. A run that is to stop ends with its last evaluation.
  return andThen(completed, finishWhenDone);
}

function fromStranger(state: RoundState, event: RoundEvent): boolean {
  if (!('vehicle' in event) || event.kind === 'vehicle-hello' || event.kind === 'vehicle-beacon')
    return false;
  return lookUp(state.vehicles, event.vehicle) === undefined;
}

function hear(config: RoundConfig, state: RoundState, event: RoundEvent): Step {
  switch (event.kind) {
    case 'started':
      return start(state, event);
    case 'vehicle-hello':
      return hearHello(state, event);
    case 'vehicle-beacon':
      return hearBeacon(config, state, event);
    case 'vehicle-left':
      return leave(config, state, event);
    case 'round-due':
      return roundDue(config, state, event);
    case 'deadline':
      return meetDeadline(config, state, event);
    case 'update-received':
      return receiveUpdate(state, event);
    case 'work-kept':
      return keepWork(state, event);
    case 'update-refused':
      return refuseUpdate(state, event);
    case 'vehicle-failed':
      return fail(state, event);
    case 'bytes-moved':
      return countBytes(state, event);
    case 'aggregated':
      return takeModel(config, state, event);
    case 'evaluated':
      return takeEvaluation(config, state, event);
    case 'stop-requested':
      return stopNow(config, state, event);
  }
}

// ---- the run's own course --------------------------------------------------------------------------------------

function start(state: RoundState, event: EventOf<'started'>): Step {
  if (state.phase !== 'idle') return quiet(state);
  const running: RoundState = { ...state, phase: 'running', modelSha: event.modelSha };
  return { state: running, effects: nextRound(running) };
}

function roundDue(config: RoundConfig, state: RoundState, event: EventOf<'round-due'>): Step {
  const { at } = event;
  const isOpen = state.open !== null && state.asynchronous === null;
  if (state.phase !== 'running' || isOpen || state.stopping !== null) return quiet(state);
  if (!timeIsUp(config, at)) return (state.asynchronous ? launch : openRound)(config, state, at);
  const reason = `time limit of ${config.scenario.stop.virtualSeconds} s reached`;
  return andThen(abandonRound(config, state, at, `run over: ${reason}`), (now) =>
    quiet({ ...now, stopping: reason }),
  );
}

function takeModel(config: RoundConfig, state: RoundState, event: EventOf<'aggregated'>): Step {
  if (state.asynchronous) return landModel(config, state, event);
  const { open } = state;
  if (open?.phase !== 'aggregating' || open.round !== event.round) return quiet(state);
  return closeRound(config, state, { sha: event.modelSha, at: event.at });
}

function takeEvaluation(config: RoundConfig, state: RoundState, event: EventOf<'evaluated'>): Step {
  const { round, modelSha, loss, accuracy, samples } = event;
  if (!state.evaluating.includes(round)) return quiet(state);
  const after: RoundState = { ...state, evaluating: state.evaluating.filter((one) => one !== round) };
  const body = { kind: 'model-evaluated', round, modelSha, loss, accuracy, samples } as const;
  const logged: Step = { state: after, effects: [{ kind: 'log', body }] };
  const { targetAccuracy } = config.scenario.stop;
  if (targetAccuracy === undefined) return logged;
  if (accuracy >= targetAccuracy) {
    const reason = `target accuracy ${targetAccuracy} reached`;
    return andThen(logged, (now) => endRun(config, now, { at: event.at, reason }));
  }
  return andThen(logged, (now) => ({ state: now, effects: nextRound(now) }));
}

function stopNow(config: RoundConfig, state: RoundState, event: EventOf<'stop-requested'>): Step {
  return endRun(config, state, { at: event.at, reason: event.reason });
}

/** Ends the run here: the open round is abandoned and no evaluation is waited for. */
function endRun(config: RoundConfig, state: RoundState, end: { at: number; reason: string }): Step {
  const reason = `run stopped: ${end.reason}`;
  return andThen(abandonModel(config, state), (now) =>
    andThen(abandonRound(config, now, end.at, reason), (ended) =>
      quiet({ ...ended, stopping: end.reason, evaluating: [] }),
    ),
  );
}

function finishWhenDone(state: RoundState): Step {
  const { stopping, open, evaluating, round, modelSha } = state;
  if (stopping === null || open !== null || evaluating.length > 0) return quiet(state);
  if (state.asynchronous?.closing) return quiet(state);
  return {
    state: { ...state, phase: 'finished' },
    effects: [
      { kind: 'log', body: { kind: 'run-closed', reason: stopping, rounds: round, modelSha } },
      { kind: 'finish', reason: stopping },
    ],
  };
}

// ---- the exits of a member -------------------------------------------------------------------------------------

/** The member whose task of this number still owes an outcome, or undefined. */
function unfinished(state: RoundState, vehicle: VehicleId, round: number): Member | undefined {
  const member = memberOf(state, vehicle);
  const isIt = state.open && member?.ending === null && taskNumber(state.open, member) === round;
  return isIt ? member : undefined;
}

function endIfUnfinished(state: RoundState, member: Member | undefined, ended: Omit<Ended, 'report'>): Step {
  return member ? endEarly(state, member, ended) : quiet(state);
}

function leave(config: RoundConfig, state: RoundState, event: EventOf<'vehicle-left'>): Step {
  const { vehicle, at } = event;
  return andThen(hearLeaving(config, state, vehicle, event), (now) => {
    const member = memberOf(now, vehicle);
    return endIfUnfinished(now, member?.ending === null ? member : undefined, {
      outcome: 'left',
      at,
      reason: 'left coverage',
    });
  });
}

function meetDeadline(config: RoundConfig, state: RoundState, event: EventOf<'deadline'>): Step {
  const { at, round } = event;
  const reason = `deadline of ${config.scenario.round.deadlineSeconds} s passed`;
  if (state.asynchronous) {
    const member = unfinishedMembers(state).find(({ flight }) => flight?.task === round);
    return member ? endLate(state, member, { at, reason }) : quiet(state);
  }
  if (state.open?.phase !== 'collecting' || state.open.round !== round) return quiet(state);
  return endUnfinished(state, at, reason);
}

function fail(state: RoundState, event: EventOf<'vehicle-failed'>): Step {
  const { vehicle, round, at, reason } = event;
  return endIfUnfinished(state, unfinished(state, vehicle, round), { outcome: 'failed', at, reason });
}

function countBytes(state: RoundState, event: EventOf<'bytes-moved'>): Step {
  const member = memberOf(state, event.vehicle);
  if (!member) return quiet(state);
  const bytesUp = member.bytesUp + event.up;
  const bytesDown = member.bytesDown + event.down;
  return quiet(withMember(state, { ...member, bytesUp, bytesDown }));
}

/** What a split car has sent on the way replaces what it had sent before. */
function keepWork(state: RoundState, event: EventOf<'work-kept'>): Step {
  const member = unfinished(state, event.vehicle, event.round);
  if (!member || (member.kept?.stepsDone ?? 0) >= event.work.stepsDone) return quiet(state);
  return quiet(withMember(state, { ...member, kept: event.work }));
}

/** The round under which a task's event is logged: the open one, where tasks have numbers of their own. */
function loggedRound(state: RoundState, taskRound: number): number {
  return state.asynchronous ? state.round : taskRound;
}

// ---- updates ---------------------------------------------------------------------------------------------------

/** Commits in time and once; everything else is answered and counts nothing. */
function receiveUpdate(state: RoundState, event: EventOf<'update-received'>): Step {
  const { vehicle, round, key, updateSha } = event;
  const before = state.commits.get(`${round}/${vehicle}`);
  if (before?.key === key && before.updateSha === updateSha)
    return answer(state, event, 'committed', 'already committed');
  if (before) return refuse(state, event, 'another update of this round is already committed');
  const word = state.asynchronous ? 'task' : 'round';
  if (round < 1 || round > (state.asynchronous?.tasks ?? state.round))
    return refuse(state, event, `there is no ${word} ${round}`);
  const member = memberOf(state, vehicle);
  const isOpen = state.asynchronous ? member?.flight?.task === round : state.open?.round === round;
  if (!isOpen) return answer(state, event, 'late', `${word} ${round} is closed`);
  if (!member) return refuse(state, event, `not a member of round ${round}`);
  if (member.ending) return answer(state, event, 'late', `outcome is already ${member.ending.outcome}`);
  return commit(state, member, event);
}

function commit(state: RoundState, member: Member, event: EventOf<'update-received'>): Step {
  const { key, updateSha, samples, trainLoss, epochsDone, computeSeconds, joules, at } = event;
  const update = { key, updateSha, samples, trainLoss, ...(epochsDone === undefined ? {} : { epochsDone }) };
  const report = { updateSha, trainLoss, epochsDone, computeSeconds, joules };
  const ended = andThen(logCommit(state, member, update), (now) =>
    endMember(now, member, { outcome: 'committed', at, reason: 'in time', report }),
  );
  return andThen(ended, (now) => answer(now, event, 'committed', ''));
}

function refuseUpdate(state: RoundState, event: EventOf<'update-refused'>): Step {
  const { vehicle, round, key, reason, at } = event;
  const logRound = loggedRound(state, round);
  const body = { kind: 'update-refused', round: logRound, vehicle, key, reason } as const;
  const logged: Step = { state, effects: [{ kind: 'log', body }] };
  const member = unfinished(state, vehicle, round);
  const ended = andThen(logged, (now) => endIfUnfinished(now, member, { outcome: 'refused', at, reason }));
  return andThen(ended, (now) => answer(now, event, 'refused', reason));
}

/** Refuses an update that is not this round's to have. It ends nobody's round: the first update stands. */
function refuse(state: RoundState, event: EventOf<'update-received'>, reason: string): Step {
  const { vehicle, key } = event;
  const round = loggedRound(state, event.round);
  const log: RoundEffect = { kind: 'log', body: { kind: 'update-refused', round, vehicle, key, reason } };
  return andThen({ state, effects: [log] }, (now) => answer(now, event, 'refused', reason));
}

function answer(
  state: RoundState,
  to: { readonly vehicle: VehicleId; readonly key: string },
  result: AckResult,
  reason: string,
): Step {
  return {
    state,
    effects: [{ kind: 'acknowledge', vehicle: to.vehicle, key: to.key, result, reason }],
  };
}
