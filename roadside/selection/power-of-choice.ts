// Power-of-Choice: draw d candidates by the size of their data, then take the K0 among them with the highest loss. Source:
// Cho, Wang and Joshi, "Towards Understanding Biased Client Selection in Federated Learning", AISTATS 2022 (arXiv
// 2010.01243), Section 3; the variant rpow-d, where a client's loss is the one it reported last, so that choosing costs no
// message. A client that never reported has an infinite loss there: it comes first. Must not: ask a vehicle anything.

import type { VehicleId } from '../../base/ids.ts';
import { type Parameter, settingOf } from '../parameters.ts';
import type { Candidate, Choice, ChoiceContext, Policy } from './policy.ts';
import { figuresOf, lazily, ranked } from './ranking.ts';

/** The loss each vehicle reported last. */
type Losses = ReadonlyMap<VehicleId, number>;

const drawn: Parameter = {
  name: 'drawnPerTask',
  default: 2,
  minimum: 1,
  maximum: 1000,
  describe: 'candidates drawn for each task of a round, d / K0; the paper tries 2 to 10',
};

/** Drawn without repetition, each with a chance proportional to its samples (Efraimidis and Spirakis 2006). */
function drawBySamples({ candidates, rng }: ChoiceContext): Float64Array {
  return figuresOf(candidates, ({ samples }) => -rng.exponential(Math.max(samples, 1e-9)));
}

function choiceOf(losses: Losses, { vehicle }: Candidate): Choice {
  const loss = losses.get(vehicle);
  if (loss === undefined) return { vehicle, arm: vehicle, score: 0, terms: {}, reason: 'loss not known yet' };
  return { vehicle, arm: vehicle, score: loss, terms: { loss }, reason: 'its last loss was high' };
}

/** Those drawn by last reported loss, unknown first; behind them the others in the order of the draw. */
export const powerOfChoice: Policy<Losses> = {
  name: 'power-of-choice',
  source: 'Cho, Wang and Joshi, AISTATS 2022 (arXiv 2010.01243), rpow-d',
  describe: 'of d drawn by data size, those with the highest last loss',
  parameters: [drawn],
  init: () => new Map(),
  choose: (state, context) => {
    const keys = drawBySamples(context);
    const d = Math.ceil(settingOf(drawn, context.settings) * context.perRound);
    const known = (choice: Choice): number => (state.has(choice.vehicle) ? 1 : 0);
    const inDrawnOrder = ranked(context.candidates, keys, (candidate) => choiceOf(state, candidate));
    const ranking = lazily(function* () {
      const order = inDrawnOrder[Symbol.iterator]();
      const front: Choice[] = [];
      for (let next = order.next(); !next.done; next = order.next()) {
        front.push(next.value);
        if (front.length >= d) break;
      }
      yield* front.sort((a, b) => known(a) - known(b) || b.score - a.score);
      for (let next = order.next(); !next.done; next = order.next()) yield next.value;
    });
    return { state, ranking };
  },
  learn: (state, { members }) => {
    const losses = new Map(state);
    for (const { vehicle, trainLoss } of members) if (trainLoss !== null) losses.set(vehicle, trainLoss);
    return { state: losses, rewarded: [] };
  },
};
