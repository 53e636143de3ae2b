// What a vehicle's way means for the lane it is on, worked out once a lane and not once a step: the link it takes next,
// and whether it could want to change to the lanes beside.
// Must not: look at other vehicles.

import { Lane, LaneWay, Link, none, pointerAt, rowOf, Vehicle } from './records';
import { laneWay, linkAt, recordOf } from './world';

/** A driver on its best lane does not leave it for one that leads elsewhere within so many metres. */
export const turnLaneMeters: f64 = 200;

/** About the lane beside: to be thought about; not left for it while driving; nor while it is slow; forbidden. */
export const thinks: u8 = 0;
const staysFast: u8 = 1;
export const staysAlways: u8 = 2;
export const forbidden: u8 = 3;

/** Brings `next` and `stays..` of v up to date. */
// @ts-expect-error: decorator
@inline export function knowWay(v: Vehicle): void {
  if (v.wayLane != v.lane) lookUp(v);
}

function lookUp(v: Vehicle): void {
  const lane = v.lane;
  v.wayLane = lane;
  if (lane.internal) {
    v.next = lane.firstLink;
    return;
  }
  const record = recordOf(v);
  const j = lane.index;
  v.next = linkAt(record, j, 0);
  const own = laneWay(record, j);
  v.staysRight = j > 0 ? staysOn(v, own, rowOf<Lane>(changetype<usize>(lane), -1), laneWay(record, j - 1)) : forbidden;
  v.staysLeft =
    j + 1 < lane.edge.lanes
      ? staysOn(v, own, rowOf<Lane>(changetype<usize>(lane), 1), laneWay(record, j + 1))
      : forbidden;
}

function staysOn(v: Vehicle, own: LaneWay, beside: Lane, besideWay: LaneWay): u8 {
  if ((beside.permissions & v.type.permission) == 0) return forbidden;
  if (own.offset != 0 || besideWay.offset == 0 || besideWay.length >= turnLaneMeters) return thinks;
  return v.type.strategic >= 0 && endsInLinks(beside, besideWay) ? staysAlways : staysFast;
}

/** True where a lane goes on after its way along the route ends. */
export function endsInLinks(lane: Lane, way: LaneWay): bool {
  const links = way.linkCount;
  const end = links == 0 ? lane : pointerAt<Link>(way.links, links - 1).to;
  return end.links > 0;
}

/** The record of v is another from now on, and is looked up when it is wanted. */
export function forgetWay(v: Vehicle): void {
  v.record = 0;
  v.wayLane = none<Lane>();
}
