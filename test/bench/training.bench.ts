// How fast this machine trains: samples per second of lenet5 and friends on one thread, by hand:
//   npx tsx test/bench/training.bench.ts [engine] [model]
// Warmed up, best and median of five rounds. It misleads on a busy machine: compare bests, and close everything else.
// Must not: run in the test suite (it asserts nothing and reads the clock).

import { Rng } from '../../base/rng.ts';
import type { Dataset, ModelSpec } from '../../learning/learner.ts';
import type { EnginePreference } from '../../learning/training/engine.ts';
import { createTfjsLearner } from '../../learning/training/tfjs-learner.ts';

const SAMPLES = 640;
const specs: ModelSpec[] = [
  { name: 'softmax-regression', inputShape: [28, 28, 1], classes: 10 },
  { name: 'mlp', inputShape: [28, 28, 1], classes: 10 },
  { name: 'lenet5', inputShape: [32, 32, 3], classes: 43 },
  { name: 'lenet5', inputShape: [28, 28, 1], classes: 10 },
  { name: 'cnn', inputShape: [32, 32, 3], classes: 10 },
];

function randomData(spec: ModelSpec): Dataset {
  const stream = Rng.root(1).fork('bench');
  const floats = spec.inputShape.reduce((product, side) => product * side, 1);
  const images = Uint8Array.from({ length: SAMPLES * floats }, () => stream.integer(256));
  const labels = Uint8Array.from({ length: SAMPLES }, () => stream.integer(spec.classes));
  return { inputShape: spec.inputShape, classes: spec.classes, images, labels };
}

async function samplesPerSecond(work: () => Promise<unknown>): Promise<string> {
  const rates: number[] = [];
  for (let round = 0; round < 6; round++) {
    const begin = performance.now();
    await work();
    if (round > 0) rates.push((SAMPLES / (performance.now() - begin)) * 1000);
  }
  rates.sort((a, b) => a - b);
  return `${rates[4]!.toFixed(0)} best, ${rates[2]!.toFixed(0)} median`;
}

const begin = performance.now();
const learner = await createTfjsLearner((process.argv[2] ?? 'wasm') as EnginePreference);
console.log(`${learner.engine}: ready in ${(performance.now() - begin).toFixed(0)} ms`);
for (const model of specs.filter((spec) => process.argv[3] === undefined || spec.name === process.argv[3])) {
  const data = randomData(model);
  const weights = learner.initialWeights(model, 1);
  const shard = Uint32Array.from({ length: SAMPLES }, (_, i) => i);
  const settings = { epochs: 1, batchSize: 32, learningRate: 0.01, momentum: 0.9, seed: 1 };
  const train = await samplesPerSecond(() => learner.train({ model, weights, data, shard, settings }));
  const evaluate = await samplesPerSecond(() => learner.evaluate({ model, weights, data }));
  const shape = model.inputShape.join('x');
  console.log(`${model.name} ${shape}: train ${train}; evaluate ${evaluate} (samples/s)`);
}
