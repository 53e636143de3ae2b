// The setting in which OPEN (arXiv 2403.05158) is played. Printed by secondary sources: a 12-layer LeNet on MNIST. All else ours.
// Must not: play.

import type { Rng } from '../../base/rng.ts';
import { dbmToWatts } from '../../base/units.ts';
import { modelCost } from '../../learning/cost/model-cost.ts';
import { modelEntry } from '../../learning/models/blocks.ts';
import { delayGreedy, energyGreedy, type OpenQuestion, playOpen } from '../../roadside/cuts/energy/open.ts';
import {
  type EnergyScope,
  type TurnCar,
  type TurnRates,
  Turns,
} from '../../roadside/cuts/energy/open-turn.ts';

const distancesMeters = [60, 90, 120, 160, 200] as const;
const frequenciesGigahertz = [0.4, 0.6, 0.8, 1, 1.2] as const;
const bandwidthHertz = 2e6;
const noiseWatts = dbmToWatts(-174) * bandwidthHertz;
const rsuWatts = 1;

export const openCars: readonly TurnCar[] = frequenciesGigahertz.map((gigahertz) => ({
  frequencyHertz: gigahertz * 1e9,
  flopsPerCycle: 8,
  powerCoefficient: 1e-27,
  transmitWatts: 0.2,
}));

export function openTurns(scope: EnergyScope): Turns {
  const { blocks } = modelCost({ name: 'lenet12', ...modelEntry('lenet12').usual });
  return new Turns({
    layers: blocks,
    server: { flopsPerCycle: 32, powerCoefficient: 60 / 3e9 ** 3, lowestHertz: 0.5e9, highestHertz: 3e9 },
    samples: 64 * 10,
    scope,
  });
}

/** Block Rayleigh fading over a path loss of 1e-3 d^-3.4. */
function ratesAt(meters: number, carWatts: number, rng: Rng): TurnRates {
  const gain = 1e-3 * meters ** -3.4 * rng.exponential(1);
  const rate = (watts: number): number => bandwidthHertz * Math.log2(1 + (watts * gain) / noiseWatts);
  return { up: rate(carWatts), down: rate(rsuWatts) };
}

/**
 * Slots of a run, and budgets `theta` of the way from what an energy-greedy rule takes to what a delay-greedy one takes on
 * the same slots.
 */
export function openQuestion(scope: EnergyScope, theta: number, slotCount: number, rng: Rng): OpenQuestion {
  const slots = Array.from({ length: slotCount }, () =>
    openCars.map((car, m) => ratesAt(distancesMeters[m]!, car.transmitWatts, rng)),
  );
  const free = { turns: openTurns(scope), cars: openCars, slots, budgets: openCars.map(() => 0) };
  const [least, most] = [energyGreedy, delayGreedy].map((rule) => playOpen(free, rule).cars);
  const budgets = openCars.map((_, m) => {
    const from = least![m]!.meanJoules;
    return from + theta * (most![m]!.meanJoules - from);
  });
  return { ...free, budgets };
}

export const openSetting: readonly string[] = [
  '[ours] 12-layer LeNet of 805,034 parameters on 28x28 images (secondary sources say "12-layer LeNet on MNIST")',
  '[ours] 5 cars at 60 to 200 m with 0.4 to 1.2 GHz, 2 MHz, path loss 1e-3 d^-3.4, Rayleigh fading anew each slot',
  '[ours] RSU 0.5 to 3 GHz, 60 W at 3 GHz; 10 mini-batches of 64 a turn; cars take turns',
  '[ours] budget of a car: theta of the way from the energy-greedy to the delay-greedy mean',
];
