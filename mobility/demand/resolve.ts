// Puts demand files together: ids become rows, distributions become draws, trips become routes, flows become vehicles.
// Every draw comes from a stream forked by the vehicle's id, so that the order of files and of vehicles changes nothing.
// Must not: read XML.

import { RoadbedError } from '../../base/errors.ts';
import { nearestName } from '../../base/nearest-name.ts';
import { Rng } from '../../base/rng.ts';
import type { Network } from '../network/network.ts';
import { type OmissionList, omit } from '../network/omissions.ts';
import type { Demand, Departure, VehicleType } from './demand.ts';
import type { DemandDraft, Distribution, StopDraft, VehicleDraft, WayDraft } from './draft.ts';
import { departuresOf } from './flow.ts';
import { faultAt } from './place.ts';
import { RouteTable } from './route-table.ts';
import { drawSpeedFactor } from './speed-factor.ts';
import { StopResolver } from './stop-resolver.ts';
import type { TypeDraft } from './vehicle-type.ts';

export interface ResolveOptions {
  /** Root of all draws. */
  readonly seed: number;
  /** Departures before are dropped, as SUMO's --begin does. */
  readonly beginSeconds: number;
  /** Departures at or after are dropped. */
  readonly endSeconds: number;
  /** True: a vehicle whose route, trip or stop is broken is left out and counted, as SUMO's --ignore-route-errors. */
  readonly ignoreRouteErrors: boolean;
}

/** The demand of drafts on a network. Throws RoadbedError('data') naming file, line, element and what was expected. */
export function resolveDemand(network: Network, draft: DemandDraft, options: ResolveOptions): Demand {
  return new Resolver(network, draft, options).demand();
}

/** Who is to start at a speed of its own. */
interface Starter {
  readonly id: string;
  readonly edge: number;
  readonly draft: TypeDraft;
  readonly drawn: number;
}

/** How many ways of one name may lead to another name: only a circle of distributions has more. */
const nestingMost = 16;

class Resolver {
  readonly #network: Network;
  readonly #draft: DemandDraft;
  readonly #options: ResolveOptions;
  readonly #omissions: OmissionList;
  readonly #rng: Rng;
  readonly #routes: RouteTable;
  readonly #stops: StopResolver;
  readonly #types: VehicleType[] = [];
  readonly #typeRows = new Map<string, number>();
  readonly #departures: Departure[] = [];
  readonly #ids = new Set<string>();

  constructor(network: Network, draft: DemandDraft, options: ResolveOptions) {
    this.#network = network;
    this.#draft = draft;
    this.#options = options;
    this.#omissions = draft.omissions;
    this.#rng = Rng.root(options.seed).fork('demand');
    this.#routes = new RouteTable(network, draft.districts);
    this.#stops = new StopResolver(network, draft.stopPlaces);
  }

  demand(): Demand {
    for (const vehicle of this.#draft.vehicles) this.#depart(vehicle);
    // Sorting is stable: equal instants stay in the order of the files.
    this.#departures.sort((a, b) => a.atSeconds - b.atSeconds);
    return {
      types: this.#types,
      routes: this.#routes.routes,
      departures: this.#departures,
      omissions: this.#omissions,
    };
  }

  #depart(vehicle: VehicleDraft): void {
    if (vehicle.way === undefined)
      throw faultAt(vehicle.place, 'has no route', 'a route, or from and to as the ids of edges');
    const { beginSeconds, endSeconds } = this.#options;
    for (const { id, atSeconds } of departuresOf(vehicle, { rng: this.#rng, endSeconds })) {
      if (this.#ids.has(id))
        throw faultAt(vehicle.place, `makes vehicle ${id} a second time`, 'ids that differ');
      this.#ids.add(id);
      if (atSeconds < beginSeconds)
        omit(this.#omissions, `departure before ${beginSeconds} s (the begin)`, id);
      else if (atSeconds >= endSeconds)
        omit(this.#omissions, `departure at or after ${endSeconds} s (the end)`, id);
      else this.#addLeniently(vehicle, id, atSeconds);
    }
  }

  #addLeniently(vehicle: VehicleDraft, id: string, atSeconds: number): void {
    if (!this.#options.ignoreRouteErrors) {
      this.#add(vehicle, id, atSeconds);
      return;
    }
    try {
      this.#add(vehicle, id, atSeconds);
    } catch (error) {
      if (!(error instanceof RoadbedError)) throw error;
      omit(this.#omissions, 'vehicle whose type, route or stops are broken (left out, as was asked)', id);
    }
  }

  #add(vehicle: VehicleDraft, id: string, atSeconds: number): void {
    // Streams are made where something is drawn: most vehicles of most files draw nothing, or a speed factor only.
    const stream = (purpose: string): Rng => this.#rng.fork(`vehicle:${id}`).fork(purpose);
    const typeDraft = this.#typeOf(vehicle, stream);
    const type = this.#rowOf(typeDraft);
    const drawn = vehicle.speedFactor ?? this.#factorOf(typeDraft, stream);
    const { way, stops: routeStops } = this.#wayOf(vehicle, stream);
    const stops = [...routeStops, ...vehicle.stops];
    const asker = { place: vehicle.place, id, type: typeDraft.type, speedFactor: drawn };
    const stopEdges = way.kind === 'trip' ? stops.map((stop) => this.#stops.edgeOf(stop)) : [];
    const whole = this.#routes.rowOf(way, stopEdges, asker);
    const { departEdge, arrivalEdge } = vehicle;
    const route =
      departEdge === undefined && arrivalEdge === undefined
        ? whole
        : this.#routes.partOf(whole, departEdge, arrivalEdge, asker);
    const edges = this.#routes.routes[route]!;
    const speed = checkedSpeed(vehicle, typeDraft.type);
    this.#departures.push({
      id,
      type,
      route,
      atSeconds,
      lane: this.#checkedLane(vehicle, edges[0]!),
      position: this.#fromStart(vehicle, id, edges[0]!),
      speed,
      arrivalMeters: this.#arrival(vehicle.arrivalMeters, edges.at(-1)!, stream),
      speedFactor: this.#fastEnough(vehicle, { id, edge: edges[0]!, draft: typeDraft, drawn }),
      stops: this.#stops.resolve(stops, edges, typeDraft.type),
    });
  }

  #factorOf({ law }: TypeDraft, stream: Streams): number {
    return law.deviation > 0 ? drawSpeedFactor(law, stream('speed factor')) : law.mean;
  }

  // ---- types ---------------------------------------------------------------------------------------------------

  #rowOf({ type }: TypeDraft): number {
    const known = this.#typeRows.get(type.id);
    if (known !== undefined) return known;
    this.#typeRows.set(type.id, this.#types.length);
    return this.#types.push(type) - 1;
  }

  #typeOf({ place, type }: VehicleDraft, stream: Streams): TypeDraft {
    const { types, typeDistributions } = this.#draft;
    let name = type;
    let rng: Rng | undefined;
    for (let nesting = 0; nesting < nestingMost; nesting++) {
      const distribution = typeDistributions.get(name);
      if (distribution === undefined) {
        const found = types.get(name);
        if (found !== undefined) return found;
        const near = nearestName(name, [...types.keys(), ...typeDistributions.keys()]);
        throw faultAt(place, `has type "${name}"`, `the id of a vType${hint(near)}`);
      }
      rng ??= stream('type');
      name = picked(distribution, rng, (id) => types.get(id)?.probability ?? 1);
    }
    throw faultAt(place, `has type "${type}"`, 'a distribution that does not lead back to itself');
  }

  // ---- ways ----------------------------------------------------------------------------------------------------

  /** The way of a vehicle, names looked up and distributions drawn from, with the stops of its route. */
  #wayOf(vehicle: VehicleDraft, stream: Streams): { way: NamelessWay; stops: readonly StopDraft[] } {
    const way = vehicle.way!;
    if (way.kind !== 'named') return { way, stops: [] };
    const { routes, routeDistributions } = this.#draft;
    let name = way.id;
    let rng: Rng | undefined;
    for (let nesting = 0; nesting < nestingMost; nesting++) {
      const route = routes.get(name);
      if (route !== undefined) return { way: { kind: 'edges', edges: route.edges }, stops: route.stops };
      const distribution = routeDistributions.get(name);
      if (distribution === undefined) {
        const near = nearestName(name, [...routes.keys(), ...routeDistributions.keys()]);
        throw faultAt(vehicle.place, `has route "${name}"`, `the id of a route${hint(near)}`);
      }
      rng ??= stream('route');
      name = picked(distribution, rng, () => 1);
    }
    throw faultAt(vehicle.place, `has route "${way.id}"`, 'a distribution that does not lead back to itself');
  }

  /**
   * The speed factor of a driver, raised to what its departSpeed needs on its first edge. SUMO does so where the type's
   * factors vary, and ends with an error where they do not.
   */
  #fastEnough({ place, speed }: VehicleDraft, { id, edge, draft, drawn }: Starter): number {
    if (typeof speed !== 'number') return drawn;
    const limit = this.#network.lanes.speedLimitMps[this.#network.edges.firstLane[edge]!]!;
    const needed = speed / Math.min(limit, draft.type.maxSpeedMps);
    if (needed <= drawn) return drawn;
    if (draft.law.deviation <= 0) {
      const most = (drawn * limit).toFixed(2);
      throw faultAt(
        place,
        `has departSpeed="${speed}"`,
        `${most} m/s at most, as its driver may drive there`,
      );
    }
    omit(
      this.#omissions,
      'departSpeed above what its driver would drive (a higher speed factor instead)',
      id,
    );
    return needed;
  }

  // ---- places on edges -----------------------------------------------------------------------------------------

  #lengthOf(edge: number): number {
    return this.#network.lanes.lengthMeters[this.#network.edges.firstLane[edge]!]!;
  }

  #checkedLane({ place, lane }: VehicleDraft, edge: number): Departure['lane'] {
    const { firstLane, ids } = this.#network.edges;
    const count = firstLane[edge + 1]! - firstLane[edge]!;
    if (typeof lane !== 'number' || lane < count) return lane;
    throw faultAt(
      place,
      `has departLane="${lane}"`,
      `an index below ${count}, the lanes of edge ${ids[edge]}`,
    );
  }

  /** SUMO counts positions below 0 from the end of the edge, and takes its end for places beyond. */
  #fromStart({ position }: VehicleDraft, id: string, edge: number): Departure['position'] {
    if (typeof position !== 'number') return position;
    const length = this.#lengthOf(edge);
    if (Math.abs(position) > length)
      omit(this.#omissions, 'departPos beyond the edge (its end or beginning instead)', id);
    return Math.min(length, position < 0 ? Math.max(0, length + position) : position);
  }

  #arrival(meters: VehicleDraft['arrivalMeters'], edge: number, stream: Streams): number | undefined {
    if (meters === undefined) return undefined;
    const length = this.#lengthOf(edge);
    if (meters === 'center') return length / 2;
    if (meters === 'random') return length * stream('arrival').uniform();
    const fromStart = meters < 0 ? length + meters : meters;
    return Math.min(length, Math.max(0, fromStart));
  }
}

/** SUMO refuses a vehicle that is to depart faster than it can drive. */
function checkedSpeed({ place, speed }: VehicleDraft, type: VehicleType): Departure['speed'] {
  if (typeof speed !== 'number' || (speed >= 0 && speed <= type.maxSpeedMps)) return speed;
  throw faultAt(
    place,
    `has departSpeed="${speed}"`,
    `0..${type.maxSpeedMps} m/s, the most of type ${type.id}`,
  );
}

/** A vehicle's own stream for a purpose. */
type Streams = (purpose: string) => Rng;

type NamelessWay = Exclude<WayDraft, { kind: 'named' }>;

const hint = (near: string | undefined): string => (near === undefined ? '' : `, perhaps "${near}"`);

/** One id of a distribution. Weights below 0 stand for the weight the thing itself states. */
function picked({ place, ids, weights }: Distribution, rng: Rng, ownWeight: (id: string) => number): string {
  const shares = weights.map((weight, i) => (weight < 0 ? ownWeight(ids[i]!) : weight));
  const total = shares.reduce((sum, share) => sum + share, 0);
  if (!(total > 0))
    throw faultAt(place, 'has nothing to choose from', 'at least one entry with a weight above 0');
  let left = rng.uniform() * total;
  for (const [i, share] of shares.entries()) {
    left -= share;
    if (left < 0) return ids[i]!;
  }
  return ids[shares.findLastIndex((share) => share > 0)]!;
}
