// Who is ahead and who is behind, beyond the ends of a lane: for changing lanes and for coming onto the road.
// Must not: judge whether a gap is enough.

import { askAs, isOpen } from './approaches';
import { never, numericEpsilon } from './constants';
import { brakeGap, secureGap } from './following';
import { isRed } from './letters';
import { allocate, Lane, Link, none, pointerAt, some, Vehicle } from './records';
import { backOn, bodyOn, impatience, lastOn, linkAt, now, recordOf } from './world';
import { knowWay } from './way-ahead';

/** The neighbour found last, and the gap to it, m (minGap of the one behind taken off). */
export let foundVehicle: Vehicle = none<Vehicle>();
export let foundGap: f64 = never;

/** So far back followers are looked for, m, and over so many lanes. */
const searchMost: f64 = 1000;
const lanesMost: i32 = 24;
const searchLanes = allocate(4 * (lanesMost + 1));
const searchDistances = allocate(8 * (lanesMost + 1));

/** Finds the leader of `ego` if it were on `lane` at its place, where nobody is ahead on that lane itself. */
export function findLeaderBeyond(ego: Vehicle, lane: Lane): void {
  const t = ego.type;
  const speed = ego.speed;
  foundVehicle = bodyOn(lane, ego);
  if (some(foundVehicle)) {
    foundGap = backOn(foundVehicle, lane) - ego.position - t.minGap;
    return;
  }
  foundGap = never;
  const lookAhead = brakeGap(speed, t.deceleration, t.tau) + t.minGap;
  let seen = lane.length - ego.position;
  if (seen > lookAhead && !lane.internal) return;
  const record: usize = lane.internal ? 0 : recordOf(ego);
  let view = 0;
  let time = now + seen / max(speed, numericEpsilon);
  for (let at = lane; ; ) {
    const link = at.internal ? at.firstLink : record == 0 ? none<Link>() : linkAt(record, lane.index, view);
    if (!some(link) || !isOpenFor(ego, link, time)) return;
    at = link.next;
    if (!at.internal) view += 1;
    const last = lastOn(at, ego);
    if (some(last)) {
      foundVehicle = last;
      foundGap = seen + backOn(last, at) - t.minGap;
      return;
    }
    seen += at.length;
    time += at.length / max(speed, numericEpsilon);
    if (seen > lookAhead && !at.internal) return;
  }
}

function isOpenFor(ego: Vehicle, link: Link, time: f64): bool {
  if (isRed(link.state)) return false;
  askAs(ego, time, ego.speed, ego.speed, impatience(ego), 0);
  return isOpen(link);
}

/**
 * Finds the follower on the lanes before `lane` that comes closest to being too near to a vehicle whose back is `back`
 * metres along it (below 0: on a lane before), drives `speed` and brakes with `deceleration`. `ego`: the vehicle itself.
 */
export function findFollowerBefore(ego: Vehicle, lane: Lane, back: f64, speed: f64, deceleration: f64): void {
  foundVehicle = none<Vehicle>();
  foundGap = never;
  let worst: f64 = -Infinity;
  let count = 1;
  store<usize>(searchLanes, changetype<usize>(lane));
  store<f64>(searchDistances, back);
  for (let at = 0; at < count; at++) {
    const here = pointerAt<Lane>(searchLanes, at);
    for (let i = 0; i < here.incomingCount; i++) {
      const link = pointerAt<Link>(here.incoming, i);
      const before = link.from;
      const distance = load<f64>(searchDistances + ((<usize>at) << 3)) + before.length;
      const v = before.front;
      if (some(v) && v != ego && takes(v, link)) {
        const t = v.type;
        const gap = distance - v.position - t.minGap;
        const missing = secureGap(t, v.speed, speed, deceleration) - gap;
        if (missing > worst) {
          worst = missing;
          foundVehicle = v;
          foundGap = gap;
        }
        continue;
      }
      if (before.count > 0 || count >= lanesMost || distance > searchMeters(before)) continue;
      store<usize>(searchLanes + ((<usize>count) << 2), changetype<usize>(before));
      store<f64>(searchDistances + ((<usize>count) << 3), distance);
      count += 1;
    }
  }
}

// @ts-expect-error: decorator
@inline function takes(v: Vehicle, link: Link): bool {
  knowWay(v);
  return v.next == link;
}

function searchMeters(lane: Lane): f64 {
  const limit = lane.limit * 1.5;
  return min(searchMost, (limit * limit) / 9);
}
