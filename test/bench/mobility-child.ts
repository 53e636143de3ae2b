// One measurement of the city engine in a process of its own: memory and compiled code of one cannot help another.
// Started by mobility-drives.ts with a job as JSON; prints its result as JSON. Must not: be imported.

import { CityContacts } from '../../mobility/contacts/city-contacts.ts';
import { coverLanes, LaneCoverage } from '../../mobility/contacts/lane-coverage.ts';
import { LanePaths } from '../../mobility/contacts/lane-paths.ts';
import { LaneShapes } from '../../mobility/contacts/lane-shapes.ts';
import type { CityEngine } from '../../mobility/driving/city-engine.ts';
import { type City, type CityFlags, loadCity, openCity } from '../../testbed/commands/mobility-city.ts';
import { rsuAt } from '../unit/mobility-setup.ts';
import type { ChildJob, ChildResult } from './mobility-drives.ts';

const job = JSON.parse(process.argv[2]!) as ChildJob;

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const flags: CityFlags = {
  demand: job.demand,
  additional: job.additional,
  begin: job.begin,
  end: job.begin + job.steps,
  step: 1,
  seed: 42,
  teleportAfter: 300,
};

function drive(engine: CityEngine, from: number, to: number, each: () => void = () => undefined): number {
  let updates = 0;
  for (let step = from; step < to; step++) {
    engine.step();
    updates += engine.vehicles.count;
    each();
  }
  return updates;
}

/** Milliseconds a step for contacts of everybody with RSUs on a square lattice. */
async function contactMilliseconds(city: City, engine: CityEngine, rsus: number): Promise<number> {
  const { network } = city;
  const [minX, minY, maxX, maxY] = network.projection.bounds;
  const side = Math.ceil(Math.sqrt(rsus));
  const sites = Array.from({ length: rsus }, (_, i) => {
    const x = minX + ((maxX - minX) * ((i % side) + 0.5)) / side;
    const y = minY + ((maxY - minY) * (Math.floor(i / side) + 0.5)) / side;
    return rsuAt(`rsu-${i}`, x, y, 300);
  });
  const { lengthMeters } = network.lanes;
  const coverage = new LaneCoverage(lengthMeters, coverLanes(new LaneShapes(network), sites));
  const paths = new LanePaths(network);
  const contacts = new CityContacts({ coverage, paths, lengthMeters });
  const { vehicles } = engine;
  for (let i = 0; i < vehicles.count; i++)
    contacts.drive(vehicles.departure[i]!, vehicles.lane[i]!, vehicles.position[i]!, 0, 0);
  contacts.take();
  let spent = 0;
  const steps = 60;
  const warm = 20;
  drive(engine, 0, steps + warm, () => {
    const before = cpuSeconds();
    const { count, departure, lane, position } = engine.vehicles;
    for (let i = 0; i < count; i++) contacts.drive(departure[i]!, lane[i]!, position[i]!, 0, 1);
    contacts.take();
    if (engine.nowSeconds >= job.begin + job.warm + warm) spent += cpuSeconds() - before;
  });
  return (1000 * spent) / steps;
}

// Modules that are loaded when they are wanted are TypeScript here: compiling them is no part of reading a city.
await import('../../mobility/xml/files.ts');
await import('../../mobility/demand/read-demand.ts');
await import('../../mobility/network/net-xml.ts');
await import('../../mobility/network/signals.ts');

const before = cpuSeconds();
const startedAt = performance.now();
const city = await loadCity(job.net, flags);
const loadSeconds = (performance.now() - startedAt) / 1000;
const loadCpuSeconds = cpuSeconds() - before;
if (job.loadOnly) {
  const nothing = { updates: 0, cpuSeconds: 0, maxRssBytes: 0, contactMilliseconds: 0 };
  process.stdout.write(JSON.stringify({ loadSeconds, loadCpuSeconds, ...nothing } satisfies ChildResult));
  process.exit();
}
// The second rehearsal is for what V8 compiles only after it has seen a whole drive.
for (let i = 0; job.rehearse && i < 2; i++) drive(await openCity(city, flags), 0, job.steps);
const engine = await openCity(city, flags);
drive(engine, 0, job.warm);
const begun = cpuSeconds();
const updates = drive(engine, job.warm, job.steps);
const result: ChildResult = {
  loadSeconds,
  loadCpuSeconds,
  updates,
  cpuSeconds: cpuSeconds() - begun,
  maxRssBytes: process.resourceUsage().maxRSS * 1024,
  contactMilliseconds: job.rsus > 0 ? await contactMilliseconds(city, engine, job.rsus) : 0,
};
process.stdout.write(JSON.stringify(result));
