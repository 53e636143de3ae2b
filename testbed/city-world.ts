// The world of a scenario that is not our engine's of roads: a city (network and demand read or generated, our engine or a
// live SUMO driving), or a recording. RSUs and radio lie over each. Must not: know that anyone learns, or start a run.

import { resolve } from 'node:path';
import { Rng } from '../base/rng.ts';
import { kmhToMps } from '../base/units.ts';
import { createCityEngine } from '../mobility/city/engine.ts';
import { cityMobility } from '../mobility/city-mobility.ts';
import type { Demand } from '../mobility/demand/demand.ts';
import { poissonTrips, recirculatingCars } from '../mobility/demand/random-trips.ts';
import { type DemandDocument, readDemand } from '../mobility/demand/read-demand.ts';
import type { LaneWorldOptions } from '../mobility/lane-world.ts';
import { gridNetwork } from '../mobility/network/generators/grid.ts';
import { networkFromNetXml } from '../mobility/network/net-xml.ts';
import type { Network, Omission } from '../mobility/network/network.ts';
import type { OmissionList } from '../mobility/network/omissions.ts';
import { withSignalPrograms } from '../mobility/network/signals.ts';
import { uplinkOf } from '../mobility/radio/uplink.ts';
import { pictureOf } from '../mobility/street-picture.ts';
import { readFcdFile } from '../mobility/traces/files.ts';
import { LaneTrace } from '../mobility/traces/lane-trace.ts';
import { startSumo } from '../mobility/traci/sumo-process.ts';
import { traciMobility, traciStreets } from '../mobility/traci/traci-mobility.ts';
import { openWire } from '../mobility/traci/wire.ts';
import type { MobilitySource } from '../mobility/types.ts';
import { readDocument } from '../mobility/xml/files.ts';
import type { Scenario } from '../protocol/scenario/schema.ts';
import { channelConfig, handoverMarginDb } from './channel-plan.ts';
import { omissionLines } from './commands/mobility-tables.ts';
import { sitesOf } from './plan.ts';
import type { LoadedScenario } from './scenario-file.ts';
import { gpsTracks, paperTracks, tracked } from './track-world.ts';

/** SUMO reads a large city for a minute before it listens. */
const patienceSeconds = 120;
/** What radio.zoneMeters is unless a scenario says otherwise. */
const usualZoneMeters = 50;
/** Drivers exceed limits, by a factor that is hardly ever above this. */
const speedMargin = 1.5;
/** Longer ways than ten hours of driving at 50 km/h are cut: their edges are kept in memory. */
const longestWayMeters = 500_000;

type RoadsOf<Kind extends Scenario['roads']['kind']> = Extract<Scenario['roads'], { kind: Kind }>;

/** A network with what drives on it and when. */
interface City {
  readonly network: Network;
  readonly demand: Demand;
  readonly beginSeconds: number;
  readonly teleportAfterSeconds: number;
}

/** Where a scenario's files lie, and the stream of its mobility. */
interface Ground {
  readonly scenario: Scenario;
  readonly directory: string;
  readonly rng: Rng;
}

/** A world, and what its files hold and it leaves out or a scenario says in vain, a sentence each. */
export interface OpenedWorld {
  readonly world: MobilitySource;
  readonly notes: readonly string[];
}

/**
 * Builds the world of a city scenario; where `isDriven` is false, one to look at, without starting a simulator. Throws RoadbedError('data') for files that are missing or broken, naming file,
 * line and what was expected; RoadbedError('simulator') where a live SUMO is asked for and there is none.
 */
export async function openOtherWorld(
  { scenario, directory }: Pick<LoadedScenario, 'scenario' | 'directory'>,
  isDriven: boolean,
): Promise<OpenedWorld> {
  const ground = { scenario, directory, rng: Rng.root(scenario.seed).fork('mobility') };
  const { roads } = scenario;
  switch (roads.kind) {
    case 'sumo-net':
      return driven(ground, sumoCity(ground, roads));
    case 'grid':
      return driven(ground, gridCity(ground, roads));
    case 'fcd':
      return recorded(ground, roads);
    case 'gps':
      return recordedTracks(ground, roads);
    case 'constant-speed':
      return opened(ground, tracked(ground, paperTracks(ground, roads)), []);
    case 'traci':
      return isDriven ? liveSumo(ground, roads) : sumoStreets(ground, roads);
    default:
      throw new Error(`roads of kind ${roads.kind} are our engine's own`);
  }
}

/** Our own engine drives. */
function driven(ground: Ground, city: City): OpenedWorld {
  const { stepSeconds } = ground.scenario.traffic;
  const { network, demand, beginSeconds, teleportAfterSeconds } = city;
  const engine = createCityEngine({
    network,
    demand,
    beginSeconds,
    stepSeconds,
    seed: ground.scenario.seed,
    teleportAfterSeconds,
  });
  const mobility = cityMobility({ ...watched(ground, network), demand, engine, stepSeconds });
  return opened(ground, mobility, [...network.omissions, ...demand.omissions]);
}

function opened({ scenario }: Ground, world: MobilitySource, omissions: readonly Omission[]): OpenedWorld {
  const { zoneMeters } = scenario.radio;
  const isInVain = zoneMeters !== 0 && zoneMeters !== usualZoneMeters;
  const zones = `radio.zoneMeters is ${zoneMeters}, but zones are cut along roads of kind segment, ring and geojson only: here the exact distance counts.`;
  return { world, notes: [...(isInVain ? [zones] : []), ...omissionLines(omissions)] };
}

/** SUMO drives: one that waits somewhere, or one that is started here. */
async function liveSumo(ground: Ground, roads: RoadsOf<'traci'>): Promise<OpenedWorld> {
  const { directory, scenario } = ground;
  const { stepSeconds } = scenario.traffic;
  const network = readNetwork(ground, roads.network);
  const [host = '', port = ''] = roads.connect?.split(':') ?? [];
  const sumo = roads.connect
    ? undefined
    : await startSumo({
        networkFile: resolve(directory, roads.network),
        demandFiles: roads.demand.map((name) => resolve(directory, name)),
        beginSeconds: roads.beginSeconds,
        stepSeconds,
        seed: scenario.seed,
      });
  const release = (): void => sumo?.stop();
  try {
    const wire = await openWire({
      host: sumo ? '127.0.0.1' : host,
      port: sumo?.port ?? Number(port),
      patienceSeconds,
      ...(sumo ? { fault: sumo.fault } : {}),
    });
    const { watch } = roads;
    const world = await traciMobility({ ...watched(ground, network), wire, stepSeconds, watch, release });
    return opened(ground, world, []);
  } catch (error) {
    release();
    throw error;
  }
}

/** The streets of a live SUMO that another process starts. */
function sumoStreets(ground: Ground, roads: RoadsOf<'traci'>): OpenedWorld {
  const { stepSeconds } = ground.scenario.traffic;
  const world = traciStreets({ ...watched(ground, readNetwork(ground, roads.network)), stepSeconds });
  return opened(ground, world, []);
}

/** GPS tracks drive. */
async function recordedTracks(ground: Ground, roads: RoadsOf<'gps'>): Promise<OpenedWorld> {
  const omissions: OmissionList = [];
  const tracks = await gpsTracks(ground, roads, omissions);
  return opened(ground, tracked(ground, tracks), omissions);
}

/** A recorded SUMO run drives. */
async function recorded(ground: Ground, roads: RoadsOf<'fcd'>): Promise<OpenedWorld> {
  const network = readNetwork(ground, roads.network);
  const trace = new LaneTrace(network);
  await readFcdFile(resolve(ground.directory, roads.file), trace);
  const world = { ...trace.mobility(watched(ground, network)), picture: pictureOf(network).picture };
  return opened(ground, world, network.omissions);
}

/** What watches the lanes of a network. */
function watched({ scenario, rng }: Ground, network: Network): LaneWorldOptions {
  return {
    network,
    rsus: sitesOf(scenario),
    uplink: uplinkOf(scenario.radio, channelConfig(scenario), rng.fork('radio')),
    handoverMarginDb: handoverMarginDb(scenario),
  };
}

function sumoCity(ground: Ground, roads: RoadsOf<'sumo-net'>): City {
  const plain = readNetwork(ground, roads.file);
  const routes = roads.demand.map((name) => document(ground, name));
  return { ...roads, ...withDemand(plain, routes, ground, roads.beginSeconds) };
}

function gridCity(ground: Ground, roads: RoadsOf<'grid'>): City {
  const { rows, columns, blockMeters, lanes, speedLimitKmh, teleportAfterSeconds } = roads;
  const network = gridNetwork({ rows, columns, blockMeters, lanes, speedLimitMps: kmhToMps(speedLimitKmh) });
  return { network, demand: madeDemand(network, ground), beginSeconds: 0, teleportAfterSeconds };
}

/** Cars as `traffic.source` says: so many that drive on for ever, or arrivals of a Poisson process. */
function madeDemand(network: Network, { scenario, rng }: Ground): Demand {
  const { source } = scenario.traffic;
  const endSeconds = scenario.stop.virtualSeconds;
  const stream = rng.fork('demand');
  if (source.kind === 'poisson')
    return poissonTrips(network, { perHour: 3600 * source.perSecond, beginSeconds: 0, endSeconds }, stream);
  const fastest = network.lanes.speedLimitMps.reduce((a, b) => Math.max(a, b), 0);
  const wayMeters = Math.min(longestWayMeters, endSeconds * fastest * speedMargin);
  return recirculatingCars(network, { vehicles: source.vehicles, beginSeconds: 0, wayMeters }, stream);
}

function withDemand(
  plain: Network,
  routes: readonly DemandDocument[],
  { scenario }: Ground,
  beginSeconds: number,
): Pick<City, 'network' | 'demand'> {
  const { demand, signals } = readDemand(plain, {
    seed: scenario.seed,
    beginSeconds,
    endSeconds: beginSeconds + scenario.stop.virtualSeconds,
    ignoreRouteErrors: true,
    additional: [],
    routes,
  });
  return { network: withSignalPrograms(plain, signals), demand };
}

function readNetwork(ground: Ground, name: string): Network {
  const { file, content } = document(ground, name);
  return networkFromNetXml(content, file);
}

function document({ directory }: Ground, name: string): DemandDocument & { content: Uint8Array } {
  const file = resolve(directory, name);
  return { file, content: readDocument(file) };
}
