// Oort: clients whose data still hurt the model and whose devices are fast, with a share of newcomers. Source: Lai, Zhu,
// Madhyastha and Chowdhury, "Oort: Efficient Federated Learning via Guided Participant Selection", OSDI 2021 (arXiv
// 2010.06081), Algorithm 1 and Equation 1, written from the paper. The statistical utility is that of a whole round:
// |B| times the loss, with the mean of the last local epoch where the paper has the root mean square, which no message
// carries. Ours: a client that failed has its utility scaled by its share of successes; the paper's systems drop
// failures before the selector hears of them.
// Must not: see the loss of a vehicle that has not reported one.

import type { VehicleId } from '../../base/ids.ts';
import { type Parameter, settingOf } from '../parameters.ts';
import type { Candidate, Choice, ChoiceContext, Policy, RoundFeedback } from './policy.ts';
import { bestFirst, figuresOf, lazily, shuffledOrder } from './ranking.ts';

/** What is known of a client that was chosen before. */
interface Known {
  /** |B| x loss of its last update; 0 where none came yet. */
  readonly utility: number;
  readonly seconds: number;
  readonly lastRound: number;
  readonly tries: number;
  readonly successes: number;
}

interface OortState {
  readonly known: ReadonlyMap<VehicleId, Known>;
  /** Share of newcomers. */
  readonly epsilon: number;
  /** Preferred duration of a round, seconds: slower clients are scaled down. */
  readonly preferredSeconds: number;
  /** Total utility of each finished round: the pacer compares the last stretch with the one before. */
  readonly gained: readonly number[];
}

const penalty: Parameter = {
  name: 'slownessPenalty',
  default: 2,
  minimum: 0,
  maximum: 10,
  describe: "exponent of a slow client's penalty, the paper's alpha",
};
const pacerSeconds: Parameter = {
  name: 'pacerSeconds',
  default: 10,
  minimum: 0.001,
  maximum: 1e6,
  describe: "first preferred duration and the pacer's step, seconds [ours]",
};
const firstEpsilon = 0.9;
const leastEpsilon = 0.2;
const epsilonDecay = 0.98;
const pacerRounds = 20;
const cutOff = 0.95;

/** The utility not exceeded by 95 in 100: larger ones are clipped to it, against outliers (paper, Section 4.4). */
function utilityCap(known: OortState['known']): number {
  const utilities = new Float64Array(known.size);
  let count = 0;
  for (const { utility } of known.values()) utilities[count++] = utility;
  const sorted = utilities.sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(0.95 * sorted.length))] ?? 0;
}

/** What the scores of one choice have in common. */
interface Weighing {
  readonly cap: number;
  /** ln of the round, for the staleness bonus. */
  readonly log: number;
  readonly preferredSeconds: number;
  readonly penalty: number;
}

/** Equation 1 with its staleness bonus and slowness penalty, as parts that sum to the score. */
function termsOf({ cap, log, preferredSeconds, penalty: exponent }: Weighing, one: Known) {
  const statistical = Math.min(one.utility, cap);
  // The bonus is relative to a typical utility, so that it means the same in every unit of loss.
  const staleness = Math.sqrt((0.1 * log) / Math.max(one.lastRound, 1)) * cap;
  const slow = preferredSeconds / Math.max(one.seconds, 1e-9);
  const system = slow >= 1 ? 1 : slow ** exponent;
  const before = (statistical + staleness) * system;
  const slowness = (statistical + staleness) * (system - 1);
  const failures = before * (one.successes / one.tries - 1);
  return { statistical, staleness, slowness, failures };
}

const scoreOf = (terms: ReturnType<typeof termsOf>): number =>
  terms.statistical + terms.staleness + terms.slowness + terms.failures;

function oldChoice(weighing: Weighing, one: Known, arm: VehicleId): Choice {
  const terms = termsOf(weighing, one);
  return { vehicle: arm, arm, score: scoreOf(terms), terms, reason: 'its data still hurt the model' };
}

/** Drawn without repetition, with chances proportional to `weights`: positions in the order of the draw. */
function drawn(context: ChoiceContext, weights: Float64Array): Iterable<number> {
  const keys = weights.map((weight) => -context.rng.exponential(Math.max(weight, 1e-12)));
  return lazily(() => bestFirst(keys));
}

function newcomer({ vehicle, task }: Candidate): Choice {
  const speed = 1 / task.totalSeconds;
  return { vehicle, arm: vehicle, score: speed, terms: { speed }, reason: 'not tried yet' };
}

/** Those tried before: the first `exploited` of a draw among the best and all others. */
function exploit(
  context: ChoiceContext,
  scores: Float64Array,
  exploited: number,
): { readonly picked: readonly number[]; readonly isPicked: ReadonlySet<number> } {
  const best = taken(bestFirst(scores), Math.max(1, exploited));
  const bar = cutOff * (best.length < exploited || best.length === 0 ? 0 : scores[best.at(-1)!]!);
  const pool = new Set(best.slice(0, exploited));
  for (const [at, score] of scores.entries()) if (score >= bar) pool.add(at);
  const positions = [...pool];
  const draw = drawn(
    context,
    figuresOf(positions, (at) => scores[at]!),
  );
  const picked = taken(draw, exploited).map((at) => positions[at]!);
  return { picked, isPicked: new Set(picked) };
}

/** The first `count` of `items`, or all. */
function taken<T>(items: Iterable<T>, count: number): T[] {
  const first: T[] = [];
  if (count <= 0) return first;
  for (const item of items) if (first.push(item) >= count) break;
  return first;
}

/** Candidates by whether they were tried before, both in seeded random order. */
function byPast(
  state: OortState,
  context: ChoiceContext,
): { old: readonly Tried[]; fresh: readonly Candidate[] } {
  const { candidates } = context;
  const known = candidates.map(({ vehicle }) => state.known.get(vehicle));
  const old: Tried[] = [];
  const fresh: Candidate[] = [];
  for (const at of shuffledOrder(context)) {
    const [candidate, one] = [candidates[at]!, known[at]];
    if (one) old.push({ vehicle: candidate.vehicle, known: one });
    else fresh.push(candidate);
  }
  return { old, fresh };
}

interface Tried {
  readonly vehicle: VehicleId;
  readonly known: Known;
}

/** Exploited by chance among the best, newcomers by speed, then the others of both kinds. */
function choose(state: OortState, context: ChoiceContext): { state: OortState; ranking: Iterable<Choice> } {
  const { old, fresh } = byPast(state, context);
  const weighing: Weighing = {
    cap: utilityCap(state.known),
    log: Math.log(Math.max(context.round, 1)),
    preferredSeconds: state.preferredSeconds,
    penalty: settingOf(penalty, context.settings),
  };
  const choiceAt = (at: number): Choice => oldChoice(weighing, old[at]!.known, old[at]!.vehicle);
  const scores = figuresOf(old, ({ known }) => scoreOf(termsOf(weighing, known)));
  const exploited = Math.min(old.length, Math.round((1 - state.epsilon) * context.perRound));
  const { picked, isPicked } = exploit(context, scores, exploited);
  const speeds = figuresOf(fresh, ({ task }) => 1 / task.totalSeconds);
  const explored = drawn(context, speeds);
  const room = context.perRound - picked.length;
  const ranking = lazily(function* () {
    for (const at of picked) yield choiceAt(at);
    const order = explored[Symbol.iterator]();
    for (let left = room; left > 0; left--) {
      const next = order.next();
      if (next.done) break;
      yield newcomer(fresh[next.value]!);
    }
    for (const at of bestFirst(scores)) if (!isPicked.has(at)) yield choiceAt(at);
    for (let next = order.next(); !next.done; next = order.next()) yield newcomer(fresh[next.value]!);
  });
  return { state, ranking };
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** The pacer: where the last stretch of rounds gained less than the one before, slower clients get more room. */
function paced(state: OortState, gained: readonly number[], step: number): number {
  const full = gained.length === 2 * pacerRounds;
  const fell = sumOf(gained.slice(pacerRounds)) < sumOf(gained.slice(0, pacerRounds));
  return full && fell ? state.preferredSeconds + step : state.preferredSeconds;
}

function learn(state: OortState, feedback: RoundFeedback): { state: OortState; rewarded: [] } {
  const known = new Map(state.known);
  let gain = 0;
  for (const { vehicle, outcome, seconds, trainLoss, candidate } of feedback.members) {
    const before = known.get(vehicle);
    const won = outcome === 'committed';
    const utility = trainLoss === null ? (before?.utility ?? 0) : candidate.samples * trainLoss;
    if (won) gain += utility;
    known.set(vehicle, {
      utility,
      seconds,
      lastRound: feedback.round,
      tries: (before?.tries ?? 0) + 1,
      successes: (before?.successes ?? 0) + (won ? 1 : 0),
    });
  }
  const gained = [...state.gained, gain].slice(-2 * pacerRounds);
  const preferredSeconds = paced(state, gained, settingOf(pacerSeconds, feedback.settings));
  // After a step the pacer waits for two new stretches.
  const kept = preferredSeconds > state.preferredSeconds ? gained.slice(pacerRounds) : gained;
  const epsilon = Math.max(leastEpsilon, state.epsilon * epsilonDecay);
  return { state: { known, epsilon, preferredSeconds, gained: kept }, rewarded: [] };
}

export const oort: Policy<OortState> = {
  name: 'oort',
  source: 'Lai, Zhu, Madhyastha and Chowdhury, OSDI 2021 (arXiv 2010.06081), Algorithm 1',
  describe: 'high loss times data, fast devices, a share of newcomers',
  parameters: [penalty, pacerSeconds],
  init: (settings) => ({
    known: new Map(),
    epsilon: firstEpsilon,
    preferredSeconds: settingOf(pacerSeconds, settings),
    gained: [],
  }),
  choose,
  learn,
};
