// LinUCB: one linear model of the utility over what is known of a candidate, and optimism where little is known. Source:
// Li, Chu, Langford and Schapire, "A Contextual-Bandit Approach to Personalized News Article Recommendation", WWW 2010
// (arXiv 1003.0146), Algorithm 1 with one model shared by all arms. The features are ours.
// Must not: use a feature an RSU does not know at the instant of selection.

import type { VehicleId } from '../../base/ids.ts';
import { type Parameter, settingOf } from '../parameters.ts';
import { armOf } from './arms.ts';
import { emptyModel, type LinearModel, learnSample, uncertaintyOf, weightsOf } from './linear-model.ts';
import type { ArmReward, Candidate, Choice, Policy, RoundFeedback } from './policy.ts';
import { rankByScore } from './ranking.ts';
import { utility } from './utility.ts';

interface History {
  readonly tries: number;
  readonly successes: number;
  readonly loss: number;
}

interface LinUcbState {
  readonly model: LinearModel;
  readonly history: ReadonlyMap<VehicleId, History>;
}

const ridge: Parameter = {
  name: 'ridge',
  default: 1,
  minimum: 1e-6,
  maximum: 1e6,
  describe: "the paper's identity matrix, scaled",
};

/** Names in the order of the features; each is about 0 to 1. */
const names = [
  'always',
  'timeToSpare',
  'slowTask',
  'speed',
  'spectralEfficiency',
  'distance',
  'dataSize',
  'pastSuccess',
  'lastLoss',
] as const;

/** ln(1 + samples) of what most cars hold; there are few numbers of samples and many cars. */
const samplesLogs = Float64Array.from({ length: 4096 }, (_, samples) => Math.log1p(samples));

/** Nobody knows a stranger's past: as if one in two tries had succeeded. */
const stranger: History = { tries: 2, successes: 1, loss: 0 };

function clip(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** Writes the context of one candidate into `x`, in the order of `names`. */
function writeFeatures(x: Float64Array, candidate: Candidate, past: History): void {
  const { secondsLeft, task, speedMps, bitsPerSecondPerHertz, distanceMeters, samples } = candidate;
  const spare = Math.log(Math.max(secondsLeft, 1e-3) / Math.max(task.totalSeconds, 1e-3));
  x[0] = 1;
  x[1] = clip(spare / 3, -1, 1);
  x[2] = clip(Math.log1p(task.totalSeconds) / 5, 0, 1);
  x[3] = clip(speedMps / 40, 0, 1);
  x[4] = clip(bitsPerSecondPerHertz / 20, 0, 1);
  x[5] = clip(distanceMeters / 1000, 0, 1);
  x[6] = clip((samplesLogs[samples] ?? Math.log1p(samples)) / 10, 0, 1);
  x[7] = past.successes / past.tries;
  x[8] = clip(past.loss / 4, 0, 1);
}

function featuresOf(candidate: Candidate, past: History): number[] {
  const x = new Float64Array(names.length);
  writeFeatures(x, candidate, past);
  return [...x];
}

/** Each member's own utility: its success and its time. A round's would hide which context earned it. */
function learn(state: LinUcbState, feedback: RoundFeedback): { state: LinUcbState; rewarded: ArmReward[] } {
  const { settings, delayBounds: bounds } = feedback;
  const history = new Map(state.history);
  const rewarded: ArmReward[] = [];
  let { model } = state;
  for (const { vehicle, arm, outcome, seconds, candidate, trainLoss } of feedback.members) {
    const past = state.history.get(vehicle) ?? stranger;
    const success = outcome === 'committed' ? 1 : 0;
    const reward = utility(settings.participationWeight, success, { seconds, bounds });
    model = learnSample(model, featuresOf(candidate, past), reward);
    const tries = past.tries + 1;
    history.set(vehicle, { tries, successes: past.successes + success, loss: trainLoss ?? past.loss });
    rewarded.push({ arm, reward, pulls: tries - stranger.tries, meanReward: reward });
  }
  return { state: { model, history }, rewarded };
}

export const linucb: Policy<LinUcbState> = {
  name: 'linucb',
  source: 'Li, Chu, Langford and Schapire, WWW 2010 (arXiv 1003.0146), Algorithm 1; features ours',
  describe: 'linear model of the utility over time left, speed, rate, device, data and past',
  parameters: [ridge],
  init: (settings) => ({
    model: emptyModel(names.length, settingOf(ridge, settings)),
    history: new Map(),
  }),
  choose: (state, context) => {
    const theta = weightsOf(state.model);
    const uncertainty = uncertaintyOf(state.model);
    const { exploration } = context.settings;
    const x = new Float64Array(names.length);
    const weigh = (candidate: Candidate): number => {
      writeFeatures(x, candidate, state.history.get(candidate.vehicle) ?? stranger);
      return exploration * uncertainty(x);
    };
    const score = (candidate: Candidate): number => {
      const confidence = weigh(candidate);
      let sum = 0;
      for (let i = 0; i < x.length; i++) sum += theta[i]! * x[i]!;
      return sum + confidence;
    };
    const choice = (candidate: Candidate): Choice => {
      const confidence = weigh(candidate);
      const terms: Record<string, number> = {};
      for (const [i, name] of names.entries()) terms[name] = theta[i]! * x[i]!;
      terms.confidence = confidence;
      const total = Object.values(terms).reduce((sum, term) => sum + term, 0);
      const arm = armOf(candidate, context.settings);
      const reason = confidence > total / 2 ? 'little known of its kind' : 'its kind does well';
      return { vehicle: candidate.vehicle, arm, score: total, terms, reason };
    };
    return { state, ranking: rankByScore(context, { score, choice }) };
  },
  learn,
};
