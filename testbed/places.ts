// Which vehicles there are and where each first drove: for partitions by place, and for looking at a fleet before a run.
// Must not: decide anything of a run.

import type { VehicleId } from '../base/ids.ts';
import type { Place } from '../learning/data/partition.ts';
import type { Fix, Mobility } from '../mobility/types.ts';

/** Remembers where each vehicle on the road first drove. */
export class FirstPlaces {
  readonly #places = new Map<VehicleId, Place>();

  /** The place of the first fix of this vehicle that was shown here. */
  of({ vehicle, road, offsetMeters }: Pick<Fix, 'vehicle' | 'road' | 'offsetMeters'>): Place {
    const known = this.#places.get(vehicle);
    if (known) return known;
    const place = { road, offsetMeters };
    this.#places.set(vehicle, place);
    return place;
  }

  /** The vehicle has left the road; one of its name that comes later begins anew. */
  forget(vehicle: VehicleId): void {
    this.#places.delete(vehicle);
  }
}

/** Vehicles that arrive later are waited for this long, in virtual time. */
const waitSecondsMost = 3600;

/**
 * The first `count` vehicles, in the order in which they appear, each with the place of its first fix. Fewer where fewer
 * appear within an hour of virtual time. Advances `mobility`.
 */
export function firstPlaces(mobility: Mobility, count: number): Map<VehicleId, Place> {
  const places = new Map<VehicleId, Place>();
  const note = (fixes: readonly Fix[]): void => {
    for (const { vehicle, road, offsetMeters } of fixes)
      if (places.size < count && !places.has(vehicle)) places.set(vehicle, { road, offsetMeters });
  };
  note(mobility.initial());
  let seconds = 0;
  while (places.size < count && seconds < waitSecondsMost) {
    const step = mobility.step();
    seconds = step.to;
    note(step.fixes);
  }
  return places;
}
