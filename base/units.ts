// Conversions between the units people write and the units code computes in (metres, seconds, bits, watts, radians).
// Must not: hold model parameters.

/** km/h to m/s. */
export const kmhToMps = (kmh: number): number => kmh / 3.6;
/** m/s to km/h. */
export const mpsToKmh = (mps: number): number => mps * 3.6;
/** A ratio in decibels to a plain ratio. */
export const dbToRatio = (db: number): number => 10 ** (db / 10);
/** A plain ratio to decibels. */
export const ratioToDb = (ratio: number): number => 10 * Math.log10(ratio);
/** dBm to watts. */
export const dbmToWatts = (dbm: number): number => 10 ** ((dbm - 30) / 10);
/** Watts to dBm. */
export const wattsToDbm = (watts: number): number => 10 * Math.log10(watts) + 30;
