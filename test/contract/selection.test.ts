// What every selection policy must honour, whatever it is. A new policy is under this suite as soon as it is registered.

import { describe, expect, it } from 'vitest';
import type { VehicleId } from '../../base/ids.ts';
import { Rng } from '../../base/rng.ts';
import { policyByName, policyNames } from '../../roadside/selection/policies.ts';
import type { Candidate, Policy, RoundFeedback } from '../../roadside/selection/policy.ts';
import { device, makeConfig } from '../support/round-world.ts';

const settings = makeConfig().scenario.selection;
const zoneSettings = { ...settings, arm: 'zone' as const };

function candidatesOf(count: number): Candidate[] {
  const rng = Rng.root(11);
  return Array.from({ length: count }, (_, i) => ({
    vehicle: `car-${String(i).padStart(3, '0')}` as VehicleId,
    road: i % 2 === 0 ? 'east' : 'west',
    offsetMeters: rng.between(0, 1000),
    speedMps: rng.between(0, 25),
    distanceMeters: i === 3 ? Number.POSITIVE_INFINITY : rng.between(25, 500),
    secondsLeft: rng.between(0, 60),
    bitsPerSecondPerHertz: rng.between(1, 20),
    device,
    samples: 100,
    task: { downloadSeconds: 0.1, computeSeconds: 2, uploadSeconds: 0.2, totalSeconds: 2.31 + i / 10 },
  }));
}

function choose(policy: Policy, state: unknown, count: number, seed = 1, chosen = settings) {
  const context = {
    round: 2,
    candidates: candidatesOf(count),
    perRound: 5,
    settings: chosen,
    rng: Rng.root(seed),
    deadlineSeconds: 60,
  };
  const { ranking, ...rest } = policy.choose(state, context);
  return { ...rest, ranking: [...ranking] };
}

function feedbackOf(ranking: { vehicle: VehicleId; arm: string }[], chosen = settings): RoundFeedback {
  const byId = new Map(candidatesOf(12).map((candidate) => [candidate.vehicle, candidate]));
  return {
    round: 1,
    members: ranking.slice(0, 5).map(({ vehicle, arm }, i) => ({
      vehicle,
      arm,
      outcome: i % 2 ? 'left' : 'committed',
      seconds: 3 + i,
      candidate: byId.get(vehicle) as Candidate,
      trainLoss: i % 2 ? null : 1.5,
    })),
    participationRatio: 0.6,
    durationSeconds: 7,
    delayBounds: { minSeconds: 2, maxSeconds: 12 },
    settings: chosen,
  };
}

/** The policy's state after three rounds, so that the rules are tried on more than a fresh one. */
function trained(policy: Policy, chosen = settings): unknown {
  let state = policy.init(chosen);
  for (let seed = 0; seed < 3; seed++) {
    const choice = choose(policy, state, 12, seed, chosen);
    state = policy.learn(choice.state, feedbackOf(choice.ranking, chosen)).state;
  }
  return state;
}

describe.each(policyNames)('policy %s', (name) => {
  const policy = policyByName(name);

  it('says what it is and where it comes from', () => {
    expect(policy.name).toBe(name);
    expect(policy.source.length).toBeGreaterThan(3);
    expect(policy.describe.length).toBeGreaterThan(3);
  });

  it.each([0, 1, 3, 12])('ranks each of %i candidates exactly once', (count) => {
    for (const state of [policy.init(settings), trained(policy)]) {
      const ranked = choose(policy, state, count).ranking.map((choice) => choice.vehicle);
      expect([...ranked].sort()).toEqual(candidatesOf(count).map((candidate) => candidate.vehicle));
    }
  });

  it('gives the same ranking for the same stream, and leaves its candidates as they were', () => {
    const state = trained(policy);
    expect(choose(policy, state, 12, 5)).toEqual(choose(policy, state, 12, 5));
    const candidates = candidatesOf(12);
    policy.choose(state, {
      round: 2,
      candidates,
      perRound: 5,
      settings,
      rng: Rng.root(1),
      deadlineSeconds: 60,
    });
    expect(candidates).toEqual(candidatesOf(12));
  });

  it.each([settings, zoneSettings])('gives finite scores whose terms sum to them ($arm arms)', (chosen) => {
    for (const { score, terms } of choose(policy, trained(policy, chosen), 12, 1, chosen).ranking) {
      expect(Number.isFinite(score)).toBe(true);
      const sum = Object.values(terms).reduce((total, term) => total + term, 0);
      expect(sum).toBeCloseTo(score, 12);
    }
  });

  it('learns without changing the state it was given', () => {
    const state = trained(policy);
    const before = structuredClone(state);
    const { rewarded } = policy.learn(state, feedbackOf(choose(policy, state, 12).ranking));
    expect(state).toEqual(before);
    for (const { reward, pulls, meanReward } of rewarded)
      expect([reward, pulls, meanReward].every(Number.isFinite)).toBe(true);
  });

  it('learns from a round without a single success', () => {
    const choice = choose(policy, policy.init(settings), 12);
    const { members, ...rest } = feedbackOf(choice.ranking);
    const failed = members.map((member) => ({ ...member, outcome: 'left' as const, trainLoss: null }));
    expect(() =>
      policy.learn(choice.state, { ...rest, members: failed, participationRatio: 0 }),
    ).not.toThrow();
  });
});

describe('the baselines', () => {
  const first = (name: string) => {
    const { ranking } = choose(policyByName(name), policyByName(name).init(settings), 12);
    const byId = new Map(candidatesOf(12).map((candidate) => [candidate.vehicle, candidate]));
    return ranking.map((choice) => byId.get(choice.vehicle) as Candidate);
  };

  it('nearest ranks by distance, unknown distances last', () => {
    const distances = first('nearest').map((candidate) => candidate.distanceMeters);
    expect(distances).toEqual([...distances].sort((a, b) => a - b));
    expect(distances.at(-1)).toBe(Number.POSITIVE_INFINITY);
  });

  it('longest-stay ranks by the seconds left', () => {
    const seconds = first('longest-stay').map((candidate) => candidate.secondsLeft);
    expect(seconds).toEqual([...seconds].sort((a, b) => b - a));
  });

  it('random puts every car first about equally often', () => {
    const policy = policyByName('random');
    const firsts = new Map<string, number>();
    for (let seed = 0; seed < 3000; seed++) {
      const winner = choose(policy, null, 3, seed).ranking[0]?.vehicle ?? '';
      firsts.set(winner, (firsts.get(winner) ?? 0) + 1);
    }
    // Binomial with mean 1000 and standard deviation 25.8: five of them either way.
    for (const count of firsts.values()) expect(Math.abs(count - 1000)).toBeLessThan(130);
  });
});
