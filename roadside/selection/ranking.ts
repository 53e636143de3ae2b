// A ranking by one figure: what policies share that score each candidate by itself. Must not: know any policy.

import type { Candidate, Choice, ChoiceContext } from './policy.ts';

/** All candidates, highest score first; equals come in seeded random order. */
export function rankByScore(context: ChoiceContext, choiceOf: (candidate: Candidate) => Choice): Choice[] {
  // The sort is stable, so the shuffle before it decides among equals.
  return context.rng
    .shuffle([...context.candidates])
    .map(choiceOf)
    .sort((a, b) => b.score - a.score);
}
