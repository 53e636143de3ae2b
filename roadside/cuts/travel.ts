// How long a piece of work takes on a road whose channel changes: bits up, bits down and seconds of computing that follow
// one another in small turns, so that every part of the work is done at the channel the car has just then.
// Must not: know what the work is.

import { neverSeconds } from './path.ts';
import type { ChannelPiece } from './radio-map.ts';

/** Work in turns: its bits and seconds are spread evenly over it. */
export interface Work {
  readonly bitsUp: number;
  readonly bitsDown: number;
  /** Computing and waiting, whatever the channel. */
  readonly fixedSeconds: number;
}

/** Bits per second both ways. */
export interface Rates {
  readonly up: number;
  readonly down: number;
}

/** Where the time of a work goes. */
export interface Spent {
  readonly upSeconds: number;
  readonly downSeconds: number;
  readonly fixedSeconds: number;
}

/** The way ahead, and how far along it a car is. */
export class Journey {
  readonly #pieces: readonly { readonly seconds: number; readonly rates: Rates }[];
  #piece = 0;
  #secondsIn = 0;

  /** `ratesOf`: what an efficiency in bit/s per Hz gives this car both ways. */
  constructor(pieces: readonly ChannelPiece[], ratesOf: (bitsPerSecondPerHertz: number) => Rates) {
    this.#pieces = pieces.map(({ seconds, bitsPerSecondPerHertz }) => ({
      seconds,
      rates: ratesOf(bitsPerSecondPerHertz),
    }));
  }

  /** Does `work` from where the journey is; what takes longer than any log can say takes `neverSeconds`. */
  spend(work: Work): Spent {
    const spent = { upSeconds: 0, downSeconds: 0, fixedSeconds: 0 };
    let left = 1;
    while (left > 0) {
      const { seconds, rates } = this.#pieces[this.#piece]!;
      const upSeconds = transferSeconds(work.bitsUp, rates.up);
      const downSeconds = transferSeconds(work.bitsDown, rates.down);
      const whole = upSeconds + downSeconds + work.fixedSeconds;
      const isLast = this.#piece === this.#pieces.length - 1;
      const room = isLast ? Number.POSITIVE_INFINITY : seconds - this.#secondsIn;
      const share = whole * left <= room ? left : room / whole;
      spent.upSeconds += share * upSeconds;
      spent.downSeconds += share * downSeconds;
      spent.fixedSeconds += share * work.fixedSeconds;
      if (whole * left <= room) {
        this.#secondsIn += whole * left;
        return spent;
      }
      left -= share;
      this.#piece++;
      this.#secondsIn = 0;
    }
    return spent;
  }
}

/** Seconds of so many bits at a rate; `neverSeconds` at most. */
export function transferSeconds(bits: number, bitsPerSecond: number): number {
  return bits === 0 ? 0 : Math.min(bits / bitsPerSecond, neverSeconds);
}
