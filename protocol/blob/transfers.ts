// All blobs between two peers, both ways. One instance per peer relation; the owner passes messages and time in and
// sends what comes out. The straight path of a blob:
//   offer -> manifest -> need (nothing) -> chunks in a window of 8 -> need after each -> need (all) -> delivered.
// A pull starts it from the other end (need without a bitmap). After any break the bitmaps say where to go on.
// Delivered means that the peer has the bytes, not that it committed them: only the application's ack says that.
// Must not: read a clock, do I/O, or give up on its own (the owner forgets what is no longer wanted).

import type { Chunk, Manifest, Need, Purpose, TransferMessage } from '../messages.ts';
import { chunkBytes } from '../messages.ts';
import { Bitmap } from './bitmap.ts';
import { Ledger } from './ledger.ts';
import { manifestFault, manifestOf, type NamedBlob } from './manifest.ts';
import { Incoming } from './receiver.ts';
import { bare, Outgoing, type TransferFrame } from './sender.ts';
import { Watchdog } from './watchdog.ts';

export interface TransfersOptions {
  /** Shortest pause that counts as a stall; default 1.2 s (measured: 6.7 s against an ideal of 6.4 s on a broken link). */
  readonly watchdogSeconds?: number;
  /** Incomplete blobs from the peer at a time; default 8. A hostile peer can make us keep no more than these. */
  readonly maximumIncoming?: number;
  /** Blobs kept by `hold`, and by `serve`; default 4 each, the oldest leaves. */
  readonly maximumHeld?: number;
  /** Bytes per chunk; default and maximum 64 KiB. */
  readonly chunkBytes?: number;
  /** Finds a blob that the peer may pull though it was not offered to it (the RSU's models). */
  readonly lookup?: (sha: string) => NamedBlob | undefined;
}

/** `eager` sends the first window behind the manifest; `manifest` saves hashing where it is known already. */
export interface Offer extends NamedBlob {
  readonly eager?: boolean;
  readonly manifest?: Manifest;
}

/** What one received message led to. */
export interface Received {
  readonly send: TransferFrame[];
  /** A blob is complete and matches its address. Reported once per key. */
  readonly completed?: { readonly manifest: Manifest; readonly bytes: Uint8Array };
  /** The peer has all of a blob of ours. */
  readonly delivered?: { readonly key: string };
  /** The message was not acted on, and why. */
  readonly refused?: string;
}

/** One unfinished blob, for a map or a log. `have` and `total` count chunks; `total` is 0 while unknown. */
export interface TransferProgress {
  readonly key: string;
  readonly purpose: Purpose | undefined;
  readonly round: number | undefined;
  readonly have: number;
  readonly total: number;
  readonly direction: 'in' | 'out';
}

/** Ended addresses that are remembered: a round of split training has a few hundred blobs. */
const rememberedOver = 1024;

const nothing: Received = { send: [] };
const refused = (reason: string): Received => ({ send: [], refused: reason });

/** The transfers of one peer relation. */
export class Transfers {
  readonly #options: Required<Omit<TransfersOptions, 'lookup'>>;
  readonly #lookup: (sha: string) => NamedBlob | undefined;
  /** By key, in the order of offering. Of several with the same content only the first moves. */
  readonly #outgoing = new Map<string, Outgoing>();
  /** By content address. */
  readonly #incoming = new Map<string, Incoming>();
  /** Blobs we asked for, by address: the asking is repeated until they are complete. */
  readonly #pulls = new Map<string, { size: number; watchdog: Watchdog }>();
  readonly #held = new Map<string, Uint8Array>();
  readonly #served = new Map<string, NamedBlob>();
  /** Addresses whose transfer is over, the latest ones: what still comes for them is late, not wrong. */
  readonly #over = new Set<string>();
  readonly #ledger = new Ledger();

  constructor(options: TransfersOptions = {}) {
    this.#options = { watchdogSeconds: 1.2, maximumIncoming: 8, maximumHeld: 4, chunkBytes, ...options };
    this.#lookup = options.lookup ?? (() => undefined);
  }

  // --- what the owner wants ---

  /** Starts sending, or starts again: the peer's bitmap decides what still has to travel. */
  offer(offer: Offer, now: number): TransferFrame[] {
    const known = this.#outgoing.get(offer.key);
    const manifest = offer.manifest ?? manifestOf(offer, this.#options.chunkBytes);
    if (known?.manifest.sha === manifest.sha)
      return this.#moving(manifest.sha) === known ? known.reset(now) : [];
    this.#outgoing.delete(offer.key);
    const outgoing = this.#open(manifest, offer.bytes, now);
    return this.#moving(manifest.sha) === outgoing ? outgoing.start(now, offer.eager ?? false) : [];
  }

  /** Makes a blob available to be pulled by its address. Option `lookup` does so for blobs that have names. */
  serve(sha: string, bytes: Uint8Array): void {
    const blob: NamedBlob = { key: `served/${sha}`, purpose: 'model', bytes, meta: { round: 0 } };
    keep(this.#served, sha, blob, this.#options.maximumHeld);
  }

  /** Asks for a blob by address. Nothing is sent where it is held already: see `held`. */
  pull(sha: string, size: number, now: number): TransferFrame[] {
    if (this.#held.has(sha)) return [];
    this.#ledger.forgetContent(sha);
    this.#pulls.set(sha, { size, watchdog: new Watchdog(this.#options.watchdogSeconds, now) });
    return [this.#ask(sha)];
  }

  /** Keeps a blob, so that it is not transferred again. */
  hold(sha: string, bytes: Uint8Array): void {
    keep(this.#held, sha, bytes, this.#options.maximumHeld);
  }

  held(sha: string): Uint8Array | undefined {
    return this.#held.get(sha);
  }

  /** Stops the blob with this key, both ways; also takes the address of a blob being pulled. */
  forget(key: string): void {
    this.#stop(key);
    if (this.#pulls.delete(key)) this.#end(key);
    for (const [sha, incoming] of this.#incoming) if (incoming.manifest.key === key) this.#drop(sha);
    this.#ledger.forget(key);
  }

  /** Stops everything of a round, both ways. */
  forgetRound(round: number): void {
    for (const [key, { manifest }] of this.#outgoing) if (manifest.meta.round === round) this.#stop(key);
    for (const [sha, { manifest }] of this.#incoming) if (manifest.meta.round === round) this.#drop(sha);
    this.#ledger.forgetRound(round);
  }

  /** Stops everything. What is held or served stays. */
  forgetAll(): void {
    for (const key of [...this.#outgoing.keys()]) this.#stop(key);
    for (const sha of [...this.#incoming.keys(), ...this.#pulls.keys()]) this.#drop(sha);
  }

  /** The blob at this address is no longer to be pulled: a late asking for it is not answered. */
  retract(sha: string): void {
    this.#served.delete(sha);
    this.#end(sha);
  }

  /** The peer's blob at this address is not taken: chunks that follow its manifest unasked are late, not wrong. */
  decline(sha: string): void {
    if (!this.#incoming.has(sha)) this.#end(sha);
  }

  // --- what happens to it ---

  /** Acts on one message of the peer. Never throws on what a peer can send. */
  receive(message: TransferMessage, body: Uint8Array, now: number): Received {
    if (message.kind === 'manifest') return this.#onManifest(message, now);
    if (message.kind === 'chunk') return this.#onChunk(message, body, now);
    return this.#onNeed(message, now);
  }

  /** Probes what stands still. To be called at `nextWakeAt`; earlier calls do nothing. */
  wake(now: number): TransferFrame[] {
    const send: TransferFrame[] = [];
    for (const outgoing of this.#driven()) if (outgoing.watchdog.due(now)) send.push(...outgoing.probe(now));
    for (const [sha, pull] of this.#pulls) {
      if (!pull.watchdog.due(now)) continue;
      pull.watchdog.backOff(now);
      send.push(this.#ask(sha));
    }
    return send;
  }

  /** When `wake` has something to do, in seconds since the run began; null when nothing is unfinished. */
  nextWakeAt(): number | null {
    let next = Number.POSITIVE_INFINITY;
    for (const outgoing of this.#driven()) next = Math.min(next, outgoing.watchdog.wakeAt);
    for (const pull of this.#pulls.values()) next = Math.min(next, pull.watchdog.wakeAt);
    return Number.isFinite(next) ? next : null;
  }

  /** The link is back: says where everything unfinished stands, so that only missing chunks travel. */
  reset(now: number): TransferFrame[] {
    const send: TransferFrame[] = [];
    for (const outgoing of this.#driven()) send.push(...outgoing.reset(now));
    for (const { watchdog } of this.#pulls.values()) watchdog.restart(now);
    for (const sha of new Set([...this.#pulls.keys(), ...this.#incoming.keys()])) send.push(this.#ask(sha));
    return send;
  }

  /** Everything unfinished. */
  progress(): TransferProgress[] {
    const of = (manifest: Manifest, have: number, direction: 'in' | 'out'): TransferProgress => {
      const { key, purpose, meta, chunks } = manifest;
      return { key, purpose, round: meta.round, have, total: chunks.length, direction };
    };
    const unknown = [...this.#pulls.keys()].filter((sha) => !this.#incoming.has(sha));
    return [
      ...[...this.#outgoing.values()].map((outgoing) => of(outgoing.manifest, outgoing.have, 'out')),
      ...[...this.#incoming.values()].map(({ manifest, have }) => of(manifest, have.count, 'in')),
      ...unknown.map((sha) => {
        const nothingYet = { purpose: undefined, round: undefined, have: 0, total: 0 };
        return { key: sha, ...nothingYet, direction: 'in' as const };
      }),
    ];
  }

  // --- receiving ---

  #onManifest(manifest: Manifest, now: number): Received {
    const fault = this.#faultOf(manifest) ?? this.#ledger.enter(manifest);
    if (fault) return refused(fault);
    const { key, sha } = manifest;
    const held = this.#held.get(sha);
    if (held) return this.#complete(manifest, held);
    if (this.#ledger.isDone(key)) return { send: [this.#ask(sha)] };
    const known = this.#incoming.get(sha);
    known?.rename(manifest);
    const incoming = known ?? new Incoming(manifest);
    const pull = this.#pulls.get(sha);
    // From here on the sender's watchdog drives; ours is only for a sender that restarted and knows nothing.
    if (pull && !known) pull.watchdog = new Watchdog(this.#options.watchdogSeconds * 4, now);
    this.#incoming.set(sha, incoming);
    return { send: [incoming.need()] };
  }

  #faultOf(manifest: Manifest): string | undefined {
    const fault = manifestFault(manifest);
    if (fault) return fault;
    const expected = this.#pulls.get(manifest.sha)?.size ?? this.#held.get(manifest.sha)?.length;
    if (expected !== undefined && expected !== manifest.size)
      return `size ${manifest.size} of ${manifest.key} (expected ${expected})`;
    const { maximumIncoming } = this.#options;
    const isMore = !this.#incoming.has(manifest.sha) && !this.#ledger.isDone(manifest.key);
    if (isMore && this.#incoming.size >= maximumIncoming)
      return `more than ${maximumIncoming} unfinished blobs at a time`;
    return undefined;
  }

  #onChunk(chunk: Chunk, body: Uint8Array, now: number): Received {
    const incoming = this.#incoming.get(chunk.sha);
    if (!incoming) {
      if (this.#ledger.fullBitmap(chunk.sha) !== undefined) return { send: [this.#ask(chunk.sha)] };
      return this.#over.has(chunk.sha) ? nothing : refused(`chunk of unknown blob ${chunk.sha}`);
    }
    const accepted = incoming.accept(chunk.index, body);
    if (typeof accepted === 'object') return refused(accepted.refused);
    if (accepted === 'duplicate') return { send: [incoming.need()] };
    this.#pulls.get(chunk.sha)?.watchdog.progress(now);
    if (!incoming.have.full) return { send: [incoming.need()] };
    const { manifest } = incoming;
    const bytes = incoming.assemble();
    this.#drop(manifest.sha);
    if (bytes) return this.#complete(manifest, bytes);
    this.#ledger.mark(manifest.key, 'refused');
    return refused(`blob ${manifest.key} does not match its address ${manifest.sha}`);
  }

  #complete(manifest: Manifest, bytes: Uint8Array): Received {
    const isNews = !this.#ledger.isDone(manifest.key);
    this.#ledger.mark(manifest.key, 'done');
    this.#drop(manifest.sha);
    const send = [this.#ask(manifest.sha)];
    return isNews ? { send, completed: { manifest, bytes } } : { send };
  }

  /** Tells the peer what we have of a blob; with nothing known about it, asks for it. */
  #ask(sha: string): TransferFrame {
    const incoming = this.#incoming.get(sha);
    if (incoming) return incoming.need();
    return bare({ kind: 'need', sha, have: this.#ledger.fullBitmap(sha) ?? '' });
  }

  #drop(sha: string): void {
    this.#incoming.delete(sha);
    this.#pulls.delete(sha);
    this.#end(sha);
  }

  /** Ends what is being sent under `key`. */
  #stop(key: string): void {
    const outgoing = this.#outgoing.get(key);
    this.#outgoing.delete(key);
    if (outgoing) this.#end(outgoing.manifest.sha);
  }

  #end(sha: string): void {
    this.#over.delete(sha);
    this.#over.add(sha);
    if (this.#over.size > rememberedOver) this.#over.delete(this.#over.keys().next().value!);
  }

  // --- sending ---

  #onNeed(need: Need, now: number): Received {
    const outgoing = this.#moving(need.sha);
    if (!outgoing) return this.#onPull(need, now);
    if (need.have === '') return { send: outgoing.introduce() };
    const have = Bitmap.fromHex(need.have, outgoing.manifest.chunks.length);
    if (!have) return refused(`bitmap of ${need.have.length} hex digits for ${outgoing.manifest.key}`);
    const { send, delivered } = outgoing.onNeed(have, now);
    if (!delivered) return { send };
    const { key, sha } = outgoing.manifest;
    this.#stop(key);
    return { send: this.#moving(sha)?.start(now, false) ?? [], delivered: { key } };
  }

  #onPull(need: Need, now: number): Received {
    const blob = this.#served.get(need.sha) ?? this.#lookup(need.sha);
    if (!blob) return this.#over.has(need.sha) ? nothing : refused(`need of unknown blob ${need.sha}`);
    // A late answer to a delivery that is over is no pull: it has every bit.
    const chunkCount = Math.ceil(blob.bytes.length / this.#options.chunkBytes);
    if (Bitmap.fromHex(need.have, chunkCount)?.full) return nothing;
    const outgoing = this.#open(manifestOf(blob, this.#options.chunkBytes), blob.bytes, now);
    if (need.have === '') return { send: outgoing.start(now, true) };
    outgoing.start(now, false);
    return this.#onNeed(need, now);
  }

  #open(manifest: Manifest, bytes: Uint8Array, now: number): Outgoing {
    const outgoing = new Outgoing(manifest, bytes, this.#options.watchdogSeconds, now);
    this.#outgoing.set(manifest.key, outgoing);
    return outgoing;
  }

  /** The one blob with this content that is being sent: two with one address could not be told apart in a `need`. */
  #moving(sha: string): Outgoing | undefined {
    for (const outgoing of this.#outgoing.values()) if (outgoing.manifest.sha === sha) return outgoing;
    return undefined;
  }

  #driven(): Outgoing[] {
    return [...this.#outgoing.values()].filter(
      (outgoing) => this.#moving(outgoing.manifest.sha) === outgoing,
    );
  }
}

/** Keeps at most `limit` entries, the latest ones. */
function keep<T>(map: Map<string, T>, sha: string, value: T, limit: number): void {
  map.delete(sha);
  map.set(sha, value);
  if (map.size > limit) map.delete(map.keys().next().value!);
}
