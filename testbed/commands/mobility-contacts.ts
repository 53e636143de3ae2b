// `roadbed mobility contacts`: who is in the coverage of an RSU, and for how long, when recorded cars drive (floating-car
// data, GPS tracks) or the constant speeds of the papers. Why: the stay in coverage decides whether a round succeeds.
// Must not: train, or drive by an engine (`run` does).

import { RoadbedError } from '../../base/errors.ts';
import { Rng } from '../../base/rng.ts';
import type { PaperMobility } from '../../mobility/demand/constant-speed.ts';
import type { Omission } from '../../mobility/network/network.ts';
import type { OmissionList } from '../../mobility/network/omissions.ts';
import type { Recording } from '../../mobility/traces/gps-tracks.ts';
import type { Mobility, MobilityEvent, RsuSite } from '../../mobility/types.ts';
import { roundLengths } from '../../mobility/validation/compare.ts';
import { mean, roundSuccess } from '../../mobility/validation/numbers.ts';
import type { CommandIo } from '../io.ts';
import { textTable } from '../plot/text-table.ts';
import { loadNetwork } from './mobility-network.ts';
import { omissionLines } from './mobility-tables.ts';

export interface ContactsFlags {
  readonly rsu: readonly RsuSite[];
  readonly net?: string;
  readonly geographic?: boolean;
  readonly perHour: number;
  readonly duration: number;
  readonly seed: number;
  readonly json?: boolean;
}

/** What came of one RSU. */
interface Stays {
  readonly rsu: string;
  readonly stays: number;
  readonly meanSeconds: number | null;
  readonly longestSeconds: number | null;
  /** Chance that a round of so many seconds, begun at any time by anybody there, ends in coverage. */
  readonly success: Readonly<Record<string, number | null>>;
}

const paperPrefix = 'paper:';

/** Runs the command. Throws RoadbedError for files that are broken and words that are not known. */
export async function showContacts(io: CommandIo, source: string, flags: ContactsFlags): Promise<void> {
  const omissions: OmissionList = [];
  const { mobility, seconds } = source.startsWith(paperPrefix)
    ? await paperSource(source.slice(paperPrefix.length), flags)
    : await recordedSource(source, flags, omissions);
  const events: MobilityEvent[] = [];
  const steps = Math.ceil(seconds / mobility.stepSeconds) + 1;
  for (let step = 0; step < steps; step++) events.push(...mobility.step().events);
  const vehicles = events.filter(({ kind }) => kind === 'spawned').length;
  const rows = flags.rsu.map(({ id }) => staysOf(id, events));
  print(io, { source, vehicles, seconds, rsus: rows, omissions }, flags);
}

function print(
  io: CommandIo,
  report: {
    readonly source: string;
    readonly vehicles: number;
    readonly seconds: number;
    readonly rsus: readonly Stays[];
    readonly omissions: readonly Omission[];
  },
  { json }: ContactsFlags,
): void {
  if (json) {
    io.out(JSON.stringify(report, null, 2));
    return;
  }
  io.out(`${report.source}: ${report.vehicles} vehicles in ${report.seconds.toFixed(0)} s`);
  const cell = (value: number | null): string => (value === null ? '-' : value.toFixed(2));
  const headings = [
    '<RSU',
    'stays',
    'mean s',
    'longest s',
    ...roundLengths.map((seconds) => `${seconds} s rounds`),
  ];
  const rows = report.rsus.map(({ rsu, stays, meanSeconds, longestSeconds, success }) => [
    rsu,
    String(stays),
    cell(meanSeconds),
    cell(longestSeconds),
    ...roundLengths.map((seconds) => cell(success[seconds]!)),
  ]);
  for (const line of textTable(headings, rows)) io.out(line);
  for (const line of omissionLines(report.omissions)) io.err(line);
}

/** Stays that have ended. */
function staysOf(rsu: string, events: readonly MobilityEvent[]): Stays {
  const since = new Map<string, number>();
  const dwell: number[] = [];
  for (const event of events) {
    if ((event.kind !== 'entered' && event.kind !== 'left') || event.rsu !== rsu) continue;
    if (event.kind === 'entered') since.set(event.vehicle, event.at);
    else dwell.push(event.at - since.get(event.vehicle)!);
  }
  const known = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    rsu,
    stays: dwell.length,
    meanSeconds: known(mean(dwell)),
    longestSeconds: known(dwell.reduce((most, seconds) => Math.max(most, seconds), Number.NEGATIVE_INFINITY)),
    success: Object.fromEntries(
      roundLengths.map((seconds) => [seconds, known(roundSuccess(dwell, seconds))]),
    ),
  };
}

// ---- sources ---------------------------------------------------------------------------------------------------

interface Source {
  readonly mobility: Mobility;
  readonly seconds: number;
}

const stepSeconds = 1;

async function radioFor({ rsu: rsus, seed }: ContactsFlags) {
  const { uplinkOf } = await import('../../mobility/radio/uplink.ts');
  // Contacts are a matter of discs; the link budget is that of the MAVFL paper and decides nothing here.
  const budget = { transmitPowerDbm: 23, antennaGainDbi: 6, noiseDbm: -114, zoneMeters: 0 };
  return { rsus, uplink: uplinkOf(budget, undefined, Rng.root(seed)), handoverMarginDb: 0 };
}

async function paperSource(name: string, flags: ContactsFlags): Promise<Source> {
  const { constantSpeedTracks, paperMobility } = await import('../../mobility/demand/constant-speed.ts');
  const { trackMobility } = await import('../../mobility/traces/track-mobility.ts');
  const presets: Readonly<Record<string, PaperMobility>> = paperMobility;
  if (!Object.hasOwn(presets, name)) {
    const known = Object.keys(presets).map((preset) => paperPrefix + preset);
    throw new RoadbedError('usage', `${paperPrefix}${name}: expected one of ${known.join(', ')}`);
  }
  const arrivals = { perHour: flags.perHour, untilSeconds: flags.duration };
  const made = constantSpeedTracks(presets[name]!, arrivals, Rng.root(flags.seed).fork('mobility'));
  return {
    mobility: trackMobility({ ...made, ...(await radioFor(flags)), stepSeconds }),
    seconds: flags.duration,
  };
}

async function recordedSource(file: string, flags: ContactsFlags, omissions: OmissionList): Promise<Source> {
  if (flags.net !== undefined) return laneSource(file, flags.net, flags);
  const { tracksOf } = await import('../../mobility/traces/gps-tracks.ts');
  const { trackMobility } = await import('../../mobility/traces/track-mobility.ts');
  const isGpx = /\.gpx(?:\.gz)?$/.test(file);
  const recordings = isGpx ? await gpxRecordings(file, omissions) : await fcdRecordings(file);
  const { roads, tracks } = tracksOf(recordings, isGpx || flags.geographic === true, file);
  const seconds = tracks.reduce((last, track) => Math.max(last, track.seconds.at(-1)!), 0);
  return { mobility: trackMobility({ roads, tracks, ...(await radioFor(flags)), stepSeconds }), seconds };
}

async function laneSource(file: string, net: string, flags: ContactsFlags): Promise<Source> {
  const { LaneTrace } = await import('../../mobility/traces/lane-trace.ts');
  const { readFcdFile } = await import('../../mobility/traces/files.ts');
  const network = await loadNetwork(net);
  const trace = new LaneTrace(network);
  await readFcdFile(file, trace);
  const mobility = trace.mobility({ network, ...(await radioFor(flags)) });
  return { mobility, seconds: trace.seconds };
}

async function gpxRecordings(file: string, omissions: OmissionList): Promise<Recording[]> {
  const { recordingsOfGpx } = await import('../../mobility/traces/gpx.ts');
  const { readDocument } = await import('../../mobility/xml/files.ts');
  return recordingsOfGpx(readDocument(file), file, omissions);
}

async function fcdRecordings(file: string): Promise<Recording[]> {
  const { readFcdFile } = await import('../../mobility/traces/files.ts');
  const found = new Map<string, { id: string; seconds: number[]; x: number[]; y: number[] }>();
  let now = 0;
  await readFcdFile(file, {
    step: (at) => {
      now = at;
    },
    row: ({ id, x, y }) => {
      let recording = found.get(id);
      if (recording === undefined) {
        recording = { id, seconds: [], x: [], y: [] };
        found.set(id, recording);
      }
      recording.seconds.push(now);
      recording.x.push(x);
      recording.y.push(y);
    },
  });
  return [...found.values()];
}
