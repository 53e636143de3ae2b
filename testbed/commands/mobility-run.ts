// `roadbed mobility run`: drives a demand through a network and says what came of it; writes floating-car data where asked.
// Must not: compare (mobility-validate.ts does).

import type { CityCounts, CityEngine } from '../../mobility/driving/city-engine.ts';
import type { Omission } from '../../mobility/network/network.ts';
import type { FcdRecorder } from '../../mobility/traces/fcd-recorder.ts';
import type { FcdFormat, FcdWriter } from '../../mobility/traces/fcd-writer.ts';
import type { FileSink } from '../../mobility/traces/files.ts';
import type { CommandIo } from '../io.ts';
import { type City, type CityFlags, driveCity, loadCity, openCity } from './mobility-city.ts';
import { CityProgress } from './mobility-progress.ts';
import { networkSummary, omissionLines } from './mobility-tables.ts';

export interface RunFlags extends CityFlags {
  readonly fcd?: string;
  readonly fcdPrecision: number;
  readonly json?: boolean;
}

/** What `--json` prints. */
export interface CityReport {
  readonly network: ReturnType<typeof networkSummary>;
  readonly demand: { readonly vehicles: number; readonly types: number; readonly routes: number };
  readonly beginSeconds: number;
  /** The instant of the last step. */
  readonly endSeconds: number;
  readonly stepSeconds: number;
  readonly seed: number;
  readonly steps: number;
  readonly counts: CityCounts;
  /** Vehicles moved, summed over the steps. */
  readonly updates: number;
  /** Processor time of driving: without loading, with writing. */
  readonly cpuSeconds: number;
  readonly updatesPerCpuSecond: number;
  /** Of all positions and speeds of all steps: equal runs have equal ones. */
  readonly digest: string;
  readonly fcd: { readonly file: string; readonly digest: string } | null;
  readonly omissions: readonly Omission[];
}

/** Runs the command. Throws RoadbedError for files that are broken or cannot be written. */
export async function runMobility(io: CommandIo, netFile: string, flags: RunFlags): Promise<void> {
  const city = await loadCity(netFile, flags);
  const engine = await openCity(city, flags);
  const report = await drive(city, engine, flags);
  if (flags.json) io.out(JSON.stringify(report, null, 2));
  else for (const line of linesOf(report)) io.out(line);
}

async function drive(city: City, engine: CityEngine, flags: RunFlags): Promise<CityReport> {
  const { StateDigest } = await import('../../mobility/traces/state-digest.ts');
  const digest = new StateDigest();
  const trace = flags.fcd === undefined ? undefined : await openTrace(city, flags.fcd, flags.fcdPrecision);
  const progress = new CityProgress(process.stderr);
  const before = process.cpuUsage();
  let updates = 0;
  const steps = await driveCity(engine, city, flags, {
    onStep: () => {
      updates += engine.vehicles.count;
      digest.add(engine.nowSeconds, engine.vehicles);
      progress.show(shareDone(city, engine, flags), () => progressText(engine));
      trace?.recorder.record(engine.nowSeconds, engine.vehicles);
      return trace?.sink.ready();
    },
  });
  progress.done();
  const fcd = trace === undefined ? null : { file: flags.fcd!, digest: trace.writer.end().digest };
  await trace?.sink.end();
  const { user, system } = process.cpuUsage(before);
  const cpuSeconds = (user + system) / 1e6;
  return {
    network: networkSummary(city.network),
    demand: {
      vehicles: city.demand.departures.length,
      types: city.demand.types.length,
      routes: city.demand.routes.length,
    },
    beginSeconds: flags.begin,
    endSeconds: engine.nowSeconds,
    stepSeconds: flags.step,
    seed: flags.seed,
    steps,
    counts: { ...engine.counts },
    updates,
    cpuSeconds,
    updatesPerCpuSecond: Math.round(updates / cpuSeconds),
    digest: digest.digest(),
    fcd,
    omissions: [...city.network.omissions, ...city.demand.omissions, ...skippedOf(city, engine)],
  };
}

/** Vehicles that gave up while others drove, as SUMO deschedules them. */
function skippedOf({ demand }: City, { skipped }: CityEngine): Omission[] {
  if (skipped.length === 0) return [];
  const what = 'vehicle that could never depart at its departSpeed (skipped)';
  return [
    { what, count: skipped.length, examples: skipped.slice(0, 5).map((row) => demand.departures[row]!.id) },
  ];
}

interface Trace {
  readonly writer: FcdWriter;
  readonly recorder: FcdRecorder;
  readonly sink: FileSink;
}

async function openTrace({ network, demand }: City, file: string, precision: number): Promise<Trace> {
  const { FcdWriter } = await import('../../mobility/traces/fcd-writer.ts');
  const { FcdRecorder } = await import('../../mobility/traces/fcd-recorder.ts');
  const { openFileSink } = await import('../../mobility/traces/files.ts');
  const sink = openFileSink(file);
  const format: FcdFormat = /\.csv(?:\.gz)?$/.test(file) ? 'csv' : 'xml';
  const writer = new FcdWriter({ format, precision, sink: (piece) => sink.write(piece) });
  const recorder = new FcdRecorder(network, demand, writer);
  writer.begin();
  return { writer, recorder, sink };
}

/** How far the run is: by time where it has an end, else by arrivals. */
function shareDone({ demand }: City, { nowSeconds, counts }: CityEngine, { begin, end }: RunFlags): number {
  if (end !== undefined) return (nowSeconds - begin) / (end - begin);
  return counts.arrived / Math.max(1, demand.departures.length);
}

function progressText({ nowSeconds, counts }: CityEngine): string {
  return `${nowSeconds.toFixed(0)} s  ${counts.running} driving  ${counts.arrived} arrived  ${counts.waiting} waiting`;
}

function linesOf(report: CityReport): string[] {
  const { counts, demand } = report;
  return [
    `${demand.vehicles} vehicles on ${report.network.name} from ${report.beginSeconds} s to ${report.endSeconds} s, seed ${report.seed}`,
    `inserted ${counts.inserted}, arrived ${counts.arrived}, driving ${counts.running}, waiting ${counts.waiting}, teleports ${counts.teleports}${counts.skipped > 0 ? `, skipped ${counts.skipped}` : ''}`,
    `${report.updates} vehicle updates in ${report.cpuSeconds.toFixed(2)} s of processor time: ${report.updatesPerCpuSecond} a second`,
    `digest ${report.digest}`,
    ...(report.fcd === null ? [] : [`floating-car data in ${report.fcd.file}, digest ${report.fcd.digest}`]),
    ...omissionLines(report.omissions),
  ];
}
