// SUMO's vehicle classes with the values a type of each class has unless it says otherwise (SUMO 1.15, its page "Vehicle
// Type Parameter Defaults"). Why a table: an imported demand states few of them, and parity depends on the others.
// Must not: read files, or know what a lane is.

/** What a type of a class has where it states nothing. Metres, m/s, m/s^2. */
export interface ClassDefaults {
  readonly lengthMeters: number;
  readonly minGapMeters: number;
  readonly maxSpeedMps: number;
  readonly accelerationMps2: number;
  readonly decelerationMps2: number;
  readonly emergencyDecelerationMps2: number;
  readonly sigma: number;
  /** Standard deviation of the speed factor. */
  readonly speedDeviation: number;
}

const car: ClassDefaults = {
  lengthMeters: 5,
  minGapMeters: 2.5,
  maxSpeedMps: 200 / 3.6,
  accelerationMps2: 2.6,
  decelerationMps2: 4.5,
  emergencyDecelerationMps2: 9,
  sigma: 0.5,
  speedDeviation: 0.1,
};

/** Classes without a deviation of their own: SUMO names one for ordinary traffic only. */
const steady: ClassDefaults = { ...car, speedDeviation: 0 };

const heavy = { decelerationMps2: 4, emergencyDecelerationMps2: 7 };

const rails: ClassDefaults = {
  ...steady,
  minGapMeters: 5,
  decelerationMps2: 1.3,
  emergencyDecelerationMps2: 5,
  sigma: 0,
};

/** Bicycles may do 50 km/h but want 20 km/h (SUMO's desiredMaxSpeed), and that is what they drive. */
const pedalled = {
  minGapMeters: 0.5,
  maxSpeedMps: 20 / 3.6,
  accelerationMps2: 1.2,
  decelerationMps2: 3,
  emergencyDecelerationMps2: 7,
};

const table: Readonly<Record<string, ClassDefaults>> = {
  ignoring: steady,
  private: car,
  emergency: { ...steady, lengthMeters: 6.5 },
  authority: steady,
  army: steady,
  vip: car,
  passenger: car,
  hov: car,
  taxi: { ...car, speedDeviation: 0.05 },
  bus: { ...steady, ...heavy, lengthMeters: 12, maxSpeedMps: 100 / 3.6, accelerationMps2: 1.2 },
  coach: {
    ...car,
    ...heavy,
    lengthMeters: 14,
    maxSpeedMps: 100 / 3.6,
    accelerationMps2: 2,
    speedDeviation: 0.05,
  },
  delivery: { ...car, lengthMeters: 6.5, speedDeviation: 0.05 },
  truck: {
    ...car,
    ...heavy,
    lengthMeters: 7.1,
    maxSpeedMps: 130 / 3.6,
    accelerationMps2: 1.3,
    speedDeviation: 0.05,
  },
  trailer: {
    ...car,
    ...heavy,
    lengthMeters: 16.5,
    maxSpeedMps: 130 / 3.6,
    accelerationMps2: 1.1,
    speedDeviation: 0.05,
  },
  motorcycle: {
    ...car,
    lengthMeters: 2.2,
    accelerationMps2: 6,
    decelerationMps2: 10,
    emergencyDecelerationMps2: 10,
  },
  moped: {
    ...car,
    lengthMeters: 2.1,
    maxSpeedMps: 60 / 3.6,
    accelerationMps2: 1.1,
    decelerationMps2: 7,
    emergencyDecelerationMps2: 10,
  },
  bicycle: { ...car, ...pedalled, lengthMeters: 1.6 },
  scooter: { ...car, ...pedalled, lengthMeters: 1.2 },
  evehicle: car,
  tram: {
    ...rails,
    lengthMeters: 22,
    minGapMeters: 2.5,
    maxSpeedMps: 80 / 3.6,
    accelerationMps2: 1,
    decelerationMps2: 3,
    emergencyDecelerationMps2: 7,
  },
  rail_urban: {
    ...rails,
    lengthMeters: 109.5,
    maxSpeedMps: 100 / 3.6,
    accelerationMps2: 1,
    decelerationMps2: 3,
    emergencyDecelerationMps2: 7,
  },
  subway: { ...rails, lengthMeters: 109.5, maxSpeedMps: 100 / 3.6 },
  rail: { ...rails, lengthMeters: 135, maxSpeedMps: 160 / 3.6, accelerationMps2: 0.25 },
  rail_electric: { ...rails, lengthMeters: 200, maxSpeedMps: 220 / 3.6, accelerationMps2: 0.5 },
  rail_fast: { ...rails, lengthMeters: 200, maxSpeedMps: 330 / 3.6, accelerationMps2: 0.5 },
  ship: {
    ...car,
    lengthMeters: 17,
    maxSpeedMps: 8 / 1.94,
    accelerationMps2: 0.1,
    decelerationMps2: 0.15,
    emergencyDecelerationMps2: 1,
    sigma: 0,
  },
  custom1: car,
  custom2: car,
};

/** Names of all classes that can drive, for messages. */
export const drivingClasses: readonly string[] = Object.keys(table);

/** The defaults of a class; undefined: no such class, or one that does not drive (pedestrians). */
export function classDefaults(vehicleClass: string): ClassDefaults | undefined {
  return Object.hasOwn(table, vehicleClass) ? table[vehicleClass] : undefined;
}
