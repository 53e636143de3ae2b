// What the mobility room tells the others: plain records, made for reading. Nothing in this room knows that anyone learns.
// Must not: hold behaviour.
//
// Glossary. Road: a directed polyline with one lane in this first engine; a vehicle's place is (road, offset). Offset:
// metres from the road's start to the front bumper. RSU: a roadside unit, here only an antenna with a coverage disc.
// Contact: the interval during which a vehicle is inside the coverage of an RSU. Step: one fixed increment of the engine.
// Serving RSU: among the RSUs covering a vehicle, the one with the best spectral efficiency (ties: scenario order).

import type { RoadId, RsuId, VehicleId } from '../base/ids.ts';

/** A point in metres, east and north of the scenario's origin. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A directed road. `successors` are the roads a vehicle may enter at its end (none: the vehicle arrives there). */
export interface Road {
  readonly id: RoadId;
  readonly points: readonly Point[];
  readonly lengthMeters: number;
  readonly speedLimitMps: number;
  readonly successors: readonly RoadId[];
}

/** An antenna beside the road. */
export interface RsuSite {
  readonly id: RsuId;
  readonly x: number;
  readonly y: number;
  readonly coverageRadiusMeters: number;
  readonly antennaHeightMeters: number;
}

/** The stretch of a road that lies inside an RSU's coverage disc. */
export interface CoverageInterval {
  readonly rsu: RsuId;
  readonly road: RoadId;
  readonly fromMeters: number;
  readonly toMeters: number;
}

/** Where a vehicle is and what link it has, at one instant. */
export interface Fix {
  readonly vehicle: VehicleId;
  readonly at: number;
  readonly x: number;
  readonly y: number;
  /** Direction of travel, radians counter-clockwise from east. */
  readonly headingRadians: number;
  readonly speedMps: number;
  readonly road: RoadId;
  readonly offsetMeters: number;
  /** The RSU that serves the vehicle now, null outside all coverage. */
  readonly serving: RsuId | null;
  /** Shannon spectral efficiency of the uplink to the serving RSU, bit/s per Hz; 0 outside coverage. */
  readonly bitsPerSecondPerHertz: number;
}

/** Something that happened inside a step, at its exact instant. */
export type MobilityEvent =
  | { readonly kind: 'spawned'; readonly at: number; readonly vehicle: VehicleId }
  | { readonly kind: 'arrived'; readonly at: number; readonly vehicle: VehicleId }
  | { readonly kind: 'entered'; readonly at: number; readonly vehicle: VehicleId; readonly rsu: RsuId }
  | { readonly kind: 'left'; readonly at: number; readonly vehicle: VehicleId; readonly rsu: RsuId };

/** A city for drawing: its lanes, and the ends of those that a signal holds. */
export interface StreetPicture {
  readonly lanes: readonly { readonly widthMeters: number; readonly points: readonly Point[] }[];
  readonly stopLines: readonly (Point & { readonly headingRadians: number; readonly widthMeters: number })[];
}

/** What a signal shows a lane: the most it gives any of the lane's links. */
export type SignalColour = 'off' | 'red' | 'yellow' | 'green';

/** The outcome of one step from `from` to `to` seconds. Events ascend in time; ties by vehicle id. */
export interface MobilityStep {
  readonly from: number;
  readonly to: number;
  readonly events: readonly MobilityEvent[];
  /** One fix per vehicle on the road at `to`, sorted by vehicle id. */
  readonly fixes: readonly Fix[];
  /** What the stop lines of the picture show at `to`, in its order; absent where nobody tells. */
  readonly signals?: readonly SignalColour[];
}

/** A mobility source whose steps may take time outside this process: a live simulator, a trace read from disk. */
export interface MobilitySource extends Omit<Mobility, 'step'> {
  /** Advances by one step. Steps do not overlap. Rejects where the source has died. */
  step(): MobilityStep | Promise<MobilityStep>;
  /** Lets go of what it holds outside this process. */
  close?(): Promise<void>;
}

/** A mobility source: an engine of ours. */
export interface Mobility {
  readonly roads: readonly Road[];
  readonly rsus: readonly RsuSite[];
  readonly coverage: readonly CoverageInterval[];
  readonly stepSeconds: number;
  /** Of a city only. */
  readonly picture?: StreetPicture;
  /** Fixes at time 0, before any step (vehicles present from the start; `entered` events of those inside coverage come in the first step at its `from`). */
  initial(): readonly Fix[];
  /** Advances by one step. */
  step(): MobilityStep;
}
