// What theory says of a ring road and what the engine does (specs: closed forms), and that a full grid does not lock up.
// Must not: need SUMO.

import { Rng } from '../../base/rng.ts';
import { createCityEngine } from '../../mobility/city/engine.ts';
import type { Demand, Departure, VehicleType } from '../../mobility/demand/demand.ts';
import { passengerCar } from '../../mobility/demand/made-demand.ts';
import { recirculatingCars } from '../../mobility/demand/random-trips.ts';
import { gridNetwork } from '../../mobility/network/generators/grid.ts';
import { ringNetwork } from '../../mobility/network/generators/simple.ts';
import type { Network } from '../../mobility/network/network.ts';

export interface ClosedFormRow {
  readonly name: string;
  readonly expected: number;
  readonly measured: number;
  /** |measured / expected - 1|. */
  readonly error: number;
}

const limitMps = 33.33;
const settleSeconds = 3000;

/** Speed at which IDM cars on a ring keep their distance: the root of (s0 + vT)/sqrt(1 - (v/v0)^4) = s. */
function idmEquilibrium(gapMeters: number, { minGapMeters, tauSeconds }: VehicleType): number {
  let low = 0;
  let high = limitMps;
  for (let i = 0; i < 100; i++) {
    const v = (low + high) / 2;
    if ((minGapMeters + v * tauSeconds) / Math.sqrt(1 - (v / limitMps) ** 4) < gapMeters) low = v;
    else high = v;
  }
  return low;
}

/** Lanes of the ring in order, with the metre of the loop at which each begins. */
function loopOf({ edges, lanes, links }: Network): { lanes: number[]; begins: number[]; meters: number } {
  const found: number[] = [];
  const begins: number[] = [];
  let meters = 0;
  const start = edges.firstLane[edges.ids.indexOf('ring0')]!;
  for (let lane = start; found.length === 0 || lane !== start; ) {
    found.push(lane);
    begins.push(meters);
    meters += lanes.lengthMeters[lane]!;
    const link = lanes.firstLink[lane]!;
    lane = links.via[link]! >= 0 ? links.via[link]! : links.toLane[link]!;
  }
  return { lanes: found, begins, meters };
}

/** `count` standing cars at equal distances, each with many rounds to drive. */
function ringDemand(network: Network, type: VehicleType, count: number): Demand {
  const loop = loopOf(network);
  const normal = loop.lanes.filter((lane) => network.edges.internal[network.lanes.edge[lane]!] !== 1);
  const edges = normal.map((lane) => network.lanes.edge[lane]!);
  const rounds = Math.ceil((settleSeconds * limitMps) / loop.meters) + 2;
  const routes = edges.map((_, i) =>
    Int32Array.from({ length: edges.length * rounds }, (_, k) => edges[(i + k) % edges.length]!),
  );
  const departures = Array.from({ length: count }, (_, i): Departure => {
    const at = ((i + 0.5) * loop.meters) / count;
    const piece = loop.begins.findLastIndex((begin) => begin <= at);
    // A car that would stand on a joint stands before it.
    const row = normal.findLastIndex((lane) => loop.lanes.indexOf(lane) <= piece);
    const lane = normal[row]!;
    const position = Math.min(at - loop.begins[loop.lanes.indexOf(lane)]!, network.lanes.lengthMeters[lane]!);
    const rest = { lane: 0, speed: 0, arrivalMeters: undefined, speedFactor: 1, stops: [] };
    return { id: `v${i}`, type: 0, route: row, atSeconds: 0, position, ...rest };
  });
  return { types: [type], routes, departures, omissions: [] };
}

function ringRow(model: VehicleType['model'], perKilometre: number): ClosedFormRow {
  const type: VehicleType = { ...passengerCar().type, model, sigma: 0 };
  const network = ringNetwork({ lengthMeters: 1000, speedLimitMps: limitMps });
  const { meters } = loopOf(network);
  const demand = ringDemand(network, type, perKilometre);
  const gap = meters / perKilometre - type.lengthMeters;
  const free = Math.min(limitMps, (gap - type.minGapMeters) / type.tauSeconds);
  const expected = model === 'idm' ? idmEquilibrium(gap, type) : free;
  const options = { beginSeconds: 0, stepSeconds: 1, seed: 1, teleportAfterSeconds: 0 };
  const engine = createCityEngine({ network, demand, ...options });
  for (let i = 0; i < settleSeconds; i++) engine.step();
  const measured = meanOf(engine.vehicles.speed, engine.vehicles.count);
  const name = `${model} ring, ${perKilometre} vehicles on ${meters.toFixed(1)} m: m/s`;
  return { name, expected, measured, error: Math.abs(measured / expected - 1) };
}

function meanOf(values: Float64Array, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[i]!;
  return sum / count;
}

/** Speeds at which a ring settles. */
export function closedForms(): ClosedFormRow[] {
  return (['idm', 'krauss'] as const).flatMap((model) => [10, 20, 30].map((count) => ringRow(model, count)));
}

export interface GridlockRow {
  readonly name: string;
  /** The slowest 90 s, mean over all cars. */
  readonly slowestCycleMps: number;
  readonly teleports: number;
  readonly running: number;
}

/** 1 000 cars for 900 s on a signalised grid of 10 x 10. */
export function gridlock(): GridlockRow {
  const network = gridNetwork({ columns: 10, rows: 10 });
  const options = { vehicles: 1000, beginSeconds: 0, wayMeters: 36_000 };
  const demand = recirculatingCars(network, options, Rng.root(1).fork('demand'));
  const engine = createCityEngine({
    network,
    demand,
    beginSeconds: 0,
    stepSeconds: 1,
    seed: 1,
    teleportAfterSeconds: 300,
  });
  const cycles = Array.from({ length: 10 }, () => {
    let sum = 0;
    for (let i = 0; i < 90; i++) {
      engine.step();
      sum += meanOf(engine.vehicles.speed, engine.vehicles.count);
    }
    return sum / 90;
  });
  const { teleports, running } = engine.counts;
  return { name: 'grid 10x10, 1000 cars, 900 s', slowestCycleMps: Math.min(...cycles), teleports, running };
}
