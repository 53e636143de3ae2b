// `npm run bench -- training`: samples per second of every engine that is here, on one thread and, for wasm, on two, all
// engines in turn in one run so that a busy minute hits them alike; medians of several rounds.
// Must not: run in the test suite (it asserts nothing and reads the clock).

import { openEngine } from '../../learning/training/engine.ts';
import type { EngineName } from '../../learning/training/engine-names.ts';
import { learnerOn } from '../../learning/training/tfjs-learner.ts';
import { type Crew, openCrew } from './crew.ts';
import { learnerRunner, median, type Runner, SEED, type Task, tasks } from './tasks.ts';
import { openTorch, type Torch } from './torch.ts';

export interface TrainingOptions {
  readonly rounds: number;
  readonly seconds: number;
  /** Empty: all. */
  readonly tasks: readonly string[];
}

/** `wasm-op-by-op` is the reference path of the wasm engine: tfjs ops on roadbed's kernels. */
export type BenchEngine =
  | 'wasm'
  | 'wasm-relaxed'
  | 'wasm-op-by-op'
  | 'tensorflow'
  | 'webgpu'
  | 'cpu'
  | 'torch';

export interface TrainingRow {
  readonly task: string;
  readonly engine: BenchEngine;
  readonly threads: number;
  readonly batch: number;
  readonly samplesPerSecond: number;
  /** To PyTorch on one thread in the same run; null where there is no PyTorch. */
  readonly torchRatio: number | null;
}

export interface TrainingReport {
  readonly rows: readonly TrainingRow[];
  readonly versions: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

interface Contestant {
  readonly engine: BenchEngine;
  readonly threads: number;
  readonly run: Runner;
}

/** Engines of this machine other than torch; the pure JavaScript one only where a step takes less than a second. */
async function openEngines(): Promise<
  { name: BenchEngine; make: (task: Task) => Runner; version: string }[]
> {
  const opened: { name: BenchEngine; make: (task: Task) => Runner; version: string }[] = [];
  const add = async (name: BenchEngine, engine: EngineName, reference: boolean): Promise<void> => {
    try {
      const learner = learnerOn(await openEngine(engine), { reference });
      opened.push({ name, make: (task) => learnerRunner(learner, task), version: learner.engine });
    } catch {
      // Not on this machine: the report has no row for it, and versions do not name it.
    }
  };
  await add('wasm', 'wasm', false);
  await add('wasm-relaxed', 'wasm-relaxed', false);
  await add('wasm-op-by-op', 'wasm', true);
  await add('tensorflow', 'tensorflow', false);
  await add('webgpu', 'webgpu', false);
  await add('cpu', 'cpu', false);
  return opened;
}

function contestantsFor(
  task: Task,
  engines: Awaited<ReturnType<typeof openEngines>>,
  crew: Crew,
  torches: readonly Torch[],
): Contestant[] {
  const able = engines.filter((engine) => engine.name !== 'cpu' || task.name === 'mlp');
  return [
    ...able.map(({ name, make }) => ({ engine: name, threads: 1, run: make(task) })),
    { engine: 'wasm', threads: 2, run: crew.runner(task.name) },
    ...torches.map((_, i) => torchContestant(task, torches.slice(0, i + 1))),
  ];
}

/** Processes of one thread each that train at the same time: what two workers are compared with. */
function torchContestant(task: Task, torches: readonly Torch[]): Contestant {
  const runners = torches.map((torch) => torch.runner(task.name));
  return {
    engine: 'torch',
    threads: torches.length,
    run: async (batch, seconds) => {
      const rates = await Promise.all(runners.map((run) => run(batch, seconds)));
      return rates.reduce((sum, rate) => sum + rate, 0);
    },
  };
}

/** One task and batch size: all contestants in turn, several times; the first turn warms up. */
async function race(
  task: Task,
  batch: number,
  contestants: readonly Contestant[],
  { rounds, seconds }: TrainingOptions,
): Promise<TrainingRow[]> {
  const rates = contestants.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, { run }] of contestants.entries()) {
      const rate = await run(batch, round === 0 ? seconds / 2 : seconds);
      if (round > 0) rates[i]!.push(rate);
    }
  }
  const torchAt = contestants.findIndex(({ engine, threads }) => engine === 'torch' && threads === 1);
  return contestants.map(({ engine, threads }, i) => ({
    task: task.name,
    engine,
    threads,
    batch,
    samplesPerSecond: Math.round(median(rates[i]!)),
    torchRatio: torchAt < 0 ? null : Number((median(rates[i]!) / median(rates[torchAt]!)).toFixed(3)),
  }));
}

/** Runs the benchmark; `progress` hears of every finished task. */
export async function benchTraining(
  options: TrainingOptions,
  progress: (rows: readonly TrainingRow[]) => void,
): Promise<TrainingReport> {
  const engines = await openEngines();
  const torches = (await Promise.all([openTorch(), openTorch()])).filter((torch) => torch !== undefined);
  const crew = await openCrew(2);
  const rows: TrainingRow[] = [];
  for (const task of tasks) {
    if (options.tasks.length > 0 && !options.tasks.includes(task.name)) continue;
    const contestants = contestantsFor(task, engines, crew, torches);
    for (const batch of task.batches) {
      const raced = await race(task, batch, contestants, options);
      rows.push(...raced);
      progress(raced);
    }
  }
  await crew.close();
  for (const torch of torches) torch.close();
  const versions: Record<string, string> = { node: process.version };
  for (const { name, version } of engines) versions[name] = version;
  if (torches[0]) versions.torch = torches[0].version;
  return { rows, versions, notes: notes(torches.length > 0) };
}

function notes(hasTorch: boolean): string[] {
  return [
    `seed ${SEED}; made-up pixels and tokens; plain SGD, Adam for gpt; ours also shuffles, gathers and scales bytes, torch trains one float batch again and again`,
    'torch runs eager with its own loop, as most research code does; a compiled or captured graph would be faster on small models',
    'two threads of wasm are workers of one process, two of torch are processes of one thread each, all training at once',
    'on a machine that does other work the medians of all engines fall, those of two threads most: look at the load',
    'cpu (plain JavaScript) is measured on mlp only: a step of the others takes seconds',
    ...(hasTorch ? [] : ['no PyTorch: set ROADBED_PYTHON to an interpreter that has it for torchRatio']),
  ];
}
