// What a driver sees when it thinks of changing to the lane beside. Must not: hold rules.

import { allocate, Lane, Vehicle } from '../records';

/** Filled in by the lane changer, neighbours only once they are needed; gaps in m. */
@unmanaged
class View {
  leaderGap: f64;
  besideLeaderGap: f64;
  besideFollowerGap: f64;
  ego: Vehicle;
  /** -1: right, +1: left. */
  direction: i32;
  lane: Lane;
  beside: Lane;
  record: usize;
  leader: Vehicle;
  besideLeader: Vehicle;
  besideFollower: Vehicle;
  /** False: the own leader has not been looked for. */
  knowsLeader: bool;
  /** False: leaders beside have been looked for, the follower and what hinders have not. */
  knowsFollower: bool;
  bestOffset: i32;
  /** Vehicles on this edge that urgently want to come over from the own lane: the first and the last. */
  firstBlocked: Vehicle;
  lastBlocked: Vehicle;
  blocked: i32;
}

/** One driver thinks at a time. */
export const view = changetype<View>(allocate(offsetof<View>()));
