// Opening a round: who is asked, with which plan, and what is sent. A round that would have no member is not opened: it
// uses up no number, the policy's state stays as it was, and it is tried again after the wait. The vehicles it skipped
// are logged under the number it would have had, each once, however often it is tried.
// Must not: end anything, or draw randomness outside the round's own stream.

import type { BlobSha, VehicleId } from '../../base/ids.ts';
import { Rng } from '../../base/rng.ts';
import type { Estimate } from '../../protocol/events.ts';
import { type Decision, decide } from '../cuts/decide.ts';
import { estimate, type Outlook, type Prospect } from '../cuts/estimate.ts';
import { channelAhead } from '../cuts/radio-map.ts';
import { noLoad, type ServerLoad, withShare } from '../cuts/server-queue.ts';
import { policyByName } from '../selection/policies.ts';
import type { Candidate, Choice } from '../selection/policy.ts';
import { candidatesAt, finder } from './candidates.ts';
import { unfinishedMembers } from './endings.ts';
import { type Member, type RoundState, rememberedRounds, type Step } from './state.ts';
import type { RoundConfig, RoundEffect } from './types.ts';

/** Who may be asked, and how many of them. */
interface Setting {
  readonly round: number;
  readonly candidates: readonly Candidate[];
  readonly rng: Rng;
  /** How many get a task where the policy says no other number. */
  readonly perRound: number;
  /** Vehicles at work already, which have their share of the bands; and that none beyond `perRound` may join. */
  readonly atWork?: number;
}

/** One line of the ranking with what was decided about it. */
export interface Considered {
  readonly choice: Choice;
  readonly candidate: Candidate;
  readonly prospect: Prospect;
  readonly decision: Decision;
}

/** The walk down the ranking: what was considered, best first, up to the last vehicle that got a task. */
export interface Walk {
  readonly considered: readonly Considered[];
  readonly policy: unknown;
}

/** The stream of round `round`: the policy draws from it, nonces and batch orders from forks of it. */
export function roundRng(config: RoundConfig, round: number): Rng {
  return Rng.root(config.scenario.seed).fork('selection').fork(`round-${round}`);
}

/** What the tasks given so far mean for the next, kept up as they are given: there may be thousands. */
interface Given {
  readonly serverLoad: ServerLoad;
  /** Of all tasks one after the other. */
  readonly seconds: number;
}

function withTask({ serverLoad, seconds }: Given, { decision, prospect }: Considered): Given {
  if (decision.plan === 'skip') return { serverLoad, seconds };
  const isSplit = decision.plan === 'split' && prospect.split;
  return {
    serverLoad: isSplit ? withShare(serverLoad, prospect.split.share) : serverLoad,
    seconds: seconds + decision.path.totalSeconds,
  };
}

/**
 * What bears on a candidate's task beside itself: the tasks given before its own, and the road ahead. Where cars take turns
 * nobody shares the RSU's processor, but all before must have ended.
 */
function outlookOf(
  config: RoundConfig,
  { radioMap }: RoundState,
  candidate: Candidate,
  { serverLoad, seconds }: Given,
): Outlook {
  const before = takesTurns(config) ? { startsInSeconds: seconds } : { serverLoad };
  if (config.scenario.fallback.channel !== 'along-road') return before;
  return { ...before, ahead: channelAhead(radioMap, config.coverage, candidate) };
}

/** What split tasks of an asynchronous run that are under way ask of the RSU's processor. */
function loadUnderWay({ scenario }: RoundConfig, open: RoundState['open']): ServerLoad {
  const { epochs, batchSize } = scenario.training;
  let load = noLoad;
  for (const { plan, path, samples } of unfinishedMembers({ open })) {
    const steps = epochs * Math.ceil(samples / batchSize);
    const share = { serverSeconds: path.serverSeconds / steps, cycleSeconds: path.totalSeconds / steps };
    if (plan === 'split') load = withShare(load, share);
  }
  return load;
}

const takesTurns = ({ scenario }: RoundConfig): boolean => scenario.fallback.schedule === 'sequential';

/** Ranks and decides until K0 vehicles have a task. The estimate takes each share as if all K0 were found. */
export function walkRanking(config: RoundConfig, state: RoundState, setting: Setting): Walk {
  const { selection, radio } = config.scenario;
  const { round, candidates, rng, perRound, atWork } = setting;
  const policy = policyByName(selection.policy);
  const context = {
    round,
    candidates,
    perRound,
    settings: selection,
    rng,
    deadlineSeconds: config.scenario.round.deadlineSeconds,
  };
  const { state: policyState, ranking, tasks: asked = perRound } = policy.choose(state.policy, context);
  const wanted = atWork === undefined ? asked : Math.min(asked, perRound);
  const sharers = takesTurns(config) ? 1 : Math.min(wanted, candidates.length) + (atWork ?? 0);
  const considered: Considered[] = [];
  let given: Given = { serverLoad: loadUnderWay(config, state.open), seconds: 0 };
  const find = finder(policy.name, candidates);
  let tasks = 0;
  for (const choice of ranking) {
    if (tasks >= wanted) break;
    const candidate = find(choice.vehicle);
    const prospect = estimate(
      config,
      candidate,
      radio.uplinkBandwidthHz / sharers,
      radio.downlinkBandwidthHz / sharers,
      outlookOf(config, state, candidate, given),
    );
    const decision = decide(config, candidate, prospect, state.stayErrors);
    if (decision.plan !== 'skip') tasks++;
    const one = { choice, candidate, prospect, decision };
    considered.push(one);
    given = withTask(given, one);
    // What follows in the ranking is not even worked out.
    if (tasks >= wanted) break;
  }
  return { considered, policy: policyState };
}

/** The estimate with all that the decision went by. */
function loggedEstimate({ scenario }: RoundConfig, { prospect, decision }: Considered): Estimate {
  const { estimate: seconds, split } = prospect;
  const { chances } = decision;
  return {
    ...seconds,
    ...(split && scenario.fallback.cut === 'best' ? { splitCut: split.cut } : {}),
    ...(chances ? { fullChance: chances.full, splitChance: chances.split } : {}),
  };
}

/** The log lines of one considered vehicle, of its task where that has a number; none for a skip that is in the log. */
export function logOf(
  config: RoundConfig,
  { round, task }: { round: number; task?: number },
  one: Considered,
  alreadySkipped: ReadonlySet<VehicleId>,
): RoundEffect[] {
  const { choice, decision } = one;
  const { vehicle, arm, score, terms, reason } = choice;
  if (decision.plan !== 'skip') {
    const { plan, cut } = decision;
    const chosen = { arm, score, terms, reason, plan, cut, estimate: loggedEstimate(config, one) };
    const numbered = task === undefined ? chosen : { ...chosen, task };
    return [{ kind: 'log', body: { kind: 'vehicle-selected', round, vehicle, ...numbered } }];
  }
  if (alreadySkipped.has(vehicle)) return [];
  const skipped = { reason: decision.reason, estimate: loggedEstimate(config, one) };
  return [{ kind: 'log', body: { kind: 'vehicle-skipped', round, vehicle, ...skipped } }];
}

/** The vehicles that got a task, sorted by id. Turns go by the ranking. */
export function membersOf(config: RoundConfig, considered: readonly Considered[], at: number): Member[] {
  const given = considered.filter(({ decision }) => decision.plan !== 'skip');
  const members = given.flatMap(({ choice, candidate, prospect, decision }, order): Member[] => {
    if (decision.plan === 'skip') return [];
    const { plan, cut, path } = decision;
    const { vehicle, device, samples } = candidate;
    const work = { plan, cut, path, estimate: prospect.estimate };
    const nothingYet = { dispatchedAt: at, bytesUp: 0, bytesDown: 0, ending: null };
    const turn = takesTurns(config) ? { turn: { order, beganAt: null } } : {};
    return [{ vehicle, arm: choice.arm, candidate, device, samples, ...work, ...nothingYet, ...turn }];
  });
  return members.sort((a, b) => (a.vehicle < b.vehicle ? -1 : 1));
}

/** 64 hex characters. It ties an answer to its task; in a run whose seed is public it is no secret. */
function nonceOf(rng: Rng, vehicle: VehicleId): string {
  const stream = rng.fork(`nonce/${vehicle}`);
  return Array.from({ length: 8 }, () => stream.next().toString(16).padStart(8, '0')).join('');
}

/**
 * When the upload of a car's finished epochs has to begin to arrive in time, seconds after its task is sent; that is
 * `waitedSeconds` after it was chosen.
 */
function uploadBy(config: RoundConfig, member: Member, waitedSeconds: number): { uploadBySeconds?: number } {
  const { aggregation, fallback, round } = config.scenario;
  if (!aggregation.partialWork || member.plan !== 'full') return {};
  const available = Math.min(member.estimate.secondsLeft, round.deadlineSeconds) - waitedSeconds;
  const uploadSeconds = member.path.uploadSeconds + member.path.latencySeconds;
  return { uploadBySeconds: Math.max(0, available - uploadSeconds * fallback.safetyFactor) };
}

/** The sending of one task: under which number, from which model, with one share in `sharers` of the bands. */
export function dispatchOf(
  config: RoundConfig,
  member: Member,
  {
    rng,
    sharers,
    waitedSeconds = 0,
    ...task
  }: { rng: Rng; sharers: number; waitedSeconds?: number; round: number; modelSha: BlobSha },
): RoundEffect {
  const { radio, round } = config.scenario;
  return {
    kind: 'dispatch',
    vehicle: member.vehicle,
    nonce: nonceOf(rng, member.vehicle),
    plan: member.plan,
    cut: member.cut,
    ...task,
    batchSeed: rng.fork(`batch/${member.vehicle}`).next(),
    deadlineSeconds: round.deadlineSeconds,
    ...uploadBy(config, member, waitedSeconds),
    uplinkBandwidthHz: radio.uplinkBandwidthHz / sharers,
    downlinkBandwidthHz: radio.downlinkBandwidthHz / sharers,
  };
}

/** One task a member, sorted by vehicle id, the bands split equally among them. */
function dispatches(config: RoundConfig, state: RoundState, members: readonly Member[]): RoundEffect[] {
  const { round, modelSha } = state;
  const rng = roundRng(config, round);
  return members.map((member) =>
    dispatchOf(config, member, { rng, sharers: members.length, round, modelSha }),
  );
}

/** Tries again after the wait. */
export function waitForCandidates(config: RoundConfig, state: RoundState): RoundEffect {
  const delaySeconds = config.scenario.round.waitSeconds;
  return { kind: 'timer', name: 'round-due', round: state.round + 1, delaySeconds };
}

function forgetOldCommits(state: RoundState, round: number): RoundState['commits'] {
  return new Map([...state.commits].filter(([, commit]) => commit.round > round - rememberedRounds));
}

/** Opens the next round if somebody can be given a task now; otherwise waits. The caller sees that none is open. */
export function openRound(config: RoundConfig, state: RoundState, at: number): Step {
  const wait = waitForCandidates(config, state);
  const candidates = candidatesAt(config, state, at);
  if (candidates.length < config.scenario.round.minimumCandidates) return { state, effects: [wait] };

  const round = state.round + 1;
  const { perRound } = config.scenario.selection;
  const setting = { round, candidates, rng: roundRng(config, round), perRound };
  const { considered, policy } = walkRanking(config, state, setting);
  const logs = considered.flatMap((one) => logOf(config, { round }, one, state.skippedNext));
  const skippedNow = considered.filter((one) => one.decision.plan === 'skip');
  const skipped = new Set([...state.skippedNext, ...skippedNow.map((one) => one.choice.vehicle)]);
  const members = membersOf(config, considered, at);
  if (members.length === 0) return { state: { ...state, skippedNext: skipped }, effects: [...logs, wait] };

  const opened: RoundState = {
    ...state,
    round,
    policy,
    open: { round, openedAt: at, members, skipped: skipped.size, phase: 'collecting' },
    skippedNext: new Set(),
    commits: forgetOldCommits(state, round),
  };
  const body = {
    kind: 'round-opened',
    round,
    modelSha: state.modelSha,
    candidates: candidates.length,
  } as const;
  const delaySeconds = config.scenario.round.deadlineSeconds;
  return {
    state: opened,
    effects: [
      { kind: 'log', body },
      ...logs,
      ...(takesTurns(config) ? [] : dispatches(config, opened, members)),
      { kind: 'timer', name: 'deadline', round, delaySeconds },
    ],
  };
}
