// Finds the lane and the metres of a vehicle's stops, and that they lie on its route in their order.
// Must not: read files, or decide how long anybody stands.

import { nearestName } from '../../base/nearest-name.ts';
import type { Network } from '../network/network.ts';
import type { Stop, VehicleType } from './demand.ts';
import type { StopDraft, StopPlace } from './draft.ts';
import { faultAt } from './place.ts';

/** What SUMO leaves between start and end of a stop that states only one: twice its smallest distance. */
const shortestMeters = 0.2;
/** Files round the lengths of lanes. */
const toleranceMeters = 0.1;

export class StopResolver {
  readonly #network: Network;
  readonly #places: ReadonlyMap<string, StopPlace>;
  #laneRows: ReadonlyMap<string, number> | undefined;
  #edgeRows: ReadonlyMap<string, number> | undefined;

  constructor(network: Network, places: ReadonlyMap<string, StopPlace>) {
    this.#network = network;
    this.#places = places;
  }

  /** The edge a stop is on. Throws RoadbedError('data') for a place, lane or edge that is not there. */
  edgeOf(stop: StopDraft): number {
    if (stop.on.kind === 'edge') return this.#edge(stop);
    return this.#network.lanes.edge[this.#lane(stop)]!;
  }

  /** The stops of a vehicle. Throws RoadbedError('data') also for a stop the route does not pass. */
  resolve(stops: readonly StopDraft[], route: Int32Array, type: VehicleType): Stop[] {
    let from = 0;
    return stops.map((stop) => {
      const edge = this.edgeOf(stop);
      const at = route.indexOf(edge, from);
      if (at < 0) {
        const id = this.#network.edges.ids[edge];
        throw faultAt(stop.place, `is on edge "${id}"`, 'an edge of the route, behind the stops before it');
      }
      from = at;
      return this.#resolved(stop, type);
    });
  }

  #resolved(stop: StopDraft, type: VehicleType): Stop {
    const lane = stop.on.kind === 'edge' ? this.#openLane(stop, type) : this.#lane(stop);
    const area = stop.on.kind === 'place' ? this.#placeOf(stop) : undefined;
    const length = this.#network.lanes.lengthMeters[lane]!;
    const endMeters = stop.endMeters ?? area?.endMeters ?? length;
    if (!stop.friendly) this.#checkInside(stop, endMeters, length);
    const end = fromStart(endMeters, length);
    const start = fromStart(
      stop.startMeters ?? area?.startMeters ?? Math.max(0, end - shortestMeters),
      length,
    );
    if (!(start <= end))
      throw faultAt(stop.place, `reaches from ${start} m to ${end} m`, 'a start that is not behind the end');
    const { durationSeconds, untilSeconds } = stop;
    return {
      lane,
      startMeters: start,
      endMeters: end,
      durationSeconds,
      untilSeconds,
      parking: stop.parking || area?.parking === true,
      place: area === undefined ? '' : stop.on.id,
    };
  }

  /** SUMO refuses a stop outside its lane unless it is called friendly. */
  #checkInside(stop: StopDraft, endMeters: number, length: number): void {
    if (Math.abs(endMeters) <= length + toleranceMeters) return;
    throw faultAt(
      stop.place,
      `ends at ${endMeters} m of a lane of ${length} m`,
      'metres on the lane, or friendlyPos="true" to take its end',
    );
  }

  #placeOf(stop: StopDraft): StopPlace {
    const found = this.#places.get(stop.on.id);
    if (found !== undefined) return found;
    const near = nearestName(stop.on.id, [...this.#places.keys()]);
    const hint = near === undefined ? '; give the additional file that has it' : `, perhaps "${near}"`;
    throw faultAt(stop.place, `is at "${stop.on.id}"`, `a busStop or parkingArea of the files given${hint}`);
  }

  #lane(stop: StopDraft): number {
    const id = stop.on.kind === 'place' ? this.#placeOf(stop).lane : stop.on.id;
    this.#laneRows ??= rowsOf(this.#network.lanes.ids);
    const row = this.#laneRows.get(id);
    if (row !== undefined) return row;
    const place = stop.on.kind === 'place' ? this.#placeOf(stop).place : stop.place;
    throw faultAt(place, `is on lane "${id}"`, `a lane of ${this.#network.name}`);
  }

  #edge(stop: StopDraft): number {
    this.#edgeRows ??= rowsOf(this.#network.edges.ids);
    const row = this.#edgeRows.get(stop.on.id);
    if (row !== undefined) return row;
    throw faultAt(stop.place, `is on edge "${stop.on.id}"`, `an edge of ${this.#network.name}`);
  }

  /** The rightmost lane of the stop's edge that the type may use. */
  #openLane(stop: StopDraft, type: VehicleType): number {
    const edge = this.#edge(stop);
    const { edges, lanes } = this.#network;
    for (let lane = edges.firstLane[edge]!; lane < edges.firstLane[edge + 1]!; lane++) {
      if ((lanes.permissions[lane]! & type.permissionBit) !== 0) return lane;
    }
    throw faultAt(stop.place, `is on edge "${stop.on.id}"`, `an edge open to the class ${type.vehicleClass}`);
  }
}

const rowsOf = (ids: readonly string[]): ReadonlyMap<string, number> =>
  new Map(ids.map((id, row) => [id, row]));

/** Metres below 0 count from the end of the lane. */
function fromStart(meters: number, length: number): number {
  return Math.min(length, Math.max(0, meters < 0 ? length + meters : meters));
}
