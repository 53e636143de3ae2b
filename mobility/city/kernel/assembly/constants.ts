// The small numbers of SUMO's driving rules, with what each is for. Values as in SUMO 1.15 (src/microsim, StdDefs.h).
// Must not: hold anything that a vehicle type or a network may set.

/** Two places closer than this, m, are the same for a driver. */
export const positionEpsilon: f64 = 0.1;
/** Slack of safe-speed formulas, m: a stop exactly at a line must not overshoot it by rounding. */
export const numericEpsilon: f64 = 0.001;
/** Below this, m/s, a vehicle counts as halting. */
export const haltingSpeed: f64 = 0.1;
/** A driver who waits for a signal or has priority stops this far before the line, m. */
export const stopLineGap: f64 = 1;
/** Waiting seconds until a driver is fully impatient (SUMO's --time-to-impatience). */
export const impatienceSeconds: f64 = 180;
/** At least so hard a driver brakes for yellow and red, m/s^2. */
export const yellowDeceleration: f64 = 3;
/** A leader standing so long inside a junction blocks it: the request to enter is withdrawn, s. */
export const junctionBlockageSeconds: f64 = 5;
/** Vehicle lengths of free road a driver looks for behind a junction. */
export const spaceLookAheadLengths: f64 = 5;
/** Stands for no limit, no time, no distance. */
export const never: f64 = Infinity;
/** The index of no halt, behind the end of every route. */
export const noHalt: i32 = 0x7fffffff;
