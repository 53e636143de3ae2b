// Cars that come with names of their own, from a live SUMO or a recording: each gets a row for good and an id of ours.
// What is told of lanes that the network does not have is counted. Must not: keep who has arrived.

import { asId, type VehicleId } from '../base/ids.ts';
import type { LaneCars } from './lane-world.ts';
import { LegalIds } from './legal-ids.ts';
import type { Network } from './network/network.ts';

/** Where a car is, by name. */
export interface NamedCar {
  readonly id: string;
  readonly lane: string;
  readonly position: number;
  readonly speed: number;
}

export class NamedCars {
  readonly #laneRows: ReadonlyMap<string, number>;
  readonly #rows = new Map<string, number>();
  readonly #ids: VehicleId[] = [];
  readonly #legal = new LegalIds();
  /** Lanes that were named and are not there, with how often. */
  readonly unknownLanes = new Map<string, number>();

  constructor({ lanes }: Pick<Network, 'lanes'>) {
    this.#laneRows = new Map(lanes.ids.map((id, row) => [id, row]));
  }

  /** The id of a row. */
  readonly idOf = (row: number): VehicleId => this.#ids[row]!;

  /** The row of a car; undefined where it was never on a lane. */
  rowOf(name: string): number | undefined {
    return this.#rows.get(name);
  }

  /** The cars as columns. */
  columns(cars: readonly NamedCar[]): LaneCars {
    const known = cars.flatMap((car) => {
      const lane = this.#laneRows.get(car.lane);
      if (lane === undefined) this.unknownLanes.set(car.lane, (this.unknownLanes.get(car.lane) ?? 0) + 1);
      return lane === undefined ? [] : [{ ...car, row: this.#newRow(car.id), lane }];
    });
    return {
      count: known.length,
      row: known.map(({ row }) => row),
      lane: known.map(({ lane }) => lane),
      position: known.map(({ position }) => position),
      speed: known.map(({ speed }) => speed),
    };
  }

  #newRow(name: string): number {
    const known = this.#rows.get(name);
    if (known !== undefined) return known;
    this.#ids.push(asId<VehicleId>(this.#legal.idOf(name)));
    this.#rows.set(name, this.#ids.length - 1);
    return this.#ids.length - 1;
  }
}
