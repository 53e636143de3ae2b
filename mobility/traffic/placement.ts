// Puts the vehicles of time 0 on the roads: evenly, with a seeded jitter, at the speed that suits their gap, so that a
// run starts near equilibrium instead of with a standing start. Must not: place anybody later.

import { RoadbedError } from '../../base/errors.ts';
import type { Rng } from '../../base/rng.ts';
import { equilibriumSpeed, type IdmParameters } from '../driving/idm.ts';
import type { RoadNetwork } from '../roads/network.ts';
import type { Driver } from './driver.ts';
import type { Fleet } from './fleet.ts';

/** What placing needs to know. */
export interface PlacementOptions {
  readonly network: RoadNetwork;
  readonly fleet: Fleet;
  readonly idm: IdmParameters;
  /** v0 of a driver on a road, m/s. */
  readonly desiredSpeed: (road: number, speedFactor: number) => number;
  readonly rng: Rng;
}

/** Share of the free room between two vehicles that the jitter may use, to either side. */
const jitterShare = 0.25;

/** A stretch of road to be filled evenly. */
interface Stretch {
  readonly road: number;
  readonly from: number;
  readonly length: number;
  readonly count: number;
}

/**
 * Places `drivers` over all roads in proportion to the room there, in the order of ids from each road's end to its start.
 * On a ring spacing is length / vehicles all the way round; on other roads the first vehicle length stays free, so that
 * nobody stands across a junction. Throws RoadbedError('scenario') when there is no room for a length and a minimum gap
 * each.
 */
export function placeEvenly(drivers: readonly Driver[], options: PlacementOptions): void {
  let placed = 0;
  for (const stretch of shareOut(drivers.length, options)) {
    fill(stretch, drivers.slice(placed, placed + stretch.count), options);
    placed += stretch.count;
  }
}

/**
 * How many vehicles each road gets: the cumulative share of its capacity, rounded. So the sum is exact, and since
 * capacities are whole numbers, rounding never gives a road more than it holds.
 */
function shareOut(vehicles: number, { network, idm }: PlacementOptions): Stretch[] {
  const spaceMeters = idm.vehicleLengthMeters + idm.minimumGapMeters;
  const rooms = network.roads.map((_, road) => {
    const from = network.isLoop(road) ? 0 : Math.min(idm.vehicleLengthMeters, network.length[road]!);
    const length = network.length[road]! - from;
    return { road, from, length, capacity: Math.floor(length / spaceMeters) };
  });
  const total = rooms.reduce((sum, { capacity }) => sum + capacity, 0);
  if (vehicles > total) throw crowded(vehicles, total);
  let covered = 0;
  let given = 0;
  return rooms.map(({ capacity, ...room }) => {
    covered += capacity;
    const count = total === 0 ? 0 : Math.round((vehicles * covered) / total) - given;
    given += count;
    return { ...room, count };
  });
}

function crowded(vehicles: number, capacity: number): RoadbedError {
  return new RoadbedError(
    'scenario',
    `too many vehicles at the start: ${vehicles} (expected at most ${capacity} on these roads, each with its length and ` +
      'its minimum gap); use fewer vehicles or longer roads',
  );
}

function fill(stretch: Stretch, drivers: readonly Driver[], options: PlacementOptions): void {
  if (drivers.length === 0) return;
  const { fleet, idm, desiredSpeed, rng } = options;
  const spacing = stretch.length / drivers.length;
  const free = spacing - idm.vehicleLengthMeters - idm.minimumGapMeters;
  const alone = drivers.length === 1;
  drivers.forEach((driver, rank) => {
    const jitter = rng.between(-jitterShare, jitterShare) * free;
    const gap = alone ? Number.POSITIVE_INFINITY : spacing - idm.vehicleLengthMeters;
    fleet.add({
      ...driver,
      road: stretch.road,
      offsetMeters: stretch.from + (drivers.length - rank - 0.5) * spacing + jitter,
      speedMps: equilibriumSpeed(idm, gap, desiredSpeed(stretch.road, driver.speedFactor)),
    });
  });
}
