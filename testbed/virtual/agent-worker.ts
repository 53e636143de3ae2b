// One worker thread with many vehicle agents, in virtual time. It acts when the conductor says so and trains when it has
// nothing else to do. Must not: decide when anything happens (the conductor's clock does), or share state between cars.

import { parentPort, workerData } from 'node:worker_threads';
import { present } from '../../base/assert.ts';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import type { RunId, VehicleId } from '../../base/ids.ts';
import { Rng } from '../../base/rng.ts';
import { modelCost } from '../../learning/cost/model-cost.ts';
import type { Learner, ModelSpec } from '../../learning/learner.ts';
import { cutFacts } from '../../learning/split/cuts.ts';
import { openEngine } from '../../learning/training/engine.ts';
import { adoptKernelModules } from '../../learning/training/kernels/module.ts';
import { learnerOn } from '../../learning/training/tfjs-learner.ts';
import type { ComputeOutcome, ComputeRequest } from '../../protocol/actor.ts';
import { decodeFrame, encodeFrame } from '../../protocol/codec.ts';
import type { Link } from '../../protocol/link/link.ts';
import { connectMqtt } from '../../protocol/link/mqtt.ts';
import type { UpMessage } from '../../protocol/messages.ts';
import { vehicleTopic } from '../../protocol/topics.ts';
import { VehicleAgent } from '../../vehicle-agent/agent.ts';
import { MemoryOutbox } from '../../vehicle-agent/outbox-memory.ts';
import type { VehicleInput } from '../../vehicle-agent/types.ts';
import { modelSpec, shardOf, slowdownOf } from '../plan.ts';
import { Sealer } from './envelope.ts';
import { Inbox } from './inbox.ts';
import { downStream, upStream } from './wires.ts';
import type {
  SentFrame,
  SpawnRequest,
  VehicleCall,
  VehicleReply,
  WorkerAnswer,
  WorkerEnvelope,
  WorkerReply,
  WorkerRequest,
  WorkerSetup,
} from './worker-protocol.ts';

interface Car {
  readonly agent: VehicleAgent;
  readonly link: Link | null;
  readonly computations: Map<number, Promise<ComputeOutcome>>;
  sent: number;
}

const port = present(parentPort, 'the port of a worker thread');
const setup = workerData as WorkerSetup;
const run = setup.run as RunId;
const cars = new Map<VehicleId, Car>();
// Nobody but the RSU writes to a car's topic; a stranger's bytes on it are not for the agent.
const sealer = new Sealer(setup.secret);
const inbox = new Inbox(sealer, () => undefined);
let training: Promise<unknown> = Promise.resolve();

/** An error as an answer: classes do not cross threads, so the reason travels as text. */
const refusal = (id: number, error: unknown): WorkerAnswer => ({
  id,
  ok: false,
  error: messageOf(error),
  reason: error instanceof RoadbedError ? error.reason : 'internal',
});

adoptKernelModules(setup.kernels);
const engine = await openEngine(setup.engine).catch((error: unknown) => {
  port.postMessage(refusal(0, error));
  throw error;
});
const learner: Learner = learnerOn(engine);
const model: ModelSpec = modelSpec(setup.scenario, setup.evaluation);

/** Lets waiting control messages through before the next piece of heavy work. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function outcomeOf(request: ComputeRequest): Promise<ComputeOutcome> {
  await breathe();
  try {
    return { ok: true, value: await request.run() };
  } catch (error) {
    return { ok: false, error: messageOf(error) };
  }
}

/** Queues a computation: one at a time in this thread, results kept until the conductor asks. */
function start(car: Car, request: ComputeRequest): void {
  const result = training.then(() => outcomeOf(request));
  training = result;
  car.computations.set(request.ticket, result);
}

async function spawn({ vehicle, device, place }: SpawnRequest): Promise<void> {
  const { scenario, train } = setup;
  const agent = new VehicleAgent({
    vehicle,
    device,
    incarnation: 1,
    learner,
    data: train,
    shard: shardOf(scenario, train, { vehicle, place }),
    costOf: modelCost,
    cutFactsOf: cutFacts,
    outbox: new MemoryOutbox(),
    rng: Rng.root(scenario.seed).fork('agent').fork(vehicle),
    beaconSeconds: 1,
    graceSeconds: scenario.handover?.graceSeconds ?? 0,
    slowdown: slowdownOf(scenario, vehicle),
  });
  const link = setup.brokerUrl
    ? await connectMqtt({
        url: setup.brokerUrl,
        clientId: `${run}-${vehicle}`,
        maximumPending: Number.POSITIVE_INFINITY,
      })
    : null;
  await link?.subscribe(vehicleTopic(run, 'down', vehicle), (_topic, payload) =>
    inbox.arrived(downStream(vehicle), payload),
  );
  cars.set(vehicle, { agent, link, computations: new Map(), sent: 0 });
}

async function retire(vehicle: VehicleId): Promise<void> {
  const car = cars.get(vehicle);
  cars.delete(vehicle);
  inbox.forget(downStream(vehicle));
  await car?.link?.close();
}

async function inputOf(vehicle: VehicleId, car: Car, call: VehicleCall): Promise<VehicleInput> {
  if (call.kind === 'frame') {
    const frame = call.payload ?? (await inbox.take(downStream(vehicle), call.sequence, call.final));
    return { kind: 'message', ...decodeFrame('down', frame) };
  }
  if (call.kind === 'computed') {
    const outcome = await present(
      car.computations.get(call.ticket),
      `computation ${call.ticket} of ${vehicle}`,
    );
    car.computations.delete(call.ticket);
    return { kind: 'computed', ticket: call.ticket, outcome };
  }
  return call;
}

/** Puts a message on the link, or on the control channel where there is none. */
function send(vehicle: VehicleId, car: Car, message: UpMessage, body: Uint8Array | undefined): SentFrame {
  const frame = encodeFrame('up', message, body);
  const sequence = ++car.sent;
  const bulk = message.kind === 'chunk';
  if (!car.link) return { sequence, bytes: frame.length, bulk, payload: frame };
  // A lost publication shows as a frame that never arrives, which the RSU's inbox reports by name.
  car.link
    .publish(vehicleTopic(run, 'up', vehicle), sealer.seal(upStream(vehicle), sequence, frame))
    .catch(() => undefined);
  return { sequence, bytes: frame.length, bulk };
}

async function act(vehicle: VehicleId, call: VehicleCall, at: number): Promise<VehicleReply> {
  const car = present(cars.get(vehicle), vehicle);
  const input = await inputOf(vehicle, car, call);
  const outputs = car.agent.act(input, at);
  for (const request of outputs.computes) start(car, request);
  const { state, round, progress } = car.agent.state();
  return {
    vehicle,
    sends: outputs.sends.map((outgoing) => send(vehicle, car, outgoing.message, outgoing.body)),
    timers: outputs.timers,
    computes: outputs.computes.map(({ ticket, modelledSeconds }) => ({ ticket, modelledSeconds })),
    state,
    round,
    progress,
  };
}

async function evaluate(weights: Float32Array): Promise<WorkerReply> {
  const { evaluation } = setup;
  return { kind: 'evaluated', result: await learner.evaluate({ model, weights, data: evaluation }) };
}

async function answer(request: WorkerRequest): Promise<WorkerReply> {
  if (request.kind === 'evaluate') return evaluate(request.weights);
  if (request.kind === 'spawn') await spawn(request);
  else if (request.kind === 'retire') await retire(request.vehicle);
  else if (request.kind === 'discard')
    for (const frame of request.frames) inbox.discard(downStream(frame.vehicle), frame.sequence);
  else if (request.kind === 'close') await Promise.all([...cars.keys()].map(retire));
  else {
    const replies: VehicleReply[] = [];
    for (const { vehicle, call } of request.calls) replies.push(await act(vehicle, call, request.at));
    return { kind: 'acted', replies };
  }
  return { kind: 'done' };
}

/** The frames of an answer, moved and not copied: they were encoded for this one journey. */
function buffersOf(reply: WorkerAnswer): ArrayBuffer[] {
  if (!reply.ok || reply.body.kind !== 'acted') return [];
  const frames = reply.body.replies.flatMap(({ sends }) => sends.flatMap(({ payload }) => payload ?? []));
  return frames.map((frame) => frame.buffer as ArrayBuffer);
}

port.on('message', async ({ id, body }: WorkerEnvelope<WorkerRequest>) => {
  let reply: WorkerAnswer;
  try {
    reply = { id, ok: true, body: await answer(body) };
  } catch (error) {
    reply = refusal(id, error);
  }
  port.postMessage(reply, buffersOf(reply));
});
port.postMessage({
  id: 0,
  ok: true,
  body: { kind: 'ready', engine: learner.engineFor?.(model) ?? learner.engine, reasons: engine.reasons },
} satisfies WorkerAnswer);
