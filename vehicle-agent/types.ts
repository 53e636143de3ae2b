// What a vehicle agent is given when it starts. Must not: hold anything of the world, other cars, or the RSU's store.

import type { VehicleId } from '../base/ids.ts';
import type { Rng } from '../base/rng.ts';
import type { ModelCost } from '../learning/cost/types.ts';
import type { Cut, Dataset, Learner, ModelSpec, Shard } from '../learning/learner.ts';
import type { CutFacts } from '../learning/split/cuts.ts';
import type { ComputeOutcome } from '../protocol/actor.ts';
import type { Beacon, DeviceProfile, DownMessage } from '../protocol/messages.ts';

/** Where the car is and how good its link is (the Position port's reading); null before the first fix. */
export type Position = Omit<Beacon, 'kind'>;

/** One input of a vehicle agent. */
export type VehicleInput =
  | { readonly kind: 'message'; readonly message: DownMessage; readonly body: Uint8Array }
  | { readonly kind: 'position'; readonly position: Position | null }
  | { readonly kind: 'timer'; readonly name: string }
  | { readonly kind: 'computed'; readonly ticket: number; readonly outcome: ComputeOutcome }
  /** The link to the broker was lost or regained (live only). */
  | { readonly kind: 'connection'; readonly connected: boolean };

export interface VehicleConfig {
  readonly vehicle: VehicleId;
  readonly device: DeviceProfile;
  /** Counts starts of this agent. */
  readonly incarnation: number;
  readonly learner: Learner;
  readonly data: Dataset;
  readonly shard: Shard;
  /** Cost of a model, from the learning room; decides how long training takes in virtual time. */
  readonly costOf: (model: ModelSpec) => ModelCost;
  /** What a cut of a model comes to, from the learning room; throws a sentence where it is none. */
  readonly cutFactsOf: (model: ModelSpec, cut: Cut) => CutFacts;
  readonly outbox: Outbox;
  readonly rng: Rng;
  readonly beaconSeconds: number;
  /** How long a car out of coverage keeps its task, in case another RSU takes it up. Default 0: it gives it up at once. */
  readonly graceSeconds?: number;
  /** How many times its nominal time this car's computing takes in a round (heat, other work). The RSU is not told. Default 1. */
  readonly slowdown?: (round: number) => number;
}

/** An update that must not be lost: kept until the RSU's application acknowledgement. */
export interface OutboxEntry {
  readonly key: string;
  readonly manifest: import('../protocol/messages.ts').Manifest;
  readonly bytes: Uint8Array;
}

/** Where updates wait for their acknowledgement. Memory in simulation, files in a car. */
export interface Outbox {
  put(entry: OutboxEntry): void;
  get(key: string): OutboxEntry | undefined;
  retire(key: string): void;
  entries(): readonly OutboxEntry[];
}
