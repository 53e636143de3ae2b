// Ctrl-C and SIGTERM for processes that work until something else is over: the first asks for an orderly end, the second
// ends at once. Must not: decide what an orderly end is.

import type { CommandIo } from '../io.ts';

export interface Interrupt {
  /** Aborted at the first signal. */
  readonly signal: AbortSignal;
  /** Gives the signals back. */
  release(): void;
}

/** Listens for both signals until released. */
export function onInterrupt(io: CommandIo): Interrupt {
  const stop = new AbortController();
  const handler = (): void => {
    if (stop.signal.aborted) process.exit(130);
    io.err('Ending (Ctrl-C again to end at once) ...');
    stop.abort();
  };
  process.on('SIGINT', handler);
  process.on('SIGTERM', handler);
  return {
    signal: stop.signal,
    release: () => {
      process.off('SIGINT', handler);
      process.off('SIGTERM', handler);
    },
  };
}
