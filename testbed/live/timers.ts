// Waiting in wall time, for live mode. Impure: timers, here and in no other file of live mode.
// Must not: be used by anything that runs in virtual time.

/** Ends a wait. */
export type Cancel = () => void;

/** setTimeout counts in 31 bits of milliseconds; a longer wait would fire at once. */
const longestMilliseconds = 2 ** 31 - 1;

/** Calls `act` once after `seconds`. */
export function after(seconds: number, act: () => void): Cancel {
  const timer = setTimeout(act, Math.min(longestMilliseconds, Math.max(0, seconds * 1000)));
  return () => clearTimeout(timer);
}

/** Calls `act` every `seconds` until cancelled. */
export function every(seconds: number, act: () => void): Cancel {
  const timer = setInterval(act, seconds * 1000);
  return () => clearInterval(timer);
}

/** Calls `act` after sockets and timers had their turn. */
export function soon(act: () => void): void {
  setImmediate(act);
}

/** Resolves after `seconds`, or at once when `signal` is aborted. */
export function pause(seconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const timer = setTimeout(done, Math.max(0, seconds * 1000));
    signal?.addEventListener('abort', done);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
  });
}

/** Resolves when `signal` is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Waits for `work`, whatever becomes of it, but no longer than `seconds`. */
export async function atMost(seconds: number, work: Promise<unknown>): Promise<void> {
  const patience = new AbortController();
  const done = work.then(
    () => undefined,
    () => undefined,
  );
  await Promise.race([done, pause(seconds, patience.signal)]);
  patience.abort();
}
