// OPEN (Li, Wu, Wu and Wang, arXiv 2403.05158): split points and the RSU's frequency slot by slot, under a long-term energy
// budget for each car. Known from the abstract: Lyapunov drift plus penalty, a mixed-integer problem in each slot, a
// two-layer method. The queue and the closed form here are ours:
//   q_m(t + 1) = max(q_m(t) + E_m(t) - budget_m, 0);  each slot minimises V D_m + q_m E_m
// The terms with f are 3 n (Phi(L) - Phi(l)) / kappa_S times V / f + q xi_S f^2: the factor is positive, so the best f is the
// same for every split, and looking at all splits at that f gives the exact best of both.
// Must not: see a later slot.

import { bestFrequency } from './frequency.ts';
import type { EnergyScope, TurnCar, TurnCost, TurnRates, Turns } from './open-turn.ts';

export interface TurnChoice {
  readonly split: number;
  readonly serverHertz: number;
}

/** A rule that chooses for one car in one slot. */
export type TurnRule = (turns: Turns, car: TurnCar, rates: TurnRates, queueJoules: number) => TurnChoice;

/** The split with the least `price`; ties: the smallest. */
function cheapestSplit(turns: Turns, price: (split: number) => number): number {
  let [best, least] = [1, Number.POSITIVE_INFINITY];
  for (let split = 1; split <= turns.splits; split++) {
    const value = price(split);
    if (value < least) [best, least] = [split, value];
  }
  return best;
}

/** f* = (V / (2 q xi_S))^(1/3) within its range. Where the RSU's energy is not counted it runs as fast as it can. */
export function openFrequency(turns: Turns, tradeOff: number, queueJoules: number): number {
  const { server, scope } = turns.setting;
  const energyPrice = scope === 'device' ? 0 : queueJoules * server.powerCoefficient;
  return bestFrequency(tradeOff, energyPrice, server.lowestHertz, server.highestHertz);
}

/** `tradeOff`: V, in J^2/s: the larger, the more time counts. */
export function openRule(tradeOff: number): TurnRule {
  return (turns, car, rates, queueJoules) => {
    const serverHertz = openFrequency(turns, tradeOff, queueJoules);
    const split = cheapestSplit(turns, (candidate) => {
      const { seconds, joules } = turns.cost(car, rates, candidate, serverHertz);
      return tradeOff * seconds + queueJoules * joules;
    });
    return { split, serverHertz };
  };
}

/** Least time, whatever the energy. */
export const delayGreedy: TurnRule = (turns, car, rates) => {
  const serverHertz = turns.setting.server.highestHertz;
  return {
    split: cheapestSplit(turns, (split) => turns.cost(car, rates, split, serverHertz).seconds),
    serverHertz,
  };
};

/** Least energy, whatever the time: more frequency is never less energy. */
export const energyGreedy: TurnRule = (turns, car, rates) => {
  const serverHertz = turns.setting.server.lowestHertz;
  return {
    split: cheapestSplit(turns, (split) => turns.cost(car, rates, split, serverHertz).joules),
    serverHertz,
  };
};

/** Split learning as it is usually run: one split for all, the RSU at full speed. */
export function fixedSplit(split: number): TurnRule {
  return (turns) => ({ split, serverHertz: turns.setting.server.highestHertz });
}

/** One car's part of a run. */
export interface CarAccount {
  readonly meanSeconds: number;
  readonly meanJoules: number;
  readonly queueJoules: number;
  readonly longestQueueJoules: number;
}

export interface OpenRun {
  /** Of all cars and slots, a turn. */
  readonly meanSeconds: number;
  readonly meanJoules: number;
  readonly cars: readonly CarAccount[];
  /** How often each split was taken; index 0 is split 1. */
  readonly splitCounts: readonly number[];
}

export interface OpenQuestion {
  readonly turns: Turns;
  readonly cars: readonly TurnCar[];
  /** Rates of each slot, one pair a car. */
  readonly slots: readonly (readonly TurnRates[])[];
  /** Joules a slot, one for each car. */
  readonly budgets: readonly number[];
}

/** Told of every turn: for checking what holds on every path. */
export type TurnObserver = (car: number, choice: TurnChoice, cost: TurnCost, queueBefore: number) => void;

/** Plays all slots by `rule`. */
export function playOpen(question: OpenQuestion, rule: TurnRule, observe?: TurnObserver): OpenRun {
  const { turns, cars, slots, budgets } = question;
  const accounts = cars.map(() => ({ seconds: 0, joules: 0, queue: 0, longest: 0 }));
  const splitCounts = new Array<number>(turns.splits).fill(0);
  for (const rates of slots) {
    cars.forEach((car, m) => {
      const account = accounts[m]!;
      const choice = rule(turns, car, rates[m]!, account.queue);
      const cost = turns.cost(car, rates[m]!, choice.split, choice.serverHertz);
      observe?.(m, choice, cost, account.queue);
      splitCounts[choice.split - 1]!++;
      account.seconds += cost.seconds;
      account.joules += cost.joules;
      account.queue = Math.max(account.queue + cost.joules - budgets[m]!, 0);
      account.longest = Math.max(account.longest, account.queue);
    });
  }
  const turnsPlayed = slots.length;
  const mean = (field: 'seconds' | 'joules'): number =>
    accounts.reduce((sum, account) => sum + account[field], 0) / (turnsPlayed * cars.length);
  return {
    meanSeconds: mean('seconds'),
    meanJoules: mean('joules'),
    splitCounts,
    cars: accounts.map(({ seconds, joules, queue, longest }) => ({
      meanSeconds: seconds / turnsPlayed,
      meanJoules: joules / turnsPlayed,
      queueJoules: queue,
      longestQueueJoules: longest,
    })),
  };
}

/** Both ways of counting energy, in the order in which tables show them. */
export const energyScopes: readonly EnergyScope[] = ['total', 'device'];
