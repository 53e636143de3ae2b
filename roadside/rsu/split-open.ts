// A split task as it is given: the model taken apart into the car's weights and the RSU's part, which is opened.
// Must not: send.

import { bytesOfFloats, sha256 } from '../../base/hash.ts';
import type { BlobSha } from '../../base/ids.ts';
import { joinWeights } from '../../learning/cost/model-cost.ts';
import type { Cut, ModelSpec, TrainingSettings } from '../../learning/learner.ts';
import { cutFacts, lowerWeights, upperWeights, wholeWeights } from '../../learning/split/cuts.ts';
import { headFacts } from '../../learning/split/head.ts';
import type { Desk } from './desk.ts';
import type { Peer } from './peer.ts';
import { OwnMiddle, OwnUpper, type ServerHalf, SharedUpper } from './server-halves.ts';
import { SplitTask } from './split-task.ts';

/** What is to be split: a whole model at a cut, for the task of a round. */
export interface ToSplit {
  readonly round: number;
  readonly cut: Cut;
  readonly weights: Float32Array;
  readonly settings: TrainingSettings;
}

/** Opens the RSU's part; returns the task and the bytes the car starts from. */
export function openSplit(desk: Desk, peer: Peer, given: ToSplit): { split: SplitTask; bytes: Uint8Array } {
  const { model, scenario, config } = desk.options;
  const { fallback, training } = scenario;
  const facts = cutFacts(model, given.cut);
  const head = fallback.head === undefined ? undefined : headFacts(config.cost, fallback.head);
  const upper = upperWeights(model, facts.cut, given.weights);
  const border = upper.length - (head?.parameters ?? 0);
  const own = joinWeights(lowerWeights(model, facts.cut, given.weights), upper.subarray(border));
  const bytes = bytesOfFloats(own);
  const split = new SplitTask({
    facts,
    head,
    format: fallback.crossing ?? 'float32',
    base: sha256(bytes) as BlobSha,
    labelsPerSample: config.cost.labelsPerSample,
    samples: peer.samples,
    epochs: training.epochs,
    batchSize: training.batchSize,
    checkpointSteps: fallback.checkpointSteps ?? 0,
    server: openServer(desk, { ...given, cut: facts.cut }, upper.slice(0, border)),
  });
  return { split, bytes };
}

function openServer(desk: Desk, given: ToSplit, serverWeights: Float32Array): ServerHalf {
  const { learner, model, scenario } = desk.options;
  const { cut, settings, round } = given;
  const { head, server } = scenario.fallback;
  if (head !== undefined)
    return new OwnMiddle(learner.openMiddle({ model, cut, head, middleWeights: serverWeights, settings }));
  const open = () => learner.openUpper({ model, cut, upperWeights: serverWeights, settings });
  if (server !== 'shared') return new OwnUpper(open());
  return desk.sharedUpper(round, () => new SharedUpper(open(), serverWeights.slice()));
}

/** The whole model from the car's weights and the RSU's. */
export function joinSplit(
  model: ModelSpec,
  { terms }: SplitTask,
  own: Float32Array,
  server: Float32Array,
): Float32Array {
  const { cut, lowerParameters } = terms.facts;
  const upper = joinWeights(server, own.subarray(lowerParameters));
  return wholeWeights(model, cut, own.subarray(0, lowerParameters), upper);
}

/** A car's whole model with, in place of what its upper half was when it came, what all cars of the round have made of it. */
export function withSharedUpper(model: ModelSpec, split: SplitTask, whole: Float32Array): Float32Array {
  const { server, facts } = split.terms;
  if (!(server instanceof SharedUpper)) return whole;
  return wholeWeights(model, facts.cut, lowerWeights(model, facts.cut, whole), server.latest);
}
