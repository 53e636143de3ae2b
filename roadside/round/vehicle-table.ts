// An immutable table of what the RSU knows, one record a vehicle. A beacon a second from a thousand cars must not copy a
// thousand entries each, so the table is cut into buckets by a hash of the id and a change copies one bucket.
// Must not: be changed in place, or give its records in an order that depends on the hash.

import type { RsuId, VehicleId } from '../../base/ids.ts';
import type { Beacon, DeviceProfile } from '../../protocol/messages.ts';
import type { Stay } from '../cuts/stay-history.ts';

/** What the RSU knows of one vehicle. */
export interface KnownVehicle {
  readonly vehicle: VehicleId;
  /** Null until its hello. */
  readonly device: DeviceProfile | null;
  readonly samples: number;
  readonly beacon: Beacon | null;
  /** When that beacon was heard, by the RSU's clock. */
  readonly heardAt: number;
  /** Between the first beacon in coverage and the vehicle's leaving. */
  readonly inContact: boolean;
  /** The antenna that served it last. */
  readonly serving: RsuId | null;
  /** The roads of its present stay; null where the scenario asks for no prediction, or before the first beacon. */
  readonly stay: Stay | null;
}

/** 64 buckets: 16 entries a bucket at a thousand vehicles. */
const bucketCount = 64;

export type VehicleTable = readonly ReadonlyMap<VehicleId, KnownVehicle>[];

/** A table without vehicles. */
export function emptyTable(): VehicleTable {
  const none: ReadonlyMap<VehicleId, KnownVehicle> = new Map();
  return Array.from({ length: bucketCount }, () => none);
}

function bucketOf(vehicle: VehicleId): number {
  let hash = 0;
  for (let i = 0; i < vehicle.length; i++) hash = (Math.imul(hash, 31) + vehicle.charCodeAt(i)) | 0;
  return (hash >>> 0) % bucketCount;
}

/** What is known of `vehicle`, or undefined. */
export function lookUp(table: VehicleTable, vehicle: VehicleId): KnownVehicle | undefined {
  return table[bucketOf(vehicle)]?.get(vehicle);
}

/** The table with this record in place of the vehicle's earlier one. */
export function withVehicle(table: VehicleTable, known: KnownVehicle): VehicleTable {
  const index = bucketOf(known.vehicle);
  return table.with(index, new Map(table[index]).set(known.vehicle, known));
}

/** All records, sorted by vehicle id. */
export function allVehicles(table: VehicleTable): KnownVehicle[] {
  return table
    .flatMap((bucket) => [...bucket.values()])
    .sort((a, b) => (a.vehicle < b.vehicle ? -1 : a.vehicle > b.vehicle ? 1 : 0));
}
