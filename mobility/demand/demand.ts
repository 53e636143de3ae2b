// Who drives where and when: vehicle types, routes and departures as plain data, sorted by departure. Readers of SUMO
// files and our own sources make it; the city engine inserts it.
// Must not: hold behaviour, or draw: every random choice (a type of a distribution, a speed factor) is made by the maker.

import type { Omission } from '../network/network.ts';

export type CarFollowingModel = 'krauss' | 'idm';

/** A vehicle type, with SUMO's defaults already filled in for its class. */
export interface VehicleType {
  readonly id: string;
  readonly model: CarFollowingModel;
  /** SUMO's class: passenger, bus, truck, ... */
  readonly vehicleClass: string;
  /** The class as a bit of LaneTable.permissions. */
  readonly permissionBit: number;
  readonly lengthMeters: number;
  readonly minGapMeters: number;
  readonly maxSpeedMps: number;
  readonly accelerationMps2: number;
  readonly decelerationMps2: number;
  readonly emergencyDecelerationMps2: number;
  /** Krauss's imperfection, 0..1. */
  readonly sigma: number;
  /** Desired time headway, seconds. */
  readonly tauSeconds: number;
  /** IDM's exponent. */
  readonly delta: number;
  /** Lane changing, SUMO's lc* factors: 1 by default. */
  readonly laneChange: {
    readonly strategic: number;
    readonly cooperative: number;
    readonly speedGain: number;
    readonly keepRight: number;
  };
  /** Impatience a driver starts with, 0..1. */
  readonly impatience: number;
  /** SUMO's jm* parameters that are set, by name. */
  readonly junctionModel: Readonly<Record<string, number>>;
}

/** A halt on the way. */
export interface Stop {
  /** Row of the lane in the network. */
  readonly lane: number;
  readonly startMeters: number;
  readonly endMeters: number;
  /** At least so long, and not before `untilSeconds`. */
  readonly durationSeconds: number;
  readonly untilSeconds: number | undefined;
  readonly parking: boolean;
  /** The bus stop's id; empty: none. */
  readonly place: string;
}

/** `number`: metres, m/s or a lane index; the words are SUMO's departLane, departPos, departSpeed. */
export interface Departure {
  readonly id: string;
  /** Row in `types`. */
  readonly type: number;
  /** Row in `routes`. */
  readonly route: number;
  readonly atSeconds: number;
  readonly lane: number | 'first' | 'best' | 'free' | 'random' | 'allowed';
  readonly position: number | 'base' | 'random' | 'free' | 'last' | 'random_free';
  readonly speed: number | 'max' | 'desired' | 'speedLimit' | 'last' | 'random' | 'avg';
  /** Metres along the last edge; undefined: its end. */
  readonly arrivalMeters: number | undefined;
  /** Drawn from the type's distribution: what the driver makes of a speed limit. */
  readonly speedFactor: number;
  readonly stops: readonly Stop[];
}

export interface Demand {
  readonly types: readonly VehicleType[];
  /** Rows of edges of the network, in order; consecutive ones are joined by a link the type may use. */
  readonly routes: readonly Int32Array[];
  /** Ascending in `atSeconds`; equal instants in the order of the source. */
  readonly departures: readonly Departure[];
  readonly omissions: readonly Omission[];
}
