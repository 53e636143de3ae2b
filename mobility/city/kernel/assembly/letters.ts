// The letters that signals show and links have, as codes. Must not: decide what a driver makes of them.

const redLetter: u8 = 0x72; // r
const redYellowLetter: u8 = 0x75; // u
const yellowMinorLetter: u8 = 0x79; // y
const yellowMajorLetter: u8 = 0x59; // Y
export const greenMajorLetter: u8 = 0x47; // G
const greenMinorLetter: u8 = 0x67; // g
export const minorLetter: u8 = 0x6d; // m
export const stopLetter: u8 = 0x73; // s
export const allWayStopLetter: u8 = 0x77; // w
export const equalLetter: u8 = 0x3d; // =
export const zipperLetter: u8 = 0x5a; // Z

// @ts-expect-error: decorator
@inline export function isRed(letter: u8): bool {
  return letter == redLetter || letter == redYellowLetter;
}

// @ts-expect-error: decorator
@inline export function isYellow(letter: u8): bool {
  return letter == yellowMinorLetter || letter == yellowMajorLetter;
}

// @ts-expect-error: decorator
@inline export function isYellowOrRed(letter: u8): bool {
  return isRed(letter) || isYellow(letter);
}

// @ts-expect-error: decorator
@inline export function isGreen(letter: u8): bool {
  return letter == greenMajorLetter || letter == greenMinorLetter;
}

/** Capital letters have the right of way. */
// @ts-expect-error: decorator
@inline export function hasPriority(letter: u8): bool {
  return letter >= 65 && letter <= 90;
}
