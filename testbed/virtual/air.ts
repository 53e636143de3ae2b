// The simulated air between vehicles and the RSU in virtual time: when does a frame arrive, if at all. Bulk frames
// (chunks) queue per vehicle and direction and are served at the Shannon rate of the band granted to the vehicle, piece
// by piece along the road it really drives; small frames pass them, in order among themselves. Leaving coverage loses
// what is on the way. Must not: look into frames, know rounds, or draw random numbers other than its own faults.

import type { VehicleId } from '../../base/ids.ts';
import type { Rng } from '../../base/rng.ts';
import { dbToRatio } from '../../base/units.ts';
import type { Direction } from '../../protocol/codec.ts';
import type { Scenario } from '../../protocol/scenario/schema.ts';

/** A frame on its way. `sequence` names it in the stream of its vehicle and direction. */
export interface Parcel {
  readonly vehicle: VehicleId;
  readonly direction: Direction;
  readonly sequence: number;
  readonly bytes: number;
  readonly bulk: boolean;
}

/** What the air asks of the conductor: call back at an instant. */
export interface AirSchedule {
  /** The frame arrives at `at` if its vehicle is still on this `visit`; `final`: it will not arrive once more. */
  deliver(at: number, parcel: Parcel, arrival: { final: boolean; visit: number }): void;
  /** The frame is lost: whoever holds its bytes may let go. */
  lose(parcel: Parcel): void;
  /** Call `air.served(lane, version, at)` at `at`. */
  serve(at: number, lane: Lane, version: number): void;
}

/** One vehicle's link in one direction. */
export interface Lane {
  readonly vehicle: VehicleId;
  readonly direction: Direction;
  readonly queue: Parcel[];
  remainingBits: number;
  servedUntil: number;
  rateBitsPerSecond: number;
  version: number;
  lastSmallAt: number;
  /** Counts the vehicle's visits to coverage: what is on the way does not outlive the visit it was sent on. */
  visit: number;
  readonly faults: Rng;
}

interface Contact {
  connected: boolean;
  bitsPerSecondPerHertz: number;
  uplinkHz: number;
  downlinkHz: number;
  /** What the way between the serving RSU and the round's owner adds to every frame, seconds. */
  relaySeconds: number;
  /** A handover is under way until then: nothing is sent or heard. */
  silentUntil: number;
  readonly up: Lane;
  readonly down: Lane;
}

/** A rate below this is no link: 1 kbit/s would keep a chunk on the air for nine minutes. */
const minimumRate = 1000;

export class Air {
  readonly #radio: Scenario['radio'];
  readonly #share: number;
  readonly #rng: Rng;
  readonly #schedule: AirSchedule;
  readonly #contacts = new Map<VehicleId, Contact>();
  readonly #downGain: number;

  /** `share` is how many vehicles divide the band before any grant (K0). */
  constructor(radio: Scenario['radio'], share: number, rng: Rng, schedule: AirSchedule) {
    this.#radio = radio;
    this.#share = share;
    this.#rng = rng;
    this.#schedule = schedule;
    this.#downGain = dbToRatio(radio.rsuTransmitPowerDbm - radio.transmitPowerDbm);
  }

  /** True while the vehicle is in coverage. */
  connected(vehicle: VehicleId): boolean {
    return this.#contacts.get(vehicle)?.connected ?? false;
  }

  /** True while the vehicle is in coverage on its `visit`-th visit. */
  isOnVisit(vehicle: VehicleId, visit: number): boolean {
    const contact = this.#contacts.get(vehicle);
    return contact?.connected === true && contact.up.visit === visit;
  }

  /** The vehicle is gone for good. */
  forget(vehicle: VehicleId): void {
    this.#contacts.delete(vehicle);
  }

  /** The vehicle came into coverage with this uplink spectral efficiency. */
  connect(vehicle: VehicleId, bitsPerSecondPerHertz: number, now: number): void {
    const contact = this.#contactOf(vehicle);
    contact.connected = true;
    contact.up.visit++;
    contact.down.visit++;
    this.#setEfficiency(contact, bitsPerSecondPerHertz, now);
  }

  /** The vehicle left coverage: everything queued for it or by it is lost. */
  disconnect(vehicle: VehicleId): void {
    const contact = this.#contacts.get(vehicle);
    if (!contact) return;
    contact.connected = false;
    for (const lane of [contact.up, contact.down]) {
      lane.version++;
      for (const parcel of lane.queue.splice(0)) this.#schedule.lose(parcel);
    }
  }

  /** Every frame of this vehicle, either way, takes this much longer from now on. */
  relay(vehicle: VehicleId, relaySeconds: number): void {
    this.#contactOf(vehicle).relaySeconds = relaySeconds;
  }

  /**
   * Another RSU takes the vehicle over. For `silentSeconds` nothing is sent or heard; then what waits goes on by the new
   * RSU, in order: the car's own queue stayed with the car, the old RSU's queue is forwarded. The frame that was in the
   * middle of the air begins anew, so none arrives twice and none is lost.
   */
  handover(vehicle: VehicleId, silentSeconds: number, now: number): void {
    const contact = this.#contacts.get(vehicle);
    if (!contact?.connected) return;
    contact.silentUntil = now + silentSeconds;
    for (const lane of [contact.up, contact.down]) if (lane.queue.length > 0) this.#serveHead(lane, now);
  }

  /** The channel of a connected vehicle from `now` on. */
  channel(vehicle: VehicleId, bitsPerSecondPerHertz: number, now: number): void {
    const contact = this.#contacts.get(vehicle);
    if (contact?.connected) this.#setEfficiency(contact, bitsPerSecondPerHertz, now);
  }

  /** The RSU granted the vehicle a band. */
  grant(vehicle: VehicleId, uplinkHz: number, downlinkHz: number, now: number): void {
    const contact = this.#contactOf(vehicle);
    contact.uplinkHz = uplinkHz;
    contact.downlinkHz = downlinkHz;
    this.#setEfficiency(contact, contact.bitsPerSecondPerHertz, now);
  }

  /** A frame is given to the air at `now`. */
  send(parcel: Parcel, now: number): void {
    const contact = this.#contacts.get(parcel.vehicle);
    if (!contact?.connected) return this.#schedule.lose(parcel);
    const lane = parcel.direction === 'up' ? contact.up : contact.down;
    if (lane.rateBitsPerSecond < minimumRate) return this.#schedule.lose(parcel);
    if (!parcel.bulk) {
      const from = Math.max(now, contact.silentUntil);
      const at = from + this.#delayOf(contact) + (parcel.bytes * 8) / lane.rateBitsPerSecond;
      lane.lastSmallAt = Math.max(at, lane.lastSmallAt);
      return this.#arrive(lane, parcel, lane.lastSmallAt);
    }
    lane.queue.push(parcel);
    if (lane.queue.length === 1) this.#serveHead(lane, now);
  }

  /** The head of a lane has been served, unless its rate changed since that was planned. */
  served(lane: Lane, version: number, now: number): void {
    if (version !== lane.version) return;
    const parcel = lane.queue.shift();
    if (!parcel) return;
    const contact = this.#contactOf(lane.vehicle);
    this.#arrive(lane, parcel, now + this.#delayOf(contact));
    if (lane.queue.length > 0) this.#serveHead(lane, now);
  }

  #serveHead(lane: Lane, now: number): void {
    lane.remainingBits = lane.queue[0]!.bytes * 8;
    lane.servedUntil = Math.max(now, this.#contactOf(lane.vehicle).silentUntil);
    this.#plan(lane);
  }

  #delayOf({ relaySeconds }: Contact): number {
    return this.#radio.latencySeconds + relaySeconds;
  }

  #plan(lane: Lane): void {
    lane.version++;
    if (lane.rateBitsPerSecond < minimumRate) return;
    this.#schedule.serve(lane.servedUntil + lane.remainingBits / lane.rateBitsPerSecond, lane, lane.version);
  }

  #arrive(lane: Lane, parcel: Parcel, at: number): void {
    const { loss, duplication, reorderSeconds } = this.#radio.faults;
    if (loss > 0 && lane.faults.uniform() < loss) return this.#schedule.lose(parcel);
    const late = reorderSeconds > 0 ? lane.faults.between(0, reorderSeconds) : 0;
    const twice = duplication > 0 && lane.faults.uniform() < duplication;
    const { visit } = lane;
    this.#schedule.deliver(at + late, parcel, { final: !twice, visit });
    if (!twice) return;
    this.#schedule.deliver(at + 2 * late + this.#radio.latencySeconds, parcel, { final: true, visit });
  }

  #setEfficiency(contact: Contact, bitsPerSecondPerHertz: number, now: number): void {
    contact.bitsPerSecondPerHertz = bitsPerSecondPerHertz;
    const downEfficiency = Math.log2(1 + (2 ** bitsPerSecondPerHertz - 1) * this.#downGain);
    this.#setRate(contact.up, contact.uplinkHz * bitsPerSecondPerHertz, now);
    this.#setRate(contact.down, contact.downlinkHz * downEfficiency, now);
  }

  #setRate(lane: Lane, rate: number, now: number): void {
    if (rate === lane.rateBitsPerSecond) return;
    if (lane.queue.length > 0) {
      const elapsed = Math.max(0, now - lane.servedUntil);
      const sent = lane.rateBitsPerSecond >= minimumRate ? elapsed * lane.rateBitsPerSecond : 0;
      lane.remainingBits = Math.max(0, lane.remainingBits - sent);
      lane.servedUntil = Math.max(now, lane.servedUntil);
    }
    lane.rateBitsPerSecond = rate;
    if (lane.queue.length > 0) this.#plan(lane);
  }

  #contactOf(vehicle: VehicleId): Contact {
    const known = this.#contacts.get(vehicle);
    if (known) return known;
    const lane = (direction: Direction): Lane => ({
      vehicle,
      direction,
      queue: [],
      remainingBits: 0,
      servedUntil: 0,
      rateBitsPerSecond: 0,
      version: 0,
      lastSmallAt: 0,
      visit: 0,
      faults: this.#rng.fork(`${vehicle}/${direction}`),
    });
    const contact: Contact = {
      connected: false,
      bitsPerSecondPerHertz: 0,
      uplinkHz: this.#radio.uplinkBandwidthHz / this.#share,
      downlinkHz: this.#radio.downlinkBandwidthHz / this.#share,
      relaySeconds: 0,
      silentUntil: 0,
      up: lane('up'),
      down: lane('down'),
    };
    this.#contacts.set(vehicle, contact);
    return contact;
  }
}
