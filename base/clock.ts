// The clock port: the only way anything learns what time it is. Real: system, monotonic (testbed). Simulated: virtual,
// which jumps to the next event (testbed). Must not: be implemented here.

/** Seconds since the run began. Virtual or real, the code that reads it cannot tell. */
export interface Clock {
  now(): number;
}
