// Halts: a vehicle that reaches its next stop stands there for its time, then goes on. SUMO 1.15's processNextStop for
// stops on the road; a parking vehicle stands on the road too.
// Must not: plan the way to a halt (planner.ts does).

import { haltingSpeed, numericEpsilon } from './constants';
import { stepSeconds } from './following';
import { Halt, Vehicle } from './records';
import { forgetWay } from './way-ahead';
import { dropHalt, haltIndexOf } from './ways';
import { countHalted, now } from './world';

/** Begins the next halt where the vehicle comes to stand at its place; `safe` is the speed it may drive. */
export function beginHalt(v: Vehicle, safe: f64): void {
  if (v.way.haltCount == 0) return;
  const halt = changetype<Halt>(v.way.halts);
  if (v.lane != halt.lane) return;
  const at = v.position;
  const inPlace = at >= halt.start - numericEpsilon && at <= halt.end + 1;
  if (safe > haltingSpeed || !inPlace) return;
  v.halted = true;
  countHalted(1);
  v.stopLeft = max<f64>(max<f64>(halt.duration, halt.until - now), 0);
}

/** A vehicle stands at a halt: true while it goes on standing; when its time is over it is free to drive this step. */
export function stays(v: Vehicle): bool {
  v.stopLeft = v.stopLeft - stepSeconds;
  if (v.stopLeft > 1e-9) return true;
  v.halted = false;
  countHalted(-1);
  v.waiting = 0;
  dropHalt(v.way);
  v.haltIndex = haltIndexOf(v.way);
  forgetWay(v);
  return false;
}
