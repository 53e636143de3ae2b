// The port of the city engine: vehicles of a demand driven through a network, step by step, for whoever watches
// (floating-car data, contacts, validation, the Mobility port). Must not: hold behaviour.

import type { Demand } from '../demand/demand.ts';
import type { Network } from '../network/network.ts';

/** What a run of the engine is made of. */
export interface CityEngineOptions {
  readonly network: Network;
  readonly demand: Demand;
  readonly beginSeconds: number;
  readonly stepSeconds: number;
  /** Root of the engine's own random streams (dawdling and the like). */
  readonly seed: number;
  /** Seconds of standing after which a vehicle is moved on, as SUMO's --time-to-teleport; 0: never. */
  readonly teleportAfterSeconds: number;
}

/** Vehicles now, as columns: row i is one vehicle on the road, in no meaningful order. Valid until the next step. */
export interface VehicleColumns {
  readonly count: number;
  /** Row of the vehicle in `demand.departures`. */
  readonly departure: Int32Array;
  /** Row of the lane of its front bumper, and metres along it. */
  readonly lane: Int32Array;
  readonly position: Float64Array;
  readonly speed: Float64Array;
  /** Index in its route of the edge it is on, or of the last normal edge where it is inside a junction. */
  readonly routeIndex: Int32Array;
}

/**
 * Vehicles inserted = running + arrived; demanded = inserted + waiting + skipped. Checked after each step by tests.
 * `running` counts those too that are lifted off the road for a moment (teleports) and are in no column.
 */
export interface CityCounts {
  readonly inserted: number;
  readonly running: number;
  readonly arrived: number;
  /** Departed by the clock, still waiting for room. */
  readonly waiting: number;
  /** Gave up: their departure speed is too high for the road before them, at any time. */
  readonly skipped: number;
  readonly teleports: number;
}

export interface CityEngine {
  /** The instant the columns show: after the n-th step begin + (n - 1) steps, as SUMO labels it; before, one step less. */
  readonly nowSeconds: number;
  /** Advances by one step. */
  step(): void;
  readonly vehicles: VehicleColumns;
  readonly counts: CityCounts;
  /** Departures (rows) that entered and that arrived in the last step. */
  readonly inserted: readonly number[];
  readonly arrived: readonly number[];
  /** All departures (rows) skipped so far. */
  readonly skipped: readonly number[];
  /** The present state letters of signal `row`. */
  signalState(row: number): string;
}
