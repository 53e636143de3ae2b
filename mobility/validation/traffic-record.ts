// What is kept of a traffic to compare it with another: vehicles entering each edge by quarter of an hour, travel times,
// how many drive, stays in discs. Fed row by row, from an engine or from a file alike, so both are measured by one rule.
// Must not: know who feeds it, or keep rows.

import type { Network } from '../network/network.ts';
import type { Disc } from './discs.ts';

export const countSeconds = 900;

/** A vehicle that is under way. */
interface UnderWay {
  readonly firstSeconds: number;
  lastSeconds: number;
  edge: number;
  x: number;
  y: number;
  /** For each disc when it was entered; NaN outside. */
  readonly enteredSeconds: Float64Array;
}

/** A finished comparison side. */
export interface TrafficSummary {
  readonly beginSeconds: number;
  /** One step after the last instant seen. */
  readonly endSeconds: number;
  readonly stepSeconds: number;
  /** Counts of [quarter][edge row]. */
  readonly entered: readonly Int32Array[];
  /** Seconds from first to last sight, by vehicle, of those that arrived. */
  readonly travelSeconds: ReadonlyMap<string, number>;
  /** Vehicles under way at each instant, by milliseconds. */
  readonly running: ReadonlyMap<number, number>;
  /** For each disc the stays that ended, seconds. */
  readonly dwellSeconds: readonly (readonly number[])[];
  readonly vehicles: number;
}

/** Instants from the begin up to, but not at, the end. */
export interface Window {
  readonly beginSeconds: number;
  readonly endSeconds: number;
}

/** Call `step`, then `row` for each vehicle, again and again; then `finish`. */
export class TrafficRecord {
  readonly #edges: number;
  readonly #internal: Uint8Array;
  readonly #discs: readonly Disc[];
  readonly #entered: Int32Array[] = [];
  readonly #travelSeconds = new Map<string, number>();
  readonly #running = new Map<number, number>();
  readonly #dwellSeconds: number[][];
  readonly #underWay = new Map<string, UnderWay>();
  #nowSeconds = Number.NaN;
  #stepSeconds = Number.NaN;
  readonly #beginSeconds: number;
  readonly #endSeconds: number;
  #isOpen = false;
  #present = 0;
  #vehicles = 0;

  /** Instants outside of `window` are left out. */
  constructor(network: Network, discs: readonly Disc[], window: Window) {
    this.#beginSeconds = window.beginSeconds;
    this.#endSeconds = window.endSeconds;
    this.#edges = network.edges.count;
    this.#internal = network.edges.internal;
    this.#discs = discs;
    this.#dwellSeconds = discs.map(() => []);
  }

  /** The next instant. Who was there at the last one and is not at this one has arrived. */
  step(atSeconds: number): void {
    this.#isOpen = atSeconds >= this.#beginSeconds && atSeconds < this.#endSeconds;
    if (!this.#isOpen) return;
    if (!Number.isNaN(this.#nowSeconds)) {
      this.#closeStep();
      // Files may leave out instants at which nobody drives: the step is the shortest distance.
      const gap = atSeconds - this.#nowSeconds;
      this.#stepSeconds = Number.isNaN(this.#stepSeconds) ? gap : Math.min(this.#stepSeconds, gap);
    }
    this.#nowSeconds = atSeconds;
  }

  /** A vehicle now: the edge (any row, internal ones too) and where it is, metres. */
  row(id: string, edge: number, x: number, y: number): void {
    if (!this.#isOpen) return;
    this.#present += 1;
    const vehicle = this.#underWay.get(id);
    if (vehicle === undefined) return this.#appear(id, edge, x, y);
    if (edge !== vehicle.edge && this.#internal[edge] !== 1) {
      this.#count(edge);
      vehicle.edge = edge;
    }
    this.#drive(vehicle, x, y);
    vehicle.lastSeconds = this.#nowSeconds;
    vehicle.x = x;
    vehicle.y = y;
  }

  finish(): TrafficSummary {
    if (!Number.isNaN(this.#nowSeconds)) this.#closeStep();
    const stepSeconds = Number.isNaN(this.#stepSeconds) ? 1 : this.#stepSeconds;
    return {
      beginSeconds: this.#beginSeconds,
      endSeconds: this.#nowSeconds + stepSeconds,
      stepSeconds,
      entered: this.#entered,
      travelSeconds: this.#travelSeconds,
      running: this.#running,
      dwellSeconds: this.#dwellSeconds,
      vehicles: this.#vehicles,
    };
  }

  #appear(id: string, edge: number, x: number, y: number): void {
    const now = this.#nowSeconds;
    this.#vehicles += 1;
    const enteredSeconds = Float64Array.from(this.#discs, (disc) =>
      isInside(disc, x, y) ? now : Number.NaN,
    );
    // A vehicle may be seen first inside a junction; it has entered no edge yet.
    const isOnEdge = this.#internal[edge] !== 1;
    if (isOnEdge) this.#count(edge);
    this.#underWay.set(id, {
      firstSeconds: now,
      lastSeconds: now,
      edge: isOnEdge ? edge : -1,
      x,
      y,
      enteredSeconds,
    });
  }

  #count(edge: number): void {
    const quarter = Math.floor((this.#nowSeconds - this.#beginSeconds) / countSeconds);
    while (this.#entered.length <= quarter) this.#entered.push(new Int32Array(this.#edges));
    this.#entered[quarter]![edge]! += 1;
  }

  /** Notes discs entered and left on the straight way from the last sight to (x, y). */
  #drive(vehicle: UnderWay, x: number, y: number): void {
    const { enteredSeconds, lastSeconds } = vehicle;
    for (let i = 0; i < this.#discs.length; i++) {
      const disc = this.#discs[i]!;
      const wasInside = !Number.isNaN(enteredSeconds[i]!);
      const inside = isInside(disc, x, y);
      if (wasInside === inside) continue;
      const share = crossing(disc, vehicle, x, y);
      const at = lastSeconds + share * (this.#nowSeconds - lastSeconds);
      if (inside) enteredSeconds[i] = at;
      else {
        this.#dwellSeconds[i]!.push(at - enteredSeconds[i]!);
        enteredSeconds[i] = Number.NaN;
      }
    }
  }

  /** Ends the last instant: counts who drives, and lets go who is not there any more. */
  #closeStep(): void {
    this.#running.set(Math.round(1000 * this.#nowSeconds), this.#present);
    this.#present = 0;
    for (const [id, vehicle] of this.#underWay)
      if (vehicle.lastSeconds !== this.#nowSeconds) this.#arrive(id, vehicle);
  }

  /** The last sight is the arrival: what comes after it nobody knows. A stay in a disc ends with it. */
  #arrive(id: string, { firstSeconds, lastSeconds, enteredSeconds }: UnderWay): void {
    this.#underWay.delete(id);
    this.#travelSeconds.set(id, lastSeconds - firstSeconds);
    enteredSeconds.forEach((entered, i) => {
      if (!Number.isNaN(entered)) this.#dwellSeconds[i]!.push(lastSeconds - entered);
    });
  }
}

function isInside({ x, y, radiusMeters }: Disc, px: number, py: number): boolean {
  return (px - x) * (px - x) + (py - y) * (py - y) <= radiusMeters * radiusMeters;
}

/** The share of the way from `from` to (x, y) at which the border of the disc is passed; one end is inside. */
function crossing(disc: Disc, from: { x: number; y: number }, x: number, y: number): number {
  const [dx, dy] = [x - from.x, y - from.y];
  const [ox, oy] = [from.x - disc.x, from.y - disc.y];
  const a = dx * dx + dy * dy;
  const b = ox * dx + oy * dy;
  const c = ox * ox + oy * oy - disc.radiusMeters * disc.radiusMeters;
  const root = Math.sqrt(Math.max(0, b * b - a * c));
  // From inside (c <= 0) the way leaves at the later root, from outside it enters at the earlier one.
  const share = (-b + (c <= 0 ? root : -root)) / a;
  return Math.min(1, Math.max(0, share));
}
