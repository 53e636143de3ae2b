// Where one car stands in its round: a table of phases, and what the map is told about them. All branching of a task is
// in `nextPhase`; the agent only carries it out. Must not: send, compute, or know a message.

import type { LowerHalf, TrainResult, UpperHalf } from '../learning/learner.ts';
import type { NamedBlob } from '../protocol/blob/manifest.ts';
import type { Task, VehicleState } from '../protocol/messages.ts';

/** What a car does for its current task. `free`: it has none (an update may still be on its way). */
export type Phase =
  | 'free'
  | 'downloading'
  | 'training'
  | 'opening'
  | 'forward'
  /** The RSU has the step: its gradient comes next. */
  | 'awaiting'
  /** The RSU has the step, and the car the end of the model: outputs come next. */
  | 'awaiting-outputs'
  | 'ending'
  | 'backward';

/** What can move a task on. `given-up` covers cancel, departure, deadline and failure. */
export type Happening =
  | 'task'
  | 'base-full'
  | 'base-split'
  | 'computed-epoch'
  | 'computed'
  | 'computed-last'
  | 'sent-for-outputs'
  | 'outputs'
  | 'gradient'
  | 'given-up';

const table: Record<Phase, Partial<Record<Happening, Phase>>> = {
  free: { task: 'downloading' },
  downloading: { 'base-full': 'training', 'base-split': 'opening' },
  training: { 'computed-epoch': 'training', computed: 'free' },
  opening: { computed: 'forward' },
  forward: { computed: 'awaiting', 'sent-for-outputs': 'awaiting-outputs' },
  awaiting: { gradient: 'backward' },
  'awaiting-outputs': { outputs: 'ending' },
  ending: { computed: 'awaiting' },
  backward: { computed: 'forward', 'computed-last': 'free' },
};

/** The phase after `happening`, or undefined where it does not belong (a peer's odd message: ignored with a reason). */
export function nextPhase(phase: Phase, happening: Happening): Phase | undefined {
  return happening === 'given-up' ? 'free' : table[phase][happening];
}

const shownAs: Record<Phase, VehicleState | undefined> = {
  free: undefined,
  downloading: 'downloading',
  training: 'training',
  opening: 'splitting',
  forward: 'splitting',
  awaiting: 'splitting',
  'awaiting-outputs': 'splitting',
  ending: 'splitting',
  backward: 'splitting',
};

/** What the map is told. */
export function shownState(facts: { phase: Phase; inCoverage: boolean; uploading: boolean }): VehicleState {
  if (!facts.inCoverage) return 'idle';
  return shownAs[facts.phase] ?? (facts.uploading ? 'uploading' : 'in-range');
}

/** What the training of a task begins with. */
export interface Start {
  readonly base: Float32Array; // parameters
  /** Added to every gradient, where the rule says so. */
  readonly correction?: Float32Array; // parameters
  /** What came behind the model. */
  readonly companion?: Float32Array; // parameters
}

/** Some epochs of a task, with what the next one needs. */
export interface Finished {
  readonly epochs: number;
  /** Steps of all of them. */
  readonly steps: number;
  /** Of the last of them. */
  readonly result: TrainResult;
}

/** The car's parts of a split model: the layers below the cut, and the model's end where it has that too. */
export interface Halves {
  readonly lower: LowerHalf;
  readonly head: UpperHalf | null;
  dispose(): void;
}

/** A split task once its halves are open. */
export interface SplitWork {
  readonly halves: Halves;
  /** The mini-batch under way. */
  step: number;
  /** Of that mini-batch, for the car's own end of the model. */
  labels: Uint8Array;
  /** What was sent and waits for the RSU's part of the step. */
  sent: NamedBlob | null;
  /** Loss of each step so far, as the end of the model tells it: the RSU's with the gradient, or the car's own. */
  readonly losses: number[];
}

/** One task while it is worked on. */
export interface Work {
  readonly task: Task;
  readonly deadlineAt: number;
  /** An upload that begins later is too late; null where only whole work is taken. */
  readonly uploadByAt: number | null;
  phase: Phase;
  /** The computation under way, and when it was asked for. */
  ticket: number | null;
  startedAt: number;
  /** Seconds computed so far for this task: what its energy is charged for. */
  computeSeconds: number;
  /** Epoch by epoch only: what the epochs finished so far have come to. */
  finished: Finished | null;
  /** What training began with. */
  start: Start | null;
  /** Split plan only, from the opening of the halves on. */
  split: SplitWork | null;
}

export function newWork(task: Task, now: number): Work {
  return {
    task,
    deadlineAt: now + task.deadlineSeconds,
    uploadByAt: task.partial ? now + task.partial.uploadBySeconds : null,
    phase: 'downloading',
    ticket: null,
    startedAt: now,
    computeSeconds: 0,
    finished: null,
    start: null,
    split: null,
  };
}
