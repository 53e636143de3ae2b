// The RSU's part of split models at work: one of its own for each car (SplitFed v1), one for all split cars of a round
// (SplitFed v2; Thapa et al., AAAI 2022, arXiv:2004.12088), or the part in the middle where the car has the model's end.
// Must not: know who asks, or when.

import type { MiddleHalf, UpperHalf } from '../../learning/learner.ts';

/** One piece of work: a training step with labels, or one direction of the middle. */
export type ServerJob =
  | { readonly kind: 'step'; readonly smashed: Float32Array; readonly labels: Uint8Array }
  | { readonly kind: 'forward'; readonly smashed: Float32Array }
  | { readonly kind: 'backward'; readonly gradient: Float32Array };

/** What goes back to the car, and the weights behind it where they were asked for. */
export interface ServerAnswer {
  readonly floats: Float32Array;
  readonly loss?: number;
  readonly weights?: Float32Array;
}

export interface ServerHalf {
  /** Rejects as the learner does. Jobs are done in the order in which they are given. */
  work(job: ServerJob, wantsWeights: boolean): Promise<ServerAnswer>;
  /** The instant of an answer has come: from now on it is part of what this half has learned. */
  settle(answer: ServerAnswer): void;
  weights(): Promise<Float32Array>;
  /** Its car is done with it. */
  release(): void;
}

/** Stands in the place of a half that was given back: its weights are kept by nobody. */
function released(): Promise<never> {
  const gone = Promise.reject(new Error('the half of a task that is over'));
  gone.catch(() => undefined);
  return gone;
}

/** The upper half of one car. */
export class OwnUpper implements ServerHalf {
  #opened: Promise<UpperHalf>;

  constructor(opened: Promise<UpperHalf>) {
    this.#opened = opened;
    // A failure to open shows when the first job is answered; unobserved until then, it must not end the process.
    opened.catch(() => undefined);
  }

  async work(job: ServerJob, wantsWeights: boolean): Promise<ServerAnswer> {
    const upper = await this.#opened;
    return stepOf(upper, job, wantsWeights);
  }

  settle(): void {}

  async weights(): Promise<Float32Array> {
    return (await this.#opened).weights().slice();
  }

  release(): void {
    this.#opened.then((upper) => upper.dispose()).catch(() => undefined);
    this.#opened = released();
  }
}

/** The middle of one car's model. */
export class OwnMiddle implements ServerHalf {
  #opened: Promise<MiddleHalf>;

  constructor(opened: Promise<MiddleHalf>) {
    this.#opened = opened;
    opened.catch(() => undefined);
  }

  async work(job: ServerJob, wantsWeights: boolean): Promise<ServerAnswer> {
    const middle = await this.#opened;
    if (job.kind === 'forward') return { floats: middle.forward(job.smashed) };
    if (job.kind !== 'backward') throw new Error('the middle of a model has no labels');
    const floats = middle.backward(job.gradient);
    return wantsWeights ? { floats, weights: middle.weights().slice() } : { floats };
  }

  settle(): void {}

  async weights(): Promise<Float32Array> {
    return (await this.#opened).weights().slice();
  }

  release(): void {
    this.#opened.then((middle) => middle.dispose()).catch(() => undefined);
    this.#opened = released();
  }
}

/**
 * The upper half that all split cars of a round train, in the order in which their smashed data come. What it has learned
 * at an instant are the steps whose answers had left by then.
 */
export class SharedUpper implements ServerHalf {
  #opened: Promise<UpperHalf>;
  #latest: Float32Array;

  constructor(opened: Promise<UpperHalf>, upperWeights: Float32Array) {
    this.#opened = opened;
    this.#latest = upperWeights;
    opened.catch(() => undefined);
  }

  /** What it has learned by now. */
  get latest(): Float32Array {
    return this.#latest;
  }

  async work(job: ServerJob): Promise<ServerAnswer> {
    const upper = await this.#opened;
    return stepOf(upper, job, true);
  }

  settle({ weights }: ServerAnswer): void {
    if (weights) this.#latest = weights;
  }

  async weights(): Promise<Float32Array> {
    return this.#latest;
  }

  /** One car is done; the others go on. */
  release(): void {}

  /** Its round is over. */
  end(): void {
    this.#opened.then((upper) => upper.dispose()).catch(() => undefined);
    this.#opened = released();
    this.#latest = new Float32Array(0);
  }
}

function stepOf(upper: UpperHalf, job: ServerJob, wantsWeights: boolean): ServerAnswer {
  if (job.kind !== 'step') throw new Error(`${job.kind} is asked of the end of a model (expected a step)`);
  const { gradient, loss } = upper.step(job.smashed, job.labels);
  return wantsWeights
    ? { floats: gradient, loss, weights: upper.weights().slice() }
    : { floats: gradient, loss };
}
