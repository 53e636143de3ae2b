// A crossing where right goes before left and all four arms are full: whoever gives way to break the circle of yielding
// costs time, and how much is SUMO's rule. The crossing is netgenerate's.

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createCityEngine } from '../../mobility/city/engine.ts';
import { readDemand } from '../../mobility/demand/read-demand.ts';
import { networkFromNetXml } from '../../mobility/network/net-xml.ts';

const content = readFileSync(new URL('../support/equal-crossing.net.xml', import.meta.url), 'utf8');
const network = networkFromNetXml(content, 'equal-crossing.net.xml');

const ways = ['left0A0 A0right0', 'bottom0A0 A0top0', 'right0A0 A0left0', 'top0A0 A0bottom0'];
const vehicles = 400;
/** Everybody goes straight on; one departs every 3 s. */
const routes = Array.from({ length: vehicles }, (_, i) => {
  const way = ways[(7 * i + 3 * Math.floor(i / 5)) % 4]!;
  return `<vehicle id="v${i}" depart="${3 * i}" departSpeed="max"><route edges="${way}"/></vehicle>`;
});

/** Mean seconds from insertion to arrival. */
function meanTravelSeconds(seed: number): number {
  const { demand } = readDemand(network, {
    seed,
    beginSeconds: 0,
    endSeconds: Number.POSITIVE_INFINITY,
    ignoreRouteErrors: false,
    additional: [],
    routes: [{ file: 'straight.rou.xml', content: `<routes>${routes.join('')}</routes>` }],
  });
  const engine = createCityEngine({
    network,
    demand,
    beginSeconds: 0,
    stepSeconds: 1,
    seed,
    teleportAfterSeconds: 300,
  });
  let sum = 0;
  while (engine.counts.arrived < vehicles) {
    engine.step();
    sum += (engine.arrived.length - engine.inserted.length) * engine.nowSeconds;
  }
  return sum / vehicles;
}

/** The least and the most of ten seeds of SUMO 1.15 with this demand. */
const sumoSeconds = { least: 107.1, most: 163.5 };

it('a full crossing of equal streets holds cars up as long as in SUMO', () => {
  const means = [1, 2, 3, 4, 5, 6].map(meanTravelSeconds);
  const mean = means.reduce((sum, one) => sum + one, 0) / means.length;
  expect(mean).toBeGreaterThan(sumoSeconds.least);
  expect(mean).toBeLessThan(sumoSeconds.most);
});
