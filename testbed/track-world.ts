// The world of a scenario whose cars have known ways: recorded GPS tracks, or a paper's road of constant speeds. RSUs and
// radio lie over it. Must not: know that anyone learns, or start a run.

import { resolve } from 'node:path';
import type { Rng } from '../base/rng.ts';
import { constantSpeedTracks, paperMobility } from '../mobility/demand/constant-speed.ts';
import type { OmissionList } from '../mobility/network/omissions.ts';
import { uplinkOf } from '../mobility/radio/uplink.ts';
import { readFcdFile } from '../mobility/traces/files.ts';
import { type Recording, type Tracks, tracksOf } from '../mobility/traces/gps-tracks.ts';
import { recordingsOfGpx } from '../mobility/traces/gpx.ts';
import { trackMobility } from '../mobility/traces/track-mobility.ts';
import type { MobilitySource } from '../mobility/types.ts';
import { readDocument } from '../mobility/xml/files.ts';
import type { Scenario } from '../protocol/scenario/schema.ts';
import { channelConfig, handoverMarginDb } from './channel-plan.ts';
import { sitesOf } from './plan.ts';

type RoadsOf<Kind extends Scenario['roads']['kind']> = Extract<Scenario['roads'], { kind: Kind }>;

/** Where a scenario's files lie, and the stream of its mobility. */
interface Ground {
  readonly scenario: Scenario;
  readonly directory: string;
  readonly rng: Rng;
}

/** RSUs and radio over tracks. */
export function tracked({ scenario, rng }: Ground, tracks: Tracks): MobilitySource {
  return trackMobility({
    ...tracks,
    rsus: sitesOf(scenario),
    uplink: uplinkOf(scenario.radio, channelConfig(scenario), rng.fork('radio')),
    handoverMarginDb: handoverMarginDb(scenario),
    stepSeconds: scenario.traffic.stepSeconds,
  });
}

/** The tracks of recordings; what is left out is counted. Throws RoadbedError('data') for files that are missing or broken. */
export async function gpsTracks(
  { directory }: Ground,
  roads: RoadsOf<'gps'>,
  omissions: OmissionList,
): Promise<Tracks> {
  const recordings: Recording[] = [];
  let isGpx = false;
  for (const name of roads.files) {
    const file = resolve(directory, name);
    if (/\.gpx(?:\.gz)?$/i.test(name)) {
      isGpx = true;
      recordings.push(...recordingsOfGpx(readDocument(file), file, omissions));
    } else recordings.push(...(await recordingsOfTable(file)));
  }
  return tracksOf(recordings, isGpx || roads.coordinates === 'degrees', roads.files.join(', '));
}

/** The recordings of a table of positions, one car an id. */
async function recordingsOfTable(file: string): Promise<Recording[]> {
  const cars = new Map<string, { id: string; seconds: number[]; x: number[]; y: number[] }>();
  let at = 0;
  await readFcdFile(file, {
    step(seconds) {
      at = seconds;
    },
    row({ id, x, y }) {
      const car = cars.get(id) ?? { id, seconds: [], x: [], y: [] };
      cars.set(id, car);
      car.seconds.push(at);
      car.x.push(x);
      car.y.push(y);
    },
  });
  return [...cars.values()];
}

/** The cars of a paper's road, arriving as `traffic.source` says. */
export function paperTracks({ scenario, rng }: Ground, roads: RoadsOf<'constant-speed'>): Tracks {
  const { source } = scenario.traffic;
  if (source.kind !== 'poisson') throw new Error('a rule of scenarios asks for poisson here');
  const arrivals = { perHour: 3600 * source.perSecond, untilSeconds: scenario.stop.virtualSeconds };
  return constantSpeedTracks(paperMobility[roads.preset], arrivals, rng.fork('demand'));
}
