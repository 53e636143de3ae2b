// One RSU and a few cars that stand in its coverage, joined by a link that takes a hundredth of a second and loses nothing:
// the real actors on the real wire format, with every frame open to the test, which may also say what no honest car does.
// Used by the tests of split learning. Must not: hold expectations.

import { EventHeap } from '../../base/heap.ts';
import { asId, type RoadId, type RsuId, type VehicleId } from '../../base/ids.ts';
import { Rng } from '../../base/rng.ts';
import { modelCost } from '../../learning/cost/model-cost.ts';
import type { Dataset, Learner, ModelSpec, Shard } from '../../learning/learner.ts';
import { cutFacts } from '../../learning/split/cuts.ts';
import type { ComputeOutcome, ComputeRequest } from '../../protocol/actor.ts';
import { decodeFrame, encodeFrame } from '../../protocol/codec.ts';
import type { EventBody, LoggedEvent } from '../../protocol/events.ts';
import type { DownMessage, Message, Task, UpMessage } from '../../protocol/messages.ts';
import { scenarioSchema } from '../../protocol/scenario/schema.ts';
import { RsuActor } from '../../roadside/rsu/actor.ts';
import type { RsuOutputs } from '../../roadside/rsu/types.ts';
import { MemoryBlobs } from '../../roadside/store/blobs.ts';
import { roundConfig } from '../../testbed/plan.ts';
import { VehicleAgent } from '../../vehicle-agent/agent.ts';
import { MemoryOutbox } from '../../vehicle-agent/outbox-memory.ts';
import type { Position, VehicleInput } from '../../vehicle-agent/types.ts';

const road = asId<RoadId>('main');
const linkSeconds = 0.01;
/** A world that has not finished by then never will. */
const endSeconds = 3600;

export interface SplitWorldOptions {
  readonly model: ModelSpec;
  readonly learner: Learner;
  /** Samples of each car; as many cars as there are numbers. */
  readonly samples: readonly number[];
  /** FLOP/s of each car; the first for all where there is one. */
  readonly speeds?: readonly number[];
  /** Blocks of the scenario, over those of this world. */
  readonly scenario?: Record<string, object>;
  /** When a car drives out of coverage. */
  readonly leaves?: Readonly<Record<string, number>>;
}

/** A frame as it was said. */
export interface Said {
  readonly at: number;
  readonly vehicle: VehicleId;
  readonly direction: 'up' | 'down';
  readonly message: Message;
  readonly body: Uint8Array;
  /** The whole frame. */
  readonly bytes: number;
}

type Happening =
  | { readonly kind: 'rsu'; readonly input: Parameters<RsuActor['act']>[0] }
  | { readonly kind: 'car'; readonly vehicle: VehicleId; readonly input: VehicleInput }
  | {
      readonly kind: 'timer';
      readonly owner: VehicleId | null;
      readonly name: string;
      readonly version: number;
    }
  | {
      readonly kind: 'computed';
      readonly owner: VehicleId | null;
      readonly ticket: number;
      readonly outcome: Promise<ComputeOutcome>;
    };

/** Made-up pictures: bytes and labels from a stream. */
export function pictures({ inputShape, classes }: ModelSpec, count: number): Dataset {
  const rng = Rng.root(5).fork('pictures');
  const [height, width, channels] = inputShape;
  const images = Uint8Array.from({ length: count * height * width * channels }, () => rng.integer(256));
  const labels = Uint8Array.from({ length: count }, () => rng.integer(classes));
  return { inputShape, classes, images, labels };
}

export class SplitWorld {
  readonly said: Said[] = [];
  readonly events: LoggedEvent[] = [];
  readonly blobs = new MemoryBlobs();
  readonly rsu: RsuActor;
  readonly cars = new Map<VehicleId, VehicleAgent>();
  readonly data: Dataset;
  readonly shards = new Map<VehicleId, Shard>();
  /** Changes or swallows (null) what a car says on its way. */
  tamper: (
    vehicle: VehicleId,
    message: UpMessage,
    body: Uint8Array,
  ) => { message: UpMessage; body: Uint8Array } | null = (_vehicle, message, body) => ({ message, body });
  readonly #options: SplitWorldOptions;
  readonly #heap = new EventHeap<Happening>();
  readonly #timers = new Map<string, number>();
  #now = 0;

  constructor(options: SplitWorldOptions) {
    this.#options = options;
    const { model, learner, samples, speeds = [1e9] } = options;
    const scenario = scenarioSchema.parse({
      name: 'split-world',
      rsus: [{ id: 'rsu-1', x: 0, y: 0 }],
      devices: [{ name: 'd', trainingFlopsPerSecond: 1e9 }],
      training: { epochs: 1, batchSize: 8 },
      stop: { rounds: 1 },
      ...options.scenario,
      selection: { policy: 'random', perRound: samples.length },
      round: { minimumCandidates: samples.length, ...options.scenario?.round },
      fallback: { mode: 'split-only', ...options.scenario?.fallback },
    });
    this.data = pictures(
      model,
      samples.reduce((sum, count) => sum + count, 0),
    );
    const rsu = asId<RsuId>('rsu-1');
    const coverage = [{ rsu, road, fromMeters: 0, toMeters: 1e6, entersAtStart: true }];
    this.rsu = new RsuActor({
      scenario,
      config: { ...roundConfig(scenario, model, { coverage: [], roads: [] }), coverage },
      ledger: {
        append: (entries) => {
          const logged = entries.map((entry, i) => ({ seq: this.events.length + 1 + i, ...entry }));
          this.events.push(...logged);
          return logged;
        },
      },
      blobs: this.blobs,
      learner,
      model,
      evaluationData: this.data,
      dataFingerprint: 'made up',
      keepUpdates: true,
    });
    let first = 0;
    samples.forEach((count, i) => {
      const vehicle = asId<VehicleId>(`car-${i + 1}`);
      const shard = Uint32Array.from({ length: count }, (_, j) => first + j);
      first += count;
      this.shards.set(vehicle, shard);
      const speed = speeds[i] ?? speeds[0]!;
      this.cars.set(
        vehicle,
        new VehicleAgent({
          vehicle,
          device: {
            name: 'd',
            trainingFlopsPerSecond: speed,
            memoryBytes: 1e12,
            computeWatts: 10,
            transmitWatts: 1,
          },
          incarnation: 1,
          learner,
          data: this.data,
          shard,
          costOf: modelCost,
          cutFactsOf: cutFacts,
          outbox: new MemoryOutbox(),
          rng: Rng.root(scenario.seed).fork('agent').fork(vehicle),
          beaconSeconds: 1,
        }),
      );
    });
  }

  get now(): number {
    return this.#now;
  }

  /** Runs until the RSU has finished its rounds. */
  async run(): Promise<this> {
    this.#takeRsu(this.rsu.start(0));
    for (const vehicle of this.cars.keys()) this.#drive(vehicle, 0);
    while (this.rsu.finished === null) {
      const next = this.#heap.pop();
      if (!next || next.at > endSeconds) throw new Error(`nothing ended by ${this.#now} s`);
      this.#now = next.at;
      await this.#happen(next.value);
    }
    this.rsu.flush();
    return this;
  }

  /** Log entries of one kind. */
  logged<K extends EventBody['kind']>(kind: K): Extract<EventBody, { kind: K }>[] {
    return this.events.flatMap(({ body }) =>
      body.kind === kind ? [body as Extract<EventBody, { kind: K }>] : [],
    );
  }

  /** The first task a car was given. */
  taskOf(vehicle: VehicleId): Task {
    const said = this.said.find((one) => one.vehicle === vehicle && one.message.kind === 'task');
    if (said?.message.kind !== 'task') throw new Error(`${vehicle} was given no task`);
    return said.message;
  }

  /** The RSU hears a message that the car did not say. */
  forge(vehicle: VehicleId, message: UpMessage, body?: Uint8Array): void {
    const payload = encodeFrame('up', message, body);
    this.#takeRsu(this.rsu.act({ kind: 'frame', vehicle, payload }, this.#now));
  }

  /** A car stands at the beginning of the road, until it leaves. */
  #drive(vehicle: VehicleId, at: number): void {
    const leavesAt = this.#options.leaves?.[vehicle] ?? Number.POSITIVE_INFINITY;
    const isGone = at >= leavesAt;
    const position: Position = {
      at,
      x: 0,
      y: 0,
      headingRadians: 0,
      speedMps: 1,
      road,
      offsetMeters: at,
      serving: isGone ? null : asId<RsuId>('rsu-1'),
      bitsPerSecondPerHertz: 5,
    };
    this.#heap.push(at, { kind: 'car', vehicle, input: { kind: 'position', position } });
    if (isGone) this.#heap.push(at, { kind: 'rsu', input: { kind: 'left', vehicle } });
  }

  async #happen(event: Happening): Promise<void> {
    if (event.kind === 'rsu') return this.#takeRsu(this.rsu.act(event.input, this.#now));
    if (event.kind === 'car') {
      this.#actCar(event.vehicle, event.input);
      if (event.input.kind !== 'position' || event.input.position?.serving === null) return;
      const leavesAt = this.#options.leaves?.[event.vehicle] ?? Number.POSITIVE_INFINITY;
      return this.#drive(event.vehicle, Math.min(this.#now + 1, Math.max(this.#now, leavesAt)));
    }
    if (event.kind === 'computed') {
      const input = { kind: 'computed', ticket: event.ticket, outcome: await event.outcome } as const;
      if (event.owner === null) return this.#takeRsu(this.rsu.act(input, this.#now));
      return this.#actCar(event.owner, input);
    }
    if (this.#timers.get(`${event.owner}|${event.name}`) !== event.version) return;
    const input = { kind: 'timer', name: event.name } as const;
    if (event.owner === null) this.#takeRsu(this.rsu.act(input, this.#now));
    else this.#actCar(event.owner, input);
  }

  #actCar(vehicle: VehicleId, input: VehicleInput): void {
    const { sends, timers, computes } = this.cars.get(vehicle)!.act(input, this.#now);
    for (const { message, body = new Uint8Array(0) } of sends) {
      const said = this.tamper(vehicle, message, body);
      if (!said) continue;
      const payload = encodeFrame('up', said.message, said.body);
      this.said.push({ at: this.#now, vehicle, direction: 'up', ...said, bytes: payload.length });
      this.#heap.push(this.#now + linkSeconds, { kind: 'rsu', input: { kind: 'frame', vehicle, payload } });
    }
    this.#take(vehicle, timers, computes);
  }

  #takeRsu({ sends, timers, computes }: RsuOutputs): void {
    for (const { to, message, body = new Uint8Array(0) } of sends) {
      const vehicle = to!;
      const frame = encodeFrame('down', message, body);
      this.said.push({ at: this.#now, vehicle, direction: 'down', message, body, bytes: frame.length });
      const framed: { message: DownMessage; body: Uint8Array } = decodeFrame('down', frame);
      this.#heap.push(this.#now + linkSeconds, {
        kind: 'car',
        vehicle,
        input: { kind: 'message', ...framed },
      });
    }
    this.#take(null, timers, computes);
  }

  #take(
    owner: VehicleId | null,
    timers: readonly { name: string; delaySeconds: number | null }[],
    computes: readonly ComputeRequest[],
  ): void {
    for (const { name, delaySeconds } of timers) {
      const version = (this.#timers.get(`${owner}|${name}`) ?? 0) + 1;
      this.#timers.set(`${owner}|${name}`, version);
      if (delaySeconds !== null)
        this.#heap.push(this.#now + delaySeconds, { kind: 'timer', owner, name, version });
    }
    for (const { ticket, modelledSeconds, run } of computes) {
      const outcome = run().then(
        (value): ComputeOutcome => ({ ok: true, value }),
        (error): ComputeOutcome => ({
          ok: false,
          error: error instanceof Error ? error.message : String(error),
        }),
      );
      this.#heap.push(this.#now + modelledSeconds, { kind: 'computed', owner, ticket, outcome });
    }
  }
}
