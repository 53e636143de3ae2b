// Synthetic worlds in which the best cars are known, for measuring regret: what a policy's choices earned less than the best
// ones would have, in expectation (pseudo-regret: the luck of single outcomes is no part of it). One car a round unless
// said otherwise, and a reward of 1 for a commit: the bandit that the theorems speak of.
// Must not: show a policy anything but candidates and outcomes.

import type { VehicleId } from '../../base/ids.ts';
import { Rng } from '../../base/rng.ts';
import { policyByName } from '../../roadside/selection/policies.ts';
import type { Candidate, Choice } from '../../roadside/selection/policy.ts';
import { device, makeConfig } from './round-world.ts';

/** Who is there in a round, and with which chance each commits. */
export interface RegretWorld {
  readonly name: string;
  readonly chancesAt: (round: number) => ReadonlyMap<VehicleId, number>;
}

const carNamed = (index: number): VehicleId => `car-${String(index).padStart(5, '0')}` as VehicleId;

/** Always the same cars with the same chances. */
export function stationaryWorld(chances: readonly number[]): RegretWorld {
  const all = new Map(chances.map((chance, index) => [carNamed(index), chance]));
  return { name: 'stationary', chancesAt: () => all };
}

/** The chances move on by one car every `everyRounds`: traffic that changes a known number of times. */
export function switchingWorld(chances: readonly number[], everyRounds: number): RegretWorld {
  const shifted = chances.map(
    (_, shift) =>
      new Map(chances.map((chance, index) => [carNamed((index + shift) % chances.length), chance] as const)),
  );
  return {
    name: 'switching',
    chancesAt: (round) => shifted[Math.floor(round / everyRounds) % chances.length]!,
  };
}

/** Every chance swings between its own and that of the car opposite once in `periodRounds`, like traffic over a day. */
export function driftingWorld(chances: readonly number[], periodRounds: number): RegretWorld {
  const chanceOf = (index: number, round: number): number => {
    const share = (1 + Math.cos((2 * Math.PI * round) / periodRounds)) / 2;
    return share * chances[index]! + (1 - share) * chances[chances.length - 1 - index]!;
  };
  return {
    name: 'drifting',
    chancesAt: (round) => new Map(chances.map((_, index) => [carNamed(index), chanceOf(index, round)])),
  };
}

/** Each car stays for `stayRounds` and never comes back; one enters every `stayRounds / chances.length` rounds. */
export function passingWorld(chances: readonly number[], stayRounds: number): RegretWorld {
  const everyRounds = stayRounds / chances.length;
  return {
    name: 'passing',
    chancesAt: (round) => {
      const newest = Math.floor(round / everyRounds) + chances.length;
      const there = chances.map((_, index) => newest - index);
      return new Map(there.map((car) => [carNamed(car), chances[car % chances.length]!]));
    },
  };
}

export interface RegretOptions {
  readonly policy: string;
  readonly rounds: number;
  readonly seed: number;
  readonly perRound?: number;
  /** Of the selection section; rewards are 1 for a commit and 0 else unless changed. */
  readonly settings?: object;
  /** Every so many rounds a point of the curve; default: a hundred points. */
  readonly everyRounds?: number;
}

function candidateOf(vehicle: VehicleId): Candidate {
  return {
    vehicle,
    road: 'main',
    offsetMeters: 100,
    speedMps: 10,
    distanceMeters: 100,
    secondsLeft: 20,
    bitsPerSecondPerHertz: 10,
    device,
    samples: 100,
    // The time left is just what is needed, so that nothing but the outcomes tells cars apart.
    task: { downloadSeconds: 0, computeSeconds: 20, uploadSeconds: 0, totalSeconds: 20 },
  };
}

/** The first `count` of a ranking, or as many as there are. */
function firstOf(ranking: Iterable<Choice>, count: number): Choice[] {
  const first: Choice[] = [];
  for (const choice of ranking) if (first.push(choice) >= count) break;
  return first;
}

const bestSum = (chances: Iterable<number>, count: number): number =>
  [...chances]
    .sort((a, b) => b - a)
    .slice(0, count)
    .reduce((sum, chance) => sum + chance, 0);

/** The curve of one run: regret after every `everyRounds` rounds, and how often a car that was not the best was chosen. */
export interface RegretCurve {
  readonly regret: readonly number[];
  readonly rounds: readonly number[];
  readonly suboptimal: number;
}

/** Plays one policy in one world. */
export function playRegret(world: RegretWorld, options: RegretOptions): RegretCurve {
  const { rounds, seed, perRound = 1, everyRounds = Math.max(1, rounds / 100) } = options;
  const policy = policyByName(options.policy);
  const settings = {
    ...makeConfig().scenario.selection,
    perRound,
    participationWeight: 1,
    credit: 'vehicle' as const,
    ...options.settings,
  };
  const rng = Rng.root(seed);
  const luck = rng.fork('outcomes');
  const known = new Map<VehicleId, Candidate>();
  let state = policy.init(settings);
  let total = 0;
  let suboptimal = 0;
  const curve = { regret: [] as number[], rounds: [] as number[] };
  for (let round = 1; round <= rounds; round++) {
    const chances = world.chancesAt(round);
    const candidates = [...chances.keys()].map((vehicle) => {
      const candidate = known.get(vehicle) ?? candidateOf(vehicle);
      known.set(vehicle, candidate);
      return candidate;
    });
    const choice = policy.choose(state, {
      round,
      candidates,
      perRound,
      settings,
      rng: rng.fork(`round-${round}`),
      deadlineSeconds: 60,
    });
    const chosen = firstOf(choice.ranking, Math.min(perRound, choice.tasks ?? perRound));
    const members = chosen.map(({ vehicle, arm }) => {
      const committed = luck.uniform() < chances.get(vehicle)!;
      const outcome = committed ? ('committed' as const) : ('left' as const);
      const candidate = known.get(vehicle)!;
      return { vehicle, arm, outcome, seconds: 20, candidate, trainLoss: committed ? 1 : null };
    });
    const earned = chosen.reduce((sum, { vehicle }) => sum + chances.get(vehicle)!, 0);
    const lost = bestSum(chances.values(), chosen.length) - earned;
    total += lost;
    if (lost > 1e-12) suboptimal++;
    const committed = members.filter((one) => one.outcome === 'committed').length;
    const participationRatio = committed / members.length;
    const delayBounds = { minSeconds: 1, maxSeconds: 40 };
    state = policy.learn(choice.state, {
      round,
      members,
      participationRatio,
      durationSeconds: 20,
      delayBounds,
      settings,
    }).state;
    if (round % everyRounds < 1) {
      curve.regret.push(total);
      curve.rounds.push(round);
    }
  }
  return { ...curve, suboptimal };
}

/** The mean curve over seeds 1, 2, ..., `seeds`. */
export function meanRegret(
  world: RegretWorld,
  options: Omit<RegretOptions, 'seed'> & { readonly seeds: number },
): RegretCurve {
  const runs = Array.from({ length: options.seeds }, (_, i) =>
    playRegret(world, { ...options, seed: i + 1 }),
  );
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, one) => sum + one, 0) / values.length;
  const { rounds } = runs[0]!;
  return {
    rounds,
    regret: rounds.map((_, i) => mean(runs.map((run) => run.regret[i]!))),
    suboptimal: mean(runs.map((run) => run.suboptimal)),
  };
}
