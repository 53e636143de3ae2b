// What hellos, beacons and departures teach the RSU.
// Must not: open, close or end anything of a round.

import type { RoadId, RsuId, VehicleId } from '../../base/ids.ts';
import type { EventBody, StayPrediction } from '../../protocol/events.ts';
import type { Beacon } from '../../protocol/messages.ts';
import { withPredictions } from '../cuts/chance.ts';
import { withBeacon } from '../cuts/radio-map.ts';
import { metersLeft, secondsLeft } from '../cuts/seconds-left.ts';
import {
  learnedSeconds,
  learnPassage,
  learnStay,
  predictionsOf,
  type Stay,
  type StayHistory,
  withVisit,
} from '../cuts/stay-history.ts';
import { quiet, type RoundState, type Step } from './state.ts';
import type { RoundConfig, RoundEffect, RoundEvent } from './types.ts';
import { type KnownVehicle, lookUp, withVehicle } from './vehicle-table.ts';

type EventOf<Kind extends RoundEvent['kind']> = Extract<RoundEvent, { kind: Kind }>;

function stranger(vehicle: VehicleId): KnownVehicle {
  return {
    vehicle,
    device: null,
    samples: 0,
    beacon: null,
    heardAt: 0,
    inContact: false,
    serving: null,
    stay: null,
  };
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
export function hearBeacon(config: RoundConfig, state: RoundState, event: EventOf<'vehicle-beacon'>): Step {
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
  const { history, stay } = config.scenario.prediction
    ? followStay(config, state.history, known)
    : { history: state.history, stay: null };
  const radioMap = mapsRadio(config) && rsu !== null ? withBeacon(state.radioMap, beacon) : state.radioMap;
  return {
    state: remember({ ...state, history, radioMap }, { ...known, stay }),
    effects: contactEffects(before, rsu),
  };
}

const mapsRadio = ({ scenario }: RoundConfig): boolean => scenario.fallback.channel === 'along-road';

/** Ends a contact; silent for a vehicle that had none. */
export function hearLeaving(
  config: RoundConfig,
  state: RoundState,
  vehicle: VehicleId,
  when: { at: number; lostAt?: number },
): Step {
  const before = lookUp(state.vehicles, vehicle);
  if (!before?.inContact) return quiet(state);
  const { stay } = before;
  const endedAt = when.lostAt ?? when.at;
  const isCut = before.beacon !== null && isCoveredToEnd(config, before.beacon);
  const history = stay ? learnStay(state.history, stay, { at: endedAt, isCut }) : state.history;
  const method = config.scenario.prediction?.method ?? 'road';
  const stayErrors = stay
    ? withPredictions(state.stayErrors, predictionsOf(stay, endedAt), method)
    : state.stayErrors;
  const log = (body: EventBody): RoundEffect => ({ kind: 'log', body });
  return {
    state: remember(
      { ...state, history, stayErrors },
      { ...before, inContact: false, serving: null, stay: null },
    ),
    effects: [
      log({ kind: 'vehicle-left', vehicle }),
      ...(stay ? [log(endedStay(vehicle, stay, endedAt))] : []),
    ],
  };
}

function endedStay(vehicle: VehicleId, stay: Stay, endedAt: number): EventBody {
  const seconds = endedAt - (stay.visits[0]?.at ?? endedAt);
  return { kind: 'stay-ended', vehicle, seconds, predictions: predictionsOf(stay, endedAt) };
}

/** The stay with this beacon, and what it teaches where the vehicle has come onto another road. */
function followStay(
  config: RoundConfig,
  history: StayHistory,
  { beacon, heardAt, stay }: KnownVehicle,
): { history: StayHistory; stay: Stay | null } {
  if (!beacon || beacon.serving === null) return { history, stay };
  const road = beacon.road as RoadId;
  // A ring is a road that leads onto itself: a car that is further back has come onto it anew.
  const isOnward = stay?.visits.at(-1)?.road === road && beacon.offsetMeters >= stay.lastMeters;
  if (stay && isOnward)
    return { history, stay: { ...stay, lastMeters: beacon.offsetMeters, lastAt: heardAt } };
  const learned = stay ? learnPassage(history, stay, road) : history;
  const prediction = predict(config, learned, beacon, 0);
  const visit = { road, at: heardAt, offsetMeters: beacon.offsetMeters, prediction };
  return { history: learned, stay: withVisit(stay ?? undefined, visit) };
}

/** Metres by which a coverage may miss a road's end and still reach it: offsets are floating point. */
const endTolerance = 1e-6;

/** A car that comes into coverage stands on its border, by rounding before or behind it: this far on it is inside. */
const borderMeters = 1e-3;

function isCoveredToEnd(
  { coverage, roadMeters }: RoundConfig,
  { road, offsetMeters }: Pick<Beacon, 'road' | 'offsetMeters'>,
): boolean {
  const meters = metersLeft(coverage, { road, offsetMeters });
  const length = roadMeters?.get(road);
  return meters !== null && length !== undefined && offsetMeters + meters >= length - endTolerance;
}

/** Seconds in coverage that a beacon promises, by the road and by what stays have taught. */
export function predict(
  config: RoundConfig,
  history: StayHistory,
  beacon: Beacon,
  ageSeconds: number,
): Pick<StayPrediction, 'roadSeconds' | 'learnedSeconds'> {
  const { speedMps } = beacon;
  const offsetMeters = beacon.offsetMeters + borderMeters;
  const road = beacon.road as RoadId;
  const roadSeconds = secondsLeft(config.coverage, { road, offsetMeters, speedMps, ageSeconds });
  const meters = metersLeft(config.coverage, { road, offsetMeters }) ?? 0;
  const covered = isCoveredToEnd(config, { road, offsetMeters });
  const car = { road, speedMps, ageSeconds, metersLeft: meters, isCoveredToEnd: covered };
  return { roadSeconds, learnedSeconds: learnedSeconds(history, car) };
}
