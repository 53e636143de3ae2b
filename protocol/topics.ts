// Topic names: who may publish what where. `up` is written by one vehicle and read by the RSU; `down` the reverse;
// `world` carries the simulated position of a vehicle from the mobility process to its agent; `announce` is retained.
// Must not: hold anything but names.

import { asId, type RunId, type VehicleId } from '../base/ids.ts';
import type { Direction } from './codec.ts';

const root = 'roadbed/v1';

/** Retained: which run is on, and its resolved scenario. An agent process needs no other configuration. */
export const announceTopic = `${root}/announce`;

/** Where vehicle `vehicle` writes (`up`) or reads (`down`). */
export const vehicleTopic = (run: RunId, direction: Direction, vehicle: VehicleId): string =>
  `${root}/${run}/${direction}/${vehicle}`;
/** What the RSU subscribes to. */
export const allUpTopic = (run: RunId): string => `${root}/${run}/up/+`;
/** Position feed of one simulated vehicle (`world.ts`); an empty message says that it has left the road for good. */
export const worldTopic = (run: RunId, vehicle: VehicleId): string => `${root}/${run}/world/${vehicle}`;
export const allWorldTopic = (run: RunId): string => `${root}/${run}/world/+`;

/** Which pool of agents drives a simulated vehicle. An unretained claim asks, a retained one holds, an empty one releases. */
export const claimTopic = (run: RunId, vehicle: VehicleId): string => `${root}/${run}/claim/${vehicle}`;
export const allClaimTopic = (run: RunId): string => `${root}/${run}/claim/+`;

/** The vehicle named by an `up`, `down`, `world` or `claim` topic, or undefined when the topic is not ours. */
export function vehicleOfTopic(topic: string): VehicleId | undefined {
  const parts = topic.split('/');
  if (parts.length !== 5 || parts[0] !== 'roadbed' || parts[1] !== 'v1') return undefined;
  try {
    return asId<VehicleId>(parts[4]!);
  } catch {
    return undefined;
  }
}
