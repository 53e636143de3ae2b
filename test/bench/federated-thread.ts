// A worker thread of the federated benchmark: trains its share of every cohort. Must not: be imported.

import { parentPort, workerData } from 'node:worker_threads';
import { createTfjsLearner } from '../../learning/training/tfjs-learner.ts';
import type { FederatedOrder } from './federated-crew.ts';
import { clientTrainer, federatedTasks } from './federated-tasks.ts';

const { task: name } = workerData as { task: string };
const task = federatedTasks.find((candidate) => candidate.name === name);
if (!task) throw new Error(`unknown federated task: ${name}`);
const train = clientTrainer(await createTfjsLearner('wasm'), task);

parentPort?.on('message', async ({ weights, clients, seed }: FederatedOrder) => {
  const sum = await train(weights, clients, seed);
  parentPort?.postMessage(sum, [sum.buffer as ArrayBuffer]);
});
parentPort?.postMessage('ready');
