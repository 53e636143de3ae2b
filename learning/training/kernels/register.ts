// Registers our kernels over those of the tfjs wasm backend, so that any tf.LayersModel trains on them. What stock 4.22
// lacks (Conv2DBackpropFilter, depthwise), gets wrong (MaxPoolGrad, _FusedMatMul, strides, resizing) or does slowly
// (transposed products, Slice, Identity, bias) is ours; the rest, and every odd case (dilation, int32), stays stock.
// Must not: change what an op means. Tests compare every kernel with tfjs's cpu backend.

import * as tf from '@tensorflow/tfjs-core';
import { assert } from '../../../base/assert.ts';
import { attachKernels, type WasmBackend } from './attach.ts';
import type { Call, Info, Kernel, KernelHost } from './host.ts';
import type { KernelBuild } from './module.ts';
import { registerConvolutions } from './register-conv.ts';
import { registerDepthwise } from './register-depthwise.ts';
import { registerElementwise } from './register-elementwise.ts';
import { registerProducts } from './register-products.ts';
import { registerRefusals } from './register-refusals.ts';
import { registerScatter } from './register-scatter.ts';

function registerOver(kernelName: string, kernel: Kernel): void {
  const stock = tf.getKernel(kernelName, 'wasm');
  if (stock) tf.unregisterKernel(kernelName, 'wasm');
  tf.registerKernel({
    kernelName,
    backendName: 'wasm',
    kernelFunc(parameters) {
      const call = { inputs: parameters.inputs, attrs: parameters.attrs ?? {} } as unknown as Call;
      const result = kernel(call) ?? stock?.kernelFunc(parameters);
      assert(
        result,
        `${kernelName} on the wasm backend cannot do this case, and stock tfjs has no such kernel`,
      );
      return result;
    },
  });
}

function hostFor(backend: WasmBackend): KernelHost {
  const attached = attachKernels(backend);
  return {
    get kernels() {
      return attached.kernels;
    },
    scratch: attached.scratch,
    take: attached.take,
    address: (tensor) => backend.dataIdMap.get(tensor.dataId).memoryOffset,
    output: (shape) => backend.makeOutput(shape, 'float32'),
    share(tensor) {
      backend.incRef(tensor.dataId);
      return { dataId: tensor.dataId, shape: tensor.shape, dtype: tensor.dtype };
    },
    copy: (from, to, bytes) => void backend.wasm.HEAPU8.copyWithin(to, from, from + bytes),
    register: registerOver,
    run(kernelName, { inputs, attrs }) {
      const kernel = tf.getKernel(kernelName, 'wasm');
      assert(kernel, `the wasm backend has no kernel ${kernelName}`);
      const parameters = { inputs, attrs, backend: backend as unknown as object };
      return kernel.kernelFunc(parameters as Parameters<typeof kernel.kernelFunc>[0]) as Info;
    },
    dispose: (tensor) => void backend.disposeData(tensor.dataId),
  };
}

let host: KernelHost | undefined;

/** Registers all our kernels on the active backend, which must be wasm. Call it again to change the build. */
export function registerKernels(build: KernelBuild): void {
  assert(tf.getBackend() === 'wasm', `kernels need the wasm backend (active: ${tf.getBackend()})`);
  if (host === undefined) {
    host = hostFor(tf.backend() as unknown as WasmBackend);
    registerProducts(host);
    registerConvolutions(host);
    registerElementwise(host);
    registerDepthwise(host);
    registerScatter(host);
    registerRefusals(host);
  }
  host.take(build);
}
