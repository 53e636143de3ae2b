// The conductor of virtual time: a discrete-event simulation of the world, the air, the RSU and all cars. Each event is
// acted on at its virtual instant, in (time, order) order; training is really executed, and its result is awaited when
// it is due. Must not: let the order of physical arrivals, the number of workers or the speed of the machine decide
// anything: equal scenario and seed give an equal event log.
//
// The life of an event: 1 it is taken from the heap; 2 the pacer may wait (for a map people watch); 3 its actor acts;
// 4 what the actor wants becomes new events.

import { RoadbedError } from '../../base/errors.ts';
import { EventHeap } from '../../base/heap.ts';
import type { RsuId, VehicleId } from '../../base/ids.ts';
import type { Rng } from '../../base/rng.ts';
import type { Fix, MobilityEvent, MobilitySource, MobilityStep } from '../../mobility/types.ts';
import type { ComputeOutcome, TimerRequest } from '../../protocol/actor.ts';
import { encodeFrame } from '../../protocol/codec.ts';
import type { DeviceProfile } from '../../protocol/messages.ts';
import type { Scenario } from '../../protocol/scenario/schema.ts';
import type { RsuActor } from '../../roadside/rsu/actor.ts';
import type { RsuInput, RsuOutputs } from '../../roadside/rsu/types.ts';
import { Air, type Lane, type Parcel } from './air.ts';
import { fixBetween } from './fix-between.ts';
import type { AddressedCall, WorkerPool } from './pool.ts';
import type { VehicleReply } from './worker-protocol.ts';

/** Bytes on a vehicle's topic that no process of this run sent. */
export interface Stranger {
  readonly vehicle: VehicleId;
  readonly payload: Uint8Array;
}

/** How frames physically travel on the RSU's side; the cars' side is in the workers. */
export interface RsuWire {
  /** Sends a frame to a car; returns its bytes when they must ride on the control channel (memory link). */
  publish(vehicle: VehicleId, sequence: number, frame: Uint8Array): Uint8Array | undefined;
  /** A frame of a car that is due now. */
  take(vehicle: VehicleId, sequence: number, final: boolean): Promise<Uint8Array>;
  /** The bytes of a car's frame came over the control channel. */
  deposit(vehicle: VehicleId, sequence: number, frame: Uint8Array): void;
  discard(vehicle: VehicleId, sequence: number): void;
  /** Frames of strangers since the last call, and how many more there was no room for. */
  strangers(): { readonly frames: readonly Stranger[]; readonly dropped: number };
}

export interface ConductorOptions {
  readonly scenario: Scenario;
  readonly mobility: MobilitySource;
  readonly rsu: RsuActor;
  readonly pool: WorkerPool;
  readonly wire: RsuWire;
  readonly rng: Rng;
  readonly deviceOf: (vehicle: VehicleId) => DeviceProfile;
  /** Waits so that virtual time does not run ahead of what people watch; absent: as fast as possible. */
  readonly pace?: (virtualSeconds: number) => Promise<void>;
  /** Told the world after every step, for the map. */
  readonly onWorld?: (
    at: number,
    fixes: readonly Fix[],
    replies: ReadonlyMap<VehicleId, VehicleReply>,
    signals: MobilityStep['signals'],
  ) => void;
  /** Asked between events; a text ends the run. */
  readonly stopRequested?: () => string | null;
}

/** A thousand MQTT clients that connect at once make each other wait beyond any patience. */
const spawnedAtATime = 64;

type Happening =
  | { readonly kind: 'step' }
  | { readonly kind: 'contact'; readonly event: MobilityEvent; readonly fix: Fix | undefined }
  | { readonly kind: 'fixes'; readonly step: MobilityStep }
  | {
      readonly kind: 'deliver';
      readonly parcel: Parcel;
      readonly final: boolean;
      readonly visit: number;
    }
  | { readonly kind: 'serve'; readonly lane: Lane; readonly version: number }
  | {
      readonly kind: 'timer';
      readonly owner: VehicleId | null;
      readonly name: string;
      readonly version: number;
    }
  | { readonly kind: 'computed'; readonly owner: VehicleId | null; readonly ticket: number };

export class Conductor {
  readonly #options: ConductorOptions;
  readonly #heap = new EventHeap<Happening>();
  readonly #air: Air;
  readonly #covering = new Map<VehicleId, Set<RsuId>>();
  /** The RSU each vehicle in coverage is attached to. */
  readonly #attached = new Map<VehicleId, RsuId>();
  readonly #timers = new Map<string, number>();
  readonly #rsuResults = new Map<number, Promise<ComputeOutcome>>();
  readonly #sentDown = new Map<VehicleId, number>();
  readonly #ridingDown = new Map<string, Uint8Array>();
  readonly #lastReply = new Map<VehicleId, VehicleReply>();
  #lastFix: ReadonlyMap<VehicleId, Fix> = new Map();
  #now = 0;
  #failure: RoadbedError | null = null;

  constructor(options: ConductorOptions) {
    this.#options = options;
    const { scenario, rng } = options;
    this.#air = new Air(scenario.radio, scenario.selection.perRound, rng.fork('faults'), {
      deliver: (at, parcel, arrival) => this.#heap.push(at, { kind: 'deliver', parcel, ...arrival }),
      lose: (parcel) => this.#discard(parcel),
      serve: (at, lane, version) => this.#heap.push(at, { kind: 'serve', lane, version }),
    });
  }

  /** Virtual seconds since the run began. */
  get now(): number {
    return this.#now;
  }

  /** What ended the run from outside; null where it came to its own end. */
  get failure(): RoadbedError | null {
    return this.#failure;
  }

  /** Runs until the RSU has finished. Returns why it did. */
  async run(): Promise<string> {
    const { mobility, rsu, onWorld } = this.#options;
    const initial = mobility.initial();
    for (let from = 0; from < initial.length; from += spawnedAtATime)
      await Promise.all(
        initial.slice(from, from + spawnedAtATime).map((fix) => this.#spawn(fix.vehicle, fix)),
      );
    this.#lastFix = new Map(initial.map((fix) => [fix.vehicle, fix]));
    onWorld?.(0, initial, this.#lastReply, undefined);
    this.#takeRsu(rsu.start(0));
    this.#heap.push(0, { kind: 'step' });
    while (rsu.finished === null) await this.#next();
    rsu.flush();
    return rsu.finished;
  }

  async #next(): Promise<void> {
    const { pace, stopRequested, wire } = this.#options;
    const stop = stopRequested?.() ?? null;
    if (stop !== null) return this.#actRsu({ kind: 'stop', reason: stop });
    this.#refuseStrangers(wire.strangers());
    const event = this.#heap.pop();
    if (!event) throw new Error('the event heap ran dry before the run finished');
    if (pace) await pace(event.at);
    this.#now = event.at;
    await this.#happen(event.value);
  }

  #refuseStrangers({ frames, dropped }: ReturnType<RsuWire['strangers']>): void {
    for (const stranger of frames) this.#actRsu({ kind: 'stranger', ...stranger });
    if (dropped > 0) this.#actRsu({ kind: 'flood', dropped });
  }

  async #happen(event: Happening): Promise<void> {
    switch (event.kind) {
      case 'step':
        return this.#step();
      case 'contact':
        return this.#contact(event.event, event.fix);
      case 'fixes':
        return this.#fixes(event.step);
      case 'deliver':
        return this.#deliver(event.parcel, event);
      case 'serve':
        return this.#air.served(event.lane, event.version, this.#now);
      case 'timer':
        return this.#timer(event.owner, event.name, event.version);
      case 'computed':
        return this.#computed(event.owner, event.ticket);
    }
  }

  // ---- the world ----------------------------------------------------------------------------------------------

  /** Drives one step ahead: what happens inside it is known now and acted on when its time comes. */
  async #step(): Promise<void> {
    const step = await this.#nextStep();
    if (!step) return;
    const fixOf = new Map(step.fixes.map((fix) => [fix.vehicle, fix]));
    for (const event of step.events) {
      const after = fixOf.get(event.vehicle);
      const fix = after && fixBetween(this.#lastFix.get(event.vehicle), after, event.at);
      this.#heap.push(event.at, { kind: 'contact', event, fix });
    }
    this.#lastFix = fixOf;
    this.#heap.push(step.to, { kind: 'fixes', step });
  }

  /** The next step of the world; a world that has died ends the run, whose log is closed as of any other run. */
  async #nextStep(): Promise<MobilityStep | undefined> {
    try {
      return await this.#options.mobility.step();
    } catch (error) {
      if (!(error instanceof RoadbedError)) throw error;
      this.#failure = error;
      this.#actRsu({ kind: 'stop', reason: error.message });
      return undefined;
    }
  }

  async #contact(event: MobilityEvent, fix: Fix | undefined): Promise<void> {
    if (event.kind === 'spawned') return this.#spawn(event.vehicle, fix);
    if (event.kind === 'arrived') {
      await this.#disconnect(event.vehicle);
      return this.#retire(event.vehicle);
    }
    const covering = this.#covering.get(event.vehicle) ?? new Set();
    this.#covering.set(event.vehicle, covering);
    if (event.kind === 'entered') {
      covering.add(event.rsu);
      if (covering.size === 1 && fix) await this.#connect({ ...fix, serving: fix.serving ?? event.rsu });
      return;
    }
    covering.delete(event.rsu);
    if (covering.size === 0) return this.#disconnect(event.vehicle);
    if (this.#attached.get(event.vehicle) === event.rsu && fix) await this.#attachElsewhere(fix, covering);
  }

  /** The disc of its RSU ends here while another still covers the vehicle: it changes now, not at the end of the step. */
  async #attachElsewhere(fix: Fix, covering: ReadonlySet<RsuId>): Promise<void> {
    const [first] = covering;
    const serving = fix.serving !== null && covering.has(fix.serving) ? fix.serving : first;
    if (!serving || !this.#options.scenario.handover) return;
    this.#attach(fix.vehicle, serving);
    this.#air.channel(fix.vehicle, fix.bitsPerSecondPerHertz, this.#now);
    await this.#actVehicles([
      { vehicle: fix.vehicle, call: { kind: 'position', position: positionOf({ ...fix, serving }) } },
    ]);
  }

  /** The vehicle is attached to `rsu` from now on. Another RSU than the round's owner relays its frames. */
  #attach(vehicle: VehicleId, rsu: RsuId): void {
    const { handover } = this.#options.scenario;
    const before = this.#attached.get(vehicle);
    if (before === rsu) return;
    this.#attached.set(vehicle, rsu);
    if (!handover) return;
    const isOwner = rsu === this.#options.mobility.rsus[0]?.id;
    this.#air.relay(vehicle, isOwner ? 0 : handover.backhaulSeconds);
    if (before !== undefined) this.#air.handover(vehicle, handover.interruptionSeconds, this.#now);
  }

  async #connect(fix: Fix): Promise<void> {
    if (fix.serving) this.#attach(fix.vehicle, fix.serving);
    this.#air.connect(fix.vehicle, fix.bitsPerSecondPerHertz, this.#now);
    await this.#actVehicles([
      { vehicle: fix.vehicle, call: { kind: 'position', position: positionOf(fix) } },
    ]);
  }

  async #disconnect(vehicle: VehicleId): Promise<void> {
    if (!this.#air.connected(vehicle)) return;
    this.#air.disconnect(vehicle);
    this.#attached.delete(vehicle);
    this.#actRsu({ kind: 'left', vehicle });
    await this.#actVehicles([{ vehicle, call: { kind: 'position', position: null } }]);
  }

  async #fixes(step: MobilityStep): Promise<void> {
    const calls: AddressedCall[] = [];
    for (const fix of step.fixes) {
      if (!this.#air.connected(fix.vehicle) || fix.serving === null) continue;
      this.#attach(fix.vehicle, fix.serving);
      this.#air.channel(fix.vehicle, fix.bitsPerSecondPerHertz, this.#now);
      calls.push({ vehicle: fix.vehicle, call: { kind: 'position', position: positionOf(fix) } });
    }
    await this.#actVehicles(calls);
    this.#options.rsu.flush();
    this.#options.onWorld?.(step.to, step.fixes, this.#lastReply, step.signals);
    this.#heap.push(step.to, { kind: 'step' });
  }

  async #spawn(vehicle: VehicleId, first: Fix | undefined): Promise<void> {
    const place = first && { road: first.road, offsetMeters: first.offsetMeters };
    await this.#options.pool.spawn({ vehicle, device: this.#options.deviceOf(vehicle), place });
  }

  async #retire(vehicle: VehicleId): Promise<void> {
    this.#covering.delete(vehicle);
    this.#lastReply.delete(vehicle);
    this.#air.forget(vehicle);
    this.#sentDown.delete(vehicle);
    for (const key of this.#timers.keys()) if (key.startsWith(`${vehicle}|`)) this.#timers.delete(key);
    await this.#options.pool.retire(vehicle);
  }

  // ---- frames -------------------------------------------------------------------------------------------------

  async #deliver(
    parcel: Parcel,
    { final, visit }: { readonly final: boolean; readonly visit: number },
  ): Promise<void> {
    const { vehicle, sequence } = parcel;
    if (!this.#air.isOnVisit(vehicle, visit)) return final ? this.#discard(parcel) : undefined;
    if (parcel.direction === 'up') {
      const payload = await this.#options.wire.take(vehicle, sequence, final);
      this.#actRsu({ kind: 'frame', vehicle, payload });
      return;
    }
    const payload = this.#ridingDown.get(`${vehicle}/${sequence}`);
    if (final) this.#ridingDown.delete(`${vehicle}/${sequence}`);
    await this.#actVehicles([{ vehicle, call: { kind: 'frame', sequence, final, payload } }]);
  }

  #discard(parcel: Parcel): void {
    if (parcel.direction === 'up') this.#options.wire.discard(parcel.vehicle, parcel.sequence);
    else if (!this.#ridingDown.delete(`${parcel.vehicle}/${parcel.sequence}`))
      this.#options.pool.discard(parcel.vehicle, parcel.sequence);
  }

  // ---- actors -------------------------------------------------------------------------------------------------

  async #actVehicles(calls: readonly AddressedCall[]): Promise<void> {
    const living = calls.filter(({ vehicle }) => this.#options.pool.has(vehicle));
    if (living.length === 0) return;
    for (const reply of await this.#options.pool.act(living, this.#now)) this.#takeVehicle(reply);
  }

  #takeVehicle(reply: VehicleReply): void {
    const { vehicle } = reply;
    this.#lastReply.set(vehicle, reply);
    for (const frame of reply.sends) {
      if (frame.payload) this.#options.wire.deposit(vehicle, frame.sequence, frame.payload);
      this.#air.send(
        { vehicle, direction: 'up', sequence: frame.sequence, bytes: frame.bytes, bulk: frame.bulk },
        this.#now,
      );
    }
    this.#takeTimers(vehicle, reply.timers);
    for (const { ticket, modelledSeconds } of reply.computes)
      this.#heap.push(this.#now + modelledSeconds, { kind: 'computed', owner: vehicle, ticket });
  }

  #actRsu(input: RsuInput): void {
    this.#takeRsu(this.#options.rsu.act(input, this.#now));
  }

  #takeRsu(outputs: RsuOutputs): void {
    for (const grant of outputs.grants)
      this.#air.grant(grant.vehicle, grant.uplinkHz, grant.downlinkHz, this.#now);
    for (const { to, message, body } of outputs.sends) {
      if (!to) continue;
      const frame = encodeFrame('down', message, body);
      const sequence = (this.#sentDown.get(to) ?? 0) + 1;
      this.#sentDown.set(to, sequence);
      const riding = this.#options.wire.publish(to, sequence, frame);
      if (riding) this.#ridingDown.set(`${to}/${sequence}`, riding);
      this.#air.send(
        { vehicle: to, direction: 'down', sequence, bytes: frame.length, bulk: message.kind === 'chunk' },
        this.#now,
      );
    }
    this.#takeTimers(null, outputs.timers);
    for (const request of outputs.computes) {
      const outcome = request.run().then(
        (value): ComputeOutcome => ({ ok: true, value }),
        (error): ComputeOutcome => ({
          ok: false,
          error: error instanceof Error ? error.message : String(error),
        }),
      );
      this.#rsuResults.set(request.ticket, outcome);
      this.#heap.push(this.#now + request.modelledSeconds, {
        kind: 'computed',
        owner: null,
        ticket: request.ticket,
      });
    }
  }

  #takeTimers(owner: VehicleId | null, timers: readonly TimerRequest[]): void {
    for (const { name, delaySeconds } of timers) {
      const key = `${owner ?? ''}|${name}`;
      const version = (this.#timers.get(key) ?? 0) + 1;
      this.#timers.set(key, version);
      if (delaySeconds !== null)
        this.#heap.push(this.#now + delaySeconds, { kind: 'timer', owner, name, version });
    }
  }

  async #timer(owner: VehicleId | null, name: string, version: number): Promise<void> {
    if (this.#timers.get(`${owner ?? ''}|${name}`) !== version) return;
    if (owner === null) return this.#actRsu({ kind: 'timer', name });
    await this.#actVehicles([{ vehicle: owner, call: { kind: 'timer', name } }]);
  }

  async #computed(owner: VehicleId | null, ticket: number): Promise<void> {
    if (owner !== null) return this.#actVehicles([{ vehicle: owner, call: { kind: 'computed', ticket } }]);
    const outcome = await this.#rsuResults.get(ticket);
    this.#rsuResults.delete(ticket);
    if (outcome) this.#actRsu({ kind: 'computed', ticket, outcome });
  }
}

function positionOf(fix: Fix): Omit<Fix, 'vehicle'> {
  const { vehicle: _vehicle, ...position } = fix;
  return position;
}
