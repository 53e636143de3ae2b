// From a sweep's text to a checked sweep: which scenario, which keys take which values, which seeds. Unknown keys are
// refused by name, as in a scenario. Must not: read files (text comes in), or know a scenario's keys (its parser does).

import { z } from 'zod';
import { RoadbedError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/hash.ts';
import { faultsOf, shown } from './faults.ts';
import { readSource, type Source } from './source.ts';

/** More cells than this are a slip of the grid: at a second each they would take twelve days of a core. */
const maximumCells = 1_000_000;

const sweepSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/),
  description: z.string().default(''),
  /** What a reader should see, on which machine, how long, and the command. */
  expect: z.string().default(''),
  /** A scenario file, relative to the sweep's file, or the name of a bundled one. */
  scenario: z.string().min(1),
  /** Keys of the scenario that are the same in all cells. */
  set: z.record(z.string(), z.unknown()).default({}),
  /** Keys of the scenario, each with the values it takes: every combination is tried. */
  grid: z.record(z.string(), z.array(z.unknown()).min(1)),
  /** Every combination is run once for each seed: what is compared is compared at equal seeds. */
  seeds: z
    .array(
      z
        .int()
        .min(0)
        .max(2 ** 31),
    )
    .min(1),
  /** The value others are compared with, `policy=random`; without it, the first value of the grid's first key. */
  baseline: z.string().optional(),
});

/** A checked sweep, and where its keys were written. */
export type Sweep = z.infer<typeof sweepSchema> & {
  /** The 1-based line of `set.KEY` or `grid.KEY`. */
  readonly lineOf: Source['lineOf'];
};

function repeated(values: readonly unknown[]): unknown {
  const texts = values.map((value) => canonicalJson(value));
  return texts.find((text, index) => texts.indexOf(text) !== index);
}

/** Rules the schema cannot say, as `path: sentence`. */
function broken({ grid, seeds, set }: z.infer<typeof sweepSchema>): { path: string[]; sentence: string }[] {
  const keys = Object.keys(grid);
  const faults: { path: string[]; sentence: string }[] = [];
  const add = (path: string[], sentence: string): void => void faults.push({ path, sentence });
  if (keys.length === 0)
    add(
      ['grid'],
      'grid is empty (expected a key with its values, such as selection.policy: [random, mavfl])',
    );
  for (const key of keys) {
    const twice = repeated(grid[key]!);
    if (twice !== undefined) add(['grid', key], `grid.${key} has ${twice} twice (expected each value once)`);
    if (key in set) add(['set', key], `${key} is in both set and grid (expected in one of them)`);
    if (key === 'seed') add(['grid', key], 'seed is a key of the grid (expected its values under seeds)');
  }
  const twice = repeated(seeds);
  if (twice !== undefined) add(['seeds'], `seeds has ${twice} twice (expected each seed once)`);
  const cells = keys.reduce((product, key) => product * grid[key]!.length, seeds.length);
  if (cells > maximumCells) add(['grid'], `the grid has ${cells} cells (expected at most ${maximumCells})`);
  return faults;
}

/** Parses and checks a sweep. Throws RoadbedError('scenario') with one line for each fault. */
export function parseSweep(text: string, fileName: string): Sweep {
  const source = readSource(text, fileName);
  const { value, lineOf } = source;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new RoadbedError(
      'scenario',
      `${fileName}:1: the sweep is ${shown(value)} (expected a mapping with name, scenario, grid and seeds)`,
    );
  const checked = sweepSchema.safeParse(value);
  const faults = checked.success
    ? broken(checked.data)
    : checked.error.issues.flatMap((issue) => faultsOf(sweepSchema, issue, value));
  if (checked.success && faults.length === 0) return { ...checked.data, lineOf };
  const lines = faults.map(({ path, sentence }) => `${fileName}:${lineOf(path)}: ${sentence}`);
  throw new RoadbedError('scenario', lines.join('\n'));
}
