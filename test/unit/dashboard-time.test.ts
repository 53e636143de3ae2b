// Time control, frames by time and the session that joins them, with no page and no clock.

import { describe, expect, test } from 'vitest';
import { blend, FrameStore, instantOf, shortTurn, splitFrames } from '../../dashboard/frames.ts';
import {
  advance,
  changeSpeed,
  extend,
  finish,
  goLive,
  type Player,
  seek,
  stepTo,
  stillPlayer,
  toggle,
} from '../../dashboard/player.ts';
import { Session } from '../../dashboard/session.ts';
import { encodeFrame, type Frame, type FrameVehicle } from '../../protocol/frame.ts';
import type { RunInfo } from '../../protocol/run-info.ts';
import { cityEvents, cityFrame, cityFrames, cityScene, cityVehicles } from '../support/city-run.ts';

const running: Player = { ...stillPlayer, running: true, live: true, playing: true, cursor: 10, end: 10 };
const finished: Player = { ...stillPlayer, cursor: 100, end: 100 };

describe('the player', () => {
  test('live: the cursor reaches the newest frame just when the next is due', () => {
    const paced = extend(running, 12, 0.5);
    expect(paced.pace).toBe(4);
    expect(advance(paced, 0.25).cursor).toBe(11);
    expect(advance(paced, 5).cursor).toBe(12);
  });

  test('pausing a live view holds the picture while the run goes on', () => {
    const held = extend(toggle(running), 20, 0.5);
    expect(advance(held, 3)).toMatchObject({ live: false, playing: false, cursor: 10, end: 20 });
  });

  test('a replay of a running run that catches up goes live', () => {
    const behind = { ...seek(running, 5), playing: true, speed: 4 };
    expect(advance(behind, 1)).toMatchObject({ live: false, cursor: 9 });
    expect(advance(behind, 2)).toMatchObject({ live: true, cursor: 10 });
  });

  test('when the run ends, a live view stands at its end and a look back stays where it is', () => {
    expect(finish(running)).toMatchObject({ live: false, running: false, playing: false, cursor: 10 });
    expect(finish({ ...seek(running, 4), playing: true })).toMatchObject({ cursor: 4, playing: true });
    expect(goLive(finish(running)).live).toBe(false);
  });

  test('play at the end of a finished run starts over', () => {
    expect(toggle(finished)).toMatchObject({ playing: true, cursor: 0 });
    expect(toggle(seek(finished, 40))).toMatchObject({ playing: true, cursor: 40 });
  });

  test('a seek stays within the run; a step holds', () => {
    expect(seek(finished, -5).cursor).toBe(0);
    expect(seek(finished, 500).cursor).toBe(100);
    expect(stepTo({ ...finished, playing: true }, 50)).toMatchObject({ cursor: 50, playing: false });
  });

  test('speeds go from a quarter to 64 and no further', () => {
    let player = finished;
    for (let i = 0; i < 20; i++) player = changeSpeed(player, 1);
    expect(player.speed).toBe(64);
    for (let i = 0; i < 20; i++) player = changeSpeed(player, -1);
    expect(player.speed).toBe(0.25);
  });
});

describe('frames', () => {
  test('the packed answer is cut at its lengths, and a torn one is refused', () => {
    const frames = cityFrames.slice(0, 3).map(({ bytes }) => bytes);
    const packed = new Uint8Array(
      frames.flatMap((bytes) => [...new Uint8Array(Uint32Array.of(bytes.length).buffer), ...bytes]),
    );
    expect(splitFrames(packed).map(instantOf)).toEqual([0, 0.5, 1]);
    expect(splitFrames(new Uint8Array())).toEqual([]);
    expect(() => splitFrames(packed.subarray(0, -1))).toThrow('torn frame');
    expect(() => splitFrames(packed.subarray(0, 2))).toThrow('torn frame');
  });

  test('fetched blocks give the frames around any instant', async () => {
    const asked: [number, number][] = [];
    const store = new FrameStore(async (from, to) => {
      asked.push([from, to]);
      return cityFrames.filter(({ at }) => at >= from && at <= to).map(({ bytes }) => bytes);
    });
    store.extend(90);
    expect(await store.want(25.2, 0)).toBe(true);
    expect(asked).toEqual([
      [0, 20],
      [20, 40],
    ]);
    expect(await store.want(25.2, 0)).toBe(false);
    const { before, after } = store.pair(25.2);
    expect([before?.at, after?.at]).toEqual([25, 25.5]);
    expect([store.pair(20).before?.at, store.pair(19.9).after?.at]).toEqual([20, 20]);
    expect(store.pair(60)).toEqual({ before: null, after: null });
  });

  test('live frames need no fetching, and one that comes late is passed over', async () => {
    const store = new FrameStore(() => Promise.reject(new Error('not asked for')));
    for (const { bytes } of cityFrames.slice(0, 9)) store.push(bytes);
    store.push(cityFrames[3]?.bytes ?? new Uint8Array());
    expect(store.pair(3.9).before?.at).toBe(3.5);
    expect(store.pair(4).after).toBeNull();
    expect(await store.want(2, 0)).toBe(false);
  });

  test('a block that was cut short by the present is fetched again once the run has gone on', async () => {
    let fetches = 0;
    const store = new FrameStore(async () => {
      fetches += 1;
      return [];
    });
    store.extend(5);
    await store.want(5, 0);
    await store.want(5, 0);
    expect(fetches).toBe(1);
    store.extend(30);
    await store.want(5, 0);
    expect(fetches).toBe(2);
    await store.want(5, 0);
    expect(fetches).toBe(2);
  });

  test('a refused block is not asked for again and again', async () => {
    let fetches = 0;
    const store = new FrameStore(() => {
      fetches += 1;
      return Promise.reject(new Error('no'));
    });
    store.extend(10);
    await expect(store.want(5, 0)).rejects.toThrow('no');
    expect(await store.want(5, 0)).toBe(false);
    expect(fetches).toBe(1);
  });

  const car = (x: number, headingRadians: number): FrameVehicle => ({
    ...(cityFrame(0).vehicles[0] as FrameVehicle),
    x,
    headingRadians,
  });
  const frame = (at: number, vehicle: FrameVehicle): Frame => ({ at, vehicles: [vehicle] });

  test('a vehicle is drawn between two frames and turns the short way', () => {
    const places: number[] = [];
    const pair = { before: frame(0, car(0, 6)), after: frame(2, car(10, 0.5)) };
    blend(pair, 0.5, (_, x, __, heading) => places.push(x, heading));
    expect(places[0]).toBe(2.5);
    expect(places[1]).toBeCloseTo(6 + (0.5 + 2 * Math.PI - 6) / 4, 12);
    expect(shortTurn(Math.PI * 1.5)).toBeCloseTo(-Math.PI / 2, 12);
  });

  test('a vehicle that the simulator moved is not smeared over the map', () => {
    const places: number[] = [];
    blend({ before: frame(0, car(0, 0)), after: frame(1, car(900, 0)) }, 0.5, (_, x) => places.push(x));
    expect(places).toEqual([0]);
  });
});

describe('the session', () => {
  const info: RunInfo = {
    runId: 'city',
    scenario: 'city',
    description: '',
    seed: 11,
    engine: 'wasm',
    link: 'memory',
    status: 'running',
    startedAt: '',
    scene: cityScene,
    vehicles: cityVehicles,
    lastAt: 0,
  };
  const noFrames = () => Promise.resolve([]);

  test('live and replay show the same view at the same instant, map included', () => {
    const live = new Session(noFrames);
    live.run(info);
    const views = new Map<number, unknown>();
    for (const { at, bytes } of cityFrames) {
      live.events(cityEvents.filter((event) => event.at > at - 0.5 && event.at <= at));
      live.frame(bytes);
      live.tick(2);
      views.set(at, structuredClone(live.view()));
    }
    expect(live.player).toMatchObject({ live: true, cursor: 90 });
    live.end();
    for (const at of [0, 2, 13.5, 30, 47.5, 60, 88, 90]) {
      live.player = seek(live.player, at);
      expect(live.view()).toEqual(views.get(at));
    }
  });

  test('a finished run opens at its end', () => {
    const session = new Session(noFrames);
    session.run({ ...info, status: 'finished', lastAt: 90 });
    session.events(cityEvents.slice(0, 100));
    session.events(cityEvents.slice(100));
    session.end();
    expect(session.player).toMatchObject({ cursor: 90, end: 90, playing: false, live: false });
    expect(session.view().closed?.rounds).toBe(3);
  });

  test('the view is the same object while nothing changes', () => {
    const session = new Session(noFrames);
    session.run(info);
    session.events(cityEvents.slice(0, 50));
    session.frame(encodeFrame(cityFrame(0), cityScene.box));
    session.tick(0.1);
    expect(session.view()).toBe(session.view());
  });
});
