// What must hold after every step, checked in production: an engine that lost a car or let two overlap would publish
// wrong dwell times. Must not: repair anything.

import { assert } from '../base/assert.ts';
import type { RoadNetwork } from './roads/network.ts';
import type { Fleet } from './traffic/fleet.ts';

/** Where everyone who ever wanted onto the roads is now. */
export interface Headcount {
  readonly demanded: number;
  readonly running: number;
  readonly arrived: number;
  readonly pending: number;
}

/** Nobody is lost or counted twice: demanded = running + arrived + pending. */
export function checkConservation(count: Headcount): void {
  assert(
    count.demanded === count.running + count.arrived + count.pending,
    `vehicles are not conserved: ${count.demanded} demanded, ${count.running} running, ${count.arrived} arrived, ${count.pending} pending`,
  );
}

/** On every road positions fall strictly from head to tail, bumpers do not overlap, and nobody drives backwards. */
export function checkOrder(network: RoadNetwork, fleet: Fleet, vehicleLengthMeters: number): void {
  for (let road = 0; road < fleet.lanes.length; road++) {
    const lane = fleet.lanes[road]!;
    if (lane.size === 0) continue;
    checkHead(network, fleet, lane.at(0));
    for (let rank = 1; rank < lane.size; rank++) {
      checkPair(fleet, { leader: lane.at(rank - 1), follower: lane.at(rank), vehicleLengthMeters });
    }
    checkClosingPair(network, fleet, { road, vehicleLengthMeters });
  }
}

function checkHead(network: RoadNetwork, fleet: Fleet, slot: number): void {
  const within = fleet.offset[slot]! < network.length[fleet.road[slot]!]!;
  if (!within) assert(false, `vehicle ${fleet.ids[slot]} is past its road's end, at ${fleet.offset[slot]} m`);
}

function checkPair(
  fleet: Fleet,
  pair: { readonly leader: number; readonly follower: number; readonly vehicleLengthMeters: number },
): void {
  const gap = fleet.offset[pair.leader]! - pair.vehicleLengthMeters - fleet.offset[pair.follower]!;
  const forward = fleet.speed[pair.follower]! >= 0 && fleet.offset[pair.follower]! >= 0;
  // The message is built only on failure: this runs for every vehicle in every step.
  if (gap >= 0 && forward) return;
  assert(
    false,
    `vehicle ${fleet.ids[pair.follower]} is ${gap} m behind ${fleet.ids[pair.leader]} at ${fleet.speed[pair.follower]} m/s ` +
      '(expected a gap >= 0 and a speed >= 0)',
  );
}

/** On a ring that nothing else joins, the head follows the tail. */
function checkClosingPair(
  network: RoadNetwork,
  fleet: Fleet,
  where: { readonly road: number; readonly vehicleLengthMeters: number },
): void {
  const lane = fleet.lanes[where.road]!;
  if (lane.size < 2 || !network.isLoop(where.road)) return;
  const head = lane.at(0);
  const tail = lane.tail();
  const ahead = network.length[where.road]! - fleet.offset[head]! + fleet.offset[tail]!;
  const alone = network.roads[where.road]!.successors.length === 1;
  if (alone && ahead < where.vehicleLengthMeters) {
    assert(
      false,
      `vehicle ${fleet.ids[head]} overlaps ${fleet.ids[tail]} around the ring by ${where.vehicleLengthMeters - ahead} m`,
    );
  }
}
