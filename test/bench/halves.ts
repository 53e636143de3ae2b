// `npm run bench -- halves`: every closed cut of every trainable model, trained in two halves and whole: how far the two are
// apart. `--task` names models. Must not: be part of the test suite, which takes only some cuts of ResNet-18.

import type { Learner, ModelSpec } from '../../learning/learner.ts';
import { closedCuts, cutFacts } from '../../learning/split/cuts.ts';
import { createTfjsLearner } from '../../learning/training/tfjs-learner.ts';
import { differenceOf, smallModels, splitCase, trainSplit, trainWhole } from '../support/split-training.ts';

export interface HalvesRow {
  readonly model: string;
  readonly cuts: number;
  /** Cuts at which losses and weights are those of whole training, byte by byte. */
  readonly byteEqual: number;
  /** Most tensors that cross at one cut. */
  readonly mostTensors: number;
  /** Largest difference of a loss or weight, relative above 1. */
  readonly largestDifference: number;
  readonly isWithinGoal: boolean;
}

const goal = 1e-5;

async function rowOf(learner: Learner, model: ModelSpec): Promise<HalvesRow> {
  const given = splitCase(learner, model);
  const whole = await trainWhole(learner, given);
  const cuts = closedCuts(model);
  const differences: number[] = [];
  for (const cut of cuts) differences.push(differenceOf(await trainSplit(learner, given, cut), whole));
  const largestDifference = Math.max(...differences);
  return {
    model: model.name,
    cuts: cuts.length,
    byteEqual: differences.filter((difference) => difference === 0).length,
    mostTensors: Math.max(...cuts.map((cut) => cutFacts(model, cut).frontier.length)),
    largestDifference,
    isWithinGoal: largestDifference < goal,
  };
}

/** The rows of all models, those in `names` only where there are any. */
export async function benchHalves(
  names: readonly string[],
  show: (row: object) => void,
): Promise<{ rows: readonly HalvesRow[]; notes: readonly string[] }> {
  const learner = await createTfjsLearner('wasm');
  const rows: HalvesRow[] = [];
  for (const model of smallModels) {
    if (names.length > 0 && !names.includes(model.name)) continue;
    const row = await rowOf(learner, model);
    show(row);
    rows.push(row);
  }
  const cuts = rows.reduce((sum, row) => sum + row.cuts, 0);
  const byteEqual = rows.reduce((sum, row) => sum + row.byteEqual, 0);
  return {
    rows,
    notes: [
      `${byteEqual} of ${cuts} cuts give the bytes of whole training after two epochs; at the others a cut parts a ` +
        'convolution from its pool, or queries from keys, and sums come in another order',
    ],
  };
}
