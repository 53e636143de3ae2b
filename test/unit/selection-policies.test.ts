// Each selection policy against its own paper or definition, in worlds small enough to check by hand. What all of them
// must honour is in test/contract/selection.test.ts.

import { describe, expect, it } from 'vitest';
import type { VehicleId } from '../../base/ids.ts';
import { Rng } from '../../base/rng.ts';
import { parseScenario } from '../../protocol/scenario/parse.ts';
import { checkParameters } from '../../roadside/parameters.ts';
import {
  emptyModel,
  type LinearModel,
  learnSample,
  uncertaintyOf,
  weightsOf,
} from '../../roadside/selection/linear-model.ts';
import { policyByName } from '../../roadside/selection/policies.ts';
import type { Candidate, Choice, Feedback, Policy } from '../../roadside/selection/policy.ts';
import { device, makeConfig } from '../support/round-world.ts';

function settingsWith(changes: object = {}) {
  return { ...makeConfig().scenario.selection, ...changes };
}

function carOf(
  name: string,
  changes: Partial<Candidate> & { seconds?: readonly [number, number] } = {},
): Candidate {
  const { seconds = [2, 0.2], ...rest } = changes;
  const [computeSeconds, uploadSeconds] = seconds;
  return {
    vehicle: name as VehicleId,
    road: 'main',
    offsetMeters: 100,
    speedMps: 10,
    distanceMeters: 100,
    secondsLeft: 30,
    bitsPerSecondPerHertz: 10,
    device,
    samples: 100,
    task: { downloadSeconds: 0, computeSeconds, uploadSeconds, totalSeconds: computeSeconds + uploadSeconds },
    ...rest,
  };
}

interface Setting {
  readonly round?: number;
  readonly perRound?: number;
  readonly seed?: number;
  readonly deadlineSeconds?: number;
  readonly parameters?: Record<string, number>;
}

function choose(policy: Policy, state: unknown, candidates: Candidate[], setting: Setting = {}) {
  const { round = 1, perRound = 2, seed = 1, deadlineSeconds = 60, parameters = {} } = setting;
  const settings = settingsWith({ parameters });
  const context = { round, candidates, perRound, settings, rng: Rng.root(seed), deadlineSeconds };
  const { ranking, ...rest } = policy.choose(state, context);
  return { ...rest, ranking: [...ranking] };
}

const namesOf = (ranking: readonly Choice[]): string[] => ranking.map((choice) => choice.vehicle);

type Told = Partial<Pick<Feedback, 'outcome' | 'seconds' | 'trainLoss'>>;

/** One round in which `told` became of the candidates of the same order. */
function learn(policy: Policy, state: unknown, candidates: Candidate[], told: Told[], round = 1): unknown {
  const members = candidates.map((candidate, i): Feedback => {
    const { outcome = 'committed', seconds = 2, trainLoss = 1 } = told[i] ?? {};
    const { vehicle } = candidate;
    return { vehicle, arm: vehicle, candidate, outcome, seconds, trainLoss };
  });
  const committed = members.filter((one) => one.outcome === 'committed').length;
  return policy.learn(state, {
    round,
    members,
    participationRatio: committed / members.length,
    durationSeconds: Math.max(...members.map((one) => one.seconds)),
    delayBounds: { minSeconds: 0, maxSeconds: 10 },
    settings: settingsWith({ credit: 'vehicle' }),
  }).state;
}

describe('round-robin', () => {
  it('gives every car its turn before anyone has a second one', () => {
    const policy = policyByName('round-robin');
    const cars = ['a', 'b', 'c', 'd', 'e'].map((name) => carOf(name));
    let state = policy.init(settingsWith());
    const turns: string[] = [];
    for (let round = 1; round <= 5; round++) {
      const chosen = namesOf(choose(policy, state, cars, { round, seed: round }).ranking).slice(0, 2);
      turns.push(...chosen);
      state = learn(
        policy,
        state,
        cars.filter((car) => chosen.includes(car.vehicle)),
        [],
        round,
      );
    }
    expect([...turns.slice(0, 5)].sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect([...turns].sort()).toEqual(['a', 'a', 'b', 'b', 'c', 'c', 'd', 'd', 'e', 'e']);
  });
});

describe('all-in-range', () => {
  it('asks for a task for everyone, whatever K0 says', () => {
    const policy = policyByName('all-in-range');
    expect(
      choose(
        policy,
        null,
        ['a', 'b', 'c'].map((name) => carOf(name)),
      ).tasks,
    ).toBe(3);
  });
});

describe('fedcs', () => {
  const policy = policyByName('fedcs');

  it('adds the client that adds least time, uploads following each other while others compute', () => {
    // After a (2 + 1 = 3 s elapsed), c computes beside it: only its upload of 1 s counts; b adds 0.5 + (3.5 - 3).
    const cars = [
      carOf('a', { seconds: [2, 1] }),
      carOf('b', { seconds: [3.7, 0.5] }),
      carOf('c', { seconds: [2.9, 1] }),
    ];
    const { ranking } = choose(policy, null, cars, { perRound: 3 });
    expect(namesOf(ranking)).toEqual(['a', 'c', 'b']);
    expect(ranking.map((choice) => Number(choice.score.toFixed(9)))).toEqual([-3, -1, -0.5]);
  });

  it('stops where the deadline has no more room, but always asks somebody', () => {
    const cars = [carOf('a', { seconds: [2, 1] }), carOf('b', { seconds: [2, 4] })];
    expect(choose(policy, null, cars, { deadlineSeconds: 5 }).tasks).toBe(1);
    const tooSlow = choose(policy, null, cars, { deadlineSeconds: 1 });
    expect(tooSlow.tasks).toBe(1);
    expect(namesOf(tooSlow.ranking)).toEqual(['a', 'b']);
  });
});

describe('power-of-choice', () => {
  const policy = policyByName('power-of-choice');
  const cars = ['a', 'b', 'c'].map((name) => carOf(name));

  it('puts the highest last loss first, and those without one before them', () => {
    const state = learn(policy, policy.init(settingsWith()), cars.slice(0, 2), [
      { trainLoss: 0.4 },
      { trainLoss: 1.6 },
    ]);
    expect(namesOf(choose(policy, state, cars, { parameters: { drawnPerTask: 10 } }).ranking)).toEqual([
      'c',
      'b',
      'a',
    ]);
  });

  it('draws with a chance that grows with the data: 300 samples are first three times as often as 100', () => {
    const pair = [carOf('small', { samples: 100 }), carOf('big', { samples: 300 })];
    let first = 0;
    for (let seed = 0; seed < 4000; seed++) {
      const setting = { perRound: 1, seed, parameters: { drawnPerTask: 1 } };
      if (namesOf(choose(policy, policy.init(settingsWith()), pair, setting).ranking)[0] === 'big') first++;
    }
    // Binomial with mean 3000 and standard deviation 27.4: five of them either way.
    expect(Math.abs(first - 3000)).toBeLessThan(137);
  });
});

describe('oort', () => {
  const policy = policyByName('oort');

  /** A state that exploits: after many rounds the share of newcomers is at its least. */
  function experienced(told: Told[], cars: Candidate[], rounds = 90): unknown {
    let state = policy.init(settingsWith());
    for (let round = 1; round <= rounds; round++) state = learn(policy, state, cars, told, round);
    return state;
  }

  const scoreOf = (state: unknown, cars: Candidate[], name: string): Choice =>
    choose(policy, state, cars, { round: 91, perRound: 1 }).ranking.find(
      (choice) => choice.vehicle === name,
    ) as Choice;

  it('values samples times the loss of the whole round', () => {
    const cars = [carOf('a', { samples: 50 }), carOf('b')];
    const state = experienced([{ trainLoss: 2 }, { trainLoss: 3 }], cars);
    expect(scoreOf(state, cars, 'a').terms.statistical).toBe(100);
    expect(scoreOf(state, cars, 'b').terms.statistical).toBe(300);
  });

  it('scales a client that takes twice the preferred time down to a quarter', () => {
    const cars = [carOf('fast'), carOf('slow')];
    const state = experienced([{ seconds: 10 }, { seconds: 20 }], cars, 10);
    const { terms, score } = scoreOf(state, cars, 'slow');
    expect(terms.slowness).toBeCloseTo(-0.75 * (terms.statistical! + terms.staleness!), 9);
    expect(score).toBeCloseTo(0.25 * (terms.statistical! + terms.staleness!), 9);
    expect(scoreOf(state, cars, 'fast').terms.slowness).toBe(0);
  });

  it('learns from failures: a client that fails every second time is worth half', () => {
    const cars = [carOf('a')];
    let state = policy.init(settingsWith());
    for (let round = 1; round <= 10; round++) {
      const told: Told = round % 2 ? {} : { outcome: 'left', trainLoss: null };
      state = learn(policy, state, cars, [told], round);
    }
    const { terms, score } = scoreOf(state, cars, 'a');
    expect(score).toBeCloseTo((terms.statistical! + terms.staleness!) / 2, 9);
  });

  it('asks mostly newcomers at first and mostly the known ones later', () => {
    const known = Array.from({ length: 10 }, (_, i) => carOf(`known-${i}`));
    const fresh = Array.from({ length: 10 }, (_, i) => carOf(`fresh-${i}`));
    const newcomers = (rounds: number): number => {
      const { ranking } = choose(policy, experienced([], known, rounds), [...known, ...fresh], {
        perRound: 10,
      });
      return namesOf(ranking).filter((name, i) => i < 10 && name.startsWith('fresh')).length;
    };
    expect(newcomers(1)).toBe(9);
    expect(newcomers(90)).toBe(2);
  });
});

describe('bandits with a memory of their own', () => {
  const pair = [carOf('a'), carOf('b')];

  it('sliding-window-ucb forgets what is behind its window', () => {
    const policy = policyByName('sliding-window-ucb');
    let state = learn(policy, policy.init(settingsWith()), pair, [{}, { outcome: 'left' }]);
    const setting = { parameters: { windowRounds: 2 } };
    expect(choose(policy, state, pair, setting).ranking[0]!.vehicle).toBe('a');
    const window = settingsWith({ parameters: { windowRounds: 2 }, credit: 'vehicle' });
    const only = { ...carOf('a') };
    for (let round = 2; round <= 4; round++) {
      state = policy.learn(state, {
        round,
        members: [
          { vehicle: only.vehicle, arm: 'a', candidate: only, outcome: 'left', seconds: 2, trainLoss: null },
        ],
        participationRatio: 0,
        durationSeconds: 2,
        delayBounds: { minSeconds: 0, maxSeconds: 10 },
        settings: window,
      }).state;
    }
    // b was seen in round 1 only, which the window of rounds 3 and 4 does not hold.
    expect(choose(policy, state, pair, setting).ranking[0]).toMatchObject({ vehicle: 'b', reason: 'unseen' });
  });

  it('volatile-ucb gives a late arrival a narrower bound than ucb1 does', () => {
    const told: Told[] = [{}, {}];
    const width = (name: string): number => {
      const policy = policyByName(name);
      let state = policy.init(settingsWith());
      for (let round = 1; round <= 50; round++) {
        state = choose(policy, state, pair, { round }).state;
        state = learn(policy, state, pair, told, round);
      }
      const late = carOf('late');
      state = choose(policy, state, [...pair, late], { round: 51 }).state;
      state = learn(policy, state, [late], [{}], 51);
      const { ranking } = choose(policy, state, [...pair, late], { round: 52 });
      return ranking.find((choice) => choice.vehicle === 'late')!.terms.confidence!;
    };
    expect(width('ucb1')).toBeCloseTo(Math.sqrt(2 * Math.log(101)), 12);
    expect(width('volatile-ucb')).toBe(0);
  });

  it('thompson draws the better of two arms more often the more it knows', () => {
    const policy = policyByName('thompson');
    const share = (rounds: number): number => {
      let state = policy.init(settingsWith());
      for (let round = 1; round <= rounds; round++)
        state = learn(policy, state, pair, [{}, { outcome: 'left' }], round);
      let first = 0;
      for (let seed = 0; seed < 1000; seed++)
        if (choose(policy, state, pair, { seed }).ranking[0]!.vehicle === 'a') first++;
      return first / 1000;
    };
    expect(Math.abs(share(0) - 0.5)).toBeLessThan(0.08);
    // Means 0.52 and -0.08, standard deviation of the difference sqrt(2 / 101) = 0.14: 4.2 deviations apart.
    expect(share(100)).toBeGreaterThan(0.99);
  });
});

describe('the linear model of linucb', () => {
  it('finds the weights of exact data up to the ridge, and is surest where it saw most', () => {
    let model: LinearModel = emptyModel(2, 1e-6);
    for (let i = 0; i < 50; i++) model = learnSample(model, [1, i / 50], 3 - 2 * (i / 50));
    const [intercept, slope] = weightsOf(model) as [number, number];
    expect(intercept).toBeCloseTo(3, 5);
    expect(slope).toBeCloseTo(-2, 5);
    expect(uncertaintyOf(model)([1, 0.5])).toBeLessThan(uncertaintyOf(model)([1, 5]));
  });

  it('keeps the inverse of I + sum x x^T', () => {
    const model = learnSample(learnSample(emptyModel(2, 1), [1, 2], 1), [0, 1], 1);
    // A = [[2, 2], [2, 6]], its inverse [[6, -2], [-2, 2]] / 8; b = [1, 3].
    expect(model.inverse.map((value) => Number(value.toFixed(12)))).toEqual([0.75, -0.25, -0.25, 0.25]);
    expect(weightsOf(model).map((value) => Number(value.toFixed(12)))).toEqual([0, 0.5]);
  });

  it('learns to prefer cars with time to spare', () => {
    const policy = policyByName('linucb');
    const short = carOf('short', { secondsLeft: 1 });
    const long = carOf('long', { secondsLeft: 40 });
    let state = policy.init(settingsWith());
    for (let round = 1; round <= 30; round++)
      state = learn(policy, state, [short, long], [{ outcome: 'left', trainLoss: null }, {}], round);
    const strangers = [carOf('x', { secondsLeft: 1 }), carOf('y', { secondsLeft: 40 })];
    for (let seed = 0; seed < 20; seed++)
      expect(choose(policy, state, strangers, { seed }).ranking[0]!.vehicle).toBe('y');
  });
});

describe('parameters', () => {
  it('may be set one by one on the command line', () => {
    const text =
      'name: x\nrsus: [{ id: a, x: 0, y: 0 }]\ndevices: [{ name: n, trainingFlopsPerSecond: 1e9 }]\n';
    const scenario = parseScenario(text, 'x.yaml', ['selection.parameters.windowRounds=20']);
    expect(scenario.selection.parameters).toEqual({ windowRounds: 20 });
    expect(() => parseScenario(text, 'x.yaml', ['selection.parameters.windowRounds=many'])).toThrow(
      '--set selection.parameters.windowRounds=many: selection.parameters.windowRounds is "many" (expected number)',
    );
  });

  it('names the nearest parameter, and the bounds of a value outside them', () => {
    const policy = policyByName('sliding-window-ucb');
    expect(() =>
      checkParameters(
        { section: 'selection', title: 'policy sliding-window-ucb', parameters: policy.parameters ?? [] },
        settingsWith({ parameters: { windowRound: 3 } }),
      ),
    ).toThrow(
      'unknown selection.parameters.windowRound (policy sliding-window-ucb has windowRounds). Did you mean "windowRounds"?',
    );
    expect(() =>
      checkParameters(
        { section: 'selection', title: 'policy sliding-window-ucb', parameters: policy.parameters ?? [] },
        settingsWith({ parameters: { windowRounds: 0 } }),
      ),
    ).toThrow('invalid selection.parameters.windowRounds: 0 (expected 1 to 100000');
    expect(() =>
      checkParameters(
        { section: 'selection', title: 'policy random' },
        settingsWith({ parameters: { x: 1 } }),
      ),
    ).toThrow('unknown selection.parameters.x (policy random has none).');
  });
});
