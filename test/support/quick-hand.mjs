// Answers the orders of a sweep at once, with figures made from the seed, and notes each order in a file: so that a sweep can
// be killed a hundred times in a minute, and what was run can be counted. Must not: run anything.

import { appendFileSync } from 'node:fs';

const log = process.env.ROADBED_HAND_LOG;
const start = process.env.ROADBED_HAND_START;
const milliseconds = Number(process.env.ROADBED_HAND_MILLISECONDS ?? 0);

function resultOf(seed) {
  const facts = { engine: 'none', dataFingerprint: 'none', eventLogSha256: `log of ${seed}` };
  const counts = { selected: 4, committed: 3, left: 1, late: 0, refused: 0, failed: 0 };
  return {
    ...{ status: 'reached', secondsToTarget: 10 + seed, censoredAtSeconds: null, virtualSeconds: 10 + seed },
    ...{ rounds: 2, finalAccuracy: 0.5, participationRatio: 0.75, lostShare: 0.25 },
    ...{ bytesUp: 1, bytesDown: 2, joules: 3, wastedJoules: 1, modelSha256: `model of ${seed}` },
    ...{ ...facts, ...counts, curve: [{ round: 2, at: 10 + seed, accuracy: 0.5, loss: 1 }] },
  };
}

process.on('disconnect', () => process.exit(0));
process.on('message', ({ loaded }) => {
  const { seed } = loaded.scenario;
  appendFileSync(log, `${start} ${seed}\n`);
  if (milliseconds > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
  process.send({ ok: true, result: resultOf(seed), wallSeconds: 0 });
});
