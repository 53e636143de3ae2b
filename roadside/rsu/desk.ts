// The RSU's desk: what its parts share while one input is worked on. Round events that came up, log entries that wait for
// the commit, wishes that go out at the end. Must not: decide anything.

import { assert, present } from '../../base/assert.ts';
import type { BlobSha, VehicleId } from '../../base/ids.ts';
import { encodeFrame } from '../../protocol/codec.ts';
import type { EventBody } from '../../protocol/events.ts';
import type { DownMessage, Framed, Message } from '../../protocol/messages.ts';
import { Aggregation } from '../aggregation/aggregation.ts';
import type { RoundEffect, RoundEvent } from '../round/types.ts';
import { Peer } from './peer.ts';
import { Processor } from './processor.ts';
import type { SharedUpper } from './server-halves.ts';
import type { RsuOptions, RsuOutputs } from './types.ts';

/** More vehicles than this are refused: a flood of invented ids must not cost memory. */
const maximumPeers = 20_000;
/** Log entries that may wait for the next commit: nobody is acknowledged on their strength. */
const unhurried = new Set<EventBody['kind']>(['vehicle-state', 'upload-progress', 'message-refused']);
/** Entries that may wait together; more are committed at once. */
const maximumWaiting = 256;
/** The kinds whose bytes are a round's; beacons and greetings are not. */
const booked = new Set<Message['kind']>(['manifest', 'need', 'chunk', 'task', 'ack', 'cancel', 'failed']);
/** Entries that carry the number a vehicle knows its task by. */
const ofTask = new Set<EventBody['kind']>([
  'vehicle-state',
  'upload-progress',
  'transfer-handed-over',
  'split-handed-over',
  'update-refused',
]);
/** The body of every message but a chunk. */
const noBody = new Uint8Array(0);

const noWishes = (): RsuOutputs => ({ sends: [], timers: [], computes: [], grants: [] });

/** What a computation's result is for. */
export type Purpose =
  | { readonly kind: 'evaluate'; readonly round: number; readonly modelSha: string }
  /** The RSU's own training of a round, behind which its aggregation waits. */
  | { readonly kind: 'root'; readonly effect: Extract<RoundEffect, { kind: 'aggregate' }> }
  | { readonly kind: 'split'; readonly vehicle: VehicleId; readonly round: number };

export class Desk {
  readonly options: RsuOptions;
  readonly aggregation: Aggregation;
  readonly peers = new Map<VehicleId, Peer>();
  readonly processor = new Processor();
  readonly #sharedUppers = new Map<number, SharedUpper>();
  readonly #computations = new Map<number, Purpose>();
  #events: RoundEvent[] = [];
  #log: { at: number; body: EventBody }[] = [];
  #outputs = noWishes();
  #droppable: BlobSha[] = [];
  /** Global models of this run: never dropped, even where a car sends one back as its update. */
  readonly #models = new Set<BlobSha>();
  /** Whose bytes wait to be booked: a run of thousands of vehicles must not look at all of them at each event. */
  readonly #unbooked = new Set<Peer>();
  #tickets = 0;
  /** The round under which events of tasks are logged, where tasks have numbers of their own; null where they have not. */
  loggedRound: number | null = null;

  constructor(options: RsuOptions) {
    this.options = options;
    this.aggregation = new Aggregation(options.config.scenario);
  }

  /** The conversation with a vehicle, begun at its first frame; undefined when there are too many vehicles. */
  peerOf(vehicle: VehicleId, now: number): Peer | undefined {
    const known = this.peers.get(vehicle);
    if (known) return known;
    if (this.peers.size >= maximumPeers) {
      this.record(now, { kind: 'message-refused', vehicle, reason: `more than ${maximumPeers} vehicles` });
      return undefined;
    }
    const peer = new Peer(vehicle);
    this.peers.set(vehicle, peer);
    return peer;
  }

  /** Something the round must hear of. */
  raise(event: RoundEvent): void {
    this.#events.push(event);
  }

  /** Something for the event log. */
  record(at: number, body: EventBody): void {
    const { loggedRound } = this;
    const isTranslated = loggedRound !== null && ofTask.has(body.kind);
    this.#log.push({ at, body: isTranslated ? ({ ...body, round: loggedRound } as EventBody) : body });
  }

  countIn(peer: Peer, message: Message, bytes: number): void {
    if (!booked.has(message.kind)) return;
    peer.bytesUp += bytes;
    this.#unbooked.add(peer);
  }

  sendTo(vehicle: VehicleId, message: DownMessage, now: number): void {
    this.send(present(this.peers.get(vehicle), vehicle), [{ message, body: noBody }], now);
  }

  /** Sends frames to a vehicle and sets its watchdog anew. */
  send(peer: Peer, framed: readonly Framed<DownMessage>[], now: number): void {
    for (const { message, body } of framed) {
      if (booked.has(message.kind)) {
        peer.bytesDown += encodeFrame('down', message, body).length;
        this.#unbooked.add(peer);
      }
      this.#outputs.sends.push({ to: peer.vehicle, message, body });
    }
    const wakeAt = peer.transfers.nextWakeAt();
    const delaySeconds = wakeAt === null ? null : Math.max(0, wakeAt - now);
    this.timer(`wake:${peer.vehicle}`, delaySeconds);
  }

  timer(name: string, delaySeconds: number | null): void {
    this.#outputs.timers.push({ name, delaySeconds });
  }

  grant(vehicle: VehicleId, uplinkHz: number, downlinkHz: number): void {
    this.#outputs.grants.push({ vehicle, uplinkHz, downlinkHz });
  }

  /** Asks the host for a computation; its outcome comes back with `purposeOf(ticket)`. */
  compute(modelledSeconds: number, purpose: Purpose, run: () => Promise<unknown>): void {
    const ticket = ++this.#tickets;
    this.#computations.set(ticket, purpose);
    this.#outputs.computes.push({ ticket, modelledSeconds, run });
  }

  purposeOf(ticket: number): Purpose {
    const purpose = present(this.#computations.get(ticket), `computation ${ticket}`);
    this.#computations.delete(ticket);
    return purpose;
  }

  /** The upper half that all split cars of a round train; opened for the first of them. */
  sharedUpper(round: number, open: () => SharedUpper): SharedUpper {
    const shared = this.#sharedUppers.get(round) ?? open();
    this.#sharedUppers.set(round, shared);
    return shared;
  }

  endSharedUpper(round: number): void {
    this.#sharedUppers.get(round)?.end();
    this.#sharedUppers.delete(round);
  }

  /** Round events one by one, those raised meanwhile included; bytes moved since the last time come first. */
  *takeEvents(now: number): Generator<RoundEvent> {
    if (this.#events.length > 0) this.#bookBytes(now);
    for (let i = 0; i < this.#events.length; i++) yield this.#events[i]!;
    this.#events = [];
  }

  #bookBytes(at: number): void {
    const moved: RoundEvent[] = [];
    for (const peer of this.#unbooked) {
      moved.push({ kind: 'bytes-moved', at, vehicle: peer.vehicle, up: peer.bytesUp, down: peer.bytesDown });
      peer.bytesUp = 0;
      peer.bytesDown = 0;
    }
    this.#unbooked.clear();
    this.#events.unshift(...moved);
  }

  /** Keeps a global model; returns its address. */
  keepModel(bytes: Uint8Array): BlobSha {
    const sha = this.options.blobs.put(bytes);
    this.#models.add(sha);
    return sha;
  }

  /** These blobs are not needed once the log is committed, but for those that are a global model too. */
  dropAfterCommit(shas: readonly BlobSha[]): void {
    this.#droppable.push(...shas.filter((sha) => !this.#models.has(sha)));
  }

  /** Commits the log where that cannot wait, then hands out what is wished. */
  handOut(): RsuOutputs {
    const urgent = this.#log.some((entry) => !unhurried.has(entry.body.kind));
    if (urgent || this.#log.length >= maximumWaiting) this.commit();
    const outputs = this.#outputs;
    assert(outputs.sends.length < 1_000_000, 'one act sends a million messages');
    this.#outputs = noWishes();
    return outputs;
  }

  /** Commits all waiting log entries in one transaction. */
  commit(): void {
    if (this.#log.length === 0) return;
    const events = this.options.ledger.append(this.#log);
    this.#log = [];
    this.options.onEvents?.(events);
    for (const sha of this.#droppable) this.options.blobs.drop(sha);
    this.#droppable = [];
  }
}
