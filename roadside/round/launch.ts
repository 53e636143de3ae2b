// Filling the places in the air of an asynchronous run: vehicles are chosen, decided about and sent off as a round's are
// (open.ts), as many as there are free places; a vehicle in the air is no candidate. The bands are divided among all that are
// in the air: a share changes with their number. Where places stay empty it is tried again after the wait.
// Must not: end anything, or draw randomness outside the launch's own stream.

import { present } from '../../base/assert.ts';
import type { VehicleId } from '../../base/ids.ts';
import { Rng } from '../../base/rng.ts';
import type { Candidate } from '../selection/policy.ts';
import { openWith } from './asynchronous.ts';
import { candidatesAt } from './candidates.ts';
import { unfinishedMembers } from './endings.ts';
import { dispatchOf, logOf, membersOf, waitForCandidates, walkRanking } from './open.ts';
import {
  andThen,
  type Flight,
  type Member,
  quiet,
  type RoundState,
  rememberedRounds,
  type Step,
} from './state.ts';
import type { RoundConfig, RoundEffect } from './types.ts';

/** A member about to take off. */
type Departure = Member & { readonly flight: Flight };

/** The stream of the launch whose first task has this number; a launch that sends nobody off is tried again with it. */
function launchRng(config: RoundConfig, task: number): Rng {
  return Rng.root(config.scenario.seed).fork('selection').fork(`task-${task}`);
}

/** Divides the bands anew where their number has changed: those that were in the air already are told. */
function shareBands(config: RoundConfig, state: RoundState, departed: ReadonlySet<number>): Step {
  const { radio } = config.scenario;
  const asynchronous = present(state.asynchronous, 'the state of an asynchronous run');
  const members = unfinishedMembers(state);
  const sharers = members.length;
  if (sharers === 0 || sharers === asynchronous.sharers) return quiet(state);
  const share = {
    uplinkBandwidthHz: radio.uplinkBandwidthHz / sharers,
    downlinkBandwidthHz: radio.downlinkBandwidthHz / sharers,
  };
  const effects = members.flatMap(({ vehicle, flight }): RoundEffect[] =>
    flight && departed.has(flight.task) ? [] : [{ kind: 'grant', vehicle, ...share }],
  );
  return { state: { ...state, asynchronous: { ...asynchronous, sharers } }, effects };
}

/** Commits of the tasks that are remembered, as many as a synchronous run's rounds have members. */
function recentCommits(config: RoundConfig, state: RoundState, tasks: number): RoundState['commits'] {
  const oldest = tasks - rememberedRounds * config.scenario.selection.perRound;
  return new Map([...state.commits].filter(([, commit]) => commit.round > oldest));
}

/** The state with these flights in the air, in the open round or, where none is, in a new one. */
function takeOff(config: RoundConfig, state: RoundState, now: { departures: Departure[]; at: number }): Step {
  const { departures, at } = now;
  const asynchronous = present(state.asynchronous, 'the state of an asynchronous run');
  const tasks = asynchronous.tasks + departures.length;
  const counted: RoundState = {
    ...state,
    commits: recentCommits(config, state, tasks),
    asynchronous: { ...asynchronous, tasks },
  };
  const { open } = counted;
  if (!open) return openWith(config, counted, { members: departures, at });
  return quiet({ ...counted, open: { ...open, members: [...open.members, ...departures] } });
}

/** Sends each off with its share of the bands, and sets its deadline. */
function send(config: RoundConfig, state: RoundState, departures: readonly Departure[]): RoundEffect[] {
  const sharers = unfinishedMembers(state).length;
  const { deadlineSeconds } = config.scenario.round;
  const rng = launchRng(config, departures[0]?.flight.task ?? 0);
  return departures.flatMap((member): RoundEffect[] => {
    const { task: round, modelSha } = member.flight;
    return [
      dispatchOf(config, member, { rng, sharers, round, modelSha }),
      { kind: 'timer', name: 'deadline', round, delaySeconds: deadlineSeconds },
    ];
  });
}

/** Who is chosen for the free places, and what is logged of them; the state remembers the policy and who was skipped. */
function choose(
  config: RoundConfig,
  state: RoundState,
  { at, free, candidates }: { at: number; free: number; candidates: readonly Candidate[] },
): { state: RoundState; departures: Departure[]; logs: RoundEffect[] } {
  const { version, tasks } = present(state.asynchronous, 'the state of an asynchronous run');
  const { modelSha, open, skippedNext } = state;
  const round = open?.round ?? state.round + 1;
  const setting = {
    round,
    candidates,
    rng: launchRng(config, tasks + 1),
    perRound: free,
    atWork: unfinishedMembers(state).length,
  };
  const { considered, policy } = walkRanking(config, state, setting);
  const departures = membersOf(config, considered, at).map(
    (member, i): Departure => ({ ...member, flight: { task: tasks + 1 + i, modelSha, version } }),
  );
  const taskOf = new Map<VehicleId, number>(departures.map(({ vehicle, flight }) => [vehicle, flight.task]));
  const logs = considered.flatMap((one) =>
    logOf(config, { round, task: taskOf.get(one.choice.vehicle) }, one, skippedNext),
  );
  const passedOver = considered.flatMap(({ decision, choice }) =>
    decision.plan === 'skip' ? [choice.vehicle] : [],
  );
  const skipped = new Set([...skippedNext, ...passedOver]);
  const chosen: RoundState = {
    ...state,
    // A launch that sends nobody off is tried again: the policy has decided nothing yet.
    policy: departures.length > 0 ? policy : state.policy,
    skippedNext: skipped,
    open: open && { ...open, skipped: skipped.size },
  };
  return { state: chosen, departures, logs };
}

/** Fills free places while no model is being made; where some stay empty it is tried again after the wait. */
export function launch(config: RoundConfig, state: RoundState, at: number): Step {
  const { selection, round } = config.scenario;
  const atWork = unfinishedMembers(state).length;
  const free = selection.perRound - atWork;
  if (state.asynchronous?.closing) return quiet(state);
  if (free <= 0) return shareBands(config, state, new Set());
  const candidates = candidatesAt(config, state, at);
  const wait: Step = { state, effects: [waitForCandidates(config, state)] };
  if (candidates.length === 0 || candidates.length + atWork < round.minimumCandidates)
    return andThen(wait, (now) => shareBands(config, now, new Set()));
  const { state: chosen, departures, logs } = choose(config, state, { at, free, candidates });
  const opened = departures.length === 0 ? quiet(chosen) : takeOff(config, chosen, { departures, at });
  const sent = andThen(opened, (now) => ({
    state: now,
    effects: [
      ...logs,
      ...send(config, now, departures),
      ...(departures.length < free ? [waitForCandidates(config, now)] : []),
    ],
  }));
  const tasks = new Set(departures.map(({ flight }) => flight.task));
  return andThen(sent, (now) => shareBands(config, now, tasks));
}
