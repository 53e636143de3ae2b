// A city engine as a mobility source. Time 0 of the run is the instant the engine begins at.
// Must not: move anybody, or know that anyone learns.

import { asId, type VehicleId } from '../base/ids.ts';
import type { Demand } from './demand/demand.ts';
import type { CityEngine } from './driving/city-engine.ts';
import { LaneWorld, type LaneWorldOptions } from './lane-world.ts';
import { legalIds } from './legal-ids.ts';
import { pictureOf } from './street-picture.ts';
import type { Mobility } from './types.ts';

export interface CityMobilityOptions extends LaneWorldOptions {
  readonly demand: Pick<Demand, 'departures'>;
  readonly engine: CityEngine;
  readonly stepSeconds: number;
}

/** The engine's world as the testbed sees it; a vehicle has the id of its departure. */
export function cityMobility(options: CityMobilityOptions): Mobility {
  const { demand, engine, stepSeconds } = options;
  const ids = legalIds(demand.departures.map(({ id }) => id)).map((id) => asId<VehicleId>(id));
  const world = new LaneWorld(options, (row) => ids[row]!);
  const { picture, colours } = pictureOf(options.network);
  const stateOf = (signal: number): string => engine.signalState(signal);
  let steps = 0;
  return {
    roads: world.roads,
    rsus: world.rsus,
    coverage: world.coverage,
    stepSeconds,
    picture,
    initial: () => [],
    step() {
      engine.step();
      steps++;
      const { count, departure: row, lane, position, speed } = engine.vehicles;
      const time = { from: (steps - 1) * stepSeconds, to: steps * stepSeconds };
      const step = world.advance(time, { count, row, lane, position, speed }, engine.arrived);
      return { ...step, signals: colours(stateOf) };
    },
  };
}
