// The wire contract: every message that travels between a vehicle and the RSU, and nothing else.
//
// Glossary. Header: the JSON part of a message, checked here by a strict schema. Body: raw bytes behind it (chunks only).
// Blob: weights, smashed data or gradients, content-addressed by sha-256 and moved in chunks. Key: the idempotency key
// `round/vehicle/purpose` (with `/step` in split learning); the run is in the topic. Nonce: given with a task, echoed by
// the answer, so that a recorded update cannot be replayed. Ack: the receiver's application acknowledgement, sent after
// its commit; only an ack empties an outbox (MQTT QoS is an optimisation).
//
// Rules. Unknown kinds and unknown keys are refused. Every string and list has a bound: a hostile header costs a parse,
// never memory. Must not: decide anything.

import { z } from 'zod';
import { idPattern, shaPattern } from '../base/ids.ts';

/** Chunks are at most 64 KiB: the smallest default packet cap of brokers met is 128 KB. */
export const chunkBytes = 65_536;
/** At most 8 chunks of a blob unacknowledged: 512 KiB bounds what a broker buffers for a slow peer. */
export const windowChunks = 8;
/** A blob is at most 64 MiB here: 1,024 chunk hashes make a manifest of about 70 KB. */
export const maximumBlobBytes = 64 * 1024 * 1024;
/** A header is at most 128 KiB of JSON. */
export const maximumHeaderBytes = 131_072;

const id = z.string().regex(idPattern);
const sha = z.string().regex(shaPattern);
const count = z
  .int()
  .min(0)
  .max(2 ** 31);
const finite = z.number();
const text = z.string().max(512);

/** `outputs` and `output-gradient` cross only where the end of the model runs in the car too, so that labels stay there. */
export const purposes = [
  'model',
  'lower-model',
  'update',
  'lower-update',
  'lower-checkpoint',
  'smashed',
  'outputs',
  'output-gradient',
  'gradient',
] as const;
export type Purpose = (typeof purposes)[number];

/** Where a model is cut (`Cut` of the learning room): behind so many blocks, or the names of the layers that cross. */
const cut = z.union([count, z.string().min(1).max(4096)]);

/** How numbers cross a cut. */
const crossing = z.enum(['float32', 'float16', 'int8']);

/** What a car is doing, for the map; never the truth about a round. */
export const vehicleStates = [
  'idle',
  'in-range',
  'downloading',
  'training',
  'splitting',
  'uploading',
] as const;
export type VehicleState = (typeof vehicleStates)[number];

const deviceSchema = z.strictObject({
  name: z.string().max(64),
  trainingFlopsPerSecond: finite.positive(),
  memoryBytes: finite.positive(),
  computeWatts: finite.min(0),
  transmitWatts: finite.min(0),
});

/** What a car can do: sustained training speed, memory, electrical power while computing and while sending. */
export type DeviceProfile = z.infer<typeof deviceSchema>;

const helloSchema = z.strictObject({
  kind: z.literal('hello'),
  /** Counts the agent's starts, so that a reboot is seen as one. */
  incarnation: count,
  device: deviceSchema,
  samples: count,
  /** Said again in the same contact, in case the first was lost: no transfer starts anew for it. */
  repeated: z.literal(true).optional(),
});

const beaconSchema = z.strictObject({
  kind: z.literal('beacon'),
  at: finite,
  x: finite,
  y: finite,
  headingRadians: finite,
  speedMps: finite.min(0),
  road: id,
  offsetMeters: finite,
  serving: id.nullable(),
  /** Channel quality as the car measured it, bit/s per Hz of uplink. */
  bitsPerSecondPerHertz: finite.min(0).max(64),
});

const statusSchema = z.strictObject({
  kind: z.literal('status'),
  state: z.enum(vehicleStates),
  round: count,
});
const byeSchema = z.strictObject({ kind: z.literal('bye') });
const failedSchema = z.strictObject({ kind: z.literal('failed'), round: count, nonce: sha, reason: text });

const modelSchema = z.strictObject({
  name: z.string().max(64),
  inputShape: z.tuple([count, count, count]),
  classes: count,
});

const taskSchema = z.strictObject({
  kind: z.literal('task'),
  round: count,
  nonce: sha,
  plan: z.enum(['full', 'split']),
  /** What the car runs; 0 when the plan is full (it runs all). */
  cut,
  /** Split plans: the car runs the blocks from this one on too, and keeps its labels. */
  head: count.min(1).optional(),
  /** Split plans: how smashed data and gradients travel; float32 where absent. */
  crossing: crossing.optional(),
  /** Split plans: after so many mini-batches the car sends its part, so that not all is lost with it. */
  checkpointSteps: count.min(1).optional(),
  model: modelSchema,
  /** The weights to start from: the whole model (full), or the car's part (split), lower layers before the model's end. */
  base: z.strictObject({ sha, size: count }),
  settings: z.strictObject({
    epochs: count.min(1),
    batchSize: count.min(1),
    learningRate: finite.positive(),
    momentum: finite.min(0).max(1),
    optimiser: z.enum(['sgd', 'adam', 'adamw']).optional(),
    weightDecay: finite.min(0).optional(),
    proximal: finite.min(0).optional(),
    seed: z.int(),
  }),
  /**
   * The car corrects its gradients by a vector it keeps from round to round. `scaffold`: the RSU's own follows the model
   * in the base, which is then twice as long. Full plans only.
   */
  control: z.enum(['scaffold', 'feddyn']).optional(),
  /** Seconds from the sending of this task until the round closes. */
  deadlineSeconds: finite.positive(),
  /**
   * Finished epochs are welcome where not all can be done: seconds from the sending of this task after which an upload
   * would come too late, as the RSU predicts this car's stay. Full plans only.
   */
  partial: z.strictObject({ uploadBySeconds: finite.min(0) }).optional(),
  bandwidthHz: finite.positive(),
});

const cancelSchema = z.strictObject({ kind: z.literal('cancel'), round: count, reason: text });

export const ackResults = ['committed', 'late', 'refused'] as const;
const ackSchema = z.strictObject({
  kind: z.literal('ack'),
  key: text,
  result: z.enum(ackResults),
  reason: text,
});

/** Facts that travel with a blob; which ones are required depends on the purpose and is checked by `manifestFault`. */
const metaSchema = z.strictObject({
  round: count,
  nonce: sha.optional(),
  /** Mini-batch number of what crosses a cut; mini-batches behind a checkpoint. */
  step: count.optional(),
  /** Of what crosses: the cut, the weights the car started from, and the format where it is not float32. */
  cut: cut.optional(),
  base: sha.optional(),
  format: crossing.optional(),
  samples: count.optional(),
  trainLoss: finite.optional(),
  /** Epochs behind an update, where they are fewer than the task asked for. */
  epochsDone: count.min(1).optional(),
  computeSeconds: finite.min(0).optional(),
  joules: finite.min(0).optional(),
});
export type BlobMeta = z.infer<typeof metaSchema>;

const manifestSchema = z.strictObject({
  kind: z.literal('manifest'),
  key: text,
  purpose: z.enum(purposes),
  sha,
  size: count.max(maximumBlobBytes),
  chunkBytes: count.min(1).max(chunkBytes),
  /** sha-256 of each chunk, in order. */
  chunks: z.array(sha).max(1024),
  meta: metaSchema,
});

/** `have` is a bitmap in hex (bit i of byte i>>3 is chunk i); empty when nothing is held and the size is not known yet. */
const needSchema = z.strictObject({
  kind: z.literal('need'),
  sha,
  have: z.string().regex(/^([0-9a-f]{2}){0,128}$/),
});
const chunkSchema = z.strictObject({ kind: z.literal('chunk'), sha, index: count.max(1023) });

const upSchema = z.discriminatedUnion('kind', [
  helloSchema,
  beaconSchema,
  statusSchema,
  byeSchema,
  failedSchema,
  manifestSchema,
  needSchema,
  chunkSchema,
]);
const downSchema = z.discriminatedUnion('kind', [
  taskSchema,
  cancelSchema,
  ackSchema,
  manifestSchema,
  needSchema,
  chunkSchema,
]);

/** Schemas by direction: what a vehicle may say, and what an RSU may say. */
export const messageSchemas = { up: upSchema, down: downSchema } as const;

export type UpMessage = z.infer<typeof upSchema>;
export type DownMessage = z.infer<typeof downSchema>;
export type Message = UpMessage | DownMessage;
export type Manifest = z.infer<typeof manifestSchema>;
export type Need = z.infer<typeof needSchema>;
export type Chunk = z.infer<typeof chunkSchema>;
export type TransferMessage = Manifest | Need | Chunk;
export type Task = z.infer<typeof taskSchema>;
export type Ack = z.infer<typeof ackSchema>;
export type AckResult = (typeof ackResults)[number];
export type Beacon = z.infer<typeof beaconSchema>;
export type Hello = z.infer<typeof helloSchema>;

/** A message with its body (empty for all but chunks). */
export interface Framed<M extends Message = Message> {
  readonly message: M;
  readonly body: Uint8Array;
}

/** The idempotency key of a blob within its run. */
export function blobKey(round: number, vehicle: string, purpose: Purpose, step?: number): string {
  return step === undefined ? `${round}/${vehicle}/${purpose}` : `${round}/${vehicle}/${purpose}/${step}`;
}
