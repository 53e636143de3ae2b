// Initial weights of a model: Glorot uniform kernels, zero biases (Glorot and Bengio, "Understanding the difficulty of
// training deep feedforward neural networks", AISTATS 2010), norms that change nothing, embeddings normal with deviation
// 0.02 as in GPT-2; from our own random stream and not tfjs's.
// Must not: depend on the engine. Every machine of a run must start from the same bytes.

import { Rng } from '../../base/rng.ts';
import type { ModelSpec } from '../learner.ts';
import { placeBlocks } from './blocks.ts';
import { layerParameters, leavesOf, type WeightTensor } from './place.ts';

const embeddingDeviation = 0.02;

function fill(values: Float32Array, tensor: WeightTensor, stream: Rng): void {
  if (tensor.start === 'ones') values.fill(1);
  if (tensor.start === 'normal')
    for (let i = 0; i < values.length; i++) values[i] = embeddingDeviation * stream.normal();
  if (tensor.start !== 'glorot') return;
  const limit = Math.sqrt(6 / (tensor.fanIn + tensor.fanOut));
  for (let i = 0; i < values.length; i++) values[i] = stream.between(-limit, limit);
}

/** All parameters as one vector in layer order, kernel before bias. Deterministic in (spec, seed). */
export function glorotWeights(spec: ModelSpec, seed: number): Float32Array {
  const layers = placeBlocks(spec)
    .flatMap((block) => block.layers)
    .flatMap(leavesOf);
  const weights = new Float32Array(layers.reduce((sum, layer) => sum + layerParameters(layer), 0));
  const stream = Rng.root(seed).fork('init').fork(spec.name);
  let at = 0;
  layers.forEach((layer, index) => {
    const layerStream = stream.fork(`layer ${index}`);
    for (const tensor of layer.tensors) {
      const floats = tensor.shape.reduce((product, side) => product * side, 1);
      fill(weights.subarray(at, at + floats), tensor, layerStream);
      at += floats;
    }
  });
  return weights;
}
