// Our own policy: the set of cars that should bring most progress a second. An RSU knows how long each car will stay, what
// its computer and its channel can do, and what became of every car before; so it can tell the chance that a car finishes
// and the time it takes, and what a set of cars is worth together. Explained with its maths in docs/foresight.md.
// Must not: use what an RSU cannot know, or draw but for ties.

import type { VehicleId } from '../../base/ids.ts';
import { type Parameter, settingOf } from '../parameters.ts';
import {
  type Belief,
  carOf,
  firstBelief,
  learnRound,
  type Observation,
  successChance,
  timeFactor,
} from './foresight-belief.ts';
import { type BestSet, bestSet, contenders, type Item, progressOf } from './foresight-set.ts';
import type { ArmReward, Choice, ChoiceContext, Policy, RoundFeedback, TaskSeconds } from './policy.ts';
import { chained, figuresOf, inOrder, lazily, ranked, shuffledOrder } from './ranking.ts';

const halfProgress: Parameter = {
  name: 'halfProgress',
  default: 2,
  minimum: 0.01,
  maximum: 1000,
  describe: 'updates that bring half of the progress infinitely many would, c of v / (v + c) [ours]',
};
const novelty: Parameter = {
  name: 'novelty',
  default: 1,
  minimum: 0,
  maximum: 4,
  describe: 'exponent of the worth of data that were used less than those of other cars; 0 ignores it [ours]',
};
const lostWork: Parameter = {
  name: 'lostWork',
  default: 0.25,
  minimum: 0,
  maximum: 100,
  describe: 'what a task that comes to nothing costs, in updates of usual worth [ours]',
};
const memory: Parameter = {
  name: 'memory',
  default: 0.995,
  minimum: 0.5,
  maximum: 1,
  describe: 'share of the certainty about success that is left a round later [ours]',
};

/** Data used less or more than others count at most this many times as much or as little. */
const mostNovelty = 4;

/** What the policy remembers: beliefs, and under which conditions the members of the open round were chosen. */
interface ForesightState {
  readonly belief: Belief;
  /** Shares of the bands that a candidate's task was estimated with. */
  readonly estimatedFor: number;
  readonly deadlineSeconds: number;
}

/** Seconds of a task of which `onAir` are transfers, where each has the `share`th part of the band it was estimated with. */
const amongSharers = (totalSeconds: number, onAir: number, share: number): number =>
  totalSeconds + onAir * (share - 1);

/** The same of a task that was estimated with one share in `estimatedFor` of the bands, with one in `sharers`. */
function secondsAmong(task: TaskSeconds, estimatedFor: number, sharers: number): number {
  const onAir = task.downloadSeconds + task.uploadSeconds;
  return amongSharers(task.totalSeconds, onAir, sharers / estimatedFor);
}

/** The parts of a score, in progress. */
type Terms = {
  readonly progress: number;
  readonly novelty: number;
  readonly risk: number;
  readonly seconds: number;
};

const scoreOf = ({ progress, novelty: fresh, risk, seconds }: Terms): number =>
  progress + fresh + risk + seconds;

/** What holds of each candidate, column by column: there may be ten thousand. */
interface Columns {
  /** Of the task with all sharers: what is on the air is rescaled for rounds of fewer. */
  readonly totals: Float64Array;
  readonly onAir: Float64Array;
  readonly available: Float64Array;
  /** How many times its estimate a car takes. */
  readonly factors: Float64Array;
  readonly uses: Float64Array;
  readonly chances: Float64Array;
  /** Expected seconds until its outcome: its task's if it finishes, else until it is gone. */
  readonly seconds: Float64Array;
}

const expectedSeconds = (chance: number, needed: number, available: number): number =>
  chance * needed + (1 - chance) * available;

/** The columns in the order of the table, where neighbours lie side by side in memory. */
function lookAhead(belief: Belief, { candidates, deadlineSeconds }: ChoiceContext): Columns {
  const column = (): Float64Array => new Float64Array(candidates.length);
  const [totals, onAir, available, factors] = [column(), column(), column(), column()];
  const [uses, chances, seconds] = [column(), column(), column()];
  for (let i = 0; i < candidates.length; i++) {
    const { vehicle, task, secondsLeft } = candidates[i]!;
    const car = carOf(belief, vehicle);
    totals[i] = task.totalSeconds;
    onAir[i] = task.downloadSeconds + task.uploadSeconds;
    available[i] = Math.min(secondsLeft, deadlineSeconds);
    factors[i] = timeFactor(belief, car);
    uses[i] = car.uses;
    const needed = amongSharers(totals[i]!, onAir[i]!, 1) * factors[i]!;
    const chance = successChance(belief, car, available[i]!, needed);
    chances[i] = chance;
    seconds[i] = expectedSeconds(chance, needed, available[i]!);
  }
  return { totals, onAir, available, factors, uses, chances, seconds };
}

/** One choice as it is worked out: positions in the order that decides ties, and what holds of all candidates. */
class Choosing {
  readonly #order: Int32Array;
  readonly #belief: Belief;
  readonly #context: ChoiceContext;
  readonly #half: number;
  readonly #noveltyExponent: number;
  readonly #lostWork: number;
  readonly #columns: Omit<Columns, 'chances' | 'seconds'>;
  /** Shares of the bands that tasks were estimated with. */
  readonly estimatedFor: number;
  readonly chances: Float64Array;
  readonly seconds: Float64Array;
  readonly worths: Float64Array;
  readonly best: BestSet;
  /** Sum of the best set's values, and its second longest time, which is left where the slowest member is taken out. */
  readonly total: number;
  readonly secondLongest: number;

  constructor(belief: Belief, context: ChoiceContext) {
    this.#belief = belief;
    this.#context = context;
    this.#half = settingOf(halfProgress, context.settings);
    this.#noveltyExponent = settingOf(novelty, context.settings);
    this.#lostWork = settingOf(lostWork, context.settings);
    this.estimatedFor = Math.max(1, Math.min(context.perRound, context.candidates.length));
    this.#order = shuffledOrder(context);
    const columns = lookAhead(belief, context);
    this.#columns = columns;
    this.chances = inOrder(this.#order, columns.chances);
    this.seconds = inOrder(this.#order, columns.seconds);
    this.worths = this.#worths();
    this.best = this.#bestSet();
    const members = this.best.members.map((one) => one.at);
    this.total = members.reduce((sum, at) => sum + this.valueAt(at), 0);
    this.secondLongest = members.map((at) => this.seconds[at]!).sort((a, b) => b - a)[1] ?? 0;
  }

  get count(): number {
    return this.#order.length;
  }

  vehicleAt(at: number): VehicleId {
    return this.#context.candidates[this.#order[at]!]!.vehicle;
  }

  /** w of each candidate: ((1 + mean uses) / (1 + its uses))^novelty, the mean over those likely to finish. */
  #worths(): Float64Array {
    const uses = inOrder(this.#order, this.#columns.uses);
    let weight = 1e-9;
    let sum = 0;
    for (let i = 0; i < uses.length; i++) {
      weight += this.chances[i]!;
      sum += this.chances[i]! * uses[i]!;
    }
    const mean = sum / weight;
    return uses.map((used) => {
      const ratio = (1 + mean) / (1 + used);
      const worth = this.#noveltyExponent === 1 ? ratio : ratio ** this.#noveltyExponent;
      return Math.min(mostNovelty, Math.max(1 / mostNovelty, worth));
    });
  }

  #itemOf(at: number): Item {
    const { totals, onAir, available, factors } = this.#columns;
    const i = this.#order[at]!;
    const car = carOf(this.#belief, this.vehicleAt(at));
    const seconds: number[] = [];
    const values: number[] = [];
    for (let sharers = 1; sharers <= this.estimatedFor; sharers++) {
      const needed = amongSharers(totals[i]!, onAir[i]!, sharers / this.estimatedFor) * factors[i]!;
      const chance = successChance(this.#belief, car, available[i]!, needed);
      seconds.push(expectedSeconds(chance, needed, available[i]!));
      values.push(this.#valueOf(chance, at));
    }
    return { at, seconds, values };
  }

  #bestSet(): BestSet {
    const values = figuresOf(this.chances, (_, at) => this.valueAt(at));
    const few = contenders(this.seconds, values, this.estimatedFor).filter((at) => values[at]! > 0);
    const found = bestSet(
      few.map((at) => this.#itemOf(at)),
      this.estimatedFor,
      this.#half,
    );
    return found ?? this.#likeliest();
  }

  /** A round needs somebody: where no task is worth its risk, the car with the best chance is asked all the same. */
  #likeliest(): BestSet {
    let best = 0;
    for (let at = 1; at < this.chances.length; at++) if (this.chances[at]! > this.chances[best]!) best = at;
    const members = this.chances.length > 0 ? [this.#itemOf(best)] : [];
    return { members, progress: 0, seconds: this.seconds[best] ?? 0, rate: 0 };
  }

  /** What a task is expected to bring, in updates of usual worth; below 0 where it is not worth its risk. */
  #valueOf(chance: number, at: number): number {
    return chance * this.worths[at]! - this.#lostWork * (1 - chance);
  }

  valueAt(at: number): number {
    return this.#valueOf(this.chances[at]!, at);
  }

  /** What the candidate adds to others worth `others`: its update, the novelty of its data, the risk of losing it. */
  gainOf(others: number, at: number): Omit<Terms, 'seconds'> {
    const chance = this.chances[at]!;
    const progress = (added: number): number => progressOf(Math.max(0, others + added), this.#half);
    const [before, plain] = [progressOf(others, this.#half), progress(chance)];
    const fresh = progress(chance * this.worths[at]!);
    return { progress: plain - before, novelty: fresh - plain, risk: progress(this.valueAt(at)) - fresh };
  }
}

/**
 * What a car adds to the best set beside the others of it: progress with data of usual worth, what the novelty of its data
 * changes of that, and the time it costs at the rate of the set.
 */
function termsOf(choosing: Choosing, at: number, isMember: boolean): Terms {
  const { best, seconds, total, secondLongest } = choosing;
  const others = Math.max(0, isMember ? total - choosing.valueAt(at) : total);
  const longest = isMember ? Math.min(secondLongest, best.seconds) : best.seconds;
  const added = Math.max(0, seconds[at]! - longest);
  return { ...choosing.gainOf(others, at), seconds: -best.rate * added };
}

function reasonOf(choosing: Choosing, at: number, isMember: boolean): string {
  const chance = Math.round(100 * choosing.chances[at]!);
  if (isMember && choosing.worths[at]! > 1.5) return `finishes with ${chance} %, its data were used little`;
  return isMember
    ? `finishes with ${chance} %, in time with the others`
    : `would cost more than it brings (${chance} %)`;
}

function choiceAt(choosing: Choosing, at: number, isMember: boolean): Choice {
  const vehicle = choosing.vehicleAt(at);
  const terms = termsOf(choosing, at, isMember);
  return { vehicle, arm: vehicle, score: scoreOf(terms), terms, reason: reasonOf(choosing, at, isMember) };
}

/** The members of the best set by what each adds, then the others likewise, for when a member is skipped. */
function choose(state: ForesightState, context: ChoiceContext): ReturnType<Policy<ForesightState>['choose']> {
  const choosing = new Choosing(state.belief, context);
  const isMember = new Set(choosing.best.members.map((one) => one.at));
  const part = (positions: readonly number[], member: boolean): Iterable<Choice> =>
    ranked(
      positions,
      figuresOf(positions, (at) => scoreOf(termsOf(choosing, at, member))),
      (at) => choiceAt(choosing, at, member),
    );
  const others = lazily(() => {
    const all = Array.from({ length: choosing.count }, (_, at) => at);
    const positions = all.filter((at) => !isMember.has(at));
    return part(positions, false)[Symbol.iterator]();
  });
  const ranking = chained(part([...isMember], true), others);
  const { estimatedFor } = choosing;
  const { deadlineSeconds } = context;
  return { state: { ...state, estimatedFor, deadlineSeconds }, ranking, tasks: Math.max(1, isMember.size) };
}

/** What the outcomes of a round tell, with the shares of the bands that its members really had. */
function observationsOf(state: ForesightState, { members }: RoundFeedback): Observation[] {
  const { estimatedFor, deadlineSeconds } = state;
  return members.map(({ candidate, vehicle, outcome, seconds }) => ({
    vehicle,
    committed: outcome === 'committed',
    seconds,
    availableSeconds: Math.min(candidate.secondsLeft, deadlineSeconds),
    neededSeconds: secondsAmong(candidate.task, estimatedFor, members.length),
  }));
}

/** The rewards in the log: 1 for a commit, 0 for anything else; pulls and mean are of the car's commits. */
function rewardsOf(belief: Belief, { members }: RoundFeedback): ArmReward[] {
  return members.map(({ vehicle, arm, outcome }) => {
    const reward = outcome === 'committed' ? 1 : 0;
    return {
      arm,
      reward,
      pulls: carOf(belief, vehicle).tries,
      meanReward: carOf(belief, vehicle).uses / carOf(belief, vehicle).tries,
    };
  });
}

export const foresight: Policy<ForesightState> = {
  name: 'foresight',
  source: 'ours (docs/foresight.md)',
  describe: 'the set with most expected progress a second: chance to finish, time, and data used little',
  parameters: [halfProgress, novelty, lostWork, memory],
  init: ({ perRound }) => ({
    belief: firstBelief,
    estimatedFor: perRound,
    deadlineSeconds: Number.POSITIVE_INFINITY,
  }),
  choose,
  learn: (state, feedback) => {
    const keep = settingOf(memory, feedback.settings);
    const belief = learnRound(state.belief, observationsOf(state, feedback), keep);
    return { state: { ...state, belief }, rewarded: rewardsOf(belief, feedback) };
  },
};
