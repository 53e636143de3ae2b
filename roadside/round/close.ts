// Closing a round: its accounts, what the policy learns from it, and whether another may follow.
// Must not: average weights (the aggregate effect asks for that), or close a round with an unfinished member.

import { assert, present } from '../../base/assert.ts';
import type { BlobSha } from '../../base/ids.ts';
import { type EventBody, type Outcome, type RoundCounts, wastedWork } from '../../protocol/events.ts';
import { policyByName } from '../selection/policies.ts';
import type { RoundFeedback } from '../selection/policy.ts';
import { utility } from '../selection/utility.ts';
import { endUnfinished } from './endings.ts';
import {
  andThen,
  type Ending,
  type Member,
  type OpenRound,
  quiet,
  type RoundState,
  type Step,
} from './state.ts';
import { lastTurn } from './turns.ts';
import type { Contribution, RoundConfig, RoundEffect } from './types.ts';

function endingOf(member: Member): Ending {
  return present(member.ending, `the outcome of ${member.vehicle}`);
}

function sum<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

function isPartial({ epochsDone, stepsDone }: Ending): boolean {
  return epochsDone !== undefined || stepsDone !== undefined;
}

/** The round's accounts. Asserts selected = committed + left + late + refused + failed. */
export function countsOf(open: OpenRound): RoundCounts {
  const { members } = open;
  const ended = (outcome: Outcome): number =>
    members.filter((member) => endingOf(member).outcome === outcome).length;
  const wasted = members.map(endingOf).map(({ outcome, booking }) => {
    return wastedWork({ wasted: outcome !== 'committed', booking });
  });
  const partial = members.filter((member) => isPartial(endingOf(member))).length;
  const counts: RoundCounts = {
    ...(partial > 0 ? { partial } : {}),
    selected: members.length,
    committed: ended('committed'),
    left: ended('left'),
    late: ended('late'),
    refused: ended('refused'),
    failed: ended('failed'),
    split: members.filter((member) => member.plan === 'split').length,
    skipped: open.skipped,
    bytesUp: sum(members, (member) => member.bytesUp),
    bytesDown: sum(members, (member) => member.bytesDown),
    wastedSeconds: sum(wasted, ({ seconds }) => seconds),
    wastedJoules: sum(wasted, ({ joules }) => joules),
  };
  const { committed, left, late, refused, failed } = counts;
  assert(
    counts.selected === committed + left + late + refused + failed,
    `round ${open.round} does not add up: ${JSON.stringify(counts)}`,
  );
  return counts;
}

/** From opening to the last member's outcome; aggregation is the RSU's own time and not part of it. */
function durationSeconds(open: OpenRound): number {
  return Math.max(...open.members.map((member) => endingOf(member).at)) - open.openedAt;
}

/** A round's delay T, its slowest member's time: its duration, but for flights that took off before it opened. */
function delaySeconds(open: OpenRound): number {
  return Math.max(...open.members.map((member) => endingOf(member).at - member.dispatchedAt));
}

/** What is logged of a round when it closes. */
export function closedBody(config: RoundConfig, open: OpenRound, modelSha: BlobSha): EventBody {
  const counts = countsOf(open);
  const participationRatio = counts.committed / counts.selected;
  const seconds = delaySeconds(open);
  const { participationWeight } = config.scenario.selection;
  return {
    kind: 'round-closed',
    round: open.round,
    modelSha,
    durationSeconds: durationSeconds(open),
    participationRatio,
    utility: utility(participationWeight, participationRatio, { seconds, bounds: config.delayBounds }),
    ...counts,
  };
}

function feedbackOf(config: RoundConfig, open: OpenRound): RoundFeedback {
  const members = open.members.map((member) => {
    const { outcome, at, trainLoss } = endingOf(member);
    const { vehicle, arm, candidate } = member;
    return { vehicle, arm, candidate, outcome, seconds: at - member.dispatchedAt, trainLoss };
  });
  const committed = members.filter((member) => member.outcome === 'committed').length;
  return {
    round: open.round,
    members,
    participationRatio: committed / members.length,
    durationSeconds: delaySeconds(open),
    delayBounds: config.delayBounds,
    settings: config.scenario.selection,
  };
}

/**
 * Committed updates sorted by vehicle id (as members are), each weighing 1 or the samples its vehicle declared; of these
 * the share of epochs, or of a split task's mini-batches, it has done.
 */
export function contributionsOf(config: RoundConfig, open: OpenRound): Contribution[] {
  const { aggregation, training } = config.scenario;
  const last = lastTurn(open);
  return open.members.flatMap((member) => {
    const { updateSha, trainLoss, epochsDone = training.epochs, stepsDone, staleness = 0 } = endingOf(member);
    if (updateSha === null || trainLoss === null) return [];
    // Where cars take turns the last one's model holds what all before it learned.
    if (member.turn && member !== last) return [];
    const { vehicle, samples, flight } = member;
    const stepsAnEpoch = Math.ceil(samples / training.batchSize);
    const steps = stepsDone ?? epochsDone * stepsAnEpoch;
    const share =
      stepsDone === undefined ? epochsDone / training.epochs : stepsDone / (training.epochs * stepsAnEpoch);
    const weight = aggregation.weighting === 'samples' ? samples * share : 1;
    const contribution = { vehicle, updateSha, weight, steps, trainLoss };
    if (!flight) return [contribution];
    return [{ ...contribution, flight: { task: flight.task, staleness, startSha: flight.modelSha } }];
  });
}

/** Why no round may follow this one, or null. */
export function stopReason(config: RoundConfig, round: number, at: number): string | null {
  const { rounds, virtualSeconds } = config.scenario.stop;
  if (round >= rounds) return `all ${rounds} rounds done`;
  return timeIsUp(config, at) ? `time limit of ${virtualSeconds} s reached` : null;
}

/** Whether the run's time limit has passed. */
export function timeIsUp(config: RoundConfig, at: number): boolean {
  return at >= config.scenario.stop.virtualSeconds;
}

/** The timer of the next round; none while a target accuracy waits for this round's evaluation. */
export function nextRound(state: RoundState): RoundEffect[] {
  if (state.stopping !== null) return [];
  return [{ kind: 'timer', name: 'round-due', round: state.round + 1, delaySeconds: 0 }];
}

/** Evaluations that may be out at once, each of which holds a model. Only in wall time does one take long. */
const maximumEvaluations = 8;

/** Whether a model is evaluated. Updates that come faster than models can be looked at must not fill the memory. */
function isEvaluated(closed: RoundState): boolean {
  const { asynchronous, evaluating, stopping } = closed;
  return asynchronous === null || stopping !== null || evaluating.length < maximumEvaluations;
}

/**
 * Closes the open round with `modelSha` as the model: accounts, learning, evaluation, and what follows. With a target
 * accuracy the next round waits for the evaluation, so that a run never ends in the middle of a round it did not need; in
 * an asynchronous run nobody waits.
 */
export function closeRound(
  config: RoundConfig,
  state: RoundState,
  model: { sha: BlobSha; at: number },
): Step {
  const open = present(state.open, 'the open round');
  const { round } = open;
  const { stop, selection } = config.scenario;
  const learned = policyByName(selection.policy).learn(state.policy, feedbackOf(config, open));
  const unwatched: RoundState = {
    ...state,
    open: null,
    modelSha: model.sha,
    policy: learned.state,
    stopping: stopReason(config, round, model.at),
  };
  const evaluates = isEvaluated(unwatched);
  const closed = evaluates ? { ...unwatched, evaluating: [...state.evaluating, round] } : unwatched;
  const rewards = learned.rewarded.map(
    (reward): RoundEffect => ({ kind: 'log', body: { kind: 'arm-rewarded', round, ...reward } }),
  );
  return {
    state: closed,
    effects: [
      { kind: 'log', body: closedBody(config, open, model.sha) },
      ...rewards,
      ...(evaluates ? [{ kind: 'evaluate', round, modelSha: model.sha } as const] : []),
      ...(stop.targetAccuracy === undefined || state.asynchronous ? nextRound(closed) : []),
    ],
  };
}

/** Models that cars left to those after them, where they took turns: kept no longer than updates are. */
function supersededOf(open: OpenRound): { superseded?: BlobSha[] } {
  const last = lastTurn(open);
  if (!last) return {};
  const others = open.members.filter((member) => member !== last);
  return { superseded: others.flatMap(({ ending }) => ending?.updateSha ?? []) };
}

/** When every member has its outcome: asks for the new model, or closes at once when nobody committed. */
export function completeRound(config: RoundConfig, state: RoundState, at: number): Step {
  const { open } = state;
  if (open?.phase !== 'collecting' || open.members.some((member) => member.ending === null))
    return quiet(state);
  const { round } = open;
  const noDeadline: RoundEffect = { kind: 'timer', name: 'deadline', round, delaySeconds: null };
  const contributions = contributionsOf(config, open);
  if (contributions.length === 0)
    return andThen({ state, effects: [noDeadline] }, (now) =>
      closeRound(config, now, { sha: now.modelSha, at }),
    );
  return {
    state: { ...state, open: { ...open, phase: 'aggregating' } },
    effects: [
      noDeadline,
      { kind: 'aggregate', round, base: state.modelSha, contributions, ...supersededOf(open) },
    ],
  };
}

/**
 * Ends the run's last round where it stands: unfinished members are late, its committed updates are not averaged (the
 * model stays the one evaluated last), and nothing is learned from a round that was cut off.
 */
export function abandonRound(config: RoundConfig, state: RoundState, at: number, reason: string): Step {
  if (!state.open) return quiet(state);
  const { round } = state.open;
  return andThen(endUnfinished(state, at, reason), (ended) => ({
    state: { ...ended, open: null },
    effects: [
      { kind: 'timer', name: 'deadline', round, delaySeconds: null },
      { kind: 'log', body: closedBody(config, present(ended.open, 'the open round'), ended.modelSha) },
    ],
  }));
}
