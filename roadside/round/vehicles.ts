// What hellos, beacons and departures teach the RSU, and which vehicles may be chosen now.
// Must not: open, close or end anything of a round.

import type { RsuId, VehicleId } from '../../base/ids.ts';
import type { Beacon } from '../../protocol/messages.ts';
import { type Sighting, taskSeconds } from '../cuts/estimate.ts';
import { secondsLeft } from '../cuts/seconds-left.ts';
import type { Candidate } from '../selection/policy.ts';
import { quiet, type RoundState, type Step } from './state.ts';
import type { RoundConfig, RoundEffect, RoundEvent } from './types.ts';
import { allVehicles, type KnownVehicle, lookUp, withVehicle } from './vehicle-table.ts';

type EventOf<Kind extends RoundEvent['kind']> = Extract<RoundEvent, { kind: Kind }>;

function stranger(vehicle: VehicleId): KnownVehicle {
  return { vehicle, device: null, samples: 0, beacon: null, heardAt: 0, inContact: false, serving: null };
}

function remember(state: RoundState, known: KnownVehicle): RoundState {
  return { ...state, vehicles: withVehicle(state.vehicles, known) };
}

/** Learns a device. Logged when it is new or has changed: a car repeats its hello at every connection. */
export function hearHello(state: RoundState, event: EventOf<'vehicle-hello'>): Step {
  const { vehicle, device, samples } = event;
  const before = lookUp(state.vehicles, vehicle) ?? stranger(vehicle);
  const after = remember(state, { ...before, device, samples });
  if (before.device?.name === device.name && before.samples === samples) return quiet(after);
  return {
    state: after,
    effects: [{ kind: 'log', body: { kind: 'vehicle-known', vehicle, device: device.name, samples } }],
  };
}

function contactEffects(before: KnownVehicle, rsu: RsuId | null): RoundEffect[] {
  const { vehicle, inContact, serving } = before;
  if (rsu === null) return [];
  if (!inContact) return [{ kind: 'log', body: { kind: 'vehicle-entered', vehicle, rsu } }];
  if (serving === null || serving === rsu) return [];
  return [{ kind: 'log', body: { kind: 'handover', vehicle, from: serving, to: rsu } }];
}

/** Learns a place. The first beacon under an antenna opens the contact; another antenna later is a handover. */
export function hearBeacon(state: RoundState, event: EventOf<'vehicle-beacon'>): Step {
  const { vehicle, beacon, at } = event;
  const before = lookUp(state.vehicles, vehicle) ?? stranger(vehicle);
  const rsu = beacon.serving as RsuId | null;
  const known: KnownVehicle = {
    ...before,
    beacon,
    heardAt: at,
    // A beacon between two antennas does not end a contact: the link layer says when a vehicle has left.
    inContact: before.inContact || rsu !== null,
    serving: rsu ?? before.serving,
  };
  return { state: remember(state, known), effects: contactEffects(before, rsu) };
}

/** Ends a contact; silent for a vehicle that had none. */
export function hearLeaving(state: RoundState, vehicle: VehicleId): Step {
  const before = lookUp(state.vehicles, vehicle);
  if (!before?.inContact) return quiet(state);
  return {
    state: remember(state, { ...before, inContact: false, serving: null }),
    effects: [{ kind: 'log', body: { kind: 'vehicle-left', vehicle } }],
  };
}

function distanceMeters(config: RoundConfig, beacon: Beacon): number {
  const site = config.sites.find((one) => one.id === beacon.serving);
  return site ? Math.hypot(beacon.x - site.x, beacon.y - site.y) : Number.POSITIVE_INFINITY;
}

function sightingOf(config: RoundConfig, known: KnownVehicle, at: number): Sighting[] {
  const { device, beacon, inContact } = known;
  if (!device || !beacon || !inContact || beacon.serving === null) return [];
  const ageSeconds = Math.max(0, at - known.heardAt);
  const { road, offsetMeters, speedMps, bitsPerSecondPerHertz } = beacon;
  return [
    {
      vehicle: known.vehicle,
      road,
      offsetMeters,
      speedMps,
      distanceMeters: distanceMeters(config, beacon),
      secondsLeft: secondsLeft(config.coverage, { road, offsetMeters, speedMps, ageSeconds }),
      bitsPerSecondPerHertz,
      device,
      samples: known.samples,
    },
  ];
}

/** Vehicles that said hello and are in contact, sorted by id. */
export function candidatesAt(config: RoundConfig, state: RoundState, at: number): Candidate[] {
  const sightings = allVehicles(state.vehicles).flatMap((known) => sightingOf(config, known, at));
  const sharers = Math.min(config.scenario.selection.perRound, sightings.length);
  return sightings.map((sighting) => ({ ...sighting, task: taskSeconds(config, sighting, sharers) }));
}
