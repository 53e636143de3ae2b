// Notices that a transfer stands still. A dead path shows itself by a missing answer within a second or two, long
// before any keepalive (spec operations 1.4, [E5]). Must not: own a timer; it only says when it would like to wake.

/** Waits grow at most to this many times the first one, so a slow link is probed seldom and a dead one still is. */
const maximumBackoff = 8;
/** A pause is a stall when it is three times the longest recent pause between two signs of progress. */
const patience = 3;
/** How fast a long pause is forgotten: a window of 8 answers arriving at once must not erase it (0.875^7 x 3 > 1). */
const forgetting = 0.875;
/** Hosts add and subtract times in floating point; a microsecond early is on time. */
const toleranceSeconds = 1e-6;

/** One transfer's sense of time. */
export class Watchdog {
  readonly #seconds: number;
  #progressAt: number;
  #interval: number;
  #wakeAt: number;
  #paceSeconds = 0;

  /** `seconds` is the shortest pause that counts as a stall. */
  constructor(seconds: number, now: number) {
    this.#seconds = seconds;
    this.#progressAt = now;
    this.#interval = seconds;
    this.#wakeAt = now + seconds;
  }

  /** The instant at which this transfer counts as stalled. */
  get wakeAt(): number {
    return this.#wakeAt;
  }

  due(now: number): boolean {
    return now >= this.#wakeAt - toleranceSeconds;
  }

  /** Something new arrived: measures the link's pace, so that a slow link is not mistaken for a dead one. */
  progress(now: number): void {
    this.#paceSeconds = Math.max(now - this.#progressAt, this.#paceSeconds * forgetting);
    this.#progressAt = now;
    this.#rest(now, this.#paceSeconds * patience);
  }

  /** A probe was sent: the next one waits twice as long. */
  backOff(now: number): void {
    this.#rest(now, this.#interval * 2);
  }

  /** The link is new: what was measured on the old one does not count. */
  restart(now: number): void {
    this.#paceSeconds = 0;
    this.#progressAt = now;
    this.#rest(now, this.#seconds);
  }

  #rest(now: number, seconds: number): void {
    this.#interval = Math.min(this.#seconds * maximumBackoff, Math.max(this.#seconds, seconds));
    this.#wakeAt = now + this.#interval;
  }
}
