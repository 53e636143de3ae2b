// One run on the page: its events, frames and time control together, without the page. Live and replay differ only in the
// source that fills it. Must not: touch the DOM, or read a clock (elapsed time is told by `tick`).

import type { LoggedEvent } from '../protocol/events.ts';
import type { RunInfo } from '../protocol/run-info.ts';
import type { FramePair, LoadFrames } from './frames.ts';
import { FrameStore } from './frames.ts';
import { applyFrame } from './model.ts';
import type { Player } from './player.ts';
import { advance, extend, finish, goLive, stillPlayer } from './player.ts';
import type { Listener } from './source.ts';
import { Timeline } from './timeline.ts';
import type { View } from './view.ts';
import { emptyView } from './view.ts';

export interface ConnectionStatus {
  readonly sentence: string;
  readonly tone: 'calm' | 'busy' | 'bad';
}

/** A live frame is due again after a quarter of a second where no frame tells otherwise. */
const eventPaceSeconds = 0.25;

export class Session implements Listener {
  info: RunInfo | null = null;
  player: Player = stillPlayer;
  connection: ConnectionStatus = { sentence: '', tone: 'busy' };
  readonly timeline = new Timeline();
  readonly frames: FrameStore;
  readonly #ids: string[] = [];
  #folded: View = emptyView;
  #shown: View = emptyView;
  #sinceFrameSeconds = 0;

  constructor(loadFrames: LoadFrames) {
    this.frames = new FrameStore(loadFrames);
  }

  /** Vehicle ids by frame index. */
  get ids(): readonly string[] {
    return this.#ids;
  }

  run(info: RunInfo): void {
    const first = this.info === null;
    this.info = info;
    this.vehicles(0, info.vehicles);
    this.#extend(info.lastAt, eventPaceSeconds);
    const running = info.status === 'running';
    this.player = { ...this.player, running };
    if (!first) return;
    this.player = running ? goLive(this.player) : { ...this.player, cursor: this.player.end };
  }

  events(events: readonly LoggedEvent[]): void {
    if (this.timeline.append(events) === 0) return;
    const atEnd = !this.player.running && this.player.cursor === this.player.end;
    this.#extend(this.timeline.latest.at, eventPaceSeconds);
    // A finished run that is still loading shows its end, which moves on with each page.
    if (atEnd) this.player = { ...this.player, cursor: this.player.end };
  }

  frame(bytes: Uint8Array): void {
    this.#extend(this.frames.push(bytes), this.#sinceFrameSeconds);
    this.#sinceFrameSeconds = 0;
  }

  vehicles(from: number, ids: readonly string[]): void {
    this.#ids.splice(from, ids.length, ...ids);
  }

  end(): void {
    if (this.info?.status === 'running') this.info = { ...this.info, status: 'finished' };
    this.player = finish(this.player);
  }

  status(sentence: string, tone: ConnectionStatus['tone']): void {
    this.connection = { sentence, tone };
  }

  /** Lets `elapsedSeconds` of wall time pass. */
  tick(elapsedSeconds: number): void {
    this.#sinceFrameSeconds += elapsedSeconds;
    this.player = advance(this.player, elapsedSeconds);
  }

  /** The frames around the cursor. */
  pair(): FramePair {
    return this.frames.pair(this.player.cursor);
  }

  /** The view at the cursor: all events known while live, else those up to the cursor; the same object while unchanged. */
  view(): View {
    const { timeline, player } = this;
    const count = player.live ? timeline.events.length : timeline.countUpTo(player.cursor);
    if (count !== this.#folded.seen) this.#folded = timeline.viewAfter(count, this.#folded);
    const { before } = this.pair();
    if (this.#shown.seen === this.#folded.seen && this.#shown.frame === before) return this.#shown;
    this.#shown = before === null ? this.#folded : applyFrame(this.#folded, before);
    return this.#shown;
  }

  #extend(at: number, dueSeconds: number): void {
    this.player = extend(this.player, at, dueSeconds);
    this.frames.extend(this.player.end);
  }
}
