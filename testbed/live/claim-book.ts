// Which vehicles a pool of agents drives, agreed with the other pools over the broker alone: the first claim the broker
// delivers wins, because all pools hear claims in the same order. A holder says so again every few seconds (a lease), so
// that the vehicles of a pool that died are taken over.
// Must not: publish, read a clock, or start an agent (pool.ts does).

import type { VehicleId } from '../../base/ids.ts';
import type { Claim } from '../../protocol/world.ts';

export interface ClaimBookOptions {
  /** This pool's id; between two that both hold a vehicle, the smaller id keeps it. */
  readonly pool: string;
  /** Vehicles this pool drives at most. */
  readonly capacity: number;
}

/** A claim of another pool counts this long after it was heard; holders repeat theirs three times as often. */
export const leaseSeconds = 15;
/** A claim of ours that was not heard back by then is lost, and may be made again. */
const askedSeconds = 2;

/** What to do about a claim: drive the vehicle, stop driving it, say again that it is ours, nothing. */
export type Verdict = 'start' | 'stop' | 'hold' | 'nothing';

export class ClaimBook {
  readonly #options: ClaimBookOptions;
  readonly #ours = new Set<VehicleId>();
  readonly #asked = new Map<VehicleId, number>();
  readonly #theirs = new Map<VehicleId, number>();

  constructor(options: ClaimBookOptions) {
    this.#options = options;
  }

  /** The vehicles this pool drives. */
  get ours(): ReadonlySet<VehicleId> {
    return this.#ours;
  }

  /** A vehicle is on the road: true when this pool should ask for it now. */
  seen(vehicle: VehicleId, now: number): boolean {
    if (this.#ours.has(vehicle) || this.#isTheirs(vehicle, now)) return false;
    for (const [one, at] of this.#asked) if (now - at > askedSeconds) this.#asked.delete(one);
    if (this.#asked.has(vehicle)) return false;
    if (this.#ours.size + this.#asked.size >= this.#options.capacity) return false;
    this.#asked.set(vehicle, now);
    return true;
  }

  /** A claim was delivered, our own ones included. */
  heard(vehicle: VehicleId, claim: Claim, now: number): Verdict {
    if (claim.pool === this.#options.pool) return this.#heardOurs(vehicle, claim);
    if (this.#ours.has(vehicle)) {
      // Somebody who came later asks, or believes to hold it too.
      if (!claim.held || this.#options.pool < claim.pool) return 'hold';
      this.#ours.delete(vehicle);
      this.#theirs.set(vehicle, now);
      return 'stop';
    }
    this.#asked.delete(vehicle);
    this.#theirs.set(vehicle, now);
    return 'nothing';
  }

  /** The claim on a vehicle was given up, or the vehicle has left the road: true when it was ours. */
  released(vehicle: VehicleId): boolean {
    this.#theirs.delete(vehicle);
    this.#asked.delete(vehicle);
    return this.#ours.delete(vehicle);
  }

  #heardOurs(vehicle: VehicleId, claim: Claim): Verdict {
    if (claim.held || !this.#asked.delete(vehicle)) return 'nothing';
    this.#ours.add(vehicle);
    return 'start';
  }

  #isTheirs(vehicle: VehicleId, now: number): boolean {
    const heardAt = this.#theirs.get(vehicle);
    if (heardAt === undefined) return false;
    if (now - heardAt <= leaseSeconds) return true;
    this.#theirs.delete(vehicle);
    return false;
  }
}
