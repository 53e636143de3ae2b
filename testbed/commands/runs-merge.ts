// `roadbed runs merge A B`: joins the databases of a sweep's shards. Must not: know what they hold (the store does).

import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { experimentFiles } from '../../roadside/store/experiment.ts';
import { mergeExperiments } from '../../roadside/store/experiment-merge.ts';
import type { CommandIo } from '../io.ts';
import { examples } from './options.ts';

interface MergeFlags {
  readonly out?: string;
  readonly json?: boolean;
}

/** Adds `roadbed runs merge` to `runs`. */
export function registerMerge(runs: Command, io: CommandIo): void {
  runs
    .command('merge')
    .description('join the databases of a sweep that was run in shards; merging again changes nothing')
    .argument('<sweep...>', 'folders or databases of one sweep')
    .option('-o, --out <place>', 'folder or database to write (default: sweep.sqlite in the first folder)')
    .option('--json', 'print JSON')
    .addHelpText('after', examples(['roadbed runs merge a b', 'roadbed runs merge a b -o all --json']))
    .action((places: string[], flags: MergeFlags) => merge(io, places, flags));
}

const isFolder = (place: string): boolean => existsSync(place) && statSync(place).isDirectory();

function databaseAt(place: string): string {
  return place.endsWith('.sqlite') ? place : join(place, 'sweep.sqlite');
}

function merge(io: CommandIo, places: readonly string[], { out, json }: MergeFlags): void {
  const first = places[0]!;
  const sources = [...new Set(places.flatMap(experimentFiles))];
  const target = databaseAt(out ?? (isFolder(first) ? first : dirname(first)));
  const { sweep, cells, finished } = mergeExperiments(sources, target);
  const missing = cells.length - finished.length;
  if (json) {
    const done = {
      sweep: sweep.name,
      database: target,
      sources,
      cells: cells.length,
      finished: finished.length,
      missing,
    };
    io.out(JSON.stringify(done, null, 2));
    return;
  }
  io.out(
    `${sweep.name}: ${finished.length} of ${cells.length} cells from ${sources.length} databases in ${target}`,
  );
  if (missing > 0) io.err(`${missing} cells are not finished in any of them.`);
}
