// The thread that trains and evaluates for a process of live mode. Training is one long synchronous computation: here it
// delays no beacon and no acknowledgement. Requests are carried out one after the other.
// Must not: know vehicles, rounds or messages.

import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../base/assert.ts';
import { messageOf } from '../../base/errors.ts';
import { openLearner } from '../../learning/training/open-learner.ts';
import type { TrainerAnswer, TrainerRequest, TrainerSetup } from './trainer.ts';

const port = parentPort;
assert(port, 'trainer-thread.ts runs in a worker thread');
const { engine, train, evaluation } = workerData as TrainerSetup;
const { learner, reasons } = await openLearner(engine);

async function answer({ id, body }: TrainerRequest): Promise<TrainerAnswer> {
  try {
    if (body.kind === 'train')
      return { id, ok: true, value: await learner.train({ ...body.request, data: train }) };
    return { id, ok: true, value: await learner.evaluate({ ...body.request, data: evaluation }) };
  } catch (error) {
    return { id, ok: false, error: messageOf(error) };
  }
}

let work: Promise<unknown> = Promise.resolve();
port.on('message', (request: TrainerRequest) => {
  work = work.then(async () => port.postMessage(await answer(request)));
});
port.postMessage({ id: 0, ok: true, value: { engine: learner.engine, reasons } } satisfies TrainerAnswer);
