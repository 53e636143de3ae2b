// What the mobility commands share: a network and its demand from files, and the loop that drives them to their end.
// Must not: print, or decide what is measured.

import { RoadbedError } from '../../base/errors.ts';
import type { Demand } from '../../mobility/demand/demand.ts';
import type { CityEngine } from '../../mobility/driving/city-engine.ts';
import type { Network } from '../../mobility/network/network.ts';

/** Options of every command that drives a demand. */
export interface CityFlags {
  readonly demand: readonly string[];
  readonly additional: readonly string[];
  readonly begin: number;
  readonly end?: number;
  readonly step: number;
  readonly seed: number;
  readonly teleportAfter: number;
  readonly ignoreRouteErrors?: boolean;
}

export interface City {
  readonly network: Network;
  readonly demand: Demand;
}

/** Reads both. Throws RoadbedError('data') naming file, line, element and what was expected. */
export async function loadCity(netFile: string, flags: CityFlags): Promise<City> {
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

/** The network of a file. Throws RoadbedError('data') as its reader does. */
export async function loadNetwork(file: string): Promise<Network> {
  const { readDocument } = await import('../../mobility/xml/files.ts');
  const { networkFromNetXml } = await import('../../mobility/network/net-xml.ts');
  return networkFromNetXml(readDocument(file), file);
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
