// Estimates and plans with numbers that can be checked by hand (see test/support/round-world.ts).

import { describe, expect, it } from 'vitest';
import type { RoadId, RsuId } from '../../base/ids.ts';
import { decide } from '../../roadside/cuts/decide.ts';
import { estimate } from '../../roadside/cuts/estimate.ts';
import { neverSeconds } from '../../roadside/cuts/path.ts';
import { secondsLeft } from '../../roadside/cuts/seconds-left.ts';
import { trainingBytes } from '../../roadside/cuts/split-cost.ts';
import type { RoundConfig } from '../../roadside/round/types.ts';
import type { Candidate } from '../../roadside/selection/policy.ts';
import { candidateA, device, makeConfig } from '../support/round-world.ts';

function planOf(config: RoundConfig, changes: Partial<Candidate> = {}) {
  const one = { ...candidateA, ...changes };
  return decide(config, one, estimate(config, one, 1e6, 1e6));
}

describe('secondsLeft', () => {
  const stretch = (rsu: string, fromMeters: number, toMeters: number) => ({
    rsu: rsu as RsuId,
    road: 'main' as RoadId,
    fromMeters,
    toMeters,
  });
  const at = (offsetMeters: number, changes: object = {}) => ({
    road: 'main',
    offsetMeters,
    speedMps: 10,
    ageSeconds: 0,
    ...changes,
  });

  it('is the covered way ahead over the speed, less the age of the beacon', () => {
    expect(secondsLeft([stretch('a', 0, 1000)], at(400))).toBe(60);
    expect(secondsLeft([stretch('a', 0, 1000)], at(400, { ageSeconds: 1.5 }))).toBe(58.5);
    expect(secondsLeft([stretch('a', 0, 1000)], at(999, { ageSeconds: 5 }))).toBe(0);
  });

  it('runs on through coverages that touch or overlap, and stops at a gap', () => {
    const chain = [stretch('c', 900, 950), stretch('b', 500, 800), stretch('a', 0, 500)];
    expect(secondsLeft(chain, at(100))).toBe(70);
  });

  it('is 0 on a road or a stretch without coverage, and finite for a standing car', () => {
    expect(secondsLeft([stretch('a', 0, 100)], at(400))).toBe(0);
    expect(secondsLeft([stretch('a', 0, 100)], at(50, { road: 'side' }))).toBe(0);
    expect(secondsLeft([stretch('a', 0, 100)], at(50, { speedMps: 0 }))).toBe(500);
  });
});

describe('estimate', () => {
  it('adds up the full path', () => {
    const { full } = estimate(makeConfig(), candidateA, 1e6, 1e6);
    expect(full.downloadSeconds).toBeCloseTo(0.0128, 12);
    expect(full.computeSeconds).toBe(2);
    expect(full.uploadSeconds).toBe(0.0128);
    expect(full.totalSeconds).toBeCloseTo(2.0356, 12);
  });

  it('adds up the split path, eight mini-batches in turn', () => {
    const split = estimate(makeConfig(), candidateA, 1e6, 1e6).split?.path;
    // Down: 4,000 B lower part, then 200 x 100 floats of gradients.
    expect(split?.downloadSeconds).toBeCloseTo(0.0032 + 0.064, 12);
    // Up: the same, and 200 label bytes.
    expect(split?.uploadSeconds).toBeCloseTo(0.0032 + 0.064 + 0.00016, 12);
    expect(split?.computeSeconds).toBeCloseTo(0.5, 12);
    expect(split?.serverSeconds).toBeCloseTo(0.0009, 12);
    // 2 epochs x ceil(100 / 32) = 8 steps of 2 latencies, and 2 more, of 5 ms each.
    expect(split?.latencySeconds).toBeCloseTo(0.09, 12);
  });

  it('takes the downlink to be the same channel with the power of the antenna', () => {
    const config = makeConfig({ radio: { rsuTransmitPowerDbm: 33, transmitPowerDbm: 23 } });
    const { full } = estimate(config, { ...candidateA, bitsPerSecondPerHertz: 1 }, 1e6, 1e6);
    // SNR up is 2^1 - 1 = 1, down 10 dB more: log2(11) bit/s/Hz.
    expect(full.downloadSeconds).toBeCloseTo(128_000 / (1e6 * Math.log2(11)), 12);
  });

  it('stays a number that a log can hold where there is no signal at all', () => {
    const { estimate: logged } = estimate(
      makeConfig(),
      { ...candidateA, bitsPerSecondPerHertz: 0 },
      1e6,
      1e6,
    );
    expect(logged.fullSeconds).toBe(neverSeconds);
    expect(logged.splitSeconds).toBe(neverSeconds);
  });

  it('counts weights, gradients, momentum and activations of a mini-batch as memory', () => {
    expect(trainingBytes(makeConfig().cost.blocks, 32)).toBe(4000 * 12 + 110 * 32 * 4);
  });
});

describe('decide', () => {
  it('prefers the car’s own training, then the split, then to skip', () => {
    const config = makeConfig();
    // 2.0356 s x 1.2 = 2.44272 s; 0.72546 s x 1.2 = 0.870552 s.
    expect(planOf(config, { secondsLeft: 2.4428 })).toMatchObject({ plan: 'full', cut: 0 });
    expect(planOf(config, { secondsLeft: 2.4427 })).toMatchObject({ plan: 'split', cut: 1 });
    expect(planOf(config, { secondsLeft: 0.8706 })).toMatchObject({ plan: 'split', cut: 1 });
    expect(planOf(config, { secondsLeft: 0.8705 })).toMatchObject({ plan: 'skip' });
  });

  it('holds the deadline to be as hard a limit as the edge of coverage', () => {
    expect(planOf(makeConfig({ round: { deadlineSeconds: 1 } })).plan).toBe('split');
  });

  it('asks every car for the whole model in the paper’s mode, whatever its time', () => {
    expect(planOf(makeConfig({ fallback: { mode: 'full-only' } }), { secondsLeft: 0 }).plan).toBe('full');
    expect(planOf(makeConfig({ fallback: { mode: 'split-only' } }), { secondsLeft: 0 }).plan).toBe('split');
  });

  it('never gives a car more than its memory holds, nor work without samples', () => {
    // The whole model needs 62,080 B, the lower part 1000 x 12 + 100 x 32 x 4 = 24,800 B.
    const small = { ...device, memoryBytes: 62_079 };
    const tiny = { ...device, memoryBytes: 24_799 };
    expect(planOf(makeConfig(), { device: { ...device, memoryBytes: 62_080 } }).plan).toBe('full');
    expect(planOf(makeConfig(), { device: small }).plan).toBe('split');
    expect(planOf(makeConfig(), { device: tiny }).plan).toBe('skip');
    expect(planOf(makeConfig({ fallback: { mode: 'full-only' } }), { device: small }).plan).toBe('skip');
    expect(planOf(makeConfig(), { samples: 0 })).toEqual({ plan: 'skip', reason: 'holds no samples' });
  });
});
