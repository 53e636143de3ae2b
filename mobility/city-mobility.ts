// A city engine as a mobility source: its columns become fixes, contacts at their exact instants and the RSUs that serve.
// Roads are the edges of the network, internal ones included; a vehicle's offset is metres along its lane.
// Must not: move anybody, or know that anyone learns.
//
// Time 0 of the run is the instant the engine begins at. A vehicle that arrives leaves its discs at the end of that step:
// columns no longer say where it was.

import { asId, type RoadId, type VehicleId } from '../base/ids.ts';
import { type CityContact, CityContacts } from './contacts/city-contacts.ts';
import { coverLanes, LaneCoverage, type LaneStretch } from './contacts/lane-coverage.ts';
import { LanePaths } from './contacts/lane-paths.ts';
import { LaneShapes } from './contacts/lane-shapes.ts';
import { ServingChoice } from './contacts/serving-choice.ts';
import type { Demand } from './demand/demand.ts';
import type { CityEngine } from './driving/city-engine.ts';
import { legalIds } from './legal-ids.ts';
import type { Network } from './network/network.ts';
import type { Uplink } from './radio/reception.ts';
import type { CoverageInterval, Fix, Mobility, MobilityEvent, MobilityStep, Road, RsuSite } from './types.ts';

export interface CityMobilityOptions {
  readonly network: Network;
  readonly demand: Pick<Demand, 'departures'>;
  readonly engine: CityEngine;
  readonly rsus: readonly RsuSite[];
  readonly uplink: Uplink;
  /** How much stronger another RSU must be to take a vehicle over, dB. */
  readonly handoverMarginDb: number;
  readonly stepSeconds: number;
}

/** The engine's world as the testbed sees it. */
export function cityMobility(options: CityMobilityOptions): Mobility {
  return new CityMobility(options);
}

class CityMobility implements Mobility {
  readonly roads: readonly Road[];
  readonly rsus: readonly RsuSite[];
  readonly coverage: readonly CoverageInterval[];
  readonly stepSeconds: number;
  readonly #options: CityMobilityOptions;
  readonly #shapes: LaneShapes;
  readonly #contacts: CityContacts;
  readonly #serving: ServingChoice;
  readonly #vehicleIds: readonly VehicleId[];
  readonly #roadOfLane: readonly RoadId[];
  readonly #point = new Float64Array(3);
  readonly #served = { rsu: -1, bitsPerSecondPerHertz: 0 };
  #steps = 0;

  constructor(options: CityMobilityOptions) {
    const { network, demand, rsus, uplink, handoverMarginDb, stepSeconds } = options;
    this.#options = options;
    this.rsus = rsus;
    this.stepSeconds = stepSeconds;
    this.#shapes = new LaneShapes(network);
    const stretches = coverLanes(this.#shapes, rsus);
    const { lengthMeters } = network.lanes;
    this.#contacts = new CityContacts(
      {
        coverage: new LaneCoverage(lengthMeters, stretches),
        paths: new LanePaths(network),
        lengthMeters,
      },
      demand.departures.length,
    );
    this.#serving = new ServingChoice(rsus, uplink, handoverMarginDb);
    this.#vehicleIds = legalIds(demand.departures.map(({ id }) => id)).map((id) => asId<VehicleId>(id));
    const roadIds = legalIds(network.edges.ids).map((id) => asId<RoadId>(id));
    this.#roadOfLane = Array.from(network.lanes.edge, (edge) => roadIds[edge]!);
    this.roads = roadsOf(network, roadIds);
    this.coverage = intervalsOf(network, stretches, roadIds, rsus);
  }

  initial(): readonly Fix[] {
    return [];
  }

  step(): MobilityStep {
    const { engine } = this.#options;
    const from = this.#steps * this.stepSeconds;
    const to = (this.#steps + 1) * this.stepSeconds;
    engine.step();
    this.#steps += 1;
    const arrivedIds = engine.arrived.map((row) => this.#vehicleIds[row]!);
    for (const row of engine.arrived) this.#contacts.vanish(row, to);
    this.#drive(from, to);
    const spawned = engine.inserted.map(
      (row): MobilityEvent => ({ kind: 'spawned', at: to, vehicle: this.#vehicleIds[row]! }),
    );
    const contacts = this.#contacts.take().map((contact) => this.#eventOf(contact));
    const arrived = arrivedIds.map((vehicle): MobilityEvent => ({ kind: 'arrived', at: to, vehicle }));
    const events = [...spawned, ...contacts, ...arrived].sort(
      (a, b) => a.at - b.at || compareIds(a.vehicle, b.vehicle),
    );
    for (const vehicle of arrivedIds) this.#serving.forget(vehicle);
    return { from, to, events, fixes: this.#fixes(to) };
  }

  #drive(from: number, to: number): void {
    const { vehicles, inserted } = this.#options.engine;
    const isNew = new Set(inserted);
    for (let i = 0; i < vehicles.count; i++) {
      const row = vehicles.departure[i]!;
      const lane = vehicles.lane[i]!;
      const position = vehicles.position[i]!;
      if (isNew.has(row)) this.#contacts.appear(row, { lane, position }, to);
      else this.#contacts.drive(row, lane, position, from, to);
    }
  }

  #eventOf({ kind, at, vehicle, rsu }: CityContact): MobilityEvent {
    return { kind, at, vehicle: this.#vehicleIds[vehicle]!, rsu: this.rsus[rsu]!.id };
  }

  #fixes(at: number): Fix[] {
    const { vehicles } = this.#options.engine;
    const fixes: Fix[] = [];
    for (let i = 0; i < vehicles.count; i++) fixes.push(this.#fixOf(i, at));
    return fixes.sort((a, b) => compareIds(a.vehicle, b.vehicle));
  }

  #fixOf(i: number, at: number): Fix {
    const { vehicles } = this.#options.engine;
    const row = vehicles.departure[i]!;
    const lane = vehicles.lane[i]!;
    const vehicle = this.#vehicleIds[row]!;
    this.#shapes.pointAt(lane, vehicles.position[i]!, this.#point);
    const [x, y, headingRadians] = this.#point as unknown as [number, number, number];
    this.#serving.serve({ vehicle, x, y, headingRadians }, this.#contacts.covering(row), this.#served);
    const { rsu, bitsPerSecondPerHertz } = this.#served;
    return {
      vehicle,
      at,
      x,
      y,
      headingRadians,
      speedMps: vehicles.speed[i]!,
      road: this.#roadOfLane[lane]!,
      offsetMeters: vehicles.position[i]!,
      serving: rsu < 0 ? null : this.rsus[rsu]!.id,
      bitsPerSecondPerHertz,
    };
  }
}

/** One road an edge, drawn and measured along its rightmost lane. */
function roadsOf(network: Network, ids: readonly RoadId[]): Road[] {
  const { edges, lanes } = network;
  return ids.map((id, edge) => {
    const lane = edges.firstLane[edge]!;
    const points = [];
    for (let p = lanes.firstPoint[lane]!; p < lanes.firstPoint[lane + 1]!; p++)
      points.push({ x: lanes.shape[2 * p]!, y: lanes.shape[2 * p + 1]! });
    return {
      id,
      points,
      lengthMeters: lanes.lengthMeters[lane]!,
      speedLimitMps: lanes.speedLimitMps[lane]!,
      successors: successorsOf(network, edge).map((next) => ids[next]!),
    };
  });
}

function successorsOf({ edges, lanes, links }: Network, edge: number): number[] {
  const next = new Set<number>();
  for (let lane = edges.firstLane[edge]!; lane < edges.firstLane[edge + 1]!; lane++)
    for (let link = lanes.firstLink[lane]!; link < lanes.firstLink[lane + 1]!; link++) {
      const via = links.via[link]!;
      next.add(lanes.edge[via >= 0 ? via : links.toLane[link]!]!);
    }
  return [...next];
}

/** What an RSU's map says: the stretches of each edge, along its rightmost lane. */
function intervalsOf(
  network: Network,
  stretches: readonly LaneStretch[],
  ids: readonly RoadId[],
  rsus: readonly RsuSite[],
): CoverageInterval[] {
  const { edges, lanes } = network;
  const isRightmost = ({ lane }: LaneStretch): boolean => edges.firstLane[lanes.edge[lane]!] === lane;
  return stretches.filter(isRightmost).map(({ lane, rsu, fromMeters, toMeters }) => ({
    rsu: rsus[rsu]!.id,
    road: ids[lanes.edge[lane]!]!,
    fromMeters,
    toMeters,
  }));
}

const compareIds = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
