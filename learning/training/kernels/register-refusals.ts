// Kernels of the stock WebAssembly backend that give wrong numbers and that roadbed has none of its own for. A model that
// needs one is told so by name instead of training on wrong gradients.
// Must not: refuse what merely is slow.

import { RoadbedError } from '../../../base/errors.ts';
import type { KernelHost } from './host.ts';

/** What is wrong with each in tfjs 4.22, on this backend. */
const wrong: Readonly<Record<string, string>> = {
  AvgPool3DGrad: 'its gradient of three-dimensional means at the border',
  Conv3DBackpropFilterV2: 'its filter gradient of three-dimensional convolutions',
  Conv3DBackpropInputV2: 'its input gradient of three-dimensional convolutions',
  MaxPool3D: 'its three-dimensional maximum of values below zero',
  MaxPool3DGrad: 'its gradient of three-dimensional maxima below zero',
  Dilation2D: 'its dilation at the border',
  Dilation2DBackpropFilter: 'its filter gradient of dilations',
  Dilation2DBackpropInput: 'its input gradient of dilations',
};

export function registerRefusals(host: KernelHost): void {
  for (const [name, what] of Object.entries(wrong)) {
    host.register(name, () => {
      throw new RoadbedError(
        'engine',
        `${name} is refused: tfjs 4.22 computes ${what} wrongly on the wasm engine. Take the cpu engine, or another layer.`,
      );
    });
  }
}
