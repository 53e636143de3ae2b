// The numbers of one step of Adam that do not depend on a weight. Decay rates 0.9 and 0.999 and epsilon 1e-8 are those of
// the paper (Kingma and Ba 2015, arXiv 1412.6980) and of PyTorch. Must not: hold state.

import type { TrainingSettings } from '../learner.ts';

/** Weight decay where AdamW is asked for without one: PyTorch's. */
const usualDecay = 0.01;

/** Whether an optimiser keeps two moments of every gradient. */
export function isAdaptive({ optimiser }: Pick<TrainingSettings, 'optimiser'>): boolean {
  return optimiser === 'adam' || optimiser === 'adamw';
}

/** For step `count` (from 1): what a weight loses by itself, and how much of each mean the steps so far have filled. */
export function adamFactors(
  {
    learningRate,
    optimiser,
    weightDecay,
  }: Pick<TrainingSettings, 'learningRate' | 'optimiser' | 'weightDecay'>,
  count: number,
): { readonly decay: number; readonly meanPart: number; readonly squarePart: number } {
  return {
    decay: optimiser === 'adamw' ? learningRate * (weightDecay ?? usualDecay) : 0,
    meanPart: 1 - 0.9 ** count,
    squarePart: 1 - 0.999 ** count,
  };
}
