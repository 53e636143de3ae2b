// Where one car stands in its round: a table of phases, and what the map is told about them. All branching of a task is
// in `nextPhase`; the agent only carries it out. Must not: send, compute, or know a message.

import type { LowerHalf, TrainResult } from '../learning/learner.ts';
import type { NamedBlob } from '../protocol/blob/manifest.ts';
import type { Task, VehicleState } from '../protocol/messages.ts';

/** What a car does for its current task. `free`: it has none (an update may still be on its way). */
export type Phase = 'free' | 'downloading' | 'training' | 'opening' | 'forward' | 'awaiting' | 'backward';

/** What can move a task on. `given-up` covers cancel, departure, deadline and failure. */
export type Happening =
  | 'task'
  | 'base-full'
  | 'base-split'
  | 'computed-epoch'
  | 'computed'
  | 'computed-last'
  | 'gradient'
  | 'given-up';

const table: Record<Phase, Partial<Record<Happening, Phase>>> = {
  free: { task: 'downloading' },
  downloading: { 'base-full': 'training', 'base-split': 'opening' },
  training: { 'computed-epoch': 'training', computed: 'free' },
  opening: { computed: 'forward' },
  forward: { computed: 'awaiting' },
  awaiting: { gradient: 'backward' },
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
  /** Split plan only. */
  half: LowerHalf | null;
  step: number;
  /** What was sent for `step`, until its gradient has come. */
  smashed: NamedBlob | null;
  /** Loss of each step, as the RSU (which has the labels' end of the model) tells it with the gradient. */
  readonly losses: number[];
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
    half: null,
    step: 0,
    smashed: null,
    losses: [],
  };
}
