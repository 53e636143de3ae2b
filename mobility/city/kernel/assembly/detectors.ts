// Induction loops before actuated signals: when a vehicle was last over each of them.
// Must not: decide about a phase.

import { allocate, Lane, pointerAt, some } from './records';
import { laneOf } from './tables';
import { now } from './world';

let watched: usize = 0;
let watchedCount: i32 = 0;
let watchedRoom: i32 = 0;

/** Puts a detector on a lane, `loop` metres from its beginning. */
export function addDetector(row: i32, loop: f64): void {
  if (watchedCount == watchedRoom) {
    watchedRoom = max<i32>(64, watchedRoom * 2);
    const grown = allocate(<usize>watchedRoom << 2);
    memory.copy(grown, watched, <usize>watchedCount << 2);
    watched = grown;
  }
  const lane = laneOf(row);
  lane.loop = loop;
  store<usize>(watched + (<usize>watchedCount << 2), changetype<usize>(lane));
  watchedCount += 1;
}

/** When somebody was last over the detector of a lane, s; below all times: never. */
export function lastSeenOn(row: i32): f64 {
  return laneOf(row).lastSeen;
}

/** Notes who has been over a loop in this step. */
export function watchDetectors(): void {
  for (let i = 0; i < watchedCount; i++) {
    const lane = pointerAt<Lane>(watched, i);
    for (let v = lane.front; some(v); v = v.behind) {
      const back = v.position - v.type.length - v.lastMove;
      if (back <= lane.loop && v.position >= lane.loop) lane.lastSeen = now;
    }
  }
}
