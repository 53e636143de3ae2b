// foresight against brute force: on small instances every subset is tried, and the set it chooses must be the best one of its
// own objective (docs/foresight.md). What it works out of beliefs is worked out here a second time, from the page.

import { describe, expect, it } from 'vitest';
import type { VehicleId } from '../../base/ids.ts';
import { Rng } from '../../base/rng.ts';
import { foresight } from '../../roadside/selection/foresight.ts';
import { carOf, successChance, timeFactor } from '../../roadside/selection/foresight-belief.ts';
import { bestSet, contenders, type Item } from '../../roadside/selection/foresight-set.ts';
import type { Candidate, ChoiceContext } from '../../roadside/selection/policy.ts';
import { candidateA, makeConfig } from '../support/round-world.ts';

type State = ReturnType<typeof foresight.init>;

/** Every non-empty subset of at most `most` of `count` things. */
function subsetsOf(count: number, most: number): number[][] {
  const all: number[][] = [];
  for (let mask = 1; mask < 2 ** count; mask++) {
    const members = Array.from({ length: count }, (_, i) => i).filter((i) => (mask >> i) & 1);
    if (members.length <= most) all.push(members);
  }
  return all;
}

/** h(sum of values) / longest time of a set, by its definition. */
function rateOf(items: readonly Item[], members: readonly number[], half: number): number {
  const n = members.length - 1;
  const value = members.reduce((sum, i) => sum + items[i]!.values[n]!, 0);
  const seconds = Math.max(1e-3, ...members.map((i) => items[i]!.seconds[n]!));
  return Math.max(0, value) / (Math.max(0, value) + half) / seconds;
}

const bestRate = (items: readonly Item[], most: number, half: number): number =>
  Math.max(...subsetsOf(items.length, most).map((members) => rateOf(items, members, half)));

/** Cars whose times grow and whose values fall with the sharers, as both do on a shared band; some exactly alike. */
function drawItems(rng: Rng, most: number): Item[] {
  const count = 1 + rng.integer(8);
  const isCoarse = rng.integer(3) === 0;
  return Array.from({ length: count }, (_, at) => {
    const base = isCoarse ? 1 + rng.integer(3) : rng.between(0.5, 60);
    const onAir = isCoarse ? 1 : rng.between(0, 20);
    const value = isCoarse ? 0.5 : rng.between(0.01, 4);
    const falls = isCoarse ? 1 : rng.between(0.7, 1);
    const sharers = Array.from({ length: most }, (_, i) => i + 1);
    return {
      at,
      seconds: sharers.map((n) => base + onAir * n),
      values: sharers.map((n) => value * falls ** n),
    };
  });
}

describe('the best set of given cars', () => {
  it('is that of an exhaustive search, on 2,000 instances', () => {
    const rng = Rng.root(41);
    for (let instance = 0; instance < 2000; instance++) {
      const most = 1 + rng.integer(5);
      const half = rng.between(0.05, 10);
      const items = drawItems(rng, most);
      const found = bestSet(items, most, half)!;
      expect(found.members.length).toBeLessThanOrEqual(most);
      const positions = found.members.map((one) => one.at);
      expect(new Set(positions).size).toBe(positions.length);
      const optimum = bestRate(items, most, half);
      expect(rateOf(items, positions, half) / optimum).toBeCloseTo(1, 12);
      expect(found.rate / optimum).toBeCloseTo(1, 12);
    }
  });

  it('is not lost by looking at contenders only, where times fall into one class each', () => {
    const rng = Rng.root(43);
    for (let instance = 0; instance < 1000; instance++) {
      const most = 1 + rng.integer(3);
      // Times two classes apart, the same for any number of sharers: what is struck out is dominated, strictly.
      const steps = rng.shuffle(Array.from({ length: 8 }, (_, i) => i));
      const items = steps.map((step, at): Item => {
        const value = rng.between(0.1, 3);
        return {
          at,
          seconds: new Array<number>(most).fill(2 ** (step / 8)),
          values: new Array<number>(most).fill(value),
        };
      });
      const seconds = Float64Array.from(items, (item) => item.seconds[0]!);
      const values = Float64Array.from(items, (item) => item.values[0]!);
      const few = contenders(seconds, values, most).map((at) => items[at]!);
      expect(bestSet(few, most, 2)!.rate).toBe(bestSet(items, most, 2)!.rate);
    }
  });
});

const settings = { ...makeConfig().scenario.selection, policy: 'foresight' };

function drawCandidates(rng: Rng): Candidate[] {
  return Array.from({ length: 1 + rng.integer(8) }, (_, i) => {
    const [downloadSeconds, uploadSeconds] = [rng.between(0, 3), rng.between(0.1, 10)];
    const computeSeconds = rng.between(1, 40);
    const totalSeconds = downloadSeconds + computeSeconds + uploadSeconds + 0.01;
    return {
      ...candidateA,
      vehicle: `car-${i}` as VehicleId,
      secondsLeft: rng.between(0, 60),
      task: { downloadSeconds, computeSeconds, uploadSeconds, totalSeconds },
    };
  });
}

/** The items of docs/foresight.md: chance, time and value of each car in a round of n. */
function itemsOf({ belief }: State, { candidates, perRound, deadlineSeconds }: ChoiceContext): Item[] {
  const most = Math.min(perRound, candidates.length);
  const outlooks = candidates.map(({ vehicle, task, secondsLeft }) => {
    const car = carOf(belief, vehicle);
    const available = Math.min(secondsLeft, deadlineSeconds);
    const inRoundOf = (n: number) => {
      const onAir = task.downloadSeconds + task.uploadSeconds;
      const needed = (task.totalSeconds + onAir * (n / most - 1)) * timeFactor(belief, car);
      const chance = successChance(belief, car, available, needed);
      return { chance, seconds: chance * needed + (1 - chance) * available };
    };
    return { car, inRoundOf };
  });
  const chances = outlooks.map(({ inRoundOf }) => inRoundOf(most).chance);
  const weight = chances.reduce((sum, chance) => sum + chance, 0);
  const mean = outlooks.reduce((sum, { car }, i) => sum + chances[i]! * car.uses, 0) / weight;
  return outlooks.map(({ car, inRoundOf }, at): Item => {
    const worth = Math.min(4, Math.max(0.25, (1 + mean) / (1 + car.uses)));
    const rounds = Array.from({ length: most }, (_, i) => inRoundOf(i + 1));
    return {
      at,
      seconds: rounds.map(({ seconds }) => seconds),
      values: rounds.map(({ chance }) => chance * worth - 0.25 * (1 - chance)),
    };
  });
}

describe('what foresight chooses', () => {
  it('is the best set of its objective, in 1,500 rounds of up to eight cars, and its terms sum to its scores', () => {
    const rng = Rng.root(47);
    let state = foresight.init(settings);
    let rounds = 0;
    while (rounds < 1500) {
      const perRound = 1 + rng.integer(4);
      const candidates = drawCandidates(rng);
      const context: ChoiceContext = {
        ...{ round: rounds + 1, candidates, perRound, settings },
        rng: rng.fork(`round-${rounds}`),
        deadlineSeconds: 60,
      };
      const items = itemsOf(state, context);
      const choice = foresight.choose(state, context);
      const ranking = [...choice.ranking];
      const chosen = ranking.slice(0, choice.tasks);
      const positions = chosen.map(({ vehicle }) => candidates.findIndex((one) => one.vehicle === vehicle));
      const optimum = bestRate(items, perRound, 2);
      const rate = rateOf(items, positions, 2);
      if (optimum > 0) {
        rounds++;
        expect(rate / optimum).toBeCloseTo(1, 9);
      }
      for (const { score, terms } of ranking)
        expect(Object.values(terms).reduce((sum, term) => sum + term, 0)).toBeCloseTo(score, 12);
      const members = chosen.map(({ vehicle, arm }, i) => {
        const candidate = candidates[positions[i]!]!;
        const committed = rng.uniform() < 0.7;
        const outcome = committed ? ('committed' as const) : ('left' as const);
        return { vehicle, arm, outcome, seconds: rng.between(1, 60), candidate, trainLoss: null };
      });
      const told = { round: rounds, members, participationRatio: 1, durationSeconds: 30, settings };
      const feedback = { ...told, delayBounds: { minSeconds: 1, maxSeconds: 60 } };
      state = foresight.learn(choice.state, feedback).state;
    }
  });
});
