// The wishes and hindrances of a lane change as bits of one number, as SUMO's LaneChangeAction has them.
// Must not: decide anything.

export const change = {
  stay: 1 << 0,
  left: 1 << 1,
  right: 1 << 2,
  strategic: 1 << 3,
  cooperative: 1 << 4,
  speedGain: 1 << 5,
  keepRight: 1 << 6,
  urgent: 1 << 8,
  blockedByLeader: 1 << 9,
  blockedByFollower: 1 << 10,
  amBlockingLeader: 1 << 16,
  amBlockingFollower: 1 << 17,
  /** Whoever informed this driver wants to go right, or left. */
  informedRight: 1 << 18,
  informedLeft: 1 << 19,
  /** What neighbours have said; the rest is the driver's own. */
  said: (1 << 16) | (1 << 17) | (1 << 18) | (1 << 19),
} as const;

export const wantsChange = change.left | change.right;
export const isBlocked = change.blockedByLeader | change.blockedByFollower;

/** A state without any of these alters nobody's speed. */
export const altersSpeed = wantsChange | change.amBlockingLeader;

/** What remains of a state in the next step: the direction of a strategic wish. */
export function keptState(state: number): number {
  return state & change.strategic ? state & wantsChange : 0;
}
