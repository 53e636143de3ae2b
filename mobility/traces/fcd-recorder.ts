// Turns the columns of a city engine into floating-car data: where on the map each vehicle is, which way it points, rows
// in the order of their ids as SUMO has them. Must not: format numbers, or decide which steps are written.

import { LaneShapes } from '../contacts/lane-shapes.ts';
import type { Demand } from '../demand/demand.ts';
import type { VehicleColumns } from '../driving/city-engine.ts';
import type { Network } from '../network/network.ts';
import type { FcdOutput, FcdWriter } from './fcd-writer.ts';

/** Writes steps of one run; give it every step that is wanted, in order. */
export class FcdRecorder {
  readonly #writer: FcdWriter;
  readonly #demand: Pick<Demand, 'departures' | 'types'>;
  readonly #shapes: LaneShapes;
  readonly #ids: readonly Uint8Array[];
  readonly #types: readonly Uint8Array[];
  readonly #lanes: readonly Uint8Array[];
  /** Place of a departure among all ids in order, and back. */
  readonly #rankOf: Int32Array;
  readonly #departureOf: Int32Array;
  /** Row of each departure in the columns of this step. */
  readonly #rowOf: Int32Array;
  readonly #front = new Float64Array(3);
  readonly #back = new Float64Array(3);

  constructor(network: Network, demand: Pick<Demand, 'departures' | 'types'>, writer: FcdWriter) {
    const { departures } = demand;
    this.#writer = writer;
    this.#demand = demand;
    this.#shapes = new LaneShapes(network);
    this.#ids = departures.map(({ id }) => writer.name(id));
    this.#types = demand.types.map(({ id }) => writer.name(id));
    this.#lanes = network.lanes.ids.map((id) => writer.name(id));
    const order = departures.map((_, row) => row);
    order.sort((a, b) => (departures[a]!.id < departures[b]!.id ? -1 : 1));
    this.#departureOf = Int32Array.from(order);
    this.#rankOf = new Int32Array(order.length);
    for (const [rank, row] of order.entries()) this.#rankOf[row] = rank;
    this.#rowOf = new Int32Array(order.length);
  }

  /** Writes one step. */
  record(atSeconds: number, vehicles: VehicleColumns): void {
    const ranks = new Int32Array(vehicles.count);
    for (let row = 0; row < vehicles.count; row++) {
      const departure = vehicles.departure[row]!;
      ranks[row] = this.#rankOf[departure]!;
      this.#rowOf[departure] = row;
    }
    ranks.sort();
    this.#writer.step(atSeconds);
    for (const rank of ranks) this.#writer.row(this.#outputOf(this.#departureOf[rank]!, vehicles));
    this.#writer.endStep();
  }

  #outputOf(departure: number, vehicles: VehicleColumns): FcdOutput {
    const row = this.#rowOf[departure]!;
    const lane = vehicles.lane[row]!;
    const positionMeters = vehicles.position[row]!;
    const type = this.#demand.departures[departure]!.type;
    this.#shapes.pointAt(lane, positionMeters, this.#front);
    return {
      id: this.#ids[departure]!,
      type: this.#types[type]!,
      lane: this.#lanes[lane]!,
      x: this.#front[0]!,
      y: this.#front[1]!,
      angleDegrees: this.#angle(lane, positionMeters - this.#demand.types[type]!.lengthMeters),
      speedMps: vehicles.speed[row]!,
      positionMeters,
    };
  }

  /** From the rear bumper to the front one, as SUMO points a vehicle; the lane's direction while the rear is behind it. */
  #angle(lane: number, rearMeters: number): number {
    let heading = this.#front[2]!;
    if (rearMeters >= 0) {
      this.#shapes.pointAt(lane, rearMeters, this.#back);
      const dx = this.#front[0]! - this.#back[0]!;
      const dy = this.#front[1]! - this.#back[1]!;
      if (dx !== 0 || dy !== 0) heading = Math.atan2(dy, dx);
    }
    const degrees = 90 - (heading * 180) / Math.PI;
    return degrees < 0 ? degrees + 360 : degrees >= 360 ? degrees - 360 : degrees;
  }
}
