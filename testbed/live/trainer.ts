// A Learner for live mode: training and evaluation run in a thread of their own, everything else here (split halves work
// a mini-batch at a time, which is short). Impure: starts a worker thread.
// Must not: change a result: the thread's learner is the same code.

import { Worker } from 'node:worker_threads';
import { assert } from '../../base/assert.ts';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import {
  type Dataset,
  type EvaluateRequest,
  type EvaluateResult,
  type Learner,
  TrainingError,
  type TrainRequest,
  type TrainResult,
} from '../../learning/learner.ts';
import { glorotWeights } from '../../learning/models/initial-weights.ts';
import type { EnginePreference } from '../../learning/training/engine-names.ts';
import { createTfjsLearner } from '../../learning/training/tfjs-learner.ts';

/** The data lie on shared memory: they are not copied into the thread. */
export interface TrainerSetup {
  readonly engine: EnginePreference;
  readonly train: Dataset;
  readonly evaluation: Dataset;
}

export interface TrainerRequest {
  readonly id: number;
  readonly body:
    | { readonly kind: 'train'; readonly request: Omit<TrainRequest, 'data'> }
    | { readonly kind: 'evaluate'; readonly request: Omit<EvaluateRequest, 'data'> };
}

export interface Greeting {
  readonly engine: string;
  readonly reasons: readonly string[];
}

type TrainerValue = Greeting | TrainResult | EvaluateResult;

/** Answer 0 is the greeting: the engine's name and why it trains. */
export type TrainerAnswer =
  | {
      readonly id: number;
      readonly ok: true;
      readonly value: TrainerValue;
    }
  | { readonly id: number; readonly ok: false; readonly error: string };

interface Waiting {
  resolve(value: TrainerValue): void;
  reject(error: Error): void;
}

export class Trainer {
  readonly #setup: TrainerSetup;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;

  private constructor(setup: TrainerSetup) {
    this.#setup = setup;
    const module = new URL('./trainer-thread.ts', import.meta.url).href;
    this.#worker = new Worker(new URL('../worker-entry.mjs', import.meta.url), {
      workerData: { ...setup, module },
    });
    this.#worker.on('message', (answer: TrainerAnswer) => this.#answered(answer));
    this.#worker.on('error', (error) => this.#died(error));
    this.#worker.on('exit', (code) => this.#died(new Error(`the training thread ended with code ${code}`)));
  }

  /** Starts the thread and waits for its engine. Throws RoadbedError('engine') where none works. */
  static async open(
    setup: TrainerSetup,
  ): Promise<{ trainer: Trainer; learner: Learner; reasons: readonly string[] }> {
    const trainer = new Trainer(setup);
    try {
      const { engine, reasons } = (await trainer.#answerTo(trainer.#next++)) as Greeting;
      return { trainer, learner: trainer.#learner(engine), reasons };
    } catch (error) {
      await trainer.close();
      if (error instanceof RoadbedError) throw error;
      // The thread's own sentence; classes do not cross threads.
      throw new RoadbedError('engine', messageOf(error), { cause: error });
    }
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #learner(engine: string): Learner {
    let here: Promise<Learner> | undefined;
    const local = (): Promise<Learner> => {
      here ??= createTfjsLearner(this.#setup.engine);
      return here;
    };
    return {
      engine,
      initialWeights: glorotWeights,
      train: async ({ data, ...request }) => {
        assert(data === this.#setup.train, 'the training thread holds the data it was opened with');
        return (await this.#ask({ kind: 'train', request })) as TrainResult;
      },
      evaluate: async ({ data, ...request }) => {
        assert(data === this.#setup.evaluation, 'the training thread holds the data it was opened with');
        return (await this.#ask({ kind: 'evaluate', request })) as EvaluateResult;
      },
      openLower: async (request) => (await local()).openLower(request),
      openUpper: async (request) => (await local()).openUpper(request),
      openMiddle: async (request) => (await local()).openMiddle(request),
    };
  }

  #ask(body: TrainerRequest['body']): Promise<TrainerValue> {
    const id = this.#next++;
    this.#worker.postMessage({ id, body } satisfies TrainerRequest);
    return this.#answerTo(id);
  }

  #answerTo(id: number): Promise<TrainerValue> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #answered(answer: TrainerAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.ok) waiting?.resolve(answer.value);
    else waiting?.reject(new TrainingError(answer.error));
  }

  #died(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
