// What goes wrong around a run in virtual time: workers that cannot start or are gone. A run that cannot go on says why
// and ends; it never waits for somebody who is no longer there.

import { describe, expect, it } from 'vitest';
import type { VehicleId } from '../../base/ids.ts';
import { scenarioSchema } from '../../protocol/scenario/schema.ts';
import { Closing } from '../../testbed/closing.ts';
import { WorkerPool } from '../../testbed/virtual/pool.ts';
import type { WorkerSetup } from '../../testbed/virtual/worker-protocol.ts';

const device = { name: 'car', trainingFlopsPerSecond: 1e9, memoryMegabytes: 64 };
const scenario = scenarioSchema.parse({
  name: 'trouble',
  rsus: [{ id: 'rsu-1', x: 0, y: 0 }],
  devices: [device],
  data: { samplesPerVehicle: 1 },
});
const data = {
  inputShape: [1, 1, 1] as const,
  classes: 2,
  images: new Float32Array(2),
  labels: new Uint8Array(2),
};
const setup = {
  run: 'trouble',
  scenario,
  engine: 'cpu',
  train: data,
  evaluation: data,
} as unknown as WorkerSetup;
const profile = { ...device, memoryBytes: 1, computeWatts: 1, transmitWatts: 1 };

describe('workers of a virtual run', () => {
  it('say by their reason why they cannot start, and leave none behind', async () => {
    const unknown = { ...setup, engine: 'abacus' } as unknown as WorkerSetup;
    await expect(WorkerPool.open(2, unknown)).rejects.toMatchObject({ reason: 'engine' });
  });

  it('answer with an error once they are gone, and can be closed again', async () => {
    const { pool } = await WorkerPool.open(1, setup);
    await pool.close();
    await expect(pool.spawn('v1' as VehicleId, profile)).rejects.toThrow('an agent worker ended');
    await expect(pool.evaluate(new Float32Array(1))).rejects.toThrow('an agent worker ended');
    await pool.close();
  });
});

describe('what is given back at the end of a run', () => {
  it('is given back in the reverse order, all of it, and the first fault is told', async () => {
    const closed: string[] = [];
    const closing = new Closing();
    for (const name of ['broker', 'link', 'store'])
      closing.add(name, (one) => {
        closed.push(one);
        if (one !== 'broker') throw new Error(`${one} is stuck`);
      });
    await expect(closing.close()).rejects.toThrow('store is stuck');
    expect(closed).toEqual(['store', 'link', 'broker']);
  });
});
