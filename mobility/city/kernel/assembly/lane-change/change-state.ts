// The wishes and hindrances of a lane change as bits of one number, as SUMO's LaneChangeAction has them.
// Must not: decide anything.

export const stayBit: i32 = 1 << 0;
export const leftBit: i32 = 1 << 1;
export const rightBit: i32 = 1 << 2;
export const strategicBit: i32 = 1 << 3;
export const cooperativeBit: i32 = 1 << 4;
export const speedGainBit: i32 = 1 << 5;
export const keepRightBit: i32 = 1 << 6;
export const urgentBit: i32 = 1 << 8;
export const blockedByLeader: i32 = 1 << 9;
export const blockedByFollower: i32 = 1 << 10;
export const amBlockingLeader: i32 = 1 << 16;
export const amBlockingFollower: i32 = 1 << 17;
/** Whoever informed this driver wants to go right, or left. */
export const informedRight: i32 = 1 << 18;
export const informedLeft: i32 = 1 << 19;
/** What neighbours have said; the rest is the driver's own. */
export const saidBits: i32 = (1 << 16) | (1 << 17) | (1 << 18) | (1 << 19);

export const wantsChange: i32 = leftBit | rightBit;
export const isBlockedBits: i32 = blockedByLeader | blockedByFollower;

/** A state without any of these alters nobody's speed. */
export const altersSpeed: i32 = wantsChange | amBlockingLeader;

/** What remains of a state in the next step: the direction of a strategic wish. */
export function keptState(state: i32): i32 {
  return state & strategicBit ? state & wantsChange : 0;
}
