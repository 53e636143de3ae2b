// A pool of vehicle agents: takes on vehicles it sees on the road, up to its capacity, in agreement with other pools. Start
// more pools and the vehicles spread over them; kill one and the others take its vehicles.
// Must not: know where its vehicles go, or keep anything of a vehicle it gave up.

import { messageOf } from '../../base/errors.ts';
import type { RunId, VehicleId } from '../../base/ids.ts';
import type { Place } from '../../learning/data/partition.ts';
import type { Learner } from '../../learning/learner.ts';
import type { Announcement } from '../../protocol/announcement.ts';
import type { Link } from '../../protocol/link/link.ts';
import { connectMqtt } from '../../protocol/link/mqtt.ts';
import { allClaimTopic, allWorldTopic, claimTopic, vehicleOfTopic } from '../../protocol/topics.ts';
import { decodeClaim, encodeJson } from '../../protocol/world.ts';
import { MemoryOutbox } from '../../vehicle-agent/outbox-memory.ts';
import { systemClock } from '../system.ts';
import { AgentHost, placeIn } from './agent-host.ts';
import { ClaimBook, leaseSeconds, type Verdict } from './claim-book.ts';
import { type MemberOptions, type Membership, takePart } from './member.ts';
import { aborted, every } from './timers.ts';

export interface PoolOptions extends MemberOptions {
  /** An id no other pool has. */
  readonly pool: string;
  readonly capacity: number;
}

/** What one pool does for one run. */
class Session {
  readonly #options: PoolOptions;
  readonly #announcement: Announcement;
  readonly #link: Link;
  readonly #learner: Learner;
  readonly #train: Membership['train'];
  readonly #book: ClaimBook;
  readonly #clock = systemClock();
  readonly #agents = new Map<VehicleId, Promise<AgentHost>>();
  /** Where vehicles on the road first drove: the samples of one that this pool takes over must stay the same. */
  readonly #places = new Map<VehicleId, Place>();
  #fail: (error: unknown) => void = () => undefined;

  constructor(parts: Membership & { readonly options: PoolOptions; readonly link: Link }) {
    this.#options = parts.options;
    this.#announcement = parts.announcement;
    this.#link = parts.link;
    this.#learner = parts.learner;
    this.#train = parts.train;
    this.#book = new ClaimBook(parts.options);
  }

  get #run(): RunId {
    return this.#announcement.run;
  }

  /** Drives vehicles until `over`. Rejects when one of its agents fails by a fault of ours. */
  async work(over: AbortSignal): Promise<void> {
    const failed = new Promise<never>((_resolve, reject) => {
      this.#fail = reject;
    });
    const renewing = every(leaseSeconds / 3, () => this.#renew());
    try {
      await this.#link.subscribe(allClaimTopic(this.#run), (topic, payload) =>
        this.#hearClaim(topic, payload),
      );
      await this.#link.subscribe(allWorldTopic(this.#run), (topic, payload) =>
        this.#hearWorld(topic, payload),
      );
      await Promise.race([aborted(over), failed]);
    } finally {
      renewing();
      await this.#leave();
    }
  }

  #hearWorld(topic: string, payload: Uint8Array): void {
    const vehicle = vehicleOfTopic(topic);
    if (!vehicle) return;
    if (payload.length === 0) return this.#gone(vehicle);
    this.#place(vehicle, payload);
    if (this.#book.seen(vehicle, this.#clock.now())) this.#say(vehicle, false);
    void this.#agents.get(vehicle)?.then(
      (agent) => agent.world(payload),
      () => undefined,
    );
  }

  #place(vehicle: VehicleId, payload: Uint8Array): void {
    const place = this.#places.has(vehicle) ? undefined : placeIn(payload);
    if (place) this.#places.set(vehicle, place);
  }

  #hearClaim(topic: string, payload: Uint8Array): void {
    const vehicle = vehicleOfTopic(topic);
    if (!vehicle) return;
    const claim = decodeClaim(payload);
    if (claim) this.#obey(vehicle, this.#book.heard(vehicle, claim, this.#clock.now()));
    // An empty claim of a vehicle we hold is a rival's good-bye, not ours.
    else if (payload.length === 0 && !this.#book.ours.has(vehicle)) this.#book.released(vehicle);
  }

  #obey(vehicle: VehicleId, verdict: Verdict): void {
    if (verdict === 'start' || verdict === 'hold') this.#say(vehicle, true);
    if (verdict === 'start') this.#start(vehicle);
    else if (verdict === 'stop') this.#stop(vehicle);
  }

  /** Asks for a vehicle, or says that this pool has it. */
  #say(vehicle: VehicleId, held: boolean): void {
    const claim = encodeJson({ pool: this.#options.pool, held });
    this.#link.publish(claimTopic(this.#run, vehicle), claim, { retain: held }).catch(() => undefined);
  }

  #renew(): void {
    for (const vehicle of this.#book.ours) this.#say(vehicle, true);
  }

  #start(vehicle: VehicleId): void {
    const opening = this.#open(vehicle);
    opening.catch((error) => this.#fail(error));
    this.#agents.set(vehicle, opening);
    this.#options.note(`pool ${this.#options.pool} drives ${vehicle} (${this.#agents.size})`);
  }

  async #open(vehicle: VehicleId): Promise<AgentHost> {
    const { brokerUrl } = this.#options;
    return AgentHost.open({
      announcement: this.#announcement,
      vehicle,
      place: this.#places.get(vehicle),
      link: await connectMqtt({ url: brokerUrl, clientId: `${this.#run}-${vehicle}` }),
      learner: this.#learner,
      train: this.#train,
      outbox: new MemoryOutbox(),
      incarnation: 1,
      clock: this.#clock,
      failed: (error) =>
        this.#fail(new Error(`the agent of ${vehicle} failed: ${messageOf(error)}`, { cause: error })),
    });
  }

  /** The vehicle has left the road for good. */
  #gone(vehicle: VehicleId): void {
    this.#places.delete(vehicle);
    if (!this.#book.released(vehicle)) return;
    this.#release(vehicle);
    this.#stop(vehicle);
  }

  #release(vehicle: VehicleId): void {
    this.#link
      .publish(claimTopic(this.#run, vehicle), new Uint8Array(0), { retain: true })
      .catch(() => undefined);
  }

  #stop(vehicle: VehicleId): void {
    const agent = this.#agents.get(vehicle);
    this.#agents.delete(vehicle);
    void agent?.then((one) => one.close()).catch(() => undefined);
  }

  /** Gives all vehicles up, so that other pools, or nobody once the run is over, hold them. */
  async #leave(): Promise<void> {
    for (const vehicle of this.#book.ours) this.#release(vehicle);
    const agents = [...this.#agents.values()];
    this.#agents.clear();
    await Promise.allSettled(agents.map(async (agent) => (await agent).close()));
  }
}

/** Runs a pool until the run is over or `stop`. Throws RoadbedError('broker') where there is no broker. */
export function runPool(options: PoolOptions): Promise<void> {
  const { brokerUrl, pool } = options;
  return takePart(options, `roadbed-${pool}`, async ({ announcement, learner, train }, over) => {
    // Subscriptions belong to one run: a connection of its own ends with it.
    const link = await connectMqtt({ url: brokerUrl, clientId: `${announcement.run}-${pool}` });
    try {
      await new Session({ options, announcement, link, learner, train }).work(over);
    } finally {
      await link.close();
    }
  });
}
