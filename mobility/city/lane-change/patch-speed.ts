// How lane changing alters a driver's speed: making room for somebody who must change, falling back to a gap, speeding
// up towards one. SUMO 1.15's MSLCM_LC2013::patchSpeed.
// Must not: go beyond the bounds it is given.

import type { World } from '../world.ts';
import { change, isBlocked, wantsChange } from './change-state.ts';

/** Metres kept free besides the room a blocked leader needs. */
const spareMeters = 1;

/** The speed from `least` to `most`, given what the driver and its neighbours want, and what it would drive else. */
export function patchSpeed(world: World, v: number, least: number, wanted: number, most: number): number {
  const { vehicles, types } = world;
  const t = vehicles.type[v]!;
  const speed = vehicles.speed[v]!;
  let low = Math.max(least, 0);
  let high = most;
  let safe = wanted;
  let advised = false;
  if (vehicles.blockerLength[v] !== 0) {
    const space = vehicles.leftSpace[v]! - vehicles.blockerLength[v]! - spareMeters - types.minGap[t]!;
    if (space > 0) {
      const emergency = types.slowestNextEmergency(t, speed);
      const stop = types.stop(t, speed, space, types.deceleration[t]!, world.laneSpeed(vehicles.lane[v]!, v));
      high = Math.min(high, Math.max(stop, emergency));
      if (stop < wanted) {
        if (stop < low && stop >= emergency) low = Math.max(emergency, stop);
        safe = Math.max(low, stop);
        advised = true;
      }
    }
  }
  const willing = Math.max(0, Math.min(1, types.cooperative[t]!));
  for (let i = 0; i < vehicles.adviceCount[v]!; i++) {
    const advice = speed + vehicles.advices[v + i]! * types.stepSeconds;
    if (advice < low || advice > high) continue;
    safe = Math.min(advice * willing + (1 - willing) * wanted, safe);
    advised = true;
  }
  if (advised && !vehicles.dontBrake[v]) return safe;
  const state = vehicles.changeState[v]!;
  if ((state & wantsChange) !== 0 && (state & isBlocked) !== 0) {
    if (state & change.strategic) return (high + wanted) / 2;
    if (state & change.cooperative) {
      if (state & change.blockedByLeader) return (low + wanted) / 2;
      return (high + wanted) / 2;
    }
  }
  return state & change.amBlockingLeader ? (high + wanted) / 2 : wanted;
}
