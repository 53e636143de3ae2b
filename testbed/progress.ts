// One progress line for long work: redrawn on a terminal, a line now and then elsewhere.
// Must not: print to standard output, which belongs to results.

import type { LoggedEvent } from '../protocol/events.ts';

/** Where the line goes: standard error of the process. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  /** Characters in a line of the terminal. */
  readonly columns?: number;
  write(text: string): unknown;
}

const width = 24;

function bar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return `${'█'.repeat(full)}${'░'.repeat(width - full)}`;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Shows a run's rounds as they close. */
export class RunProgress {
  readonly #stream: ProgressStream;
  readonly #rounds: number;
  #round = 0;
  #accuracy = 0;
  #at = 0;

  constructor(stream: ProgressStream, rounds: number) {
    this.#stream = stream;
    this.#rounds = rounds;
  }

  hear(events: readonly LoggedEvent[]): void {
    for (const { at, body } of events) {
      this.#at = at;
      if (body.kind === 'round-closed') this.#round = body.round;
      if (body.kind === 'model-evaluated') {
        this.#accuracy = body.accuracy;
        if (!this.#stream.isTTY) this.#stream.write(`${this.#text()}\n`);
      }
    }
    if (!this.#stream.isTTY) return;
    // A line that wraps could not be redrawn.
    const line = `${bar(this.#round / this.#rounds)} ${this.#text()}`.slice(
      0,
      (this.#stream.columns ?? 80) - 1,
    );
    this.#stream.write(`\r\x1b[2K${line}`);
  }

  /** Ends the line. */
  done(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[2K');
  }

  #text(): string {
    return `round ${this.#round}/${this.#rounds}  accuracy ${percent(this.#accuracy)}  virtual time ${this.#at.toFixed(0)} s`;
  }
}
