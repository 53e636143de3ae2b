// What the testbed hears of vehicles on the lanes of a city, whoever drives them: our engine, a live SUMO, a recording.
// Positions on lanes come in, step by step; out come fixes, contacts at their exact instants, and the RSUs that serve.
// Must not: move anybody, or know that anyone learns.
//
// Roads are the edges of the network, internal ones included; a vehicle's offset is metres along its lane. A vehicle that
// arrives leaves its discs at the end of that step: nobody says any more where it was. One that is away for a while (SUMO
// teleports it) leaves them too, and enters those where it is set down.

import { asId, type RoadId, type VehicleId } from '../base/ids.ts';
import { intervalsOf, roadsOf } from './city-roads.ts';
import { type CityContact, CityContacts } from './contacts/city-contacts.ts';
import { coverLanes, LaneCoverage } from './contacts/lane-coverage.ts';
import { LanePaths } from './contacts/lane-paths.ts';
import { LaneShapes } from './contacts/lane-shapes.ts';
import { ServingChoice } from './contacts/serving-choice.ts';
import { legalIds } from './legal-ids.ts';
import type { Network } from './network/network.ts';
import type { Uplink } from './radio/reception.ts';
import type { CoverageInterval, Fix, MobilityEvent, MobilityStep, Road, RsuSite } from './types.ts';

export interface LaneWorldOptions {
  readonly network: Network;
  readonly rsus: readonly RsuSite[];
  readonly uplink: Uplink;
  /** How much stronger another RSU must be to take a vehicle over, dB. */
  readonly handoverMarginDb: number;
}

/** Vehicles at the end of a step, as columns: entry i is one vehicle. `row` numbers vehicles from 0, each for good. */
export interface LaneCars {
  readonly count: number;
  readonly row: ArrayLike<number>;
  readonly lane: ArrayLike<number>;
  readonly position: ArrayLike<number>;
  readonly speed: ArrayLike<number>;
}

export class LaneWorld {
  readonly roads: readonly Road[];
  readonly rsus: readonly RsuSite[];
  readonly coverage: readonly CoverageInterval[];
  readonly #shapes: LaneShapes;
  readonly #contacts: CityContacts;
  readonly #serving: ServingChoice;
  readonly #roadOfLane: readonly RoadId[];
  readonly #idOf: (row: number) => VehicleId;
  /** Rows of the last step, and the number of the step in which each row was last there. */
  #present: number[] = [];
  readonly #seenIn: number[] = [];
  #steps = 0;
  readonly #point = new Float64Array(3);
  readonly #served = { rsu: -1, bitsPerSecondPerHertz: 0 };

  /** `idOf` gives a row its vehicle. */
  constructor(
    { network, rsus, uplink, handoverMarginDb }: LaneWorldOptions,
    idOf: (row: number) => VehicleId,
  ) {
    this.rsus = rsus;
    this.#idOf = idOf;
    this.#shapes = new LaneShapes(network);
    const stretches = coverLanes(this.#shapes, rsus);
    const { lengthMeters } = network.lanes;
    const coverage = new LaneCoverage(lengthMeters, stretches);
    this.#contacts = new CityContacts({ coverage, paths: new LanePaths(network), lengthMeters });
    this.#serving = new ServingChoice(rsus, uplink, handoverMarginDb);
    const roadIds = legalIds(network.edges.ids).map((id) => asId<RoadId>(id));
    this.#roadOfLane = Array.from(network.lanes.edge, (edge) => roadIds[edge]!);
    this.roads = roadsOf(network, roadIds);
    this.coverage = intervalsOf(network, stretches, roadIds, rsus);
  }

  /** Vehicles have driven on during [from, to]; those of `arrived` are gone for good. */
  advance(
    time: { readonly from: number; readonly to: number },
    cars: LaneCars,
    arrived: readonly number[],
  ): MobilityStep {
    const { from, to } = time;
    this.#steps++;
    const spawned: MobilityEvent[] = [];
    for (let i = 0; i < cars.count; i++) {
      const row = cars.row[i]!;
      if (this.#seenIn[row] === undefined)
        spawned.push({ kind: 'spawned', at: to, vehicle: this.#idOf(row) });
      this.#seenIn[row] = this.#steps;
      this.#contacts.drive(row, cars.lane[i]!, cars.position[i]!, from, to);
    }
    const gone = arrived.filter((row) => this.#seenIn[row] !== undefined);
    for (const row of gone) this.#contacts.vanish(row, to);
    for (const row of this.#present) if (this.#seenIn[row] !== this.#steps) this.#contacts.vanish(row, to);
    this.#present = Array.from({ length: cars.count }, (_, i) => cars.row[i]!);
    const contacts = this.#contacts.take().map((contact) => this.#eventOf(contact));
    const arrivals = gone.map(
      (row): MobilityEvent => ({ kind: 'arrived', at: to, vehicle: this.#idOf(row) }),
    );
    const events = [...spawned, ...contacts, ...arrivals].sort(
      (a, b) => a.at - b.at || compareIds(a.vehicle, b.vehicle),
    );
    for (const { vehicle } of arrivals) this.#serving.forget(vehicle);
    return { from, to, events, fixes: this.#fixes(to, cars) };
  }

  #eventOf({ kind, at, vehicle, rsu }: CityContact): MobilityEvent {
    return { kind, at, vehicle: this.#idOf(vehicle), rsu: this.rsus[rsu]!.id };
  }

  #fixes(at: number, cars: LaneCars): Fix[] {
    const fixes = Array.from({ length: cars.count }, (_, i) => this.#fixOf(cars, i, at));
    return fixes.sort((a, b) => compareIds(a.vehicle, b.vehicle));
  }

  #fixOf(cars: LaneCars, i: number, at: number): Fix {
    const row = cars.row[i]!;
    const lane = cars.lane[i]!;
    const offsetMeters = cars.position[i]!;
    const vehicle = this.#idOf(row);
    this.#shapes.pointAt(lane, offsetMeters, this.#point);
    const x = this.#point[0]!;
    const y = this.#point[1]!;
    const headingRadians = this.#point[2]!;
    this.#serving.serve({ vehicle, x, y, headingRadians }, this.#contacts.covering(row), this.#served);
    const { rsu, bitsPerSecondPerHertz } = this.#served;
    const serving = rsu < 0 ? null : this.rsus[rsu]!.id;
    const road = this.#roadOfLane[lane]!;
    const speedMps = cars.speed[i]!;
    return {
      vehicle,
      at,
      x,
      y,
      headingRadians,
      speedMps,
      road,
      offsetMeters,
      serving,
      bitsPerSecondPerHertz,
    };
  }
}

const compareIds = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
