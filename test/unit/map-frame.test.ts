// The map frame with signals, and without. Must not: test what is drawn.

import { describe, expect, it } from 'vitest';
import type { VehicleId } from '../../base/ids.ts';
import { gridNetwork } from '../../mobility/network/generators/grid.ts';
import { pictureOf } from '../../mobility/street-picture.ts';
import { decodeFrame, encodeFrame, signalColours } from '../../protocol/frame.ts';
import { FrameMaker } from '../../testbed/map-frames.ts';

const box = { minX: 0, minY: 0, maxX: 100, maxY: 100 };
const signals = ['red', 'off', 'green', 'yellow', 'red'] as const;

describe('a map frame', () => {
  it('brings back what each stop line shows', () => {
    const bytes = encodeFrame({ at: 3.5, vehicles: [], signals }, box);
    expect(bytes.length).toBe(28 + 2 + 5);
    expect(decodeFrame(bytes)).toEqual({ at: 3.5, vehicles: [], signals });
  });

  it('without signals is what it always was', () => {
    const bytes = encodeFrame({ at: 1, vehicles: [] }, box);
    expect([bytes.length, bytes[1]]).toEqual([28, 1]);
    expect(decodeFrame(bytes)).toEqual({ at: 1, vehicles: [] });
  });

  it('is refused where it is cut short, longer, or of a later version', () => {
    const bytes = encodeFrame({ at: 3.5, vehicles: [], signals }, box);
    for (const broken of [bytes.subarray(0, -1), bytes.subarray(0, 29), Uint8Array.of(...bytes, 0)])
      expect(() => decodeFrame(broken)).toThrow(/map frame of \d+ bytes/);
    expect(() => decodeFrame(Uint8Array.from(bytes, (byte, i) => (i === 1 ? 3 : byte)))).toThrow(
      'not a map frame',
    );
    expect(() => decodeFrame(bytes.subarray(0, 10))).toThrow('not a map frame');
  });

  it('is made of fixes and of what the world says of its signals', () => {
    const fix = {
      vehicle: 'a' as VehicleId,
      at: 1,
      x: 50,
      y: 50,
      headingRadians: 0,
      speedMps: 1,
      road: 'r' as never,
      offsetMeters: 0,
      serving: null,
      bitsPerSecondPerHertz: 0,
    };
    const { bytes, newIds } = new FrameMaker(box).make(1, [fix], () => undefined, signals);
    expect(newIds).toEqual(['a']);
    expect(decodeFrame(bytes).signals).toEqual(signals);
  });
});

describe('the picture of a city', () => {
  it('has a stop line for every lane that a signal holds, which shows the most it gives', () => {
    const network = gridNetwork({ columns: 2, rows: 2, blockMeters: 100 });
    const { picture, colours } = pictureOf(network);
    expect(picture.lanes.length).toBe(network.lanes.count);
    const states = network.signals.map(({ phases }) => phases[0]!.state);
    const shown = colours((signal) => states[signal]!);
    expect(shown.length).toBe(picture.stopLines.length);
    expect(new Set(shown)).toEqual(new Set(network.signals.length > 0 ? ['red', 'green'] : []));
    expect(colours((signal) => 'r'.repeat(states[signal]!.length)).every((colour) => colour === 'red')).toBe(
      true,
    );
    expect(colours((signal) => 'O'.repeat(states[signal]!.length)).every((colour) => colour === 'off')).toBe(
      true,
    );
    expect(signalColours).toContain('off');
  });
});
