// Speed of driving: roadbed and SUMO in turn over the same window of the same demand on the same network, in processes of
// their own. Must not: compare what they drive (mobility-parity.ts does).

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleInto } from '../support/bundle.ts';
import { runSumo } from './mobility-sumo.ts';
import { median } from './tasks.ts';

/** What the child is asked. Steps are seconds; the window measured is from `warm` to `steps`. */
export interface ChildJob {
  readonly net: string;
  readonly demand: readonly string[];
  readonly additional: readonly string[];
  readonly begin: number;
  readonly warm: number;
  readonly steps: number;
  /** True: all is driven twice before, so that code is compiled; false where memory is measured. */
  readonly rehearse: boolean;
  /** True: nothing is driven. */
  readonly loadOnly?: boolean;
  /** 0: contacts are not measured. */
  readonly rsus: number;
}

export interface ChildResult {
  /** By the clock, of a process that has just begun; and of the processor, which collects garbage beside it. */
  readonly loadSeconds: number;
  readonly loadCpuSeconds: number;
  readonly updates: number;
  readonly cpuSeconds: number;
  readonly maxRssBytes: number;
  readonly contactMilliseconds: number;
}

export interface DriveRow {
  readonly name: string;
  readonly rounds: number;
  /** How often SUMO drove it: fewer times where it needs minutes. */
  readonly sumoRounds: number;
  /** Vehicles moved in the window, summed over its steps; SUMO's by its own count. */
  readonly updates: number;
  readonly sumoUpdates: number | null;
  readonly updatesPerCpuSecond: number;
  /** Each side by its own updates. Null where there is no SUMO. */
  readonly sumoUpdatesPerCpuSecond: number | null;
  /** Processor time of SUMO for the window over ours; null where there is no SUMO. */
  readonly sumoRatio: number | null;
  /** The most a process held that loads and drives, as one JavaScript file. */
  readonly megabytes: number;
  /** The same where TypeScript is compiled as it is imported, as under the command line. */
  readonly megabytesWithLoader: number;
}

const child = fileURLToPath(new URL('./mobility-child.ts', import.meta.url));

/** Runs one job in a new process, by the program as it is or by a bundle of it. */
export function runChild(job: ChildJob, bundle?: string): ChildResult {
  const program = bundle === undefined ? ['--import', 'tsx', child] : [bundle];
  const { stdout, stderr, status } = spawnSync(process.execPath, [...program, JSON.stringify(job)], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(`the bench's child failed: ${stderr.slice(-2000)}`);
  return JSON.parse(stdout) as ChildResult;
}

/** The most the job holds, MB, without the compiler of TypeScript in the process, and with it. */
async function memoryOf(job: ChildJob): Promise<Pick<DriveRow, 'megabytes' | 'megabytesWithLoader'>> {
  const once = { ...job, rehearse: false };
  const megabytes = ({ maxRssBytes }: ChildResult): number => Math.round(maxRssBytes / 1e6);
  const folder = mkdtempSync(join(tmpdir(), 'roadbed-bench-'));
  try {
    const bundle = await bundleInto(folder, child);
    return {
      megabytes: megabytes(runChild(once, bundle)),
      megabytesWithLoader: megabytes(runChild(once)),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** SUMO's processor time and updates of the window: a run to its end less a run to its begin. */
function sumoWindow(job: ChildJob): { readonly cpuSeconds: number; readonly updates: number } {
  const files = ['-n', job.net, '-r', job.demand.join(',')];
  const additional = job.additional.length > 0 ? ['-a', job.additional.join(',')] : [];
  const until = (step: number) =>
    runSumo([
      ...files,
      ...additional,
      '--begin',
      String(job.begin),
      '--end',
      String(job.begin + step),
      '--seed',
      '42',
    ]);
  const [whole, before] = [until(job.steps), until(job.warm)];
  return {
    cpuSeconds: whole.cpuSeconds - before.cpuSeconds,
    updates: Math.round(
      (whole.updates ?? Number.NaN) - (job.warm === 0 ? 0 : (before.updates ?? Number.NaN)),
    ),
  };
}

/** Both in turn, `rounds` times. SUMO needs the window once only where `sumoRounds` says so. */
export async function raceDrive(
  name: string,
  job: ChildJob,
  { rounds, sumoRounds }: { readonly rounds: number; readonly sumoRounds: number },
): Promise<DriveRow> {
  const ours: ChildResult[] = [];
  const theirs: ReturnType<typeof sumoWindow>[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(runChild(job));
    if (round < sumoRounds) theirs.push(sumoWindow(job));
  }
  const seconds = median(ours.map(({ cpuSeconds }) => cpuSeconds));
  const { updates } = ours[0]!;
  const sumoSeconds = theirs.length === 0 ? null : median(theirs.map(({ cpuSeconds }) => cpuSeconds));
  const counted = theirs[0]?.updates ?? Number.NaN;
  const sumoUpdates = Number.isFinite(counted) ? counted : null;
  return {
    name,
    rounds,
    sumoRounds: theirs.length,
    updates,
    sumoUpdates,
    updatesPerCpuSecond: Math.round(updates / seconds),
    sumoUpdatesPerCpuSecond: sumoSeconds === null ? null : Math.round((sumoUpdates ?? updates) / sumoSeconds),
    sumoRatio: sumoSeconds === null ? null : Number((sumoSeconds / seconds).toFixed(1)),
    ...(await memoryOf(job)),
  };
}
