// One progress line for driving a city: redrawn on a terminal, silent elsewhere (results go to standard output, and a log
// wants no thousand lines). Must not: read a clock.

import type { ProgressStream } from '../progress.ts';

const width = 24;
/** Drawn at most once in so many percent: drawing costs more than a small step. */
const everyShare = 0.005;

export class CityProgress {
  readonly #stream: ProgressStream;
  #drawn = Number.NEGATIVE_INFINITY;

  constructor(stream: ProgressStream) {
    this.#stream = stream;
  }

  /** `share` of the work done, 0..1, and what to say beside the bar. */
  show(share: number, text: () => string): void {
    if (!this.#stream.isTTY || share < this.#drawn + everyShare) return;
    this.#drawn = share;
    const full = Math.round(Math.min(1, Math.max(0, share)) * width);
    const line = `${'█'.repeat(full)}${'░'.repeat(width - full)} ${text()}`;
    // A line that wraps could not be redrawn.
    this.#stream.write(`\r\x1b[2K${line.slice(0, (this.#stream.columns ?? 80) - 1)}`);
  }

  /** Ends the line. */
  done(): void {
    if (this.#stream.isTTY && this.#drawn > Number.NEGATIVE_INFINITY) this.#stream.write('\r\x1b[2K');
    this.#drawn = Number.NEGATIVE_INFINITY;
  }
}
