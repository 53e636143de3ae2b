// An immutable table of what the RSU knows, one record a vehicle, in the order of ids. A beacon a second from ten thousand
// cars must not copy ten thousand entries each, so the records lie in pages: a change copies one page and the list of them.
// Must not: be changed in place.

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

/** A page that would grow beyond this is halved. Ten thousand vehicles: some 200 pages of some 50 records. */
const pageRecords = 64;

type Page = readonly KnownVehicle[];

/** Pages in the order of ids; none is empty. `flat()` gives all records. */
export type VehicleTable = readonly Page[];

/** A table without vehicles. */
export function emptyTable(): VehicleTable {
  return [];
}

/** The first position in `page` whose id is not below `vehicle`. */
function positionIn(page: Page, vehicle: VehicleId): number {
  let [low, high] = [0, page.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (page[middle]!.vehicle < vehicle) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The last page that begins at or before `vehicle`; the first page where none does. */
function pageOf(table: VehicleTable, vehicle: VehicleId): number {
  let [low, high] = [0, table.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (table[middle]![0]!.vehicle <= vehicle) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** What is known of `vehicle`, or undefined. */
export function lookUp(table: VehicleTable, vehicle: VehicleId): KnownVehicle | undefined {
  const page = table[pageOf(table, vehicle)] ?? [];
  const found = page[positionIn(page, vehicle)];
  return found?.vehicle === vehicle ? found : undefined;
}

/** The page with the record in its place, in two where it has grown too long. */
function withRecord(page: Page, known: KnownVehicle): Page[] {
  const at = positionIn(page, known.vehicle);
  if (page[at]?.vehicle === known.vehicle) return [page.with(at, known)];
  const grown = page.toSpliced(at, 0, known);
  const half = grown.length >>> 1;
  return grown.length > pageRecords ? [grown.slice(0, half), grown.slice(half)] : [grown];
}

/** The table with this record in place of the vehicle's earlier one. */
export function withVehicle(table: VehicleTable, known: KnownVehicle): VehicleTable {
  const at = pageOf(table, known.vehicle);
  const pages = withRecord(table[at] ?? [], known);
  return pages.length === 1 && at < table.length
    ? table.with(at, pages[0]!)
    : table.toSpliced(at, 1, ...pages);
}
