// What is checked of a scenario's world before a run begins.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { prepareMobility } from '../../testbed/prepare.ts';
import { bundledDirectory, loadScenario } from '../../testbed/scenario-file.ts';

const withRsuAt = (y: number) =>
  loadScenario(join(bundledDirectory, 'highway-signs.yaml'), { sets: [`rsus.0.y=${y}`] });

describe('the world of a scenario', () => {
  it('is refused when no RSU reaches a road: the run would wait for cars for ten hours', () => {
    expect(() => prepareMobility(withRsuAt(5000))).toThrow(
      /^no RSU covers any road: rsu-1 at \(500, 5000\) with 500 m \(expected one within its radius/,
    );
  });

  it('is built when one does', () => {
    expect(prepareMobility(withRsuAt(-20)).coverage.length).toBeGreaterThan(0);
  });
});
