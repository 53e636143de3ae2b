// The main thread's side of the agent workers: which vehicle lives where, requests and their answers.
// Must not: let a vehicle's place change a result (agents share nothing, so it cannot).

import { Worker } from 'node:worker_threads';
import { present } from '../../base/assert.ts';
import { type ExitReason, RoadbedError } from '../../base/errors.ts';
import type { VehicleId } from '../../base/ids.ts';
import type { EvaluateResult } from '../../learning/learner.ts';
import type { EnginePreference } from '../../learning/training/engine-names.ts';
import { type KernelModules, sharedKernelModules } from '../../learning/training/kernels/module.ts';
import type {
  SpawnRequest,
  VehicleCall,
  VehicleReply,
  WorkerAnswer,
  WorkerReply,
  WorkerRequest,
  WorkerSetup,
} from './worker-protocol.ts';

interface Waiting {
  resolve(reply: WorkerReply): void;
  reject(error: Error): void;
}

class Seat {
  readonly worker: Worker;
  readonly waiting = new Map<number, Waiting>();
  readonly ready: Promise<Extract<WorkerReply, { kind: 'ready' }>>;
  /** Why nobody answers any more; null while somebody does. */
  #dead: Error | null = null;
  #next = 1;

  constructor(setup: WorkerSetup) {
    const module = new URL('./agent-worker.ts', import.meta.url).href;
    this.worker = new Worker(new URL('../worker-entry.mjs', import.meta.url), {
      workerData: { ...setup, module },
    });
    this.ready = new Promise((resolve, reject) =>
      this.waiting.set(0, { resolve: (reply) => reply.kind === 'ready' && resolve(reply), reject }),
    );
    this.worker.on('message', (answer: WorkerAnswer) => this.#answered(answer));
    this.worker.on('error', (error) => this.#died(error));
    this.worker.on('exit', (code) => this.#died(new Error(`an agent worker ended with code ${code}`)));
  }

  ask(body: WorkerRequest): Promise<WorkerReply> {
    const id = this.#next++;
    if (this.#dead) return Promise.reject(this.#dead);
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, body });
    });
  }

  #answered(answer: WorkerAnswer): void {
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if (answer.ok) waiting?.resolve(answer.body);
    else waiting?.reject(new RoadbedError(answer.reason as ExitReason, answer.error));
  }

  #died(error: Error): void {
    this.#dead ??= error;
    for (const waiting of this.waiting.values()) waiting.reject(error);
    this.waiting.clear();
  }
}

/** A call for one vehicle. */
export interface AddressedCall {
  readonly vehicle: VehicleId;
  readonly call: VehicleCall;
}

/** The kernels of an engine, compiled here for all workers. An engine that cannot start says so itself, in a worker. */
async function kernelsFor(engine: EnginePreference): Promise<KernelModules> {
  if (engine === 'auto' || engine === 'wasm') return sharedKernelModules('plain');
  return engine === 'wasm-relaxed' ? sharedKernelModules('relaxed').catch(() => ({})) : {};
}

export class WorkerPool {
  readonly #seats: readonly Seat[];
  readonly #seatOf = new Map<VehicleId, Seat>();
  #spawned = 0;
  #evaluations = 0;

  private constructor(seats: readonly Seat[]) {
    this.#seats = seats;
  }

  /** Starts `count` workers and waits until each engine passed its self-test. */
  static async open(
    count: number,
    setup: Omit<WorkerSetup, 'kernels'>,
  ): Promise<{ pool: WorkerPool; engine: string; reasons: readonly string[] }> {
    const kernels = await kernelsFor(setup.engine);
    const pool = new WorkerPool(Array.from({ length: count }, () => new Seat({ ...setup, kernels })));
    try {
      const [first] = await Promise.all(pool.#seats.map((seat) => seat.ready));
      const { engine, reasons } = present(first, 'a worker');
      return { pool, engine, reasons };
    } catch (error) {
      // The other workers would keep the process alive.
      await pool.close();
      throw error;
    }
  }

  async spawn({ vehicle, device, place }: Omit<SpawnRequest, 'kind'>): Promise<void> {
    const seat = this.#seats[this.#spawned++ % this.#seats.length]!;
    this.#seatOf.set(vehicle, seat);
    await seat.ask({ kind: 'spawn', vehicle, device, place });
  }

  async retire(vehicle: VehicleId): Promise<void> {
    const seat = this.#seatOf.get(vehicle);
    this.#seatOf.delete(vehicle);
    await seat?.ask({ kind: 'retire', vehicle });
  }

  has(vehicle: VehicleId): boolean {
    return this.#seatOf.has(vehicle);
  }

  /** Acts on all calls at one instant, in parallel over workers; replies in the order of the calls. */
  async act(calls: readonly AddressedCall[], at: number): Promise<VehicleReply[]> {
    const bySeat = new Map<Seat, { index: number; call: AddressedCall }[]>();
    calls.forEach((call, index) => {
      const seat = present(this.#seatOf.get(call.vehicle), `the worker of ${call.vehicle}`);
      const list = bySeat.get(seat);
      if (list) list.push({ index, call });
      else bySeat.set(seat, [{ index, call }]);
    });
    const replies = new Array<VehicleReply>(calls.length);
    await Promise.all(
      [...bySeat].map(async ([seat, list]) => {
        const answer = await seat.ask({ kind: 'act', at, calls: list.map((item) => item.call) });
        if (answer.kind !== 'acted') throw new Error(`a worker answered ${answer.kind} to act`);
        list.forEach((item, i) => {
          replies[item.index] = answer.replies[i]!;
        });
      }),
    );
    return replies;
  }

  /** Lets go of frames that the air lost. */
  discard(vehicle: VehicleId, sequence: number): void {
    void this.#seatOf
      .get(vehicle)
      ?.ask({ kind: 'discard', frames: [{ vehicle, sequence }] })
      .catch(() => undefined);
  }

  /** Evaluates a model on the held-out set, on one of the workers. */
  async evaluate(weights: Float32Array): Promise<EvaluateResult> {
    const seat = this.#seats[this.#evaluations++ % this.#seats.length]!;
    const answer = await seat.ask({ kind: 'evaluate', weights });
    if (answer.kind !== 'evaluated') throw new Error(`a worker answered ${answer.kind} to evaluate`);
    return answer.result;
  }

  /** Ends all workers, the dead and the unready ones too. */
  async close(): Promise<void> {
    await Promise.all(
      this.#seats.map(async (seat) => {
        const isReady = await seat.ready.then(
          () => true,
          () => false,
        );
        if (isReady) await seat.ask({ kind: 'close' }).catch(() => undefined);
        await seat.worker.terminate();
      }),
    );
  }
}
