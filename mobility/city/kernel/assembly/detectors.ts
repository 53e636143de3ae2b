// Induction loops before actuated signals: when a vehicle was last over each of them.
// Must not: decide about a phase.

import { allocate, Lane, none, some } from './records';
import { laneOf } from './tables';
import { now } from './world';

/** A loop on a lane: where, m, and when somebody was last over it. */
@unmanaged
class Detector {
  loop: f64;
  lastSeen: f64;
  lane: Lane;
  next: Detector;
}

let first: Detector = none<Detector>();

/** Puts a detector on a lane, `loop` metres from its beginning. Returns it. */
export function newDetector(row: i32, loop: f64): Detector {
  const detector = changetype<Detector>(allocate(offsetof<Detector>()));
  detector.lane = laneOf(row);
  detector.loop = loop;
  detector.lastSeen = -Infinity;
  detector.next = first;
  first = detector;
  return detector;
}

/** When somebody was last over a detector, s; below all times: never. */
export function lastSeenOn(detector: Detector): f64 {
  return detector.lastSeen;
}

/** Notes who has been over a loop in this step. */
export function watchDetectors(): void {
  for (let detector = first; some(detector); detector = detector.next) {
    for (let v = detector.lane.front; some(v); v = v.behind) {
      const back = v.position - v.type.length - v.lastMove;
      if (back <= detector.loop && v.position >= detector.loop) detector.lastSeen = now;
    }
  }
}
