// G4: 100 cars on one lane, SUMO and roadbed, second by second: how far apart the same car is. The leader stops twice.
// Must not: run without SUMO.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Rng } from '../../base/rng.ts';
import { segmentNetwork } from '../../mobility/network/generators/simple.ts';
import { netXmlOf } from '../../mobility/network/net-xml-writer.ts';
import { readFcdFile } from '../../mobility/traces/files.ts';
import { type CityFlags, loadCity, openCity } from '../../testbed/commands/mobility-city.ts';
import { runSumo, withFolder } from './mobility-sumo.ts';

export interface ParityRow {
  readonly name: string;
  /** Largest distance of a car from itself, metres, over all cars and seconds. */
  readonly maxMeters: number;
  readonly maxMps: number;
  readonly rmseMeters: number;
  readonly rows: number;
}

const cars = 100;
const seconds = 500;

/** The platoon: gaps of 7.6 to 39.6 m between standing cars, the leader's two halts of 20 s. */
function platoonXml(model: string): string {
  const rng = Rng.root(4).fork('platoon');
  const type = `<vType id="car" carFollowModel="${model}" sigma="0" speedFactor="1" speedDev="0"/>`;
  let at = 4500;
  const rows = Array.from({ length: cars }, (_, i) => {
    if (i > 0) at -= 5 + rng.between(7.6, 39.6);
    const stops =
      i > 0
        ? ''
        : [7000, 9500].map((end) => `<stop lane="street_0" endPos="${end}" duration="20"/>`).join('');
    return `<vehicle id="c${i}" type="car" depart="0" departLane="0" departPos="${at.toFixed(3)}" departSpeed="0"><route edges="street"/>${stops}</vehicle>`;
  });
  return `<routes>${type}${rows.join('\n')}</routes>`;
}

/** One model at one step length. */
export function parityOf(model: 'Krauss' | 'IDM', stepSeconds: number): Promise<ParityRow> {
  return withFolder(async (folder) => {
    const [net, demand, trace] = ['street.net.xml', 'cars.rou.xml', 'sumo.fcd.xml'].map((name) =>
      join(folder, name),
    );
    writeFileSync(net!, netXmlOf(segmentNetwork({ lengthMeters: 20_000, speedLimitMps: 33.33 })));
    writeFileSync(demand!, platoonXml(model));
    const output = ['--fcd-output', trace!, '--precision', '9'];
    const times = [
      '--step-length',
      String(stepSeconds),
      '--end',
      String(seconds),
      '--time-to-teleport',
      '-1',
    ];
    runSumo(['-n', net!, '-r', demand!, ...times, ...output]);
    const sumo = new Map<string, readonly [number, number]>();
    let now = 0;
    await readFcdFile(trace!, {
      step: (at) => {
        now = at;
      },
      row: ({ id, positionMeters, speedMps }) =>
        void sumo.set(`${now.toFixed(3)} ${id}`, [positionMeters, speedMps]),
    });
    return { name: `${model}, step ${stepSeconds} s`, ...(await compare(net!, demand!, stepSeconds, sumo)) };
  });
}

async function compare(
  net: string,
  demand: string,
  step: number,
  sumo: ReadonlyMap<string, readonly [number, number]>,
): Promise<Omit<ParityRow, 'name'>> {
  const noFiles: readonly string[] = [];
  const flags: CityFlags = {
    demand: [demand],
    additional: noFiles,
    begin: 0,
    end: seconds,
    step,
    seed: 1,
    teleportAfter: 0,
  };
  const city = await loadCity(net, flags);
  const engine = await openCity(city, flags);
  let [maxMeters, maxMps, squares, rows] = [0, 0, 0, 0];
  for (let i = 0; i < Math.round(seconds / step); i++) {
    engine.step();
    const { count, departure, position, speed } = engine.vehicles;
    for (let row = 0; row < count; row++) {
      const { id } = city.demand.departures[departure[row]!]!;
      const other = sumo.get(`${engine.nowSeconds.toFixed(3)} ${id}`);
      if (other === undefined) continue;
      const meters = Math.abs(position[row]! - other[0]);
      maxMeters = Math.max(maxMeters, meters);
      maxMps = Math.max(maxMps, Math.abs(speed[row]! - other[1]));
      squares += meters * meters;
      rows += 1;
    }
  }
  return { maxMeters, maxMps, rmseMeters: Math.sqrt(squares / rows), rows };
}
