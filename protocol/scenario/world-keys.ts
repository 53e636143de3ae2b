// The scenario's keys of the world beyond the generated roads: city networks and live or recorded traffic, the radio
// channel, handover and the prediction of a stay. Every one is optional: a scenario without them means what it always meant,
// to the byte. Must not: hold a rule between keys (rules.ts does).
//
// Paths of files are relative to the scenario file.

import { z } from 'zod';

const positive = z.number().positive();
const nonNegative = z.number().min(0);
const counting = z.int().min(1);
const file = z.string().min(1);

/** When the city engine drives. */
const timing = {
  /** Second of SUMO's clock at which the run's time 0 lies. */
  beginSeconds: nonNegative.default(0),
  /** Standing vehicles are moved on after so long; 0: never. [SUMO's default] */
  teleportAfterSeconds: nonNegative.default(300),
};

export const cityRoads = [
  /** A SUMO network with its demand, driven by the city engine. */
  z.strictObject({
    kind: z.literal('sumo-net'),
    file,
    /** `rou.xml`, trips and additional files, read in this order. */
    demand: z.array(file).min(1),
    ...timing,
  }),
  /** A generated grid of streets with signals, driven by the city engine; `traffic.source` says how many cars. */
  z.strictObject({
    kind: z.literal('grid'),
    rows: counting.default(5),
    columns: counting.default(5),
    blockMeters: positive.default(200),
    lanes: counting.default(2),
    speedLimitKmh: positive.default(50),
    teleportAfterSeconds: nonNegative.default(300),
  }),
  /** Recorded positions: floating-car data of SUMO (XML or CSV, gzipped or not). The network gives lanes and coverage. */
  z.strictObject({ kind: z.literal('fcd'), file, network: file }),
  /** Recorded tracks of real cars: GPX, or CSV with columns time, id, x and y (or lon and lat). Each car is its own road. */
  z.strictObject({
    kind: z.literal('gps'),
    files: z.array(file).min(1),
    /** Of CSV; GPX is in degrees. Degrees are laid on a plane around the first position. */
    coordinates: z.enum(['degrees', 'meters']).default('degrees'),
  }),
  /** A paper's own mobility: a straight road, each car at one speed for good; `traffic.source` (poisson) says how many. */
  z.strictObject({
    kind: z.literal('constant-speed'),
    preset: z.enum(['afmc-urban', 'afmc-25mps', 'afmc-highway', 'aflddpg']),
  }),
  /** A live SUMO drives the cars. */
  z.strictObject({
    kind: z.literal('traci'),
    network: file,
    demand: z.array(file).min(1),
    /** `host:port` of a SUMO that waits for a client; absent: one is started. */
    connect: z.string().optional(),
    beginSeconds: nonNegative.default(0),
    /** What SUMO is asked for: every vehicle, or only those around each RSU (faster; the map shows no others). */
    watch: z.enum(['vehicles', 'coverage']).default('vehicles'),
  }),
] as const;

export const channelKeys = {
  /** Path loss: absent is the LTE macro cell of MAVFL without chance. */
  model: z.enum(['lte-macro', 'umi', 'tr37885-highway', 'tr37885-urban', 'two-ray']).optional(),
  carrierGigahertz: positive.optional(),
  vehicleHeightMeters: positive.optional(),
  /** Height of vehicles in between: 1.6, trucks 3.0. [TR 37.885] */
  blockerHeightMeters: positive.optional(),
  /** Noise as -174 dBm/Hz over a vehicle's share of the uplink plus this; absent: noiseDbm. */
  noiseFigureDb: z.number().optional(),
  shadowing: z.boolean().optional(),
  fading: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('none') }),
      z.strictObject({ kind: z.literal('rayleigh') }),
      /** Without m: 1.5 up to 80 m, 0.75 beyond. */
      z.strictObject({ kind: z.literal('nakagami'), m: positive.optional() }),
    ])
    .optional(),
  throughput: z
    .discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('shannon'),
        implementationLossDb: nonNegative.default(0),
        maximumBitsPerSecondPerHertz: positive.default(7.4),
      }),
      z.strictObject({ kind: z.literal('802.11p') }),
    ])
    .optional(),
};

/** What passing from one RSU to the next costs. Absent: nothing. The first RSU of the list owns the rounds. */
export const handover = z.strictObject({
  /** Another RSU takes over when it is stronger by this. [3GPP's usual 3 dB] */
  marginDb: nonNegative.default(3),
  /** Nothing is sent or heard meanwhile. [ours] */
  interruptionSeconds: nonNegative.default(0.05),
  /** One-way delay of a frame between an RSU and the one that owns the round. [ours] */
  backhaulSeconds: nonNegative.default(0.005),
  /** How long a vehicle between two RSUs keeps its task before it counts as left. [ours] */
  graceSeconds: nonNegative.default(0),
});

/** How the RSU estimates seconds left, reported with its error. Absent: from the road it is on, and no report. */
export const prediction = z.strictObject({
  /** `road`: distance left on the road over speed; `learned`: with what past cars did on that road. */
  method: z.enum(['road', 'learned']).default('learned'),
});
