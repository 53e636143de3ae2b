// An open system: arrivals of a Poisson process at the entries of the network; vehicles leave where roads end. The papers
// describe such arrivals. Must not: look at radio or coverage.

import { RoadbedError } from '../../base/errors.ts';
import type { Rng } from '../../base/rng.ts';
import type { ContactTracker } from '../contacts/contact-tracker.ts';
import type { CarFollowing } from '../driving/car-following.ts';
import { emptyProbe } from '../driving/look-ahead.ts';
import { type Driver, type DriverOptions, makeDriver } from './driver.ts';
import { type PlacementOptions, placeEvenly } from './placement.ts';
import type { SubStep, TrafficSource } from './source.ts';

/** What arrivals need beside what placing needs. */
export interface PoissonOptions extends PlacementOptions {
  /** Arrivals per second over all entries together; each picks an entry, all equally likely. */
  readonly perSecond: number;
  readonly initialVehicles: number;
  readonly drivers: DriverOptions;
  readonly driving: CarFollowing;
  readonly contacts: ContactTracker;
}

/** Someone at the gate. */
interface Waiting extends Driver {
  /** When it came, seconds. */
  readonly since: number;
}

/** Where and how fast someone would join. */
interface EntryPlace {
  readonly road: number;
  readonly offsetMeters: number;
  readonly speedMps: number;
}

/** Bound of all queues together: reached only when far more arrive than the entries can carry. */
const waitingMax = 10_000;

export class PoissonSource implements TrafficSource {
  readonly #options: PoissonOptions;
  readonly #arrivals: Rng;
  readonly #entries: readonly number[];
  /** One queue per entry, first come first served. */
  readonly #queues: Waiting[][];
  readonly #probe = emptyProbe();
  #nextArrival: number;
  #demanded: number;
  #pending = 0;

  /** Places the initial vehicles. Throws RoadbedError('scenario') when the network has no entry. */
  constructor(options: PoissonOptions) {
    this.#options = options;
    this.#entries = options.network.entries();
    if (this.#entries.length === 0) {
      throw new RoadbedError(
        'scenario',
        'Poisson traffic needs a road that nothing leads into, and this network has none (expected an entry); ' +
          "use a segment or an open map, or traffic of kind 'recirculating'",
      );
    }
    this.#queues = this.#entries.map(() => []);
    this.#arrivals = options.rng.fork('arrivals');
    this.#demanded = options.initialVehicles;
    const people = Array.from({ length: options.initialVehicles }, (_, i) => this.#driver(i + 1));
    placeEvenly(people, { ...options, rng: options.rng.fork('placement') });
    this.#nextArrival = this.#pause();
  }

  get demanded(): number {
    return this.#demanded;
  }

  get pending(): number {
    return this.#pending;
  }

  supply(subStep: SubStep): void {
    this.#admit(subStep.to);
    this.#queues.forEach((queue, entry) => {
      while (queue.length > 0 && this.#enter(queue[0]!, this.#entries[entry]!, subStep)) {
        queue.shift();
        this.#pending -= 1;
      }
    });
  }

  #driver(number: number): Driver {
    return makeDriver(this.#options.rng, number, this.#options.drivers);
  }

  /** Seconds to the next arrival: exponential; never when nobody comes. */
  #pause(): number {
    const { perSecond } = this.#options;
    return perSecond === 0 ? Number.POSITIVE_INFINITY : this.#arrivals.exponential(perSecond);
  }

  /** Queues everyone who comes by `until`. */
  #admit(until: number): void {
    while (this.#nextArrival <= until) {
      this.#demanded += 1;
      this.#pending += 1;
      if (this.#pending > waitingMax) throw this.#overflow();
      const entry = this.#arrivals.integer(this.#entries.length);
      this.#queues[entry]!.push({ ...this.#driver(this.#demanded), since: this.#nextArrival });
      this.#nextArrival += this.#pause();
    }
  }

  #overflow(): RoadbedError {
    return new RoadbedError(
      'scenario',
      `more than ${waitingMax} vehicles wait at the entries: ${this.#options.perSecond} arrivals per second exceed what ` +
        'the roads carry (one lane takes about 0.5 per second); lower perSecond',
    );
  }

  /**
   * Lets `waiting` in if it would not have to brake harder than comfortably: at its desired speed, else at the leader's.
   * Someone who comes within the sub-step stands at its end where it would be, had it driven in at its instant; someone
   * who had to wait starts at the gate at the sub-step's end. Returns whether it is in.
   */
  #enter(waiting: Waiting, road: number, subStep: SubStep): boolean {
    const { driving, network } = this.#options;
    const desired = driving.desiredSpeed(road, waiting.speedFactor);
    const driven = desired * (subStep.to - waiting.since);
    if (waiting.since > subStep.from && driven < network.length[road]!) {
      const place = { road, offsetMeters: driven, speedMps: desired };
      if (this.#fits(waiting, place)) return this.#join(waiting, place, waiting.since);
    }
    const gate = { road, offsetMeters: 0, speedMps: desired };
    if (this.#fits(waiting, gate)) return this.#join(waiting, gate, subStep.to);
    const calm = { ...gate, speedMps: Math.min(desired, this.#tailSpeed(road)) };
    return this.#fits(waiting, calm) && this.#join(waiting, calm, subStep.to);
  }

  /** Speed of the last vehicle on `road`, m/s; infinite where there is none. */
  #tailSpeed(road: number): number {
    const { fleet } = this.#options;
    const lane = fleet.lanes[road]!;
    return lane.size === 0 ? Number.POSITIVE_INFINITY : fleet.speed[lane.tail()]!;
  }

  #fits(waiting: Waiting, place: EntryPlace): boolean {
    const { driving, idm } = this.#options;
    const probe = this.#probe;
    probe.road = place.road;
    probe.offset = place.offsetMeters;
    probe.speed = place.speedMps;
    probe.desiredSpeed = driving.desiredSpeed(place.road, waiting.speedFactor);
    probe.routeSeed = waiting.routeSeed;
    driving.answerAtTail(probe);
    return probe.clearance >= idm.minimumGapMeters && probe.acceleration >= -idm.comfortableDecelerationMps2;
  }

  /** Puts `waiting` on the road; the contacts it makes on its first metres are noted at their instants. */
  #join(waiting: Waiting, place: EntryPlace, at: number): true {
    const { id, speedFactor, routeSeed } = waiting;
    this.#options.fleet.add({ id, speedFactor, routeSeed, ...place });
    this.#options.contacts.spawned(id, place.road, at);
    this.#options.contacts.drove({
      vehicle: id,
      road: place.road,
      fromMeters: 0,
      toMeters: place.offsetMeters,
      startsAt: at,
      endsAt: at + place.offsetMeters / place.speedMps,
      speedMps: place.speedMps,
    });
    return true;
  }
}
