// The mobility engine: roads, drivers, radio and contacts put together behind the port of types.ts.
// Why small: every rule lives in its own file; here is only the order of work of a step.
// Must not: know that anyone learns, read a clock, or draw a random number itself.
//
// The order of a step, for each of its sub-steps:
//   1. everyone's next speed is computed from everyone's present state   driving/car-following.ts
//   2. everyone moves; crossings, road changes and arrivals are noted     driving/mover.ts, contacts/contact-tracker.ts
//   3. new vehicles come in where there is a gap                          traffic/poisson.ts
// Then invariants are checked, events sorted and fixes taken.

import type { Rng } from '../base/rng.ts';
import { kmhToMps } from '../base/units.ts';
import { checkConfig, type MobilityConfig } from './config.ts';
import { ContactTracker } from './contacts/contact-tracker.ts';
import { coverRoads } from './contacts/coverage.ts';
import { CoverageIndex } from './contacts/coverage-index.ts';
import { Serving } from './contacts/serving.ts';
import { ServingChoice } from './contacts/serving-choice.ts';
import { CarFollowing, subStepsIn } from './driving/car-following.ts';
import { Mover } from './driving/mover.ts';
import { checkConservation, checkOrder } from './invariants.ts';
import { Channel } from './radio/channel.ts';
import { roadsFromGeojson } from './roads/geojson.ts';
import { RoadNetwork } from './roads/network.ts';
import { ringRoad } from './roads/ring.ts';
import { segmentRoad } from './roads/segment.ts';
import { Fleet } from './traffic/fleet.ts';
import { PoissonSource } from './traffic/poisson.ts';
import { recirculating } from './traffic/recirculating.ts';
import type { TrafficSource } from './traffic/source.ts';
import type { CoverageInterval, Fix, Mobility, MobilityStep, Road, RsuSite } from './types.ts';

export type { MobilityConfig } from './config.ts';

/**
 * Builds the engine a config describes. `rng` is the stream of mobility (fork it from the run's root by that name); it
 * is only forked, never drawn from, so RSUs and radio never change a trajectory.
 * Throws RoadbedError('scenario') for settings that cannot be meant and RoadbedError('data') for a broken map.
 */
export function createMobility(config: MobilityConfig, rng: Rng): Mobility {
  checkConfig(config);
  return new MobilityEngine(config, rng);
}

function buildRoads({ network, speedLimitKmh }: MobilityConfig): Road[] {
  const speedLimitMps = kmhToMps(speedLimitKmh);
  if (network.kind === 'segment') return [segmentRoad({ lengthMeters: network.lengthMeters, speedLimitMps })];
  if (network.kind === 'geojson') return roadsFromGeojson(network.text, { speedLimitMps });
  const { lengthMeters, straightMeters } = network;
  return [ringRoad({ lengthMeters, straightMeters, speedLimitMps })];
}

function choiceOf({ rsus, channel }: MobilityConfig, rng: Rng): ServingChoice | undefined {
  return (
    channel &&
    new ServingChoice(rsus, new Channel(channel.config, rng.fork('radio')), channel.handoverMarginDb)
  );
}

class MobilityEngine implements Mobility {
  readonly roads: readonly Road[];
  readonly rsus: readonly RsuSite[];
  readonly coverage: readonly CoverageInterval[];
  readonly stepSeconds: number;
  readonly #network: RoadNetwork;
  readonly #fleet: Fleet;
  readonly #contacts: ContactTracker;
  readonly #serving: Serving;
  readonly #index: CoverageIndex;
  readonly #choice: ServingChoice | undefined;
  readonly #driving: CarFollowing;
  readonly #mover: Mover;
  readonly #traffic: TrafficSource;
  readonly #vehicleLengthMeters: number;
  readonly #initial: readonly Fix[];
  /** Scratch of one fix: x, y, heading; the place; its uplink. */
  readonly #point = new Float64Array(3);
  readonly #place = { road: 0, offsetMeters: 0, x: 0, y: 0 };
  readonly #uplink = { rsu: -1, bitsPerSecondPerHertz: 0 };
  #steps = 0;

  constructor(config: MobilityConfig, rng: Rng) {
    this.roads = buildRoads(config);
    this.rsus = config.rsus;
    this.stepSeconds = config.stepSeconds;
    this.#vehicleLengthMeters = config.idm.vehicleLengthMeters;
    this.#network = new RoadNetwork(this.roads);
    this.#fleet = new Fleet(this.roads.length);
    this.coverage = coverRoads(this.#network, config.rsus);
    const index = new CoverageIndex(this.#network, config.rsus, this.coverage);
    this.#contacts = new ContactTracker(index);
    this.#index = index;
    this.#serving = new Serving(this.#network, index, config.radio);
    this.#choice = choiceOf(config, rng);
    const desiredSpeedMps = kmhToMps(config.desiredSpeedKmh);
    this.#driving = new CarFollowing(this.#network, this.#fleet, { idm: config.idm, desiredSpeedMps });
    this.#mover = new Mover(this.#network, this.#fleet, this.#contacts);
    this.#traffic = this.#buildTraffic(config, rng);
    this.#check();
    this.#initial = this.#takeFixes(0);
    this.#noteStanding();
  }

  initial(): readonly Fix[] {
    return this.#initial;
  }

  step(): MobilityStep {
    const from = this.#steps * this.stepSeconds;
    const to = (this.#steps + 1) * this.stepSeconds;
    const subSteps = subStepsIn(this.stepSeconds);
    for (let i = 0; i < subSteps; i++) {
      const subStep = {
        from: from + (i / subSteps) * this.stepSeconds,
        to: i + 1 === subSteps ? to : from + ((i + 1) / subSteps) * this.stepSeconds,
      };
      this.#driving.plan(subStep.to - subStep.from);
      this.#mover.move(subStep);
      this.#traffic.supply(subStep);
    }
    this.#check();
    this.#steps += 1;
    const events = this.#contacts.take();
    for (const event of events) if (event.kind === 'arrived') this.#choice?.forget(event.vehicle);
    return { from, to, events, fixes: this.#takeFixes(to) };
  }

  #buildTraffic(config: MobilityConfig, rng: Rng): TrafficSource {
    const { traffic, idm, speedSpread, speedDistribution = 'uniform' } = config;
    const driving = this.#driving;
    const options = {
      network: this.#network,
      fleet: this.#fleet,
      idm,
      desiredSpeed: (road: number, factor: number) => driving.desiredSpeed(road, factor),
      drivers: { speedSpread, speedDistribution },
      rng,
    };
    if (traffic.kind === 'recirculating') return recirculating(traffic.vehicles, options);
    const { perSecond, initialVehicles = 0 } = traffic;
    return new PoissonSource({ ...options, perSecond, initialVehicles, driving, contacts: this.#contacts });
  }

  /** Vehicles that stand inside a disc at time 0 enter it in the first step, at its first instant. */
  #noteStanding(): void {
    const { ids, road, offset } = this.#fleet;
    for (const slot of this.#fleet.live) {
      this.#contacts.standsThere(ids[slot]!, { road: road[slot]!, offsetMeters: offset[slot]! }, 0);
    }
  }

  #check(): void {
    const { demanded, pending } = this.#traffic;
    checkConservation({ demanded, running: this.#fleet.size, arrived: this.#mover.arrived, pending });
    checkOrder(this.#network, this.#fleet, this.#vehicleLengthMeters);
  }

  #takeFixes(at: number): Fix[] {
    return this.#fleet.live.map((slot) => this.#fixOf(slot, at));
  }

  #fixOf(slot: number, at: number): Fix {
    const { ids, road, offset, speed } = this.#fleet;
    const place = this.#place;
    place.road = road[slot]!;
    place.offsetMeters = offset[slot]!;
    this.#network.pointAt(place.road, place.offsetMeters, this.#point);
    place.x = this.#point[0]!;
    place.y = this.#point[1]!;
    if (this.#choice) {
      const standing = { vehicle: ids[slot]!, x: place.x, y: place.y, headingRadians: this.#point[2]! };
      const cell = this.#index.cellAt(place.road, place.offsetMeters);
      this.#choice.serve(standing, this.#index.coveringAt(cell), this.#uplink);
    } else this.#serving.bestUplink(place, this.#uplink);
    return {
      vehicle: ids[slot]!,
      at,
      x: place.x,
      y: place.y,
      headingRadians: this.#point[2]!,
      speedMps: speed[slot]!,
      road: this.roads[place.road]!.id,
      offsetMeters: place.offsetMeters,
      serving: this.#uplink.rsu < 0 ? null : this.rsus[this.#uplink.rsu]!.id,
      bitsPerSecondPerHertz: this.#uplink.bitsPerSecondPerHertz,
    };
  }
}
