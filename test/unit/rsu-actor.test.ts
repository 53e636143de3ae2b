// The RSU as an actor, driven by hand: what it logs of frames, and that a closed run stays closed.

import { describe, expect, it } from 'vitest';
import type { VehicleId } from '../../base/ids.ts';
import type { Dataset } from '../../learning/learner.ts';
import { createToyLearner } from '../../learning/toy-learner.ts';
import type { EventBody } from '../../protocol/events.ts';
import { scenarioSchema } from '../../protocol/scenario/schema.ts';
import { RsuActor } from '../../roadside/rsu/actor.ts';
import { MemoryBlobs } from '../../roadside/store/blobs.ts';
import { roundConfig } from '../../testbed/plan.ts';

const car = 'v1' as VehicleId;
const model = { name: 'lenet5', inputShape: [32, 32, 3], classes: 43 } as const;
const nothing: Dataset = {
  inputShape: [32, 32, 3],
  classes: 43,
  images: new Uint8Array(0),
  labels: new Uint8Array(0),
};
const scenario = scenarioSchema.parse({
  name: 'actor',
  rsus: [{ id: 'r', x: 0, y: 0 }],
  devices: [{ name: 'd', trainingFlopsPerSecond: 1e9 }],
});

function open(): { rsu: RsuActor; logged: EventBody[] } {
  const logged: EventBody[] = [];
  const ledger = {
    append(entries: readonly { at: number; body: EventBody }[]) {
      const first = logged.length + 1;
      logged.push(...entries.map(({ body }) => body));
      return entries.map((entry, i) => ({ seq: first + i, ...entry }));
    },
  };
  const config = roundConfig(scenario, model, { coverage: [], roads: [] });
  const parts = { scenario, config, ledger, model, evaluationData: nothing, dataFingerprint: 'f' };
  const rsu = new RsuActor({ ...parts, blobs: new MemoryBlobs(), learner: createToyLearner() });
  rsu.start(0);
  return { rsu, logged };
}

const garbage = { kind: 'frame', vehicle: car, payload: Uint8Array.of(1, 2, 3) } as const;

describe('the RSU', () => {
  it('opens the log, asks for the first round, and counts a frame that is none', () => {
    const { rsu, logged } = open();
    expect(rsu.act(garbage, 1)).toEqual({ sends: [], timers: [], computes: [], grants: [] });
    rsu.flush();
    expect(logged.map(({ kind }) => kind)).toEqual(['run-opened', 'message-refused']);
    expect(logged[1]).toMatchObject({ reason: 'short frame: 3 bytes (expected at least 8)' });
  });

  it('acts on nothing that arrives after the run was closed: run-closed is the last entry', () => {
    const { rsu, logged } = open();
    rsu.act({ kind: 'stop', reason: 'enough' }, 1);
    expect(rsu.finished).toBe('enough');
    rsu.act(garbage, 2);
    rsu.act({ kind: 'timer', name: 'round-due' }, 3);
    rsu.flush();
    expect(logged.at(-1)).toMatchObject({ kind: 'run-closed', reason: 'enough' });
  });
});
