// Assertions that stay on in production: a testbed that goes on after a broken invariant publishes wrong numbers.
// Must not: be used for bad input of a user or a peer. Those get a RoadbedError or a refusal.

/** Thrown when something that must hold does not. Always a bug in roadbed, never the user's fault. */
export class AssertionError extends Error {
  override name = 'AssertionError';
}

/** Throws AssertionError with `message` unless `condition` holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Returns `value`, asserting that it is neither null nor undefined. `what` names it in the error. */
export function present<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new AssertionError(`${what} is missing`);
  return value;
}

/** Marks a branch the type checker knows to be impossible. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable value ${JSON.stringify(value)}`);
}
