// All vehicles on the roads as a struct of arrays: entry `slot` of every array belongs to one vehicle. Slots of vehicles
// that arrived are used again. Why: the tick loop touches numbers only, contiguous and without allocation.
// Must not: move anybody (driving decides speeds, the mover moves).

import { assert } from '../../base/assert.ts';
import type { VehicleId } from '../../base/ids.ts';
import { Lane } from './lane.ts';

/** A vehicle about to stand on a road. */
export interface NewVehicle {
  readonly id: VehicleId;
  /** Road index in the network. */
  readonly road: number;
  /** Front bumper from the road's start, metres. */
  readonly offsetMeters: number;
  readonly speedMps: number;
  /** What this driver makes of the common desired speed, without unit; 1 is the mean. */
  readonly speedFactor: number;
  /** Decides every turn the vehicle will take (route.ts). */
  readonly routeSeed: number;
}

export class Fleet {
  /** Front bumper from the start of the road, metres. */
  offset = new Float64Array(64);
  /** m/s. */
  speed = new Float64Array(64);
  /** Speed of the coming sub-step, m/s: written by driving, read by the mover. */
  nextSpeed = new Float64Array(64);
  speedFactor = new Float64Array(64);
  road = new Int32Array(64);
  /** Roads left behind so far. */
  hop = new Int32Array(64);
  routeSeed = new Uint32Array(64);
  /** Vehicle of each slot. */
  readonly ids: VehicleId[] = [];
  /** Order of vehicles on each road. */
  readonly lanes: readonly Lane[];
  readonly #free: number[] = [];
  #live: number[] = [];

  constructor(roadCount: number) {
    this.lanes = Array.from({ length: roadCount }, () => new Lane());
  }

  /** Vehicles on the roads. */
  get size(): number {
    return this.#live.length;
  }

  /** Slots of all vehicles, sorted by vehicle id (by code units, so that the order needs no locale). */
  get live(): readonly number[] {
    return this.#live;
  }

  /** Puts a vehicle on its road and returns its slot. May replace the arrays: never keep them across a call. */
  add(vehicle: NewVehicle): number {
    const slot = this.#free.pop() ?? this.ids.length;
    if (slot === this.offset.length) this.#grow();
    this.ids[slot] = vehicle.id;
    this.offset[slot] = vehicle.offsetMeters;
    this.speed[slot] = vehicle.speedMps;
    this.nextSpeed[slot] = vehicle.speedMps;
    this.speedFactor[slot] = vehicle.speedFactor;
    this.road[slot] = vehicle.road;
    this.hop[slot] = 0;
    this.routeSeed[slot] = vehicle.routeSeed;
    this.lanes[vehicle.road]!.insert(slot, this.offset);
    this.#list(slot);
    return slot;
  }

  /** Forgets a vehicle that is on no lane any more. */
  remove(slot: number): void {
    const at = this.#rankOf(this.ids[slot]!);
    assert(this.#live[at] === slot, `vehicle ${this.ids[slot]} is not on the roads`);
    this.#live.splice(at, 1);
    this.#free.push(slot);
  }

  #list(slot: number): void {
    const id = this.ids[slot]!;
    const at = this.#rankOf(id);
    const there = this.#live[at];
    assert(there === undefined || this.ids[there] !== id, `vehicle ${id} is on the roads already`);
    this.#live.splice(at, 0, slot);
  }

  /** The first place in `live` whose id is not below `id`. */
  #rankOf(id: VehicleId): number {
    let low = 0;
    let high = this.#live.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ids[this.#live[middle]!]! < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #grow(): void {
    const capacity = this.offset.length * 2;
    const wider = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const array = new Float64Array(capacity);
      array.set(old);
      return array;
    };
    this.offset = wider(this.offset);
    this.speed = wider(this.speed);
    this.nextSpeed = wider(this.nextSpeed);
    this.speedFactor = wider(this.speedFactor);
    this.road = Int32Array.from({ length: capacity }, (_, i) => this.road[i] ?? 0);
    this.hop = Int32Array.from({ length: capacity }, (_, i) => this.hop[i] ?? 0);
    this.routeSeed = Uint32Array.from({ length: capacity }, (_, i) => this.routeSeed[i] ?? 0);
  }
}
