// The registry of cut algorithms: the one place that names them all. Adding one is a file in this folder and a line here.
// Must not: decide anything.

import { byName } from '../../by-name.ts';
import type { CutAlgorithm } from './algorithm.ts';
import { blockWise } from './block-wise.ts';
import { chain } from './chain.ts';
import { CutEnvelope } from './cut-envelope.ts';
import { exhaustiveSplit } from './exhaustive.ts';
import { deviceOnly, shallowest } from './extremes.ts';
import { checkInstance } from './instance.ts';
import { MinimumCut } from './minimum-cut.ts';
import { ReducedCut } from './reduced-cut.ts';
import { regression } from './regression.ts';
import { staticAtMean, staticCut } from './static-cut.ts';

const minimumCut: CutAlgorithm = {
  name: 'minimum-cut',
  about: 'the minimum cut of the graph, made small first by an exact presolve',
  isExact: true,
  prepare: (instance) => new ReducedCut(instance),
};

const unreduced: CutAlgorithm = {
  name: 'minimum-cut-unreduced',
  about: 'the minimum cut of the whole graph',
  isExact: true,
  prepare: (instance) => new MinimumCut(instance),
};

const envelope: CutAlgorithm = {
  name: 'envelope',
  about: 'all best cuts over the rate, found once; needs gradients as large as activations',
  isExact: true,
  prepare: (instance) => new CutEnvelope(instance),
};

const exhaustive: CutAlgorithm = {
  name: 'exhaustive',
  about: 'every cut there is, of at most 20 layers',
  isExact: true,
  prepare(instance) {
    checkInstance(instance);
    return { decide: (rates) => exhaustiveSplit(instance, rates) };
  },
};

export const cutAlgorithms: readonly CutAlgorithm[] = [
  minimumCut,
  unreduced,
  envelope,
  blockWise,
  chain,
  regression,
  staticCut,
  staticAtMean,
  deviceOnly,
  shallowest,
  exhaustive,
];

/** Legal values of `--algorithm`. */
export const cutAlgorithmNames: readonly string[] = cutAlgorithms.map((algorithm) => algorithm.name);

/** The algorithm called `name`. Throws RoadbedError('usage') that names the nearest legal one. */
export function cutAlgorithmByName(name: string): CutAlgorithm {
  return byName(cutAlgorithms, name, { what: 'cut algorithm', reason: 'usage' });
}
