// A live SUMO as a mobility source: it drives, we watch. Must not: steer a car, or know that anyone learns.

import { asId, type VehicleId } from '../../base/ids.ts';
import { LaneWorld, type LaneWorldOptions } from '../lane-world.ts';
import { NamedCars } from '../named-cars.ts';
import type { Network } from '../network/network.ts';
import { pictureOf } from '../street-picture.ts';
import type { MobilitySource, RsuSite } from '../types.ts';
import { type Surroundings, TraciSession } from './session.ts';
import type { TraciWire } from './wire.ts';

export interface TraciMobilityOptions extends LaneWorldOptions {
  readonly wire: TraciWire;
  readonly stepSeconds: number;
  /** `vehicles`: everybody; `coverage`: only who is near an RSU. */
  readonly watch: 'vehicles' | 'coverage';
  /** Lets go of the server when the run is over. */
  readonly release: () => void;
}

/** A car may come this far in a step before it is seen: coverage is watched with a margin, so that entries are exact. */
const fastestMps = 60;

/** Opens the session; step n of it is step n of the run. Throws RoadbedError('simulator') as the session does. */
export async function traciMobility(options: TraciMobilityOptions): Promise<MobilitySource> {
  const { network, rsus, wire, watch, stepSeconds, release } = options;
  const places = rsus.map((site) => surroundingsOf(network, site, fastestMps * stepSeconds));
  const session = await TraciSession.open(wire, {
    vehicles: watch === 'vehicles' ? 'all' : places,
    signals: network.signals.map(({ id }) => id),
  });
  const cars = new NamedCars(network);
  const world = new LaneWorld(options, cars.idOf);
  const { picture, colours } = pictureOf(network);
  const stateOf = (signal: number): string => session.signalState(network.signals[signal]!.id);
  let steps = 0;
  return {
    roads: world.roads,
    rsus: world.rsus,
    coverage: world.coverage,
    stepSeconds,
    picture,
    initial: () => [],
    async step() {
      const { vehicles, arrived } = await session.step();
      steps++;
      const gone = arrived.flatMap((name) => cars.rowOf(name) ?? []);
      const time = { from: (steps - 1) * stepSeconds, to: steps * stepSeconds };
      return { ...world.advance(time, cars.columns(vehicles), gone), signals: colours(stateOf) };
    },
    async close() {
      await session.close();
      release();
    },
  };
}

/**
 * The streets of a live SUMO without it: for a process that draws and plans while another drives. Its `step` rejects.
 */
export function traciStreets(options: LaneWorldOptions & { readonly stepSeconds: number }): MobilitySource {
  const { roads, rsus, coverage } = new LaneWorld(options, () => asId<VehicleId>('none'));
  return {
    roads,
    rsus,
    coverage,
    stepSeconds: options.stepSeconds,
    picture: pictureOf(options.network).picture,
    initial: () => [],
    step: () => Promise.reject(new Error('these streets are looked at, not driven on')),
  };
}

/** The junction nearest to an RSU, and a radius around it that holds the RSU's disc and a margin. */
function surroundingsOf({ junctions, lanes }: Network, site: RsuSite, marginMeters: number): Surroundings {
  let best = -1;
  let nearest = Number.POSITIVE_INFINITY;
  for (let row = 0; row < junctions.count; row++) {
    // SUMO gives the inner junctions of a crossing no context.
    if (junctions.types[row] === 'internal') continue;
    const meters = Math.sqrt((junctions.x[row]! - site.x) ** 2 + (junctions.y[row]! - site.y) ** 2);
    if (meters >= nearest) continue;
    nearest = meters;
    best = row;
  }
  const meters = site.coverageRadiusMeters + (best < 0 ? 0 : nearest) + marginMeters;
  return { junction: junctions.ids[best] ?? lanes.ids[0] ?? '', meters };
}
