// What an RSU receives of a vehicle, and whoever can tell: the port between engines and radio. Must not: hold behaviour.

/** One link at one instant. */
export interface LinkPlace {
  readonly x: number;
  readonly y: number;
  readonly groundMeters: number;
  readonly baseHeightMeters: number;
  /** Distance of the RSU from the straight line the vehicle drives along, metres: small on one street. */
  readonly lateralMeters: number;
}

export interface Reception {
  /** bit/s per Hz at this instant. */
  bitsPerSecondPerHertz: number;
  /** Signal-to-noise ratio without fading, dB: what a handover is decided by. */
  averageSnrDb: number;
}

export interface Uplink {
  /** Writes what RSU row `rsu` receives of `vehicle` into `out`. Once an instant: chance is drawn anew. */
  receive(vehicle: string, rsu: number, place: LinkPlace, out: Reception): void;
  /** The vehicle is gone for good. */
  forget(vehicle: string): void;
}
