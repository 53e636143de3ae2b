// A Learner for tests that do not care about learning: every weight walks towards a whole-number target. Steps are 1 or
// 1/2, so sums stay exact in float32, and a test can write down what must come out. Instant, no tfjs.
// Must not: be offered to users. Its accuracy means nothing.
//
// Rule for weight i at step s of a batch whose labels sum to L: w += clamp(target(i) - w, -1, 1) * pace, where pace is 1
// if (i + 1) * (s + L + seed + 1) mod 7 is below 3, and 1/2 otherwise: seeds and shards leave different traces. It needs
// only what both halves of a split model know, so split and whole training agree exactly.
// Loss = mean |target - w|; accuracy = 1 / (1 + loss).

import { assert } from '../base/assert.ts';
import { Rng } from '../base/rng.ts';
import { layerGraph } from './cost/graph.ts';
import { modelCost } from './cost/model-cost.ts';
import { pickLabels, sampleCount } from './data/dataset.ts';
import {
  type Cut,
  type Learner,
  type LowerHalf,
  type LowerHalfRequest,
  type MiddleHalf,
  type MiddleHalfRequest,
  type ModelSpec,
  TrainingError,
  type TrainingSettings,
  type TrainRequest,
  type TrainResult,
  type UpperHalf,
  type UpperHalfRequest,
} from './learner.ts';
import { labelsPerSample } from './models/blocks.ts';
import { cutFacts } from './split/cuts.ts';
import { layersBetween } from './split/layer-sets.ts';
import { assertHead, blockCount, samplesIn } from './split/parts.ts';
import { BatchOrder, stepRange } from './training/batches.ts';

/** Where weight `index` walks to: a whole number, -8..8. */
export function toyTarget(index: number): number {
  return ((index * 7) % 17) - 8;
}

/** Sum of |target - weight| over weights whose first one has global index `from`. */
function distance(weights: Float32Array, from: number): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += Math.abs(toyTarget(from + i) - weights[i]!);
  if (!Number.isFinite(sum)) throw new TrainingError(`the toy loss became ${sum} (expected a finite number)`);
  return sum;
}

/** One step of the rule above, in place; `scale` is 1 unless a gradient was changed on the way. */
function walk(weights: Float32Array, from: number, phase: number, scale: number): void {
  for (let i = 0; i < weights.length; i++) {
    const away = toyTarget(from + i) - weights[i]!;
    const pace = ((from + i + 1) * (phase + 1)) % 7 < 3 ? scale : scale / 2;
    weights[i] = weights[i]! + Math.max(-1, Math.min(1, away)) * pace;
  }
}

function labelSum(labels: Uint8Array): number {
  return labels.reduce((sum, label) => sum + label, 0);
}

/** What the rule takes modulo 7, so that it crosses a cut as one float. */
function phaseOf(step: number, labels: Uint8Array, settings: TrainingSettings): number {
  return (step + labelSum(labels) + settings.seed) % 7;
}

function checkLength(weights: Float32Array, expected: number): void {
  assert(weights.length === expected, `toy model: ${weights.length} weights (expected ${expected})`);
}

function train(request: TrainRequest): TrainResult {
  const { model, data, shard, settings } = request;
  checkLength(request.weights, modelCost(model).parameters);
  const order = new BatchOrder(shard, settings);
  const { first, end } = stepRange(order, request);
  const weights = request.weights.slice();
  let lossSum = 0;
  for (let step = first; step < end; step++) {
    const last = step >= end - order.stepsPerEpoch;
    const loss = distance(weights, 0) / weights.length;
    if (last) lossSum += loss;
    walk(weights, 0, phaseOf(step, pickLabels(data, order.at(step)), settings), 1);
  }
  const trainLoss = lossSum / order.stepsPerEpoch;
  const result = { weights, samples: shard.length, steps: end - first, trainLoss };
  return request.span ? { ...result, carried: { moments: new Float32Array(0), steps: end } } : result;
}

/** Copies of a part's weights, layer by layer; each says where in the whole model it begins. */
interface Stretch {
  readonly weights: Float32Array;
  readonly from: number;
}

/** Weights of the layers between two cuts (as in `layersBetween`), which lie one behind the other in `flat`. */
function stretchesOf(model: ModelSpec, from: Cut, to: Cut, flat: Float32Array): readonly Stretch[] {
  const { nodes } = layerGraph(model);
  let [at, taken] = [0, 0];
  const stretches = layersBetween(model, from, to).flatMap((isPart, index) => {
    const { parameters } = nodes[index]!;
    at += parameters;
    if (!isPart || parameters === 0) return [];
    taken += parameters;
    return [{ weights: flat.slice(taken - parameters, taken), from: at - parameters }];
  });
  checkLength(flat, taken);
  return stretches;
}

function distanceOf(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { weights, from }) => sum + distance(weights, from), 0);
}

function walkAll(stretches: readonly Stretch[], phase: number, scale: number): void {
  for (const { weights, from } of stretches) walk(weights, from, phase, scale);
}

function flatOf(stretches: readonly Stretch[]): Float32Array {
  const flat = new Float32Array(stretches.reduce((sum, { weights }) => sum + weights.length, 0));
  let at = 0;
  for (const { weights } of stretches) {
    flat.set(weights, at);
    at += weights.length;
  }
  return flat;
}

/** What crosses has one float of its own, the distance of all weights before it. */
function crossing(floats: number, distanceBefore: number): Float32Array {
  const values = new Float32Array(floats);
  values[0] = distanceBefore;
  return values;
}

/**
 * Smashed data carry the lower part's distance in their first float; the gradient carries the scale, 1, and behind it the
 * phase, for a middle part that sees no labels.
 */
function openLower(request: LowerHalfRequest): LowerHalf {
  const { model, data, settings } = request;
  const { cut, crossingFloats } = cutFacts(model, request.cut);
  const stretches = stretchesOf(model, 0, cut, request.lowerWeights);
  const order = new BatchOrder(request.shard, settings);
  return {
    steps: order.steps,
    forward(step) {
      const indices = order.at(step);
      const samples = indices.length;
      return {
        smashed: crossing(samples * crossingFloats, distanceOf(stretches)),
        samples,
        labels: pickLabels(data, indices),
      };
    },
    backward(step, gradient) {
      const indices = order.at(step);
      assert(gradient.length === indices.length * crossingFloats, `toy gradient: ${gradient.length} floats`);
      walkAll(stretches, phaseOf(step, pickLabels(data, indices), settings), gradient[0]!);
    },
    weights: () => flatOf(stretches),
    dispose() {},
  };
}

function openUpper(request: UpperHalfRequest): UpperHalf {
  const { model, settings } = request;
  const { cut, crossingFloats, lowerParameters, upperParameters } = cutFacts(model, request.cut);
  const stretches = stretchesOf(model, cut, blockCount(model), request.upperWeights);
  let taken = 0;
  return {
    step(smashed, labels) {
      const samples = labels.length / labelsPerSample(model);
      assert(smashed.length === samples * crossingFloats, `toy smashed data: ${smashed.length} floats`);
      const loss = (smashed[0]! + distanceOf(stretches)) / (lowerParameters + upperParameters);
      const phase = phaseOf(taken++, labels, settings);
      walkAll(stretches, phase, 1);
      const gradient = new Float32Array(smashed.length);
      gradient[0] = 1;
      gradient[1] = phase;
      return { loss, gradient };
    },
    weights: () => flatOf(stretches),
    dispose() {},
  };
}

function openMiddle(request: MiddleHalfRequest): MiddleHalf {
  const { model, head } = request;
  const { cut, crossingFloats } = cutFacts(model, request.cut);
  assertHead(model, cut, head);
  const stretches = stretchesOf(model, cut, head, request.middleWeights);
  const headFloats = cutFacts(model, head).crossingFloats;
  return {
    forward(smashed) {
      const samples = samplesIn(smashed, crossingFloats);
      return crossing(samples * headFloats, smashed[0]! + distanceOf(stretches));
    },
    backward(gradient) {
      const samples = samplesIn(gradient, headFloats);
      const [scale, phase] = gradient;
      walkAll(stretches, phase!, scale!);
      const below = new Float32Array(samples * crossingFloats);
      below.set([scale!, phase!]);
      return below;
    },
    weights: () => flatOf(stretches),
    dispose() {},
  };
}

/** Whole numbers -1, 0, 1. Deterministic in (model, seed). */
function initialWeights(model: ModelSpec, seed: number): Float32Array {
  const stream = Rng.root(seed).fork('init').fork('toy');
  return Float32Array.from({ length: modelCost(model).parameters }, () => stream.integer(3) - 1);
}

/** A learner of exact arithmetic over models of the zoo (their sizes and cuts are the real ones). */
export function createToyLearner(): Learner {
  return {
    engine: 'toy (exact arithmetic, for tests only)',
    initialWeights,
    train: async (request) => train(request),
    async evaluate({ model, weights, data }) {
      checkLength(weights, modelCost(model).parameters);
      const loss = distance(weights, 0) / weights.length;
      return { loss, accuracy: 1 / (1 + loss), samples: sampleCount(data) };
    },
    openLower: async (request) => openLower(request),
    openUpper: async (request) => openUpper(request),
    openMiddle: async (request) => openMiddle(request),
  };
}
