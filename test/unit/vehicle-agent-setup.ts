// A car of three weights and an RSU that is nothing but transfers: what the tests of the vehicle agent share.
// One step of training takes exact binary fractions of a second, so that every number can be written down.

import { bytesOfFloats, sha256 } from '../../base/hash.ts';
import { asId, type RoadId, type RsuId, type VehicleId } from '../../base/ids.ts';
import { Rng } from '../../base/rng.ts';
import type { ModelCost } from '../../learning/cost/types.ts';
import type { Cut, Learner, LowerHalf } from '../../learning/learner.ts';
import type { CutFacts } from '../../learning/split/cuts.ts';
import type { ComputeOutcome, Outputs } from '../../protocol/actor.ts';
import { type Offer, Transfers } from '../../protocol/blob/transfers.ts';
import { decodeFrame, encodeFrame } from '../../protocol/codec.ts';
import type { DownMessage, Manifest, Task, UpMessage } from '../../protocol/messages.ts';
import { VehicleAgent } from '../../vehicle-agent/agent.ts';
import { MemoryOutbox } from '../../vehicle-agent/outbox-memory.ts';
import type { Outbox, Position, VehicleConfig, VehicleInput } from '../../vehicle-agent/types.ts';

export const vehicle = asId<VehicleId>('v1');
export const nonce = 'a'.repeat(64);
export const base = Float32Array.of(1, 2, 3);
export const lowerBase = Float32Array.of(1, 2);

/** 4 samples x 512 FLOPs / 1,024 = 2 s of training; a mini-batch of 2: 0.25 s forward, 0.5 s backward. */
const cost: ModelCost = {
  labelsPerSample: 1,
  model: 'three',
  blocks: [
    { name: 'lower', forwardFlops: 128, backwardFlops: 256, parameters: 2, outputFloats: 3 },
    { name: 'upper', forwardFlops: 64, backwardFlops: 64, parameters: 1, outputFloats: 2 },
  ],
  parameters: 3,
  forwardFlops: 192,
  backwardFlops: 320,
};

const cutFactsOf = (_model: unknown, cut: Cut): CutFacts => {
  if (cut !== 1) throw new Error(`cut ${cut} of three (expected 1..1)`);
  return {
    cut,
    deviceLayers: ['lower/dense1'],
    frontier: [{ name: 'lower/dense1', floats: 3 }],
    crossingFloats: 3,
    lowerParameters: 2,
    upperParameters: 1,
    lowerForwardFlops: 128,
    lowerBackwardFlops: 256,
    upperForwardFlops: 64,
    upperBackwardFlops: 64,
    lowerActivationFloats: 3,
  };
};

const device = {
  name: 'test',
  trainingFlopsPerSecond: 1024,
  memoryBytes: 1e9,
  computeWatts: 10,
  transmitWatts: 1,
};

/** Adds 1 to each weight; halves add the gradient's first value to the lower weights. `disposed` counts. */
export class FakeLearner implements Learner {
  readonly engine = 'fake';
  disposed = 0;
  trained = 0;
  loss = 0.5;
  failure: string | undefined;

  initialWeights(): Float32Array {
    return base.slice();
  }
  async train({ weights, shard }: { weights: Float32Array; shard: Uint32Array }) {
    this.trained++;
    if (this.failure) throw new Error(this.failure);
    return {
      weights: weights.map((weight) => weight + 1),
      samples: shard.length,
      steps: 2,
      trainLoss: this.loss,
    };
  }
  async evaluate() {
    return { loss: 0, accuracy: 1, samples: 1 };
  }
  async openLower({ lowerWeights }: { lowerWeights: Float32Array }): Promise<LowerHalf> {
    const weights = lowerWeights.slice();
    return {
      steps: 2,
      forward: (step) => ({
        smashed: Float32Array.of(step, 1, 2, 3, 4, 5),
        samples: 2,
        labels: Uint8Array.of(7, 8),
      }),
      backward: (_step, gradient) => {
        for (let i = 0; i < weights.length; i++) weights[i]! += gradient[0]!;
      },
      weights: () => weights,
      dispose: () => {
        this.disposed++;
      },
    };
  }
  async openUpper(): Promise<never> {
    throw new Error('this car has no end of a model');
  }
  async openMiddle(): Promise<never> {
    throw new Error('a car has no middle of a model');
  }
}

export const positionAt = (at: number, serving: string | null = 'rsu1'): Position => ({
  at,
  x: at * 10,
  y: 0,
  headingRadians: 0,
  speedMps: 10,
  road: asId<RoadId>('main'),
  offsetMeters: at * 10,
  serving: serving === null ? null : asId<RsuId>(serving),
  bitsPerSecondPerHertz: 4,
});

export function taskOf(changes: Partial<Task> = {}): Task {
  const bytes = changes.plan === 'split' ? bytesOfFloats(lowerBase) : bytesOfFloats(base);
  return {
    kind: 'task',
    round: 1,
    nonce,
    plan: 'full',
    cut: changes.plan === 'split' ? 1 : 0,
    model: { name: 'three', inputShape: [1, 1, 1], classes: 2 },
    base: { sha: sha256(bytes), size: bytes.length },
    settings: { epochs: 1, batchSize: 2, learningRate: 0.1, momentum: 0, seed: 1 },
    deadlineSeconds: 60,
    bandwidthHz: 1e6,
    ...changes,
  };
}

/** Short name of a message: its kind, with what tells it from others of that kind. */
export function nameOf(message: UpMessage): string {
  if (message.kind === 'status') return `status ${message.state}`;
  if (message.kind === 'manifest') return `manifest ${message.key}`;
  if (message.kind === 'need') return `need ${message.have}`;
  if (message.kind === 'chunk') return `chunk ${message.index}`;
  return message.kind === 'failed' ? `failed ${message.reason}` : message.kind;
}

/** A car and the RSU's ear. Everything the car says crosses the codec. */
export class Stage {
  readonly learner = new FakeLearner();
  readonly outbox: Outbox;
  readonly agent: VehicleAgent;
  readonly said: string[] = [];
  readonly manifests: Manifest[] = [];
  readonly arrived: { manifest: Manifest; bytes: Uint8Array }[] = [];
  readonly timers = new Map<string, number>();
  rsu = this.newRsu();
  /** While false, what the car says is heard by nobody. */
  hears = true;
  #computes: Outputs['computes'] = [];
  now = 0;

  constructor(outbox: Outbox = new MemoryOutbox(), changes: Partial<VehicleConfig> = {}) {
    this.outbox = outbox;
    this.agent = new VehicleAgent({
      vehicle,
      device,
      incarnation: 1,
      learner: this.learner,
      data: {
        inputShape: [1, 1, 1],
        classes: 2,
        images: new Uint8Array(4),
        labels: Uint8Array.of(0, 1, 0, 1),
      },
      shard: Uint32Array.of(0, 1, 2, 3),
      costOf: () => cost,
      cutFactsOf,
      outbox,
      rng: Rng.root(1),
      beaconSeconds: 1,
      ...changes,
    });
  }

  newRsu(): Transfers {
    const models = [base, lowerBase].map(bytesOfFloats);
    return new Transfers({
      lookup: (sha) => {
        const bytes = models.find((model) => sha256(model) === sha);
        const purpose = bytes?.length === 12 ? 'model' : 'lower-model';
        return bytes && { key: `1/v1/${purpose}`, purpose, bytes, meta: { round: 1 } };
      },
    });
  }

  /** Gives one input and lets messages go to and fro until both are silent. Returns what the car said. */
  give(input: VehicleInput, now = this.now): string[] {
    this.now = now;
    const before = this.said.length;
    this.#takeIn(this.agent.act(input, now));
    return this.said.slice(before);
  }

  tell(message: DownMessage, body: Uint8Array = new Uint8Array(0), now = this.now): string[] {
    const framed = decodeFrame('down', encodeFrame('down', message, body));
    return this.give({ kind: 'message', ...framed }, now);
  }

  position(at: number, serving: string | null = 'rsu1'): string[] {
    return this.give({ kind: 'position', position: positionAt(at, serving) }, at);
  }

  /** The RSU sends a blob. */
  offer(offer: Offer): string[] {
    const before = this.said.length;
    for (const { message, body } of this.rsu.offer(offer, this.now)) this.tell(message, body);
    return this.said.slice(before);
  }

  /** Computations asked for and not yet given back. */
  get computing(): number[] {
    return this.#computes.map(({ modelledSeconds }) => modelledSeconds);
  }

  /** Runs the oldest computation and gives its outcome back after its modelled time. */
  async compute(): Promise<string[]> {
    const { ticket, modelledSeconds, run } = this.#computes.shift()!;
    let outcome: ComputeOutcome;
    try {
      outcome = { ok: true, value: await run() };
    } catch (error) {
      outcome = { ok: false, error: error instanceof Error ? error.message : String(error) };
    }
    return this.give({ kind: 'computed', ticket, outcome }, this.now + modelledSeconds);
  }

  /** Lets a timer of the car go off at its time. */
  ring(name: string): string[] {
    const at = this.timers.get(name);
    if (at === undefined) throw new Error(`no timer ${name} is set`);
    this.timers.delete(name);
    return this.give({ kind: 'timer', name }, at);
  }

  #takeIn(outputs: Outputs<UpMessage>): void {
    for (const { name, delaySeconds } of outputs.timers)
      if (delaySeconds === null) this.timers.delete(name);
      else this.timers.set(name, this.now + delaySeconds);
    this.#computes.push(...outputs.computes);
    for (const { message } of outputs.sends) {
      this.said.push(nameOf(message));
      if (message.kind === 'manifest') this.manifests.push(message);
    }
    for (const { message, body } of this.hears ? outputs.sends : [])
      this.#hear(decodeFrame('up', encodeFrame('up', message, body)));
  }

  #hear({ message, body }: { message: UpMessage; body: Uint8Array }): void {
    if (message.kind !== 'manifest' && message.kind !== 'need' && message.kind !== 'chunk') return;
    const { send, completed } = this.rsu.receive(message, body, this.now);
    if (completed) this.arrived.push(completed);
    for (const frame of send) this.tell(frame.message, frame.body);
  }
}
