// The scenario: one YAML file says everything a run depends on. This schema is its reference: every key, its meaning,
// unit and default. Unknown keys are refused by name (`parse.ts`). Must not: read files or know how a run is carried out.
//
// Provenance of defaults: [paper] stated by MAVFL (arXiv 2410.10451) or read in a reconstruction of it; [ours] our choice.

import { z } from 'zod';
import { idPattern } from '../../base/ids.ts';
import { channelKeys, cityRoads, handover, prediction } from './world-keys.ts';

const id = z.string().regex(idPattern, `an id looks like ${idPattern.source}`);
const positive = z.number().positive();
const nonNegative = z.number().min(0);
const ratio = z.number().min(0).max(1);
const counting = z.int().min(1);

const roads = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('segment'), lengthMeters: positive.default(1000) }),
  z.strictObject({
    kind: z.literal('ring'),
    lengthMeters: positive.default(2000),
    /** Length of each of two straights joined by half circles; 0 makes a circle. The first straight runs east from (0, 0). */
    straightMeters: nonNegative.default(0),
  }),
  /** A GeoJSON FeatureCollection of LineStrings; `file` is relative to the scenario. */
  z.strictObject({ kind: z.literal('geojson'), file: z.string().min(1) }),
  ...cityRoads,
]);

const traffic = z.strictObject({
  source: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('recirculating'), vehicles: counting.default(20) }),
      z.strictObject({
        kind: z.literal('poisson'),
        perSecond: positive,
        initialVehicles: z.int().min(0).default(0),
      }),
    ])
    .prefault({ kind: 'recirculating' }),
  /** [paper] 60 or 80 km/h. */
  desiredSpeedKmh: positive.default(60),
  /** Each driver's desired speed is this times U(1 - spread, 1 + spread). [ours] */
  speedSpread: z.number().min(0).max(0.9).default(0.2),
  stepSeconds: z.number().min(0.05).max(2).default(0.5),
  /** Intelligent Driver Model. Defaults are standard ones; the paper's are not known. [ours] */
  carFollowing: z
    .strictObject({
      maxAccelerationMps2: positive.default(1.5),
      comfortableDecelerationMps2: positive.default(2),
      minimumGapMeters: positive.default(2),
      timeHeadwaySeconds: positive.default(1.5),
      exponent: positive.default(4),
      vehicleLengthMeters: positive.default(5),
    })
    .prefault({}),
});

const rsu = z.strictObject({
  id: id,
  x: z.number(),
  y: z.number(),
  coverageRadiusMeters: positive.default(500),
  /** [paper] 25 m. */
  antennaHeightMeters: positive.default(25),
});

const radio = z.strictObject({
  /** Total uplink band, split equally among the round's selected vehicles. [paper] 3 MHz. */
  uplinkBandwidthHz: positive.default(3e6),
  /** Total downlink band, split likewise. [ours] MAVFL ignores the download. */
  downlinkBandwidthHz: positive.default(20e6),
  /** Vehicle transmit power; the usual V2X value. [ours] */
  transmitPowerDbm: z.number().default(23),
  /** [ours] */
  rsuTransmitPowerDbm: z.number().default(43),
  /** [paper] */
  antennaGainDbi: z.number().default(6),
  /** [paper] */
  noiseDbm: z.number().default(-114),
  /**
   * Distances along a road are quantised to the middle of zones this long; 0 takes the exact distance, which also counts
   * on all roads but those of kind segment, ring and geojson. [paper] 50 m.
   */
  zoneMeters: nonNegative.default(50),
  /** One-way delay of any message beside its time on air. [ours] */
  latencySeconds: nonNegative.default(0.005),
  ...channelKeys,
  /** Seeded faults of the simulated link, for trying the protocol. */
  faults: z
    .strictObject({
      loss: ratio.default(0),
      duplication: ratio.default(0),
      reorderSeconds: nonNegative.default(0),
    })
    .prefault({}),
});

const device = z.strictObject({
  name: id,
  /** Share of the fleet; shares are normalised. */
  share: positive.default(1),
  /** Sustained training speed in floating-point operations per second. */
  trainingFlopsPerSecond: positive,
  /** A round's computing takes U(1 - spread, 1 + spread) times the nominal time; the RSU only knows the nominal one. [ours] */
  speedSpread: z.number().min(0).max(0.9).default(0.2),
  memoryMegabytes: positive.default(4096),
  computeWatts: nonNegative.default(10),
  transmitWatts: nonNegative.default(0.5),
});

const data = z.strictObject({
  /** Drawn signs; traffic reports letter by letter, for models that write the next one; a folder. */
  kind: z.enum(['signs', 'reports', 'idx']).default('signs'),
  /** Folder with IDX files, gzipped or not; `--data` overrides it. */
  directory: z.string().optional(),
  /** Size of generated sets. */
  trainSamples: counting.default(8600),
  testSamples: counting.default(2150),
  /** Samples a vehicle holds. [paper] 600 IID. */
  samplesPerVehicle: counting.default(600),
  /** How many test samples each evaluation uses; 0 means all. */
  evaluationSamples: z.int().min(0).default(0),
  partition: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('iid') }),
      z.strictObject({ kind: z.literal('dirichlet'), alpha: positive.default(0.5) }),
      /** Pieces of the set sorted by label, so many to a vehicle. */
      z.strictObject({ kind: z.literal('shards'), perVehicle: counting.default(2) }),
      /** Unequal amounts around samplesPerVehicle, more unequal the smaller beta. */
      z.strictObject({ kind: z.literal('quantity'), beta: positive.default(0.5) }),
      z.strictObject({ kind: z.literal('pathological'), classesPerVehicle: counting.default(2) }),
      /** Each stretch of road has a label mix of its own; a vehicle has that of the stretch where it starts. */
      z.strictObject({
        kind: z.literal('by-place'),
        alpha: positive.default(0.5),
        segmentMeters: positive.default(250),
      }),
    ])
    .prefault({ kind: 'iid' }),
});

const training = z.strictObject({
  /** Local epochs E. [ours] */
  epochs: counting.default(2),
  batchSize: counting.default(32),
  /** [paper] 0.01. */
  learningRate: positive.default(0.01),
  /** Of sgd. */
  momentum: z.number().min(0).max(0.999).default(0.9),
  /** sgd where absent. */
  optimiser: z.enum(['sgd', 'adam', 'adamw']).optional(),
  /** Of adamw; 0.01 where absent. */
  weightDecay: nonNegative.optional(),
});

const selection = z.strictObject({
  policy: z.string().default('mavfl'),
  /** K0, vehicles chosen a round. */
  perRound: counting.default(5),
  /** Bandit arm: the vehicle [paper] or the 50 m zone it is in at selection [ours]. */
  arm: z.enum(['vehicle', 'zone']).default('vehicle'),
  /** Length of a zone along its road when the arm is a zone. */
  armZoneMeters: positive.default(50),
  /** Discount factor lambda. Unknown in the paper. [ours] */
  discount: ratio.default(0.99),
  /** Weight xi of the confidence term. [paper] 1. */
  exploration: nonNegative.default(1),
  /** Weight alpha of the participation ratio against the delay. [paper] 0.6. */
  participationWeight: ratio.default(0.6),
  /** Who earns a round's utility: every chosen arm the same [paper], or each by its own outcome and time [ours]. */
  credit: z.enum(['round', 'vehicle']).default('round'),
  /** Parameters of the policy by name; `roadbed policies` lists them. */
  parameters: z.record(z.string(), z.number()).default({}),
});

const round = z.strictObject({
  deadlineSeconds: positive.default(60),
  /** Pause after a round without candidates. [ours] */
  waitSeconds: positive.default(1),
  /** A round opens only when at least this many candidates are in coverage. */
  minimumCandidates: counting.default(1),
});

const fallback = z.strictObject({
  /** `adaptive`: full, split or skip by estimate; `full-only`: every chosen vehicle trains the whole model [paper]; `split-only`. */
  mode: z.enum(['adaptive', 'full-only', 'split-only']).default('adaptive'),
  /**
   * Where a model is split: a number of blocks in the car; names of the layers whose outputs cross, joined by `+`; or
   * `best`, the minimum cut of each car at its rates.
   */
  cut: z.union([counting, z.string().min(1).max(4096)]).default(1),
  /** An estimate is multiplied by this before it is compared with the seconds left. */
  safetyFactor: positive.default(1.2),
  /** The least chance to end in time with which a plan is taken, by how far past predictions were off; absent: no chances. [ours] */
  confidence: z.number().min(0.01).max(1).optional(),
  /** `full`: the whole model wherever it fits, as where absent; `fastest`: the path that ends first. [ours] */
  prefer: z.enum(['full', 'fastest']).optional(),
  /** `instant`: the channel of the last beacon for the whole task, as where absent; `along-road`: the channel of each stretch ahead. [ours] */
  channel: z.enum(['instant', 'along-road']).optional(),
  /** `parallel`: all cars of a round at once, as where absent; `sequential`: one after the other, each from the model before. */
  schedule: z.enum(['parallel', 'sequential']).optional(),
  /** Upper halves: one for each car, as where absent (SplitFed v1), or one for all of a round (v2). */
  server: z.enum(['per-vehicle', 'shared']).optional(),
  /** Block from which on the model runs in the car again, so that labels stay there; absent: labels travel. */
  head: counting.optional(),
  /** How numbers cross the cut; float32 where absent. */
  crossing: z.enum(['float32', 'float16', 'int8']).optional(),
  /** After so many mini-batches the car's half is kept at the RSU, for a car that does not come to its end; 0, as where absent: never. */
  checkpointSteps: z.int().min(0).optional(),
  /** Speed of the RSU's half, floating-point operations per second. */
  serverFlopsPerSecond: positive.default(2e12),
});

const aggregation = z.strictObject({
  /** How committed updates become the next model; `roadbed aggregators` lists the rules. [paper] fedavg. */
  rule: z.string().default('fedavg'),
  /** FedAvg weights: `equal` over the committed [paper] or by `samples` (McMahan et al. 2017). */
  weighting: z.enum(['equal', 'samples']).default('equal'),
  /**
   * Whether a car whose time runs out sends the epochs it has finished. By samples, such an update weighs that share of
   * them; FedNova goes by its steps. Not where absent. [ours]
   */
  partialWork: z.boolean().optional(),
  /** When a model is made: `synchronous`, of a whole round; `asynchronous`, as updates come. Absent: as the rule has it. */
  mode: z.enum(['synchronous', 'asynchronous']).optional(),
  /** How an asynchronous rule weakens updates that began from an older model; `polynomial` where absent. */
  staleness: z.enum(['constant', 'polynomial', 'hinge']).optional(),
  /** Parameters of the rule by name; `roadbed aggregators` lists them. */
  parameters: z.record(z.string(), z.number()).default({}),
});

const stop = z.strictObject({
  rounds: counting.default(30),
  targetAccuracy: z.number().min(0).max(1).optional(),
  virtualSeconds: positive.default(36_000),
});

/** The whole scenario. */
export const scenarioSchema = z.strictObject({
  name: id,
  description: z.string().default(''),
  /** What a reader should see, on which machine, how long, and the command. */
  expect: z.string().default(''),
  seed: z
    .int()
    .min(0)
    .max(2 ** 31)
    .default(1),
  roads: roads.prefault({ kind: 'ring' }),
  traffic: traffic.prefault({}),
  rsus: z.array(rsu).min(1),
  radio: radio.prefault({}),
  handover: handover.optional(),
  prediction: prediction.optional(),
  devices: z.array(device).min(1),
  data: data.prefault({}),
  model: z.strictObject({ name: z.string().default('lenet5') }).prefault({}),
  training: training.prefault({}),
  selection: selection.prefault({}),
  round: round.prefault({}),
  fallback: fallback.prefault({}),
  aggregation: aggregation.prefault({}),
  stop: stop.prefault({}),
});

/** A checked scenario with all defaults filled in. */
export type Scenario = z.infer<typeof scenarioSchema>;
