// The Intelligent Driver Model: M. Treiber, A. Hennecke, D. Helbing, "Congested traffic states in empirical observations
// and microscopic simulations", Phys. Rev. E 62, 1805 (2000), https://doi.org/10.1103/PhysRevE.62.1805. The same
// equations are recorded for MAVFL (arXiv 2410.10451, section on mobility, as a public reconstruction of it records them).
// Must not: hold state, or know of roads.
//
//     dv/dt = a [ 1 - (v/v0)^delta - (s*/s)^2 ],   s* = s0 + max(0, v T + v (v - v_leader) / (2 sqrt(a b)))

/** Parameters of the model; the letters of the paper stand beside them. */
export interface IdmParameters {
  /** a, m/s^2. */
  readonly maxAccelerationMps2: number;
  /** b, m/s^2. */
  readonly comfortableDecelerationMps2: number;
  /** s0, bumper to bumper at standstill, m. */
  readonly minimumGapMeters: number;
  /** T, s. */
  readonly timeHeadwaySeconds: number;
  /** delta, without unit; 4 in the paper. */
  readonly exponent: number;
  /** l, m. */
  readonly vehicleLengthMeters: number;
}

/** Gaps below this are treated as this, m: the interaction term stays finite when bumpers touch. */
const touchingMeters = 0.01;

/** (v/v0)^delta; the paper's delta = 4 needs no power function, which is the slow part of the loop. */
function speedRatioPower(ratio: number, exponent: number): number {
  if (exponent !== 4) return ratio ** exponent;
  const square = ratio * ratio;
  return square * square;
}

/**
 * a [1 - (v/v0)^delta], m/s^2. Ours: not below -b. The paper's term is meant for v <= v0; a driver who comes from a
 * motorway into a 30 km/h street (v/v0 = 4, term -255 a) brakes comfortably, not like hitting a wall.
 */
export function freeAcceleration(idm: IdmParameters, speed: number, desiredSpeed: number): number {
  const term = idm.maxAccelerationMps2 * (1 - speedRatioPower(speed / desiredSpeed, idm.exponent));
  return Math.max(term, -idm.comfortableDecelerationMps2);
}

/** The interaction term, a times the square of (s* over s), m/s^2: what a leader `gap` metres ahead at `leaderSpeed` takes off. */
export function interactionDeceleration(
  idm: IdmParameters,
  speed: number,
  gap: number,
  leaderSpeed: number,
): number {
  const a = idm.maxAccelerationMps2;
  const approach = (speed * (speed - leaderSpeed)) / (2 * Math.sqrt(a * idm.comfortableDecelerationMps2));
  const wanted = idm.minimumGapMeters + Math.max(0, speed * idm.timeHeadwaySeconds + approach);
  const ratio = wanted / Math.max(gap, touchingMeters);
  return a * ratio * ratio;
}

/** The gap at which a column drives steadily at `speed` < v0: s_e = (s0 + v T) / sqrt(1 - (v/v0)^delta), m. */
export function equilibriumGap(idm: IdmParameters, speed: number, desiredSpeed: number): number {
  const room = 1 - speedRatioPower(speed / desiredSpeed, idm.exponent);
  if (room <= 0) return Number.POSITIVE_INFINITY;
  return (idm.minimumGapMeters + speed * idm.timeHeadwaySeconds) / Math.sqrt(room);
}

/** The inverse of equilibriumGap, m/s: 0 up to s0, v0 for an endless gap. By bisection; not for the tick loop. */
export function equilibriumSpeed(idm: IdmParameters, gap: number, desiredSpeed: number): number {
  if (gap === Number.POSITIVE_INFINITY) return desiredSpeed;
  if (gap <= idm.minimumGapMeters) return 0;
  let low = 0;
  let high = desiredSpeed;
  // 60 halvings of at most 100 m/s leave 1e-16 m/s.
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (equilibriumGap(idm, middle, desiredSpeed) <= gap) low = middle;
    else high = middle;
  }
  return low;
}
