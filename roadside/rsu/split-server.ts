// The RSU's side of split learning. Of each mini-batch: smashed data in, gradient out; or, where the car has the model's end,
// smashed data in, outputs out, their gradient in, gradient out. At the end, or on the way, the car's weights are joined
// with the RSU's. All computing goes through the RSU's one processor, in order of arrival.
// Must not: take what the gate has not let in, or decide about a round.

import { present } from '../../base/assert.ts';
import { messageOf } from '../../base/errors.ts';
import { bytesOfFloats, floatsOfBytes, sha256 } from '../../base/hash.ts';
import type { BlobSha, VehicleId } from '../../base/ids.ts';
import { Rng } from '../../base/rng.ts';
import { crossingBytes, decodeCrossing, encodeCrossing } from '../../learning/compression/crossing.ts';
import type { ComputeOutcome } from '../../protocol/actor.ts';
import type { EventBody } from '../../protocol/events.ts';
import { blobKey, type Manifest } from '../../protocol/messages.ts';
import { labelFault } from '../updates/check.ts';
import type { Desk } from './desk.ts';
import type { Assignment, Peer } from './peer.ts';
import { type ServerAnswer, type ServerJob, SharedUpper } from './server-halves.ts';
import { joinSplit } from './split-open.ts';
import type { CrossingUp, SplitTask } from './split-task.ts';
import { takeUpdate, updateFault } from './take-update.ts';

interface Blob {
  readonly manifest: Manifest;
  readonly bytes: Uint8Array;
}

/** The RSU's part of a mini-batch is done. */
interface AnswerReady {
  readonly kind: 'answer';
  readonly purpose: 'gradient' | 'outputs';
  readonly answer: ServerAnswer;
  readonly bytes: Uint8Array;
}

/** The whole model of a split round, put together when the car's part has arrived. */
interface JoinReady {
  readonly kind: 'joined';
  readonly manifest: Manifest;
  readonly full: Float32Array;
}

/** A blob of a split task arrived whole. */
export function onSplitBlob(desk: Desk, peer: Peer, assignment: Assignment, blob: Blob, now: number): void {
  const split = present(assignment.split, 'the split task (the gate saw it)');
  const { purpose } = blob.manifest;
  if (purpose === 'lower-update') onLowerUpdate(desk, peer, assignment, split, blob);
  else if (purpose === 'lower-checkpoint') onCheckpoint(desk, peer, assignment, split, blob, now);
  else onCrossing(desk, peer, assignment, split, blob, now);
}

// --- mini-batches ---

function onCrossing(
  desk: Desk,
  peer: Peer,
  assignment: Assignment,
  split: SplitTask,
  { manifest, bytes }: Blob,
  now: number,
): void {
  const { vehicle } = peer;
  const { round } = assignment;
  const purpose = manifest.purpose as CrossingUp;
  if (split.awaits !== purpose || manifest.meta.step !== split.step) {
    const reason = `${purpose} of step ${manifest.meta.step}, which is not awaited`;
    return desk.record(now, { kind: 'message-refused', vehicle, reason });
  }
  split.bytesUp += bytes.length;
  const job = jobOf(desk, split, purpose, bytes);
  if (typeof job === 'string') {
    const refused = { kind: 'update-refused', at: now, vehicle, round, key: manifest.key } as const;
    return desk.raise({ ...refused, reason: job });
  }
  split.awaits = null;
  const { serverFlopsPerSecond } = desk.options.scenario.fallback;
  const workSeconds = split.serverFlops(purpose, split.samplesAt(split.step)) / serverFlopsPerSecond;
  const run = () => answerTo(desk, { vehicle, round }, split, job);
  desk.compute(desk.processor.give(workSeconds, now), { kind: 'split', vehicle, round }, run);
}

/** What to compute, or why what came is refused. */
function jobOf(desk: Desk, split: SplitTask, purpose: CrossingUp, bytes: Uint8Array): ServerJob | string {
  const { format, head } = split.terms;
  const tensors = split.tensors(purpose, split.samplesAt(split.step));
  const border = crossingBytes(format, tensors);
  try {
    const floats = decodeCrossing(format, bytes.subarray(0, border), tensors);
    if (purpose === 'output-gradient') return { kind: 'backward', gradient: floats };
    if (head) return { kind: 'forward', smashed: floats };
    const labels = bytes.slice(border);
    return labelFault(labels, desk.options.model.classes) ?? { kind: 'step', smashed: floats, labels };
  } catch (error) {
    return messageOf(error);
  }
}

async function answerTo(
  desk: Desk,
  { vehicle, round }: { vehicle: VehicleId; round: number },
  split: SplitTask,
  job: ServerJob,
): Promise<AnswerReady> {
  const { server, format, checkpointSteps } = split.terms;
  const { step } = split;
  const isKept = job.kind !== 'forward' && checkpointSteps > 0 && (step + 1) % checkpointSteps === 0;
  const purpose = job.kind === 'forward' ? 'outputs' : 'gradient';
  const tensors = split.tensors(purpose, split.samplesAt(step));
  const answer = await server.work(job, isKept);
  const stream = Rng.root(desk.options.scenario.seed).fork('crossing').fork(vehicle);
  const rng = stream.fork(`${round}/${step}/${purpose}`);
  return { kind: 'answer', purpose, answer, bytes: encodeCrossing(format, answer.floats, tensors, rng) };
}

function onAnswer(
  desk: Desk,
  peer: Peer,
  { round }: Assignment,
  split: SplitTask,
  ready: AnswerReady,
  now: number,
): void {
  const { purpose, bytes, answer } = ready;
  const { step } = split;
  split.terms.server.settle(answer);
  split.bytesDown += bytes.length;
  const key = blobKey(round, peer.vehicle, purpose, step);
  const meta = split.answerMeta(round);
  const all = answer.loss === undefined ? meta : { ...meta, trainLoss: answer.loss };
  if (purpose === 'outputs') split.awaits = 'output-gradient';
  else {
    split.step++;
    split.awaits = 'smashed';
    if (answer.weights) split.snapshot(answer.weights);
  }
  desk.send(peer, peer.transfers.offer({ key, purpose, bytes, meta: all, eager: true }, now), now);
}

// --- the car's weights ---

/** The RSU's part may still be at work: joining waits for it. */
function onLowerUpdate(
  desk: Desk,
  peer: Peer,
  { round }: Assignment,
  split: SplitTask,
  { manifest, bytes }: Blob,
): void {
  desk.compute(0, { kind: 'split', vehicle: peer.vehicle, round }, async (): Promise<JoinReady> => {
    const server = await split.terms.server.weights();
    const full = joinSplit(desk.options.model, split, floatsOfBytes(bytes), server);
    return { kind: 'joined', manifest, full };
  });
}

/** The car's part on the way: joined with the RSU's weights behind the same mini-batch, it counts if the car fails later. */
function onCheckpoint(
  desk: Desk,
  peer: Peer,
  assignment: Assignment,
  split: SplitTask,
  { manifest, bytes }: Blob,
  now: number,
): void {
  const { vehicle } = peer;
  const { round } = assignment;
  const { key, meta } = manifest;
  const stepsDone = present(meta.step, 'the step (the gate saw it)');
  const { server } = split.terms;
  const serverWeights = server instanceof SharedUpper ? server.latest : split.takeSnapshot(stepsDone);
  if (!serverWeights) {
    const reason = `a lower-checkpoint after ${stepsDone} mini-batches, which came too late to be joined`;
    return desk.record(now, { kind: 'message-refused', vehicle, reason });
  }
  const joined = bytesOfFloats(joinSplit(desk.options.model, split, floatsOfBytes(bytes), serverWeights));
  const updateSha = sha256(joined) as BlobSha;
  const whole = { manifest: { ...manifest, size: joined.length, sha: updateSha }, bytes: joined };
  const reason = updateFault(desk, assignment, whole);
  if (reason !== null) return desk.record(now, { kind: 'update-refused', round, vehicle, key, reason });
  split.kept = { updateSha, bytes: joined };
  const { samples = 0, trainLoss = 0, computeSeconds = 0, joules = 0 } = meta;
  const work = { key, updateSha, samples, trainLoss, stepsDone, computeSeconds, joules };
  desk.raise({ kind: 'work-kept', at: now, vehicle, round, work });
}

/** A split computation ended: an answer goes down, or a joined model is checked as any update is. */
export function onSplitComputed(
  desk: Desk,
  task: { vehicle: VehicleId; round: number },
  outcome: ComputeOutcome,
  now: number,
): void {
  const peer = present(desk.peers.get(task.vehicle), task.vehicle);
  const assignment = peer.assignments.get(task.round);
  if (!assignment?.split || assignment.closed) return;
  if (!outcome.ok) return desk.raise({ kind: 'vehicle-failed', at: now, ...task, reason: outcome.error });
  const ready = outcome.value as AnswerReady | JoinReady;
  if (ready.kind === 'answer') return onAnswer(desk, peer, assignment, assignment.split, ready, now);
  const bytes = bytesOfFloats(ready.full);
  const manifest = { ...ready.manifest, size: bytes.length, sha: sha256(bytes) };
  takeUpdate(desk, peer, assignment, { manifest, bytes }, now);
}

// --- what the log says of it ---

/** Follows the log: what was kept and counts now is stored, a task that has its outcome is closed and its crossing told. */
export function followLog(desk: Desk, body: EventBody, now: number): void {
  if (body.kind === 'update-committed') storeKept(desk, body);
  else if (body.kind === 'round-closed') desk.endSharedUpper(body.round);
  else if (body.kind === 'vehicle-outcome') {
    const { round, vehicle, task = round } = body;
    const peer = desk.peers.get(vehicle);
    const split = peer?.assignments.get(task)?.split;
    peer?.release(task);
    if (!split) return;
    const { step: steps, bytesUp, bytesDown, terms } = split;
    desk.record(now, {
      kind: 'split-ended',
      round,
      vehicle,
      cut: terms.facts.cut,
      steps,
      bytesUp,
      bytesDown,
    });
  }
}

function storeKept(desk: Desk, body: Extract<EventBody, { kind: 'update-committed' }>): void {
  const kept = desk.peers.get(body.vehicle)?.assignments.get(body.task ?? body.round)?.split?.kept;
  if (kept?.updateSha === body.updateSha) desk.options.blobs.put(kept.bytes);
}
