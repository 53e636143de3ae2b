// What demand files say before ids are looked up: SUMO lets a route use a type of another file, so everything is read
// first and put together afterwards (resolve.ts). Must not: look anything up.

import type { SignalProgram } from '../network/network.ts';
import type { OmissionList } from '../network/omissions.ts';
import type { Departure } from './demand.ts';
import type { Place } from './place.ts';
import { builtInTypes, type TypeDraft } from './vehicle-type.ts';

/** Weighted ids: a <vTypeDistribution> or a <routeDistribution>. */
export interface Distribution {
  readonly place: Place;
  readonly ids: readonly string[];
  readonly weights: readonly number[];
}

/** How a vehicle's way is given. `edges` are ids separated by spaces, as the file has them. */
export type WayDraft =
  | { readonly kind: 'named'; readonly id: string }
  | { readonly kind: 'edges'; readonly edges: string }
  | { readonly kind: 'trip'; readonly from: TripEnd; readonly to: TripEnd; readonly via: readonly string[] };

/** Where a trip begins or ends: an edge, any edge of a district (<taz>), any edge at a junction. */
export interface TripEnd {
  readonly kind: 'edge' | 'district' | 'junction';
  readonly id: string;
}

/** A <stop>, its lane or place still by name. Positions below 0 count from the end of the lane. */
export interface StopDraft {
  readonly place: Place;
  readonly on: { readonly kind: 'lane' | 'edge' | 'place'; readonly id: string };
  readonly startMeters: number | undefined;
  readonly endMeters: number | undefined;
  readonly durationSeconds: number;
  readonly untilSeconds: number | undefined;
  readonly parking: boolean;
  /** A place outside the lane is moved onto it, as its file asks. */
  readonly friendly: boolean;
}

/** A <route> with an id; its stops go before those of the vehicle. */
export interface RouteDraft {
  readonly place: Place;
  readonly edges: string;
  /** Its edges stand here more than once. */
  readonly isRepeated: boolean;
  readonly stops: readonly StopDraft[];
}

/** A <vehicle>, <trip> or one <flow>: what all departures of it share. */
export interface VehicleDraft {
  readonly place: Place;
  readonly id: string;
  readonly type: string;
  way: WayDraft | undefined;
  readonly lane: Departure['lane'];
  readonly position: Departure['position'];
  readonly speed: Departure['speed'];
  /** Which edges of the way it departs and arrives on, counted from 0; undefined: the first and the last. */
  readonly departEdge: number | undefined;
  readonly arrivalEdge: number | undefined;
  /** Metres, below 0 from the end of the last edge; undefined: its end. */
  readonly arrivalMeters: number | 'center' | 'random' | undefined;
  readonly speedFactor: number | undefined;
  readonly stops: StopDraft[];
  readonly timing: Timing;
}

/** When it departs: once, or as a flow. Seconds; an end of undefined is the end of the simulation. */
export type Timing =
  | { readonly kind: 'once'; readonly atSeconds: number }
  | {
      readonly kind: 'flow';
      readonly beginSeconds: number;
      readonly endSeconds: number | undefined;
      readonly number: number | undefined;
      readonly rate:
        | { readonly kind: 'period'; readonly seconds: number }
        | { readonly kind: 'poisson'; readonly perSecond: number }
        | { readonly kind: 'probability'; readonly perSecond: number }
        | { readonly kind: 'even' };
    };

/** A place to stop: <busStop>, <containerStop>, <chargingStation>, <parkingArea>. */
export interface StopPlace {
  readonly place: Place;
  readonly lane: string;
  readonly startMeters: number | undefined;
  readonly endMeters: number | undefined;
  readonly parking: boolean;
}

/** A <taz>: edges where trips of the district begin and end. */
export interface District {
  readonly place: Place;
  readonly sources: readonly string[];
  readonly sinks: readonly string[];
}

/** All demand files together. */
export interface DemandDraft {
  readonly types: Map<string, TypeDraft>;
  readonly typeDistributions: Map<string, Distribution>;
  readonly routes: Map<string, RouteDraft>;
  readonly routeDistributions: Map<string, Distribution>;
  readonly stopPlaces: Map<string, StopPlace>;
  readonly districts: Map<string, District>;
  readonly vehicles: VehicleDraft[];
  /** Programs of additional files; a later one of the same signal takes the place of an earlier one. */
  readonly signals: Map<string, SignalProgram>;
  readonly omissions: OmissionList;
}

/** Nothing read yet. */
export function emptyDraft(omissions: OmissionList): DemandDraft {
  return {
    types: builtInTypes(),
    typeDistributions: new Map(),
    routes: new Map(),
    routeDistributions: new Map(),
    stopPlaces: new Map(),
    districts: new Map(),
    vehicles: [],
    signals: new Map(),
    omissions,
  };
}
