// What the mobility commands share: a network and its demand from files, and the loop that drives them to their end.
// Must not: print, or decide what is measured.

import { RoadbedError } from '../../base/errors.ts';
import { Rng } from '../../base/rng.ts';
import type { Demand } from '../../mobility/demand/demand.ts';
import type { CityEngine } from '../../mobility/driving/city-engine.ts';
import type { Network } from '../../mobility/network/network.ts';
import { loadNetwork } from './mobility-network.ts';

/** Options of every command that drives a demand. */
export interface CityFlags {
  readonly demand: readonly string[];
  readonly traffic?: Traffic;
  readonly additional: readonly string[];
  readonly begin: number;
  readonly end?: number;
  readonly step: number;
  readonly seed: number;
  readonly teleportAfter: number;
  readonly ignoreRouteErrors?: boolean;
}

/** Traffic made up on the spot: `trips` between random edges, `poisson` arrivals an hour, `recirculating` cars. */
export interface Traffic {
  readonly kind: (typeof trafficKinds)[number];
  readonly amount: number;
}

export const trafficKinds = ['trips', 'poisson', 'recirculating'] as const;

export interface City {
  readonly network: Network;
  readonly demand: Demand;
}

/** Reads both. Throws RoadbedError('data') naming file, line, element and what was expected. */
export async function loadCity(netFile: string, flags: CityFlags): Promise<City> {
  if (flags.traffic !== undefined) return makeCity(await loadNetwork(netFile), flags.traffic, flags);
  const { readDocument } = await import('../../mobility/xml/files.ts');
  const { readDemand } = await import('../../mobility/demand/read-demand.ts');
  const { withSignalPrograms } = await import('../../mobility/network/signals.ts');
  if (flags.end !== undefined && flags.end <= flags.begin)
    throw new RoadbedError('usage', `--end ${flags.end}: expected seconds after --begin ${flags.begin}`);
  const open = (file: string) => ({ file, content: readDocument(file) });
  const plain = await loadNetwork(netFile);
  const { demand, signals } = readDemand(plain, {
    seed: flags.seed,
    beginSeconds: flags.begin,
    endSeconds: flags.end ?? Number.POSITIVE_INFINITY,
    ignoreRouteErrors: flags.ignoreRouteErrors ?? false,
    additional: flags.additional.map(open),
    routes: flags.demand.map(open),
  });
  return { network: withSignalPrograms(plain, signals), demand };
}

/** No car drives farther in a run: 40 m/s all the time. */
const fastestMps = 40;

async function makeCity(network: Network, { kind, amount }: Traffic, flags: CityFlags): Promise<City> {
  const sources = await import('../../mobility/demand/random-trips.ts');
  const rng = Rng.root(flags.seed).fork('demand');
  const { begin: beginSeconds, end: endSeconds } = flags;
  if (endSeconds === undefined)
    throw new RoadbedError('usage', '--traffic: expected an --end, as traffic that is made up has none');
  const times = { beginSeconds, endSeconds };
  if (kind === 'trips')
    return { network, demand: sources.randomTrips(network, { ...times, vehicles: amount }, rng) };
  if (kind === 'poisson')
    return { network, demand: sources.poissonTrips(network, { ...times, perHour: amount }, rng) };
  const wayMeters = fastestMps * (endSeconds - beginSeconds);
  const demand = sources.recirculatingCars(network, { beginSeconds, vehicles: amount, wayMeters }, rng);
  return { network, demand };
}

/** The engine of a city. */
export async function openCity({ network, demand }: City, flags: CityFlags): Promise<CityEngine> {
  const { createCityEngine } = await import('../../mobility/city/engine.ts');
  return createCityEngine({
    network,
    demand,
    beginSeconds: flags.begin,
    stepSeconds: flags.step,
    seed: flags.seed,
    teleportAfterSeconds: flags.teleportAfter,
  });
}

/** What a drive watches. */
export interface Watch {
  /** After every step; the engine's `nowSeconds` is the instant its columns show. May wait for a slow disk. */
  onStep(engine: CityEngine): void | Promise<void>;
}

/** Drives from the begin to the end, or until everybody has arrived. Returns the number of steps. */
export async function driveCity(
  engine: CityEngine,
  { demand }: City,
  { begin, step, end }: CityFlags,
  watch: Watch,
): Promise<number> {
  const lastDeparture = demand.departures.at(-1)?.atSeconds ?? begin;
  for (let steps = 0; ; steps++) {
    // A product, not a sum: ten thousand steps of 0.1 s end where they should.
    const at = begin + steps * step;
    const { running, waiting } = engine.counts;
    const isOver =
      end === undefined ? at > lastDeparture && running + waiting === 0 : at >= end - step * 1e-6;
    if (isOver && (end !== undefined || steps > 0)) return steps;
    engine.step();
    const waited = watch.onStep(engine);
    if (waited !== undefined) await waited;
  }
}
