// The uplink of a vehicle at one place: which RSU serves it and how many bit/s it gets per Hz.
// Must not: know of bandwidth or of who else transmits.

import type { RadioParameters } from '../radio/path-loss.ts';
import { slantMeters, spectralEfficiency } from '../radio/rate.ts';
import { shortWayRound, zoneCentre } from '../radio/zones.ts';
import type { RoadNetwork } from '../roads/network.ts';
import { type Foot, footOf } from './coverage.ts';
import type { CoverageIndex } from './coverage-index.ts';

/** Where the vehicle is: road index, offset and plane coordinates, metres. Reused by the caller. */
export interface Place {
  road: number;
  offsetMeters: number;
  x: number;
  y: number;
}

/** The best uplink at a place: RSU index (-1: none) and its spectral efficiency in bit/s per Hz (0: none). Reused. */
export interface Uplink {
  rsu: number;
  bitsPerSecondPerHertz: number;
}

export class Serving {
  readonly #network: RoadNetwork;
  readonly #index: CoverageIndex;
  readonly #radio: RadioParameters;
  /** Foot of the RSU for each interval. */
  readonly #feet: readonly Foot[];

  constructor(network: RoadNetwork, index: CoverageIndex, radio: RadioParameters) {
    this.#network = network;
    this.#index = index;
    this.#radio = radio;
    this.#feet = feetOf(network, index);
  }

  /** Writes the best uplink at `place` into `out`; ties go to the RSU that stands first in the scenario. */
  bestUplink(place: Place, out: Uplink): void {
    const { start, items } = this.#index.cells;
    const cell = this.#index.cellAt(place.road, place.offsetMeters);
    out.rsu = -1;
    out.bitsPerSecondPerHertz = 0;
    for (let i = start[cell]!; i < start[cell + 1]!; i++) {
      const interval = items[i]!;
      const efficiency = spectralEfficiency(this.#distance(place, interval), this.#radio);
      if (efficiency <= out.bitsPerSecondPerHertz) continue;
      out.rsu = this.#index.rsuOf[interval]!;
      out.bitsPerSecondPerHertz = efficiency;
    }
  }

  /**
   * Slant distance in metres. With zones the road counts as unrolled: the distance along it from the RSU's foot to the
   * middle of the zone, and the RSU's distance from the road, make the ground distance; so a ring gives the same
   * channel as MAVFL's straight segment. Without zones it is the straight line.
   */
  #distance(place: Place, interval: number): number {
    const rsu = this.#index.rsus[this.#index.rsuOf[interval]!]!;
    if (this.#radio.zoneMeters === 0) {
      const dx = place.x - rsu.x;
      const dy = place.y - rsu.y;
      return slantMeters(Math.sqrt(dx * dx + dy * dy), rsu.antennaHeightMeters);
    }
    const foot = this.#feet[interval]!;
    let along = place.offsetMeters - foot.offsetMeters;
    if (this.#network.isLoop(place.road)) along = shortWayRound(along, this.#network.length[place.road]!);
    const ground = slantMeters(zoneCentre(along, this.#radio.zoneMeters), foot.lateralMeters);
    return slantMeters(ground, rsu.antennaHeightMeters);
  }
}

/**
 * The foot of each interval. Where one disc covers a ring's end and its start, the two intervals are one stretch, and
 * share the nearer foot.
 */
function feetOf(network: RoadNetwork, index: CoverageIndex): Foot[] {
  const roadIndex = new Map(network.roads.map((road, i) => [road.id, i]));
  const feet = index.intervals.map((interval, i) =>
    footOf(network, roadIndex.get(interval.road)!, index.rsus[index.rsuOf[i]!]!, interval),
  );
  return index.intervals.map((interval, i) => {
    const road = roadIndex.get(interval.road)!;
    const other = index.intervals.findIndex(
      (candidate, j) =>
        j !== i &&
        candidate.rsu === interval.rsu &&
        candidate.road === interval.road &&
        network.isLoop(road) &&
        Math.min(interval.fromMeters, candidate.fromMeters) === 0 &&
        Math.max(interval.toMeters, candidate.toMeters) === network.length[road],
    );
    if (other < 0) return feet[i]!;
    return feet[other]!.lateralMeters < feet[i]!.lateralMeters ? feet[other]! : feet[i]!;
  });
}
