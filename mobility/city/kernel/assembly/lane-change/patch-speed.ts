// How lane changing alters a driver's speed: making room for somebody who must change, falling back to a gap, speeding
// up towards one. SUMO 1.15's MSLCM_LC2013::patchSpeed.
// Must not: go beyond the bounds it is given.

import { slowestNextEmergency, stepSeconds, stop } from '../following';
import { adviceAt, Vehicle } from '../records';
import { laneSpeed } from '../world';
import {
  amBlockingLeader,
  blockedByLeader,
  cooperativeBit,
  isBlockedBits,
  strategicBit,
  wantsChange,
} from './change-state';

/** Metres kept free besides the room a blocked leader needs. */
const spareMeters: f64 = 1;

/** The speed from `least` to `most`, given what the driver and its neighbours want, and what it would drive else. */
export function patchSpeed(v: Vehicle, least: f64, wanted: f64, most: f64): f64 {
  const t = v.type;
  const speed = v.speed;
  let low = max<f64>(least, 0);
  let high = most;
  let safe = wanted;
  let advised = false;
  if (v.blockerLength != 0) {
    const space = v.leftSpace - v.blockerLength - spareMeters - t.minGap;
    if (space > 0) {
      const emergency = slowestNextEmergency(t, speed);
      const halt = stop(t, speed, space, t.deceleration, laneSpeed(v.lane, v));
      high = min(high, max(halt, emergency));
      if (halt < wanted) {
        if (halt < low && halt >= emergency) low = max(emergency, halt);
        safe = max(low, halt);
        advised = true;
      }
    }
  }
  const willing = max<f64>(0, min<f64>(1, t.cooperative));
  for (let i = 0; i < v.adviceCount; i++) {
    const advice = speed + adviceAt(v, i) * stepSeconds;
    if (advice < low || advice > high) continue;
    safe = min(advice * willing + (1 - willing) * wanted, safe);
    advised = true;
  }
  if (advised && !v.dontBrake) return safe;
  const state = v.changeState;
  if ((state & wantsChange) != 0 && (state & isBlockedBits) != 0) {
    if (state & strategicBit) return (high + wanted) / 2;
    if (state & cooperativeBit) {
      if (state & blockedByLeader) return (low + wanted) / 2;
      return (high + wanted) / 2;
    }
  }
  return state & amBlockingLeader ? (high + wanted) / 2 : wanted;
}
