// The one error class that users meet, and the table of exit codes. Every message is a sentence: what is wrong,
// the value, what was expected, and how to mend it. Must not: print, or end the process.

/** Documented exit codes of the command line (README, "Exit codes"). */
export const exitCodes = {
  ok: 0,
  internal: 1,
  usage: 2,
  scenario: 3,
  data: 4,
  portInUse: 5,
  broker: 6,
  nodeVersion: 7,
  engine: 8,
  store: 9,
  simulator: 10,
  interrupted: 130,
} as const;

export type ExitReason = keyof typeof exitCodes;

/** An error the user can understand and mend. `reason` decides the exit code. */
export class RoadbedError extends Error {
  override name = 'RoadbedError';
  readonly reason: ExitReason;

  constructor(reason: ExitReason, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.reason = reason;
  }
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
