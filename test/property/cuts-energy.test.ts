// What OPEN and CARD keep on every path and instance: closed forms that no grid beats, budgets, monotony, fairness to time.

import { describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import {
  type CardQuestion,
  type CardRange,
  cardCost,
  cardFrequency,
  cardRange,
  cardUtility,
  decideCard,
  lowestHertz,
} from '../../roadside/cuts/energy/card.ts';
import {
  delayGreedy,
  energyGreedy,
  fixedSplit,
  type OpenQuestion,
  openFrequency,
  openRule,
  playOpen,
  type TurnChoice,
} from '../../roadside/cuts/energy/open.ts';
import { type EnergyScope, type TurnCar, Turns } from '../../roadside/cuts/energy/open-turn.ts';
import { cardDevices, cardQuestion } from '../../testbed/reproduce/card-setting.ts';
import { openQuestion } from '../../testbed/reproduce/open-setting.ts';

const seed = Rng.root(31);

function randomTurns(rng: Rng, scope: EnergyScope): Turns {
  return new Turns({
    layers: Array.from({ length: 3 + rng.integer(10) }, () => ({
      forwardFlops: 1e6 * rng.uniform() * 20,
      parameters: rng.integer(1e6),
      outputFloats: 1 + rng.integer(30_000),
    })),
    server: {
      flopsPerCycle: 16 + rng.integer(32),
      powerCoefficient: rng.between(1, 4) * 1e-27,
      lowestHertz: 0.5e9,
      highestHertz: 3e9,
    },
    samples: 64 * (1 + rng.integer(20)),
    scope,
  });
}

function randomCar(rng: Rng): TurnCar {
  return {
    frequencyHertz: rng.between(0.3e9, 1.5e9),
    flopsPerCycle: 8,
    powerCoefficient: 1e-27,
    transmitWatts: 0.2,
  };
}

const rates = (rng: Rng) => ({ up: rng.between(1e6, 5e7), down: rng.between(1e6, 5e7) });

describe('OPEN', () => {
  it('is never beaten by a grid over all splits and 800 frequencies', () => {
    const rng = seed.fork('open-grid');
    for (let i = 0; i < 300; i++) {
      const turns = randomTurns(rng, i % 3 === 0 ? 'device' : 'total');
      const [car, link] = [randomCar(rng), rates(rng)];
      const [tradeOff, queue] = [10 ** rng.between(-1, 3), 10 ** rng.between(-2, 2)];
      const value = ({ split, serverHertz }: TurnChoice): number => {
        const { seconds, joules } = turns.cost(car, link, split, serverHertz);
        return tradeOff * seconds + queue * joules;
      };
      const own = value(openRule(tradeOff)(turns, car, link, queue));
      let best = Number.POSITIVE_INFINITY;
      for (let split = 1; split <= turns.splits; split++)
        for (let step = 0; step < 800; step++)
          best = Math.min(best, value({ split, serverHertz: 0.5e9 + (2.5e9 * step) / 799 }));
      expect(own).toBeLessThanOrEqual(best * (1 + 1e-12));
    }
  });

  it('runs the RSU slower the longer the queue, faster the larger V, by cube roots', () => {
    const turns = openQuestion('total', 0.5, 1, seed.fork('slot')).turns;
    const inside = openFrequency(turns, 10, 1);
    expect(openFrequency(turns, 80, 1) / inside).toBeCloseTo(2, 12);
    expect(openFrequency(turns, 10, 8) / inside).toBeCloseTo(1 / 2, 12);
  });

  it('runs the RSU at full speed where its energy is not counted', () => {
    const question = openQuestion('device', 0.3, 200, seed.fork('device'));
    const speeds = new Set<number>();
    playOpen(question, openRule(10), (_, choice) => speeds.add(choice.serverHertz));
    expect([...speeds]).toEqual([3e9]);
  });

  it('keeps the budget identity and the drift lemma on every path, and queues not below 0', () => {
    for (const theta of [0, 0.3, 0.6, 1.2]) {
      const question = openQuestion('total', theta, 400, seed.fork(`path-${theta}`));
      const { budgets } = question;
      playedPath(question).forEach(({ queues, joules }, m) => {
        const spent = joules.reduce((sum, value) => sum + value, 0) / joules.length;
        expect(spent).toBeLessThanOrEqual(budgets[m]! + queues.at(-1)! / joules.length + 1e-9);
        joules.forEach((energy, t) => {
          const [before, after, excess] = [queues[t]!, queues[t + 1]!, energy - budgets[m]!];
          expect(after).toBeGreaterThanOrEqual(0);
          const drift = (after ** 2 - before ** 2) / 2;
          expect(drift).toBeLessThanOrEqual(
            excess ** 2 / 2 + before * excess + 1e-9 * (1 + excess ** 2 + before ** 2),
          );
        });
      });
    }
  });

  /** Queues and energies of each car, slot by slot. */
  function playedPath(question: OpenQuestion): { queues: number[]; joules: number[] }[] {
    const paths = question.cars.map(() => ({ queues: [] as number[], joules: [] as number[] }));
    const { cars } = playOpen(question, openRule(100), (m, _, cost, queue) => {
      paths[m]!.queues.push(queue);
      paths[m]!.joules.push(cost.joules);
    });
    cars.forEach((car, m) => {
      paths[m]!.queues.push(car.queueJoules);
    });
    return paths;
  }

  it('keeps an empty queue, and the delay-greedy choices, where the budget is beyond any need', () => {
    const question = openQuestion('total', 0.5, 100, seed.fork('rich'));
    const rich = { ...question, budgets: question.cars.map(() => 1e6) };
    const own = playOpen(rich, openRule(100));
    expect(own.cars.map((car) => car.longestQueueJoules)).toEqual([0, 0, 0, 0, 0]);
    expect(own.meanSeconds).toBe(playOpen(rich, delayGreedy).meanSeconds);
  });

  it('shows a budget that nothing can keep by a queue that grows without end', () => {
    const question = openQuestion('total', 0.5, 400, seed.fork('poor'));
    const poor = { ...question, budgets: question.budgets.map(() => 1) };
    const half = playOpen({ ...poor, slots: poor.slots.slice(0, 200) }, openRule(100)).cars[0]!.queueJoules;
    expect(playOpen(poor, openRule(100)).cars[0]!.queueJoules / half).toBeGreaterThan(1.7);
  });

  it('takes less time the larger V, within its budget and queue', () => {
    const question = openQuestion('total', 0.5, 1000, seed.fork('sweep'));
    const runs = [0.1, 1, 10, 100, 1000].map((tradeOff) => playOpen(question, openRule(tradeOff)));
    runs.slice(1).forEach((run, i) => {
      expect(run.meanSeconds).toBeLessThanOrEqual(runs[i]!.meanSeconds * 1.01);
    });
    for (const run of runs)
      run.cars.forEach((car, m) => {
        expect(car.meanJoules).toBeLessThanOrEqual(question.budgets[m]! + car.queueJoules / 1000 + 1e-9);
      });
  });

  it('is bounded by the greedy rules in every slot: none takes less time or less energy than they', () => {
    const question = openQuestion('total', 0.6, 100, seed.fork('greedy'));
    const rules = [openRule(100), fixedSplit(5), fixedSplit(9), energyGreedy, delayGreedy];
    const { turns, cars, slots } = question;
    for (const slot of slots) {
      cars.forEach((car, m) => {
        const costOf = ({ split, serverHertz }: TurnChoice) => turns.cost(car, slot[m]!, split, serverHertz);
        const [fast, thrifty] = [delayGreedy, energyGreedy].map((rule) =>
          costOf(rule(turns, car, slot[m]!, 5)),
        );
        for (const rule of rules) {
          const { seconds, joules } = costOf(rule(turns, car, slot[m]!, 5));
          expect(seconds).toBeGreaterThanOrEqual(fast!.seconds);
          expect(joules).toBeGreaterThanOrEqual(thrifty!.joules);
        }
      });
    }
  });

  it('knows no later slot: another future leaves the choices of the past as they were', () => {
    const question = openQuestion('total', 0.6, 60, seed.fork('future'));
    const choices = (slots: OpenQuestion['slots']): TurnChoice[] => {
      const made: TurnChoice[] = [];
      playOpen({ ...question, slots }, openRule(100), (_, choice) => made.push(choice));
      return made.slice(0, 30 * question.cars.length);
    };
    const shuffled = [...question.slots.slice(0, 30), ...question.slots.slice(30).reverse()];
    expect(choices(shuffled)).toEqual(choices(question.slots));
  });

  it('refuses a rate of 0 and layers that are none', () => {
    const { turns, cars } = openQuestion('total', 0.6, 1, seed.fork('bad'));
    expect(() => turns.cost(cars[0]!, { up: 0, down: 1 }, 1, 1e9)).toThrow('rates of 0 and 1 bit/s');
    const layers = [{ forwardFlops: Number.NaN, parameters: 0, outputFloats: 1 }];
    expect(() => new Turns({ ...turns.setting, layers })).toThrow('a turn needs two layers');
  });
});

/** Blocks of all sizes; any idle power. */
function randomCard(rng: Rng): CardQuestion {
  const blocks = Array.from({ length: 2 + rng.integer(8) }, () => rng.between(1e11, 9e11));
  const total = blocks.reduce((sum, flops) => sum + flops, 0);
  let below = 0;
  const cuts = [0, ...blocks].map((flops, cut) => {
    below += flops;
    const isLast = cut === blocks.length;
    return {
      deviceFlops: below,
      serverFlops: isLast ? 0 : total - below,
      smashedBits: isLast ? 0 : rng.between(1e7, 1e8),
      adapterBits: cut * 1.7e6,
    };
  });
  return {
    cuts,
    server: {
      flopsPerCycle: 6144,
      highestHertz: 2.46e9,
      powerCoefficient: rng.between(2, 9) * 1e-27,
      idleWatts: rng.uniform() < 0.5 ? 0 : rng.between(1, 60),
    },
    deviceFlopsPerSecond: 10 ** rng.between(11.5, 12.9),
    epochs: 1 + rng.integer(8),
    up: 10 ** rng.between(6.5, 8.7),
    down: 10 ** rng.between(6.5, 8.7),
  };
}

/** All cuts at 300 frequencies. */
function grid(question: CardQuestion): { seconds: number; joules: number }[] {
  const [low, high] = [lowestHertz(question), question.server.highestHertz];
  return question.cuts.flatMap((_, cut) =>
    Array.from({ length: 300 }, (_, i) => cardCost(question, cut, low + ((high - low) * i) / 299)),
  );
}

describe('CARD', () => {
  it('is never beaten by a grid over cuts and frequencies, and no point of it is better in both time and energy', () => {
    const rng = seed.fork('card-grid');
    for (let i = 0; i < 300; i++) {
      const question = randomCard(rng);
      const weight = rng.between(0.01, 0.99);
      const [choice, range] = [decideCard(question, weight), cardRange(question)];
      const own = cardUtility(choice, weight, range);
      const broken = grid(question).filter((point) => {
        const isBetter = own > cardUtility(point, weight, range) + 1e-9;
        const isBelow = point.joules < range.leastJoules * (1 - 1e-12);
        const dominates =
          point.seconds < choice.seconds * (1 - 1e-9) && point.joules < choice.joules * (1 - 1e-9);
        return isBetter || isBelow || dominates;
      });
      expect(broken).toEqual([]);
    }
  });

  it('moves from energy to time as the weight grows: frequency and energy up, time down', () => {
    const rng = seed.fork('weights');
    for (let i = 0; i < 100; i++) {
      const question = randomCard(rng);
      const choices = Array.from({ length: 21 }, (_, step) => decideCard(question, step / 20));
      choices.slice(1).forEach((choice, step) => {
        const before = choices[step]!;
        expect(choice.serverHertz).toBeGreaterThanOrEqual(before.serverHertz * (1 - 1e-12));
        if (step === 0 || step === 19) return;
        expect(choice.seconds).toBeLessThanOrEqual(before.seconds * (1 + 1e-9));
        expect(choice.joules).toBeGreaterThanOrEqual(before.joules * (1 - 1e-9));
      });
      expect(choices[20]!.serverHertz).toBe(question.server.highestHertz);
      if (question.server.idleWatts === 0) expect(choices[0]!.serverHertz).toBe(lowestHertz(question));
    }
  });

  it('takes less time and more energy at a higher frequency, and less energy the deeper the cut', () => {
    for (const device of cardDevices) {
      const question = cardQuestion(device, 100e6);
      for (let cut = 0; cut < 16; cut++) {
        const [slow, fast] = [cardCost(question, cut, 1e9), cardCost(question, cut, 1.1e9)];
        expect(fast.seconds).toBeLessThan(slow.seconds);
        expect(fast.joules).toBeGreaterThan(slow.joules);
        expect(cardCost(question, cut + 1, 1e9).joules).toBeLessThan(slow.joules);
      }
      expect(cardCost(question, 16, 1e9).joules).toBe(0);
    }
  });

  it('cuts like blocks at 0, I - 1 or I only; a better rate never moves it from 0 to I, a faster car never from I to 0', () => {
    const rng = seed.fork('structure');
    for (let i = 0; i < 400; i++) {
      const weight = rng.between(0.02, 0.98);
      const question = cardQuestion(cardDevices[rng.integer(5)]!, 10 ** rng.between(6.5, 8.7));
      // Normalisers and slowest frequency held fixed while rate and speed move.
      const range = cardRange(question);
      const cutOf = (other: CardQuestion): number =>
        bestCut(other, weight, range, cardFrequency(question, weight, range));
      const cut = cutOf(question);
      expect([0, 15, 16]).toContain(cut);
      const nearer = cutOf({ ...question, up: 2 * question.up, down: 2 * question.down });
      const faster = cutOf({ ...question, deviceFlopsPerSecond: 2 * question.deviceFlopsPerSecond });
      if (cut === 0) expect(nearer).not.toBe(16);
      if (cut === 16) expect(faster).not.toBe(0);
    }
  });

  function bestCut(question: CardQuestion, weight: number, range: CardRange, hertz: number): number {
    const values = question.cuts.map((_, cut) => cardUtility(cardCost(question, cut, hertz), weight, range));
    return values.indexOf(Math.min(...values));
  }

  it('drops a term that cannot change', () => {
    const question = cardQuestion(cardDevices[0]!, 100e6);
    const alone = { ...question, cuts: [question.cuts[16]!] };
    const choice = decideCard(alone, 0.5);
    expect([choice.cut, choice.joules, Number.isFinite(choice.serverHertz)]).toEqual([0, 0, true]);
    expect(cardUtility(choice, 0.5, cardRange(alone))).toBe(0);
  });

  it.each([
    [{ up: 0 }, 0.5, 'up is 0'],
    [{ down: Number.NaN }, 0.5, 'down is NaN'],
    [{ deviceFlopsPerSecond: -1 }, 0.5, 'deviceFlopsPerSecond is -1'],
    [{ cuts: [] }, 0.5, 'there must be one'],
    [{}, 1.5, 'a weight of 1.5'],
  ])('refuses %j with weight %d', (change, weight, words) => {
    const question = { ...cardQuestion(cardDevices[0]!, 100e6), ...change };
    expect(() => decideCard(question, weight)).toThrow(words);
  });
});
