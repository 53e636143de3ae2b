// Ways known beforehand as mobility sources: recorded tracks, recorded lanes, the papers' constant speeds.
// Must not: drive an engine.

import { describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { constantSpeedTracks, drawSpeed, paperMobility } from '../../mobility/demand/constant-speed.ts';
import type { OmissionList } from '../../mobility/network/omissions.ts';
import { uplinkOf } from '../../mobility/radio/uplink.ts';
import { FcdReader } from '../../mobility/traces/fcd-reader.ts';
import { tracksOf } from '../../mobility/traces/gps-tracks.ts';
import { recordingsOfGpx } from '../../mobility/traces/gpx.ts';
import { LaneTrace } from '../../mobility/traces/lane-trace.ts';
import { trackMobility } from '../../mobility/traces/track-mobility.ts';
import type { Mobility, MobilityEvent } from '../../mobility/types.ts';
import { forkNetwork } from '../support/tiny-net.ts';
import { mavflRadio, rsuAt } from './mobility-setup.ts';

const uplink = uplinkOf(mavflRadio, undefined, Rng.root(1));
const radio = { uplink, handoverMarginDb: 0 };

function eventsOf(mobility: Mobility, steps: number): MobilityEvent[] {
  return Array.from({ length: steps }, () => mobility.step().events).flat();
}

describe('recorded positions', () => {
  /** East 100 m in 10 s, halts 5 s, north 50 m in 5 s. */
  const recording = { id: 'Car 1', seconds: [100, 110, 115, 120], x: [0, 100, 100, 100], y: [0, 0, 0, 50] };

  it('become a road that the vehicle drives in its own time, discs crossed at their exact instants', () => {
    const { roads, tracks } = tracksOf([recording], false, 'the trace');
    expect(roads).toMatchObject([{ id: 'track-car_1', lengthMeters: 150, points: { length: 3 } }]);
    const mobility = trackMobility({
      roads,
      tracks,
      rsus: [rsuAt('r', 50, 0, 20)],
      ...radio,
      stepSeconds: 4,
    });
    const events = eventsOf(mobility, 5);
    expect(events.map(({ kind, at }) => [kind, at])).toEqual([
      ['spawned', 0],
      ['entered', 3],
      ['left', 7],
      ['arrived', 20],
    ]);
  });

  it('say between two fixes where the vehicle is, how fast and which way', () => {
    const { roads, tracks } = tracksOf([recording], false, 'the trace');
    const mobility = trackMobility({ roads, tracks, rsus: [], ...radio, stepSeconds: 6 });
    const fixes = Array.from({ length: 3 }, () => mobility.step().fixes[0]!);
    expect(fixes).toMatchObject([
      { at: 6, x: 60, y: 0, speedMps: 10, headingRadians: 0, offsetMeters: 60, serving: null },
      { at: 12, x: 100, y: 0, speedMps: 0, offsetMeters: 100 },
      { at: 18, x: 100, y: 30, speedMps: 10, offsetMeters: 130 },
    ]);
    expect(fixes[2]!.headingRadians).toBeCloseTo(Math.PI / 2, 12);
  });

  it('of a vehicle that never moves are kept, and of nobody refused', () => {
    const { roads, tracks } = tracksOf(
      [{ id: 'p', seconds: [0, 9], x: [5, 5], y: [5, 5] }],
      false,
      'the trace',
    );
    const mobility = trackMobility({ roads, tracks, rsus: [rsuAt('r', 0, 0, 20)], ...radio, stepSeconds: 1 });
    expect(eventsOf(mobility, 10).map(({ kind, at }) => [kind, at])).toEqual([
      ['spawned', 0],
      ['entered', 0],
      ['left', 9],
      ['arrived', 9],
    ]);
    expect(() => tracksOf([], false, 'the trace')).toThrow('the trace has no positions');
  });
});

describe('GPX', () => {
  const point = (lon: number, lat: number, time: string): string =>
    `<trkpt lat="${lat}" lon="${lon}"><ele>3</ele><time>${time}</time></trkpt>`;

  it('gives each track its name and its points with times, in metres around the first', () => {
    const omissions: OmissionList = [];
    const text =
      '<gpx><metadata><name>no</name></metadata><wpt lat="1" lon="1"/><trk><name>Bus 7</name><trkseg>' +
      point(9, 45, '2024-05-01T08:00:00Z') +
      point(9, 45.001, '2024-05-01T08:00:10Z') +
      '<trkpt lat="45.002" lon="9"/></trkseg></trk></gpx>';
    const recordings = recordingsOfGpx(text, 'a.gpx', omissions);
    expect(recordings).toMatchObject([{ id: 'Bus 7', x: [9, 9], y: [45, 45.001] }]);
    const { tracks } = tracksOf(recordings, true, 'the trace');
    expect([...tracks[0]!.seconds]).toEqual([0, 10]);
    // A thousandth of a degree of latitude on a sphere of 6371.0088 km.
    expect(tracks[0]!.meters[1]).toBeCloseTo(111.195, 3);
    expect(omissions.map(({ what, count }) => [what, count])).toEqual([
      ['wpt of a GPX file (only tracks are driven)', 1],
      ['track point without a time', 1],
    ]);
  });

  it('is another vehicle after a gap', () => {
    const point = (lon: number, hour: string): string =>
      `<trkpt lat="45" lon="${lon}"><time>2024-05-01T${hour}:00:00Z</time></trkpt>`;
    const text =
      `<gpx><trk><name>Bus</name><trkseg>${point(9, '08')}</trkseg><trkseg>${point(9.1, '11')}</trkseg></trk>` +
      `<trk><trkseg>${point(9.2, '09')}</trkseg></trk></gpx>`;
    const recordings = recordingsOfGpx(text, 'a.gpx', []);
    expect(recordings.map(({ id, x }) => [id, ...x])).toEqual([
      ['Bus', 9],
      ['Bus-part2', 9.1],
      ['track2', 9.2],
    ]);
  });

  it('that is broken is refused', () => {
    expect(() => recordingsOfGpx('<gpx><trk><trkseg><trkpt lat="95" lon="9"/>', 'a.gpx', [])).toThrow(
      'a.gpx, line 1: <trkpt> has lat="95" (expected degrees, -90..90)',
    );
    expect(() => recordingsOfGpx('<gpx><trk><trkseg><trkpt lat="x" lon="9"/>', 'a.gpx', [])).toThrow(
      'a.gpx, line 1: <trkpt> has lat="x" (expected degrees)',
    );
  });
});

describe('floating-car data on lanes', () => {
  function trace(text: string): LaneTrace {
    const found = new LaneTrace(forkNetwork());
    const reader = new FcdReader('some.csv', found);
    reader.write(new TextEncoder().encode(`time,id,x,y,lane,pos,speed\n${text}`));
    reader.end();
    return found;
  }

  it('drive the cars of a network: fixes on its edges, contacts, arrivals', () => {
    const found = trace(
      '0,V 1,0,0,in_0,100,5\n1,V 1,0,0,in_0,150,5\n2,V 1,0,0,fast_0,30,6\n3,w,0,0,in_0,0,0\n',
    );
    // in_0 counts 200 m and is drawn from x = 0 to 100: the disc begins at 160 m of it.
    const network = forkNetwork();
    const mobility = found.mobility({ network, rsus: [rsuAt('r', 100, 0, 20)], ...radio });
    const steps = Array.from({ length: 5 }, () => mobility.step());
    expect(steps.map(({ fixes }) => fixes.map(({ vehicle, road }) => [vehicle, road]))).toEqual([
      [['v_1', 'in']],
      [['v_1', 'in']],
      [['v_1', 'fast']],
      [['w', 'in']],
      [],
    ]);
    const events = steps.flatMap((step) => step.events.map(({ kind, at, vehicle }) => [vehicle, kind, at]));
    expect(events).toEqual([
      ['v_1', 'spawned', 1],
      // 80 m in this second, the disc after 10 of them.
      ['v_1', 'entered', 2.125],
      ['v_1', 'left', 4],
      ['v_1', 'arrived', 4],
      ['w', 'spawned', 4],
      ['w', 'arrived', 5],
    ]);
  });

  it('are refused off the network and at uneven steps', () => {
    expect(() => trace('0,v,0,0,elsewhere,1,1\n')).toThrow(
      'vehicle v on lane "elsewhere" at 1 m (expected a lane of',
    );
    const uneven = trace('0,v,0,0,in_0,1,1\n1,v,0,0,in_0,1,1\n3,v,0,0,in_0,1,1\n');
    expect(() => uneven.mobility({ network: forkNetwork(), rsus: [], ...radio })).toThrow(
      'the trace has an instant at 3 s (expected 2 s: equal steps of 1 s)',
    );
  });
});

describe('the papers’ constant speeds', () => {
  it.each([
    ['afmc-urban', 94.71, 89.9, 99.9],
    ['afmc-25mps', 40.32, 33.3, 50],
    ['afmc-highway', 131.2, 117.8, 147],
    ['aflddpg', 50, 50, 50],
  ] as const)('%s: a car stays %d s on the road on average', (name, mean, least, most) => {
    const preset = paperMobility[name];
    const rng = Rng.root(3);
    const dwell = Array.from({ length: 100_000 }, () => preset.roadMeters / drawSpeed(preset, rng));
    const found = dwell.reduce((sum, seconds) => sum + seconds, 0) / dwell.length;
    expect(Math.abs(found / mean - 1)).toBeLessThan(0.001);
    expect(dwell.reduce((a, b) => Math.min(a, b))).toBeGreaterThan(least - 0.1);
    expect(dwell.reduce((a, b) => Math.max(a, b))).toBeLessThan(most + 0.1);
  });

  it('with Poisson arrivals: the number on the road has the mean and the variance of lambda E[dwell]', () => {
    const preset = paperMobility['afmc-urban'];
    const made = constantSpeedTracks(preset, { perHour: 720, untilSeconds: 200_000 }, Rng.root(5));
    const mobility = trackMobility({ ...made, rsus: [], ...radio, stepSeconds: 50 });
    const counts = Array.from({ length: 4000 }, () => mobility.step().fixes.length).slice(10);
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length;
    // 0.2 a second, 94.71 s each.
    expect(mean).toBeCloseTo(18.94, 0);
    expect(Math.abs(variance / mean - 1)).toBeLessThan(0.1);
  });
});
