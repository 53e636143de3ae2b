// Which part of a sweep this process carries out: from `--shard i/n`, or from what Kubernetes and Slurm tell their jobs.
// Must not: know what a cell is.

import { RoadbedError } from '../../base/errors.ts';

/** Part `index` (from 1) of `count`. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

export const wholeSweep: Shard = { index: 1, count: 1 };

/** Parses `i/n`. Throws RoadbedError('usage'). */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  return checked(
    { index: Number(index), count: Number(count) },
    `--shard ${text}`,
    'i/n with i from 1 to n, such as 1/2',
  );
}

function checked(shard: Shard, what: string, expected: string): Shard {
  const { index, count } = shard;
  if (Number.isInteger(index) && Number.isInteger(count) && index >= 1 && index <= count) return shard;
  throw new RoadbedError('usage', `${what}: expected ${expected}`);
}

type Environment = Readonly<Record<string, string | undefined>>;

/** A whole number a scheduler set; NaN where it is none. */
const numberOf = (text: string | undefined): number =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;

/**
 * The shard a scheduler gave this process, or undefined.
 * Kubernetes, Indexed Job: JOB_COMPLETION_INDEX counts from 0; how many there are it does not tell, so the manifest sets
 * JOB_COMPLETION_COUNT beside `completions`. Slurm, job array: SLURM_ARRAY_TASK_ID, _MIN and _COUNT, and _STEP where set.
 * Throws RoadbedError('usage') where they do not fit together.
 */
export function shardFromEnvironment(env: Environment): Shard | undefined {
  if (env.JOB_COMPLETION_INDEX !== undefined) {
    const shard = {
      index: numberOf(env.JOB_COMPLETION_INDEX) + 1,
      count: numberOf(env.JOB_COMPLETION_COUNT),
    };
    const what = `JOB_COMPLETION_INDEX=${env.JOB_COMPLETION_INDEX}, JOB_COMPLETION_COUNT=${env.JOB_COMPLETION_COUNT ?? ''}`;
    return checked(
      shard,
      what,
      'an index from 0 below the count; set JOB_COMPLETION_COUNT in the manifest to its completions (deploy/sweep-job.yaml), or give --shard',
    );
  }
  if (env.SLURM_ARRAY_TASK_ID === undefined) return undefined;
  const { SLURM_ARRAY_TASK_ID: id, SLURM_ARRAY_TASK_MIN: first = '0', SLURM_ARRAY_TASK_COUNT: count } = env;
  const step = numberOf(env.SLURM_ARRAY_TASK_STEP ?? '1');
  const shard = { index: (numberOf(id) - numberOf(first)) / step + 1, count: numberOf(count) };
  return checked(
    shard,
    `SLURM_ARRAY_TASK_ID=${id}, SLURM_ARRAY_TASK_COUNT=${count ?? ''}`,
    'a task of an evenly stepped array, such as sbatch --array=0-9, or --shard',
  );
}

/** The items of a shard: every n-th, so that shards are of equal length and each holds a bit of everything. */
export function ofShard<T>(items: readonly T[], { index, count }: Shard): T[] {
  return items.filter((_, place) => place % count === index - 1);
}

/** Name of a shard's database. */
export const shardFile = ({ index, count }: Shard): string =>
  count === 1 ? 'sweep.sqlite' : `shard-${index}-of-${count}.sqlite`;
