// The progress of a sweep: a bar with the time left on a terminal, a line for each cell elsewhere.
// Must not: print to standard output, read a clock (seconds are handed in), or know what a cell is.

import type { ProgressStream } from '../progress.ts';

const width = 24;

/** `1 h 05 min`, `4 min 10 s`, `9 s`. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [h, min, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  if (h > 0) return `${h} h ${two(min)} min`;
  return min > 0 ? `${min} min ${two(s)} s` : `${s} s`;
}

export interface SweepProgressOptions {
  /** Cells to do now. */
  readonly cells: number;
  /** Cells that were finished before. */
  readonly before: number;
  readonly now: () => number;
}

export class SweepProgress {
  readonly #stream: ProgressStream;
  readonly #options: SweepProgressOptions;
  readonly #start: number;
  #done = 0;
  #failed = 0;

  constructor(stream: ProgressStream, options: SweepProgressOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#start = options.now();
  }

  /** A cell is over. */
  add(label: string, isFailed: boolean): void {
    this.#done += 1;
    if (isFailed) this.#failed += 1;
    if (!this.#stream.isTTY) this.#stream.write(`${this.#text()}  ${label}\n`);
    else this.#draw(label);
  }

  /** Draws the line before the first cell is over. */
  begin(): void {
    if (this.#stream.isTTY) this.#draw('');
  }

  /** Takes the line away. */
  done(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[2K');
  }

  #draw(label: string): void {
    const { cells, before } = this.#options;
    const full = Math.round((width * (before + this.#done)) / Math.max(1, before + cells));
    const line = `${'█'.repeat(full)}${'░'.repeat(width - full)} ${this.#text()}  ${label}`;
    // A line that wraps could not be redrawn.
    this.#stream.write(`\r\x1b[2K${line.slice(0, (this.#stream.columns ?? 80) - 1)}`);
  }

  #text(): string {
    const { cells, before, now } = this.#options;
    const spent = now() - this.#start;
    const left =
      this.#done === 0 ? '' : `, ${durationText((spent / this.#done) * (cells - this.#done))} left`;
    const failed = this.#failed > 0 ? `, ${this.#failed} failed` : '';
    return `${before + this.#done}/${before + cells} cells${failed}${left}`;
  }
}
