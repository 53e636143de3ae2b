// Initial weights of a model: Glorot uniform kernels, zero biases (Glorot and Bengio, "Understanding the difficulty of
// training deep feedforward neural networks", AISTATS 2010), from our own random stream and not tfjs's.
// Must not: depend on the engine. Every machine of a run must start from the same bytes.

import { Rng } from '../../base/rng.ts';
import type { ModelSpec } from '../learner.ts';
import { layerParameters, placeBlocks } from './blocks.ts';

/** All parameters as one vector in layer order, kernel before bias. Deterministic in (spec, seed). */
export function glorotWeights(spec: ModelSpec, seed: number): Float32Array {
  const layers = placeBlocks(spec).flatMap((block) => block.layers);
  const weights = new Float32Array(layers.reduce((sum, layer) => sum + layerParameters(layer), 0));
  const stream = Rng.root(seed).fork('init').fork(spec.name);
  let at = 0;
  layers.forEach((layer, index) => {
    if (layer.kernelShape === undefined) return;
    const kernelFloats = layer.kernelShape.reduce((product, side) => product * side, 1);
    const units = layer.kernelShape.at(-1)!;
    const fanIn = kernelFloats / units;
    const fanOut = kernelFloats / layer.kernelShape.at(-2)!;
    const limit = Math.sqrt(6 / (fanIn + fanOut));
    const layerStream = stream.fork(`layer ${index}`);
    for (let i = 0; i < kernelFloats; i++) weights[at + i] = layerStream.between(-limit, limit);
    at += kernelFloats + units;
  });
  return weights;
}
