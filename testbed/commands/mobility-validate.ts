// `roadbed mobility validate`: drives a demand and compares the traffic with what SUMO made of it (floating-car data): the
// goals G5 and G6 as one table. Given two references it also says how far these are from each other: two seeds of SUMO
// differ too, and nobody can be closer than that. Must not: drive differently from `run`.

import { RoadbedError } from '../../base/errors.ts';
import type { Comparison } from '../../mobility/validation/compare.ts';
import type { Disc } from '../../mobility/validation/discs.ts';
import type { TrafficSummary } from '../../mobility/validation/traffic-record.ts';
import type { CommandIo } from '../io.ts';
import { textTable } from '../plot/text-table.ts';
import { type City, type CityFlags, driveCity, loadCity, openCity } from './mobility-city.ts';
import { CityProgress } from './mobility-progress.ts';
import { omissionLines } from './mobility-tables.ts';

export interface ValidateFlags extends CityFlags {
  readonly against: readonly string[];
  readonly json?: boolean;
}

/** Goals of the comparison, for the table (specs: G5, G6). */
const goals = { shareBelow5: 0.85, travelTimeError: 0.05, runningRmse: 0.05, dwellKs: 0.08, points: 3 };

/** A comparison with the first reference, and of each other reference with the first. */
export interface Validation {
  readonly found: Comparison;
  readonly noiseFloors: readonly Comparison[];
  readonly city: City;
}

/** Runs the command. Throws RoadbedError('data') for broken files, also where a reference is of another network. */
export async function validateMobility(io: CommandIo, netFile: string, flags: ValidateFlags): Promise<void> {
  const { found, noiseFloors, city } = await validateCity(netFile, flags);
  const { omissions } = city.demand;
  if (flags.json) {
    const files = { network: netFile, against: flags.against, seed: flags.seed, omissions };
    io.out(JSON.stringify({ ...found, noiseFloor: noiseFloors[0] ?? null, ...files }, null, 2));
    return;
  }
  for (const line of linesOf(found, noiseFloors[0])) io.out(line);
  for (const line of omissionLines(omissions)) io.err(line);
}

/** Drives the demand and compares, without printing. */
export async function validateCity(netFile: string, flags: ValidateFlags): Promise<Validation> {
  const { compareTraffic } = await import('../../mobility/validation/compare.ts');
  const { busiestDiscs } = await import('../../mobility/validation/discs.ts');
  const city = await loadCity(netFile, flags);
  const discs = busiestDiscs(city.network, city.demand);
  const references: TrafficSummary[] = [];
  for (const file of flags.against) references.push(await recordFile(file, city, discs, flags));
  const reference = references[0]!;
  const traffic = await recordEngine(city, discs, { ...flags, end: flags.end ?? reference.endSeconds });
  const found = compareTraffic(city.network, discs, traffic, reference);
  const others = references.slice(1);
  const noiseFloors = others.map((other) => compareTraffic(city.network, discs, other, reference));
  return { found, noiseFloors, city };
}

async function recordFile(
  file: string,
  { network }: City,
  discs: readonly Disc[],
  { begin, end }: ValidateFlags,
): Promise<TrafficSummary> {
  const { readFcdFile } = await import('../../mobility/traces/files.ts');
  const { TrafficRecord } = await import('../../mobility/validation/traffic-record.ts');
  const window = { beginSeconds: begin, endSeconds: end ?? Number.POSITIVE_INFINITY };
  const record = new TrafficRecord(network, discs, window);
  const lanes = new Map(network.lanes.ids.map((id, row) => [id, row]));
  await readFcdFile(file, {
    step: (at) => record.step(at),
    row: ({ id, lane, x, y }) => {
      const row = lanes.get(lane);
      if (row === undefined) {
        const sentence = `${file}: vehicle ${id} is on lane "${lane}" (expected a lane of ${network.name}; is it the trace of another network?)`;
        throw new RoadbedError('data', sentence);
      }
      record.row(id, network.lanes.edge[row]!, x, y);
    },
  });
  const summary = record.finish();
  if (summary.vehicles > 0) return summary;
  throw new RoadbedError(
    'data',
    `${file} shows no vehicle from ${begin} s on (expected a trace of that time)`,
  );
}

async function recordEngine(
  city: City,
  discs: readonly Disc[],
  flags: CityFlags & { readonly end: number },
): Promise<TrafficSummary> {
  const { LaneShapes } = await import('../../mobility/contacts/lane-shapes.ts');
  const { TrafficRecord } = await import('../../mobility/validation/traffic-record.ts');
  const { network, demand } = city;
  const engine = await openCity(city, flags);
  const record = new TrafficRecord(network, discs, { beginSeconds: flags.begin, endSeconds: flags.end });
  const shapes = new LaneShapes(network);
  const point = new Float64Array(3);
  const progress = new CityProgress(process.stderr);
  await driveCity(engine, city, flags, {
    onStep: ({ nowSeconds, vehicles, counts }) => {
      record.step(nowSeconds);
      for (let row = 0; row < vehicles.count; row++) {
        const lane = vehicles.lane[row]!;
        shapes.pointAt(lane, vehicles.position[row]!, point);
        const { id } = demand.departures[vehicles.departure[row]!]!;
        record.row(id, network.lanes.edge[lane]!, point[0]!, point[1]!);
      }
      const share = (nowSeconds - flags.begin) / (flags.end - flags.begin);
      progress.show(share, () => `${nowSeconds.toFixed(0)} s  ${counts.running} driving`);
    },
  });
  progress.done();
  return record.finish();
}

function linesOf(found: Comparison, floor: Comparison | undefined): string[] {
  const row = (name: string, goal: string, value: (comparison: Comparison) => string): string[] => [
    name,
    value(found),
    ...(floor === undefined ? [] : [value(floor)]),
    goal,
  ];
  const rows = [
    row('edge counts with GEH < 5', `>= ${goals.shareBelow5}`, ({ geh }) => geh.shareBelow5.toFixed(3)),
    row('mean travel time, error', `<= ${goals.travelTimeError}`, ({ travelTimeError }) =>
      travelTimeError.toFixed(3),
    ),
    row('running vehicles, RMSE / peak', `<= ${goals.runningRmse}`, ({ runningRmse }) =>
      runningRmse.toFixed(3),
    ),
    row('stays in coverage, KS', `<= ${goals.dwellKs}`, ({ dwellKs }) => dwellKs.toFixed(3)),
    ...Object.keys(found.successError).map((seconds) =>
      row(`success of ${seconds} s rounds, points`, `<= ${goals.points}`, ({ successError }) =>
        successError[seconds]!.toFixed(2),
      ),
    ),
  ];
  const headings = ['<measure', 'roadbed', ...(floor === undefined ? [] : ['second reference']), 'goal'];
  const times = `mean travel time ${found.meanTravelSeconds.toFixed(1)} s (reference ${found.referenceMeanTravelSeconds.toFixed(1)} s), ${found.arrived} arrived (${found.referenceArrived})`;
  return [...textTable(headings, rows), times];
}
