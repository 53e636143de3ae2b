// Floating-car data on the lanes of a network, as a mobility source: a recorded SUMO run drives the cars. All rows are
// kept as columns, 24 bytes each, so that a step reads no file. Must not: touch files, or move anybody but as recorded.

import { RoadbedError } from '../../base/errors.ts';
import { asId, type VehicleId } from '../../base/ids.ts';
import { LaneWorld, type LaneWorldOptions } from '../lane-world.ts';
import { legalIds } from '../legal-ids.ts';
import type { Network } from '../network/network.ts';
import type { Mobility } from '../types.ts';
import type { FcdHandlers, FcdRow } from './fcd-reader.ts';
import { growing } from './growing.ts';

/** Collects rows; give it to FcdReader, then take `mobility`. Instants must be equally far from each other. */
export class LaneTrace implements FcdHandlers {
  readonly #network: Network;
  readonly #lanes: ReadonlyMap<string, number>;
  readonly #rows = new Map<string, number>();
  readonly #row = growing(Int32Array);
  readonly #lane = growing(Int32Array);
  readonly #position = growing(Float64Array);
  readonly #speed = growing(Float64Array);
  /** Rows of instant i: first[i] .. first[i + 1] - 1. */
  readonly #first: number[] = [];
  readonly #seconds: number[] = [];
  /** The last instant at which each vehicle was seen. */
  readonly #lastSeen: number[] = [];

  constructor(network: Network) {
    this.#network = network;
    this.#lanes = new Map(network.lanes.ids.map((id, row) => [id, row]));
  }

  step(atSeconds: number): void {
    this.#first.push(this.#row.length);
    this.#seconds.push(atSeconds);
  }

  row({ id, lane, positionMeters, speedMps }: FcdRow): void {
    const laneRow = this.#lanes.get(lane);
    if (laneRow === undefined || Number.isNaN(positionMeters)) {
      const sentence = `the trace has vehicle ${id} on lane "${lane}" at ${positionMeters} m (expected a lane of ${this.#network.name}, and a position along it)`;
      throw new RoadbedError('data', sentence);
    }
    let row = this.#rows.get(id);
    if (row === undefined) {
      row = this.#rows.size;
      this.#rows.set(id, row);
    }
    this.#lastSeen[row] = this.#seconds.length - 1;
    this.#row.push(row);
    this.#lane.push(laneRow);
    this.#position.push(positionMeters);
    this.#speed.push(Number.isNaN(speedMps) ? 0 : speedMps);
  }

  /** From before the first instant to behind the last, seconds. */
  get seconds(): number {
    return (this.#seconds.length + 1) * this.#stepSeconds();
  }

  /** The source; its first step leads to the first instant of the trace, and behind the last one nobody drives. */
  mobility(options: LaneWorldOptions): Mobility {
    const stepSeconds = this.#stepSeconds();
    const ids = legalIds([...this.#rows.keys()]).map((id) => asId<VehicleId>(id));
    const world = new LaneWorld(options, (row) => ids[row]!);
    const arrivals = this.#arrivals();
    const { roads, rsus, coverage } = world;
    let steps = 0;
    return {
      roads,
      rsus,
      coverage,
      stepSeconds,
      initial: () => [],
      step: () => {
        const instant = steps;
        steps += 1;
        const time = { from: instant * stepSeconds, to: steps * stepSeconds };
        return world.advance(time, this.#carsAt(instant), arrivals.get(instant) ?? []);
      },
    };
  }

  #carsAt(instant: number) {
    const from = this.#first[instant] ?? this.#row.length;
    const to = this.#first[instant + 1] ?? this.#row.length;
    return {
      count: to - from,
      row: this.#row.part(from, to),
      lane: this.#lane.part(from, to),
      position: this.#position.part(from, to),
      speed: this.#speed.part(from, to),
    };
  }

  /** Rows by the instant after their last sight. */
  #arrivals(): Map<number, number[]> {
    const arrivals = new Map<number, number[]>();
    this.#lastSeen.forEach((instant, row) => {
      const rows = arrivals.get(instant + 1);
      if (rows === undefined) arrivals.set(instant + 1, [row]);
      else rows.push(row);
    });
    return arrivals;
  }

  #stepSeconds(): number {
    const [first, second] = this.#seconds;
    if (first === undefined || second === undefined)
      throw new RoadbedError('data', `the trace has ${this.#seconds.length} instants (expected two or more)`);
    const step = second - first;
    const odd = this.#seconds.findIndex((at, i) => Math.abs(at - first - i * step) > 1e-3);
    if (odd < 0) return step;
    const sentence = `the trace has an instant at ${this.#seconds[odd]} s (expected ${first + odd * step} s: equal steps of ${step} s)`;
    throw new RoadbedError('data', sentence);
  }
}
