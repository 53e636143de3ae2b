// `npm run bench -- memory`: what one more simulated vehicle costs a worker (its agent, its shard, its update; never an
// engine), and whether memory and tensors stay flat over 100,000 training steps, compiled and op by op.
// Must not: run in the test suite; the short form is in test/unit/learning-compiled.test.ts.

import v8 from 'node:v8';
import { runInNewContext } from 'node:vm';
import { asId, type VehicleId } from '../../base/ids.ts';
import { Rng } from '../../base/rng.ts';
import { modelCost } from '../../learning/cost/model-cost.ts';
import type { Learner, ModelSpec } from '../../learning/learner.ts';
import { cutFacts } from '../../learning/split/cuts.ts';
import { createTfjsLearner, liveTensors } from '../../learning/training/tfjs-learner.ts';
import { VehicleAgent } from '../../vehicle-agent/agent.ts';
import { MemoryOutbox } from '../../vehicle-agent/outbox-memory.ts';
import { madeUpData, SEED } from './tasks.ts';

const SAMPLES = 60;
const device = {
  name: 'bench',
  trainingFlopsPerSecond: 1e10,
  memoryBytes: 1e9,
  computeWatts: 10,
  transmitWatts: 1,
};
const regression: ModelSpec = { name: 'softmax-regression', inputShape: [28, 28, 1], classes: 10 };
const lenet: ModelSpec = { name: 'lenet5', inputShape: [28, 28, 1], classes: 10 };

export interface VehicleRow {
  readonly what: 'vehicles';
  readonly vehicles: number;
  /** JavaScript heap, array buffers and WebAssembly memories after a full collection, less those before the first. */
  readonly extraMebibytes: number;
  readonly residentMebibytes: number;
  /** Between this row and the one before. */
  readonly bytesPerVehicle: number;
  /** Of a vehicle's shard (indices) and its trained weights: what cannot be less. */
  readonly dataAndUpdateBytes: number;
}

export interface StepsRow {
  readonly what: 'steps';
  readonly model: string;
  readonly path: 'compiled' | 'op by op';
  readonly steps: number;
  readonly tensorsBefore: number;
  readonly tensorsAfter: number;
  /** After a tenth of the steps and after all, each after a full collection. */
  readonly residentMebibytes: readonly [number, number];
  readonly usedMebibytes: readonly [number, number];
}

export type MemoryRow = VehicleRow | StepsRow;

const MEBIBYTE = 2 ** 20;
const mebibytes = (bytes: number): number => Number((bytes / MEBIBYTE).toFixed(2));

v8.setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

interface Use {
  readonly used: number;
  readonly resident: number;
}

function measure(): Use {
  collect();
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { used: heapUsed + external, resident: rss };
}

/** A car of a virtual run and the update it holds until the RSU has acknowledged it. */
async function makeVehicle(
  index: number,
  learner: Learner,
  data: ReturnType<typeof madeUpData>,
  weights: Float32Array,
): Promise<object> {
  const vehicle = asId<VehicleId>(`v${index}`);
  const from = (index * SAMPLES) % data.labels.length;
  const shard = Uint32Array.from({ length: SAMPLES }, (_, i) => from + i);
  const agent = new VehicleAgent({
    vehicle,
    device,
    incarnation: 1,
    learner,
    data,
    shard,
    costOf: modelCost,
    cutFactsOf: cutFacts,
    outbox: new MemoryOutbox(),
    rng: Rng.root(SEED).fork(vehicle),
    beaconSeconds: 1,
  });
  agent.act({ kind: 'position', position: null }, 0);
  const settings = { epochs: 1, batchSize: 10, learningRate: 0.03, momentum: 0, seed: index };
  const update = await learner.train({ model: regression, weights, data, shard, settings });
  return { agent, update };
}

/** More and more vehicles in this thread, each with a trained update. */
async function benchVehicles(
  learner: Learner,
  counts: readonly number[],
  progress: (row: MemoryRow) => void,
): Promise<VehicleRow[]> {
  const data = madeUpData(regression, 100 * SAMPLES);
  const weights = learner.initialWeights(regression, SEED);
  const kept: object[] = [];
  const base = measure();
  let before = base;
  const rows: VehicleRow[] = [];
  for (const vehicles of counts) {
    const added = vehicles - kept.length;
    for (let index = kept.length; index < vehicles; index++) {
      kept.push(await makeVehicle(index, learner, data, weights));
    }
    const now = measure();
    const row: VehicleRow = {
      what: 'vehicles',
      vehicles,
      extraMebibytes: mebibytes(now.used - base.used),
      residentMebibytes: mebibytes(now.resident),
      bytesPerVehicle: Math.round((now.used - before.used) / added),
      dataAndUpdateBytes: (SAMPLES + weights.length) * 4,
    };
    before = now;
    rows.push(row);
    progress(row);
  }
  return rows;
}

/** Training on and on, in rounds of 100 steps, each from the weights of the one before. */
async function benchSteps(
  model: ModelSpec,
  path: StepsRow['path'],
  steps: number,
  progress: (row: MemoryRow) => void,
): Promise<StepsRow> {
  const learner = await createTfjsLearner('wasm', { reference: path === 'op by op' });
  const data = madeUpData(model, 400);
  const shard = Uint32Array.from({ length: 400 }, (_, i) => i);
  const settings = { epochs: 1, batchSize: 4, learningRate: 0.001, momentum: 0.9 };
  let weights = learner.initialWeights(model, SEED);
  const uses: Use[] = [];
  let tensorsBefore = 0;
  const rounds = Math.ceil(steps / 100);
  for (let round = 1; round <= rounds; round++) {
    weights = (await learner.train({ model, weights, data, shard, settings: { ...settings, seed: round } }))
      .weights;
    if (round === Math.ceil(rounds / 10)) {
      uses.push(measure());
      tensorsBefore = liveTensors();
    }
  }
  uses.push(measure());
  const [early, late] = uses as [Use, Use];
  const row: StepsRow = {
    what: 'steps',
    model: model.name,
    path,
    steps: rounds * 100,
    tensorsBefore,
    tensorsAfter: liveTensors(),
    residentMebibytes: [mebibytes(early.resident), mebibytes(late.resident)],
    usedMebibytes: [mebibytes(early.used), mebibytes(late.used)],
  };
  progress(row);
  return row;
}

/** Both measurements. */
export async function benchMemory(
  { steps }: { readonly steps: number },
  progress: (row: MemoryRow) => void,
): Promise<{ rows: MemoryRow[]; versions: Record<string, string>; notes: string[] }> {
  const learner = await createTfjsLearner('wasm');
  const vehicles = await benchVehicles(learner, [10, 1000, 10_000], progress);
  const trained = [
    await benchSteps(lenet, 'compiled', steps, progress),
    await benchSteps(regression, 'op by op', steps, progress),
  ];
  const notes = [
    `seed ${SEED}; vehicles: one thread, softmax regression, ${SAMPLES} samples each of a data set they share`,
    'used is the JavaScript heap and what lies outside it (array buffers, WebAssembly) after a full collection',
    'resident memory also holds what the allocator keeps for later; it may rise once and must then stay',
  ];
  return {
    rows: [...vehicles, ...trained],
    versions: { node: process.version, wasm: learner.engine },
    notes,
  };
}
