// One vehicle agent in wall time, with a connection to the broker of its own. Where its car is comes from outside, a fix at
// a time; it is silent out of coverage because the agent is. Must not: know other cars, or the RSU's store.

import type { Clock } from '../../base/clock.ts';
import type { VehicleId } from '../../base/ids.ts';
import { Rng } from '../../base/rng.ts';
import { modelCost } from '../../learning/cost/model-cost.ts';
import type { Place } from '../../learning/data/partition.ts';
import type { Dataset, Learner } from '../../learning/learner.ts';
import { cutFacts } from '../../learning/split/cuts.ts';
import type { Announcement } from '../../protocol/announcement.ts';
import { decodeFrame, encodeFrame } from '../../protocol/codec.ts';
import type { Link } from '../../protocol/link/link.ts';
import type { DownMessage, Framed, UpMessage } from '../../protocol/messages.ts';
import { vehicleTopic } from '../../protocol/topics.ts';
import { decodeFix } from '../../protocol/world.ts';
import { VehicleAgent } from '../../vehicle-agent/agent.ts';
import type { Outbox, VehicleInput } from '../../vehicle-agent/types.ts';
import { deviceOf, shardOf } from '../plan.ts';
import { LiveHost } from './live-host.ts';
import { type Cancel, every } from './timers.ts';

export interface AgentHostOptions {
  readonly announcement: Announcement;
  readonly vehicle: VehicleId;
  /** Where it first drove; only a partition by place asks for it. */
  readonly place: Place | undefined;
  readonly link: Link;
  readonly learner: Learner;
  readonly train: Dataset;
  readonly outbox: Outbox;
  readonly incarnation: number;
  readonly clock: Clock;
  readonly failed: (error: unknown) => void;
}

/**
 * A beacon goes out with the first fix this long after the last one. Fixes come every half second, give or take what the
 * network adds; a whole second here would miss every other one.
 */
const beaconSeconds = 0.75;
/** Without a fix for this long the car does not know where it is, and holds its tongue. */
const blindSeconds = 3;

/** Where the vehicle of a world message first drove: as the world says, or else where it is now. */
export function placeIn(payload: Uint8Array): Place | undefined {
  const fix = decodeFix(payload);
  return fix && (fix.first ?? { road: fix.road, offsetMeters: fix.offsetMeters });
}

function agentOf(options: AgentHostOptions): VehicleAgent {
  const { announcement, vehicle, place, learner, train, outbox, incarnation } = options;
  const { scenario } = announcement;
  const { seed } = scenario;
  return new VehicleAgent({
    vehicle,
    device: deviceOf(scenario, vehicle),
    incarnation,
    learner,
    data: train,
    shard: shardOf(scenario, train, { vehicle, place }),
    costOf: modelCost,
    cutFactsOf: cutFacts,
    outbox,
    rng: Rng.root(seed).fork('agent').fork(vehicle),
    beaconSeconds,
    graceSeconds: scenario.handover?.graceSeconds ?? 0,
  });
}

export class AgentHost {
  readonly #options: AgentHostOptions;
  readonly #agent: VehicleAgent;
  readonly #host: LiveHost<VehicleInput, UpMessage>;
  readonly #watch: Cancel;
  #fixAt: number | null = null;
  #refusedFrames = 0;

  private constructor(options: AgentHostOptions) {
    const { announcement, vehicle, link, clock, failed } = options;
    this.#options = options;
    this.#agent = agentOf(options);
    const up = vehicleTopic(announcement.run, 'up', vehicle);
    this.#host = new LiveHost({
      act: (input, now) => this.#agent.act(input, now),
      clock,
      // A publication the broker did not take is repaired by bitmaps and the outbox.
      send: ({ message, body }) =>
        void link.publish(up, encodeFrame('up', message, body)).catch(() => undefined),
      failed,
      capacity: 1024,
    });
    this.#watch = every(1, () => this.#notice());
  }

  /** Starts an agent and lets it listen. The link is its own, and closed with it. */
  static async open(options: AgentHostOptions): Promise<AgentHost> {
    const host = new AgentHost(options);
    const { announcement, vehicle, link } = options;
    link.onConnection((connected) => host.#host.give({ kind: 'connection', connected }));
    await link.subscribe(vehicleTopic(announcement.run, 'down', vehicle), (_topic, payload) =>
      host.#hear(payload),
    );
    return host;
  }

  /** The connection it was given. */
  get link(): Link {
    return this.#options.link;
  }

  /** Messages this car did not act on. */
  get refused(): number {
    return this.#refusedFrames + this.#agent.refusals().count;
  }

  state(): ReturnType<VehicleAgent['state']> {
    return this.#agent.state();
  }

  /** What the world says of this car: a fix, or nothing (it has left the road). Anything else is not believed. */
  world(payload: Uint8Array): void {
    const fix = decodeFix(payload);
    if (!fix) return payload.length === 0 ? this.#lose() : undefined;
    if (fix.serving === null) return this.#lose();
    const { vehicle: _vehicle, first: _first, ...place } = fix;
    const at = this.#options.clock.now();
    this.#fixAt = at;
    this.#host.give({ kind: 'position', position: { ...place, at } });
  }

  async close(): Promise<void> {
    this.#watch();
    this.#host.close();
    await this.#options.link.close();
  }

  #hear(payload: Uint8Array): void {
    let framed: Framed<DownMessage>;
    try {
      framed = decodeFrame('down', payload);
    } catch {
      this.#refusedFrames++;
      return;
    }
    this.#host.give({ kind: 'message', ...framed });
  }

  #notice(): void {
    if (this.#fixAt !== null && this.#options.clock.now() - this.#fixAt > blindSeconds) this.#lose();
  }

  /** Out of coverage, off the road, or blind. */
  #lose(): void {
    if (this.#fixAt === null) return;
    this.#fixAt = null;
    this.#host.give({ kind: 'position', position: null });
  }
}
