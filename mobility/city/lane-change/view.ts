// What a driver sees when it thinks of changing to the lane beside. Must not: hold rules.

import type { Neighbour } from '../neighbours.ts';

/** Filled in by the lane changer, neighbours only once they are needed. */
export interface View {
  ego: number;
  /** -1: right, +1: left. */
  direction: number;
  lane: number;
  beside: number;
  record: number;
  leader: Neighbour;
  besideLeader: Neighbour;
  besideFollower: Neighbour;
  /** False: the own leader has not been looked for. */
  knowsLeader: boolean;
  bestOffset: number;
  /** Vehicles on this edge that urgently want to come over from the own lane: the first and the last. */
  firstBlocked: number;
  lastBlocked: number;
  blocked: number;
}
