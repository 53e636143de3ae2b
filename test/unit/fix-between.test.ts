// Where a car is between two fixes.

import { describe, expect, it } from 'vitest';
import type { RoadId, RsuId, VehicleId } from '../../base/ids.ts';
import type { Fix } from '../../mobility/types.ts';
import { fixBetween } from '../../testbed/virtual/fix-between.ts';

const before: Fix = {
  vehicle: 'v1' as VehicleId,
  at: 2,
  x: 100,
  y: 0,
  headingRadians: 0,
  speedMps: 10,
  road: 'a' as RoadId,
  offsetMeters: 100,
  serving: null,
  bitsPerSecondPerHertz: 0,
};
const after: Fix = {
  ...before,
  at: 3,
  x: 120,
  y: 4,
  speedMps: 30,
  offsetMeters: 120,
  serving: 'r' as RsuId,
  bitsPerSecondPerHertz: 7,
};

describe('a fix between two fixes', () => {
  it('lies on the way between them, with the channel of the later one', () => {
    expect(fixBetween(before, after, 2.25)).toEqual({
      ...after,
      at: 2.25,
      x: 105,
      y: 1,
      speedMps: 15,
      offsetMeters: 105,
    });
  });

  it('is the later one where the road changed, the ring closed, or there is no earlier one', () => {
    expect(fixBetween({ ...before, road: 'b' as RoadId }, after, 2.5)).toEqual({ ...after, at: 2.5 });
    expect(fixBetween({ ...before, offsetMeters: 990 }, after, 2.5)).toEqual({ ...after, at: 2.5 });
    expect(fixBetween(undefined, after, 2.5)).toEqual({ ...after, at: 2.5 });
  });
});
