// What the RSU's one processor makes a split car wait for, when others of the round are split too. Ours: a bound and a mean,
// whichever is more, since a car has one mini-batch under way at a time and waits for its gradient.
// Must not: be taken for exact; what the queue really does depends on who comes when.
//
//   saturated: between two of its own mini-batches the server does one of every other car, so the wait is at least what
//              of theirs does not fit into the car's own time away from the server
//   else:      each other car is found on the processor with probability (its server seconds / its cycle), half way through

/** One mini-batch of a split car. */
export interface StepShare {
  /** On the RSU's processor. */
  readonly serverSeconds: number;
  /** From one to the next, without waiting. */
  readonly cycleSeconds: number;
}

/** What others ask of the processor, summed up: a round of thousands must not be gone through anew for each of them. */
export interface ServerLoad {
  /** Of one mini-batch of every other car. */
  readonly workSeconds: number;
  /** Mean rest of the mini-batches that are found there. */
  readonly foundSeconds: number;
}

/** Nobody else is split. */
export const noLoad: ServerLoad = { workSeconds: 0, foundSeconds: 0 };

/** The load with one more car. */
export function withShare(
  { workSeconds, foundSeconds }: ServerLoad,
  { serverSeconds, cycleSeconds }: StepShare,
): ServerLoad {
  const rest = cycleSeconds > 0 ? (Math.min(1, serverSeconds / cycleSeconds) * serverSeconds) / 2 : 0;
  return { workSeconds: workSeconds + serverSeconds, foundSeconds: foundSeconds + rest };
}

/** Seconds that one mini-batch of `own` waits for those of others. */
export function waitSeconds(own: StepShare, { workSeconds, foundSeconds }: ServerLoad): number {
  return Math.max(0, foundSeconds, workSeconds - (own.cycleSeconds - own.serverSeconds));
}
