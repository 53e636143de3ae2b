// A worker thread of the training benchmark: one car's training beside another's. Must not: be imported.

import { parentPort } from 'node:worker_threads';
import { createTfjsLearner } from '../../learning/training/tfjs-learner.ts';
import { learnerRunner, type Runner, type TaskName, tasks } from './tasks.ts';

const learner = await createTfjsLearner('wasm');
const runners = new Map<TaskName, Runner>(tasks.map((task) => [task.name, learnerRunner(learner, task)]));

parentPort?.on('message', async (asked: { task: TaskName; batch: number; seconds: number }) => {
  const rate = await runners.get(asked.task)?.(asked.batch, asked.seconds);
  parentPort?.postMessage(rate);
});
parentPort?.postMessage('ready');
