// Regret curves of every selection policy in worlds whose best car is known: stationary, switching, drifting, and cars that
// never return; as figures and, with `--out FILE.svg`, as a picture. Impure: writes it. Must not: assert anything
// (test/sim/regret.test.ts does).

import { writeFileSync } from 'node:fs';
import { policyNames } from '../../roadside/selection/policies.ts';
import {
  driftingWorld,
  meanRegret,
  passingWorld,
  type RegretWorld,
  stationaryWorld,
  switchingWorld,
} from '../support/regret-world.ts';
import { type RegretRow, regretPicture } from './regret-plot.ts';

const chances = [0.9, 0.8, 0.7, 0.6, 0.5, 0.5, 0.4, 0.4, 0.3, 0.3];
const rounds = 1000;
const seeds = 5;
/** Points of a curve. */
const points = 50;
/** all-in-range selects nobody, so it has nothing to regret. */
const measured = policyNames.filter((name) => name !== 'all-in-range');

const worlds: readonly RegretWorld[] = [
  stationaryWorld(chances),
  switchingWorld(chances, 250),
  driftingWorld(chances, rounds),
  passingWorld(chances, 250),
];

function measure(world: RegretWorld, policy: string, perRound: number): RegretRow {
  const { regret } = meanRegret(world, { policy, rounds, seeds, perRound, everyRounds: rounds / points });
  const [half, end] = [regret[points / 2 - 1]!, regret[points - 1]!];
  return {
    world: world.name,
    policy,
    perRound,
    rounds,
    regret: Number(end.toFixed(1)),
    secondHalf: half > 0 ? Number(((end - half) / half).toFixed(2)) : 0,
    curve: regret.map((value) => Number(value.toFixed(1))),
  };
}

/** All policies in all worlds, for one car a round and for three. */
export async function benchRegret(
  show: (row: object) => void,
  picture?: string,
): Promise<{ readonly rows: readonly RegretRow[]; readonly notes: readonly string[] }> {
  const rows: RegretRow[] = [];
  for (const world of worlds) {
    for (const perRound of [1, 3]) {
      for (const policy of measured) {
        const row = measure(world, policy, perRound);
        rows.push(row);
        const { curve: _, ...figures } = row;
        show(figures);
      }
    }
  }
  if (picture !== undefined) writeFileSync(picture, regretPicture(rows));
  const notes = [
    `mean of ${seeds} seeds; expected regret against the best cars of each round, in commits`,
    'cars differ in nothing but their chance: policies that look at place, time and device have nothing to look at here',
    'foresight maximises progress a second and spreads work over cars (novelty), which counts as regret here',
  ];
  return { rows, notes };
}
