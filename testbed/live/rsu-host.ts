// The RSU in wall time: its actor over MQTT, the announcement that brings the other processes in, and the picture the RSU
// has of the road (from beacons; it sees no more). Must not: hold rules of a round.

import type { Clock } from '../../base/clock.ts';
import type { RoadId, RsuId, VehicleId } from '../../base/ids.ts';
import type { Fix } from '../../mobility/types.ts';
import { type Announcement, encodeAnnouncement } from '../../protocol/announcement.ts';
import { decodeFrame, encodeFrame } from '../../protocol/codec.ts';
import type { Link } from '../../protocol/link/link.ts';
import type { DownMessage } from '../../protocol/messages.ts';
import { allUpTopic, announceTopic, vehicleOfTopic, vehicleTopic } from '../../protocol/topics.ts';
import type { RsuActor } from '../../roadside/rsu/actor.ts';
import type { RsuInput } from '../../roadside/rsu/types.ts';
import type { Activity, ActivityOf } from '../map-frames.ts';
import { LiveHost } from './live-host.ts';
import { atMost, every } from './timers.ts';

/** A live vehicle unheard for this long has left: three beacons. */
export const beaconTimeoutSeconds = 3;
/** The map is drawn, and logs are flushed, this often. */
const tickSeconds = 0.5;
/** A broker that is gone is not waited for at the end. */
const farewellSeconds = 3;
/** A beacon has about 300 bytes; longer frames are not looked at for the map. */
const maximumBeaconBytes = 2048;

export interface RsuHostOptions {
  readonly rsu: RsuActor;
  readonly link: Link;
  readonly announcement: Announcement;
  readonly clock: Clock;
  readonly note: (text: string) => void;
  /** Told twice a second where the vehicles in contact are. */
  readonly onWorld: (at: number, fixes: readonly Fix[], activityOf: ActivityOf) => void;
  readonly stopRequested?: (() => string | null) | undefined;
}

export class RsuHost {
  readonly #options: RsuHostOptions;
  readonly #host: LiveHost<RsuInput, DownMessage>;
  readonly #heard = new Map<VehicleId, Fix>();
  readonly #finished: Promise<void>;
  #finish: () => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;
  #isStopping = false;
  #toldDropped = 0;

  constructor(options: RsuHostOptions) {
    const { rsu, clock } = options;
    this.#options = options;
    this.#finished = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    // Awaited by `run`; a failure before that must not end the process.
    this.#finished.catch(() => undefined);
    this.#host = new LiveHost({
      act: (input, now) => rsu.act(input, now),
      clock,
      send: (outgoing) => this.#send(outgoing),
      failed: (error) => this.#fail(error),
      acted: () => rsu.finished !== null && this.#finish(),
    });
  }

  /** Runs until the actor has finished; returns why it did. Rejects at a fault of ours. */
  async run(): Promise<string> {
    const { rsu, link, clock, announcement } = this.#options;
    const ticking = every(tickSeconds, () => this.#guarded(() => this.#tick()));
    try {
      await link.subscribe(allUpTopic(announcement.run), (topic, payload) => this.#hear(topic, payload));
      // A broker that was restarted has forgotten what it retained.
      link.onConnection((connected) => connected && this.#announce(encodeAnnouncement(announcement)));
      await this.#announce(encodeAnnouncement(announcement));
      this.#host.take(rsu.start(clock.now()));
      await this.#finished;
      rsu.flush();
      return rsu.finished ?? 'finished';
    } finally {
      ticking();
      this.#host.close();
      // The link keeps order: the acknowledgement of the last update goes out before the run is declared over.
      await atMost(farewellSeconds, this.#announce(new Uint8Array(0)));
    }
  }

  /** Ends the run with an error from beside it. */
  fail(error: unknown): void {
    this.#fail(error);
  }

  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#fail(error);
    }
  }

  #announce(payload: Uint8Array): Promise<void> {
    return this.#options.link.publish(announceTopic, payload, { retain: true }).catch(() => undefined);
  }

  #send({ to, message, body }: { to?: VehicleId; message: DownMessage; body?: Uint8Array }): void {
    if (!to) return;
    const { link, announcement } = this.#options;
    // What the broker did not take is repaired by bitmaps and repeated acknowledgements.
    link
      .publish(vehicleTopic(announcement.run, 'down', to), encodeFrame('down', message, body))
      .catch(() => undefined);
  }

  #hear(topic: string, payload: Uint8Array): void {
    const vehicle = vehicleOfTopic(topic);
    if (!vehicle) return;
    this.#host.give({ kind: 'frame', vehicle, payload });
    const fix = fixOf(vehicle, payload);
    if (fix) this.#heard.set(vehicle, fix);
  }

  #tick(): void {
    const { rsu, clock, stopRequested, onWorld, note } = this.#options;
    const reason = stopRequested?.() ?? null;
    if (reason !== null && !this.#isStopping) this.#isStopping = this.#host.give({ kind: 'stop', reason });
    rsu.flush();
    for (const vehicle of this.#heard.keys())
      if (!rsu.peers.get(vehicle)?.inContact) this.#heard.delete(vehicle);
    const fixes = [...this.#heard.values()].sort((a, b) => (a.vehicle < b.vehicle ? -1 : 1));
    onWorld(clock.now(), fixes, (vehicle) => this.#activityOf(vehicle));
    if (this.#host.dropped === this.#toldDropped) return;
    this.#toldDropped = this.#host.dropped;
    note(`the RSU's inbox was full: ${this.#toldDropped} messages dropped so far (they are sent again)`);
  }

  #activityOf(vehicle: VehicleId): Activity | undefined {
    const peer = this.#options.rsu.peers.get(vehicle);
    return peer && { state: peer.state, progress: Math.max(0, peer.loggedProgress) / 20 };
  }
}

/** Where a vehicle is, if `payload` is its beacon. Whether the RSU believes it is decided by the actor alone. */
function fixOf(vehicle: VehicleId, payload: Uint8Array): Fix | undefined {
  if (payload.length > maximumBeaconBytes) return undefined;
  try {
    const { message } = decodeFrame('up', payload);
    if (message.kind !== 'beacon') return undefined;
    const { kind: _kind, road, serving, ...place } = message;
    return { ...place, vehicle, road: road as RoadId, serving: serving as RsuId | null };
  } catch {
    return undefined;
  }
}
