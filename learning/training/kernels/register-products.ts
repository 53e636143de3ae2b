// Matrix products on our SGEMM: BatchMatMul and _FusedMatMul, every transpose, batches with broadcast.
// Must not: add the bias inside the product. Bias and rectifier are a pass of their own, so that the fused op (used
// without gradients) gives the same bits as the three separate ops (used with gradients).

import { assert } from '../../../base/assert.ts';
import { type Call, type Info, type KernelHost, size } from './host.ts';

/** out = op(a) * op(b); leading dimensions are batches, of which one side may have only one. */
function product(host: KernelHost, a: Info, b: Info, transposeA: boolean, transposeB: boolean): Info {
  const rows = a.shape.at(transposeA ? -1 : -2)!;
  const depth = a.shape.at(transposeA ? -2 : -1)!;
  const columns = b.shape.at(transposeB ? -2 : -1)!;
  const aBatch = a.shape.slice(0, -2);
  const bBatch = b.shape.slice(0, -2);
  const aCount = size(aBatch);
  const bCount = size(bBatch);
  const out = host.output([...(aCount >= bCount ? aBatch : bBatch), rows, columns]);
  const scratch = host.scratch(host.kernels.gemmScratch(columns, depth));
  host.kernels.gemm(
    transposeA,
    transposeB,
    Math.max(aCount, bCount),
    rows,
    columns,
    depth,
    host.address(a),
    aCount === 1 ? 0 : rows * depth,
    host.address(b),
    bCount === 1 ? 0 : depth * columns,
    host.address(out),
    scratch,
  );
  return out;
}

/** Whether the batches of a and b are the same, or one side has a single matrix. */
function batchesFit(a: Info, b: Info): boolean {
  const aBatch = a.shape.slice(0, -2);
  const bBatch = b.shape.slice(0, -2);
  return size(aBatch) === 1 || size(bBatch) === 1 || aBatch.join() === bBatch.join();
}

/** The kernels of fused activations, and the attribute or input that each takes. */
const activationKernels: Readonly<Record<string, string>> = {
  relu: 'Relu',
  relu6: 'Relu6',
  elu: 'Elu',
  sigmoid: 'Sigmoid',
  leakyrelu: 'LeakyRelu',
  prelu: 'Prelu',
};

/** Runs a kernel that stands alone on `x`, which is given up. */
function follow(host: KernelHost, name: string, x: Info, call: Omit<Call, 'attrs'> & Partial<Call>): Info {
  const out = host.run(name, { inputs: call.inputs, attrs: call.attrs ?? {} });
  host.dispose(x);
  return out;
}

/**
 * The bias and the activation of a fused op behind its product `out`, as the separate ops would do them: stock kernels
 * add a bias once for each piece of a deep product.
 */
export function finish(host: KernelHost, out: Info, { inputs, attrs }: Call): Info {
  const { bias, preluActivationWeights } = inputs as { bias?: Info; preluActivationWeights?: Info };
  const { activation, leakyreluAlpha } = attrs as { activation?: string; leakyreluAlpha?: number };
  const columns = out.shape.at(-1)!;
  const at = host.address(out);
  const isPlain = bias !== undefined && size(bias.shape) === columns && bias.shape.at(-1) === columns;
  if (isPlain) {
    const pattern = host.scratch(16 * columns);
    const rows = size(out.shape) / columns;
    host.kernels.biasAdd(at, host.address(bias), at, rows, columns, activation === 'relu', pattern);
    if (activation === 'relu') return out;
  }
  const sum = bias === undefined || isPlain ? out : follow(host, 'Add', out, { inputs: { a: out, b: bias } });
  if (activation === undefined || activation === 'linear') return sum;
  const name = activationKernels[activation];
  assert(name, `the fused activation ${activation} is not known`);
  const more: Record<string, Info> = preluActivationWeights ? { alpha: preluActivationWeights } : {};
  return follow(host, name, sum, { inputs: { x: sum, ...more }, attrs: { alpha: leakyreluAlpha } });
}

export function registerProducts(host: KernelHost): void {
  host.register('BatchMatMul', ({ inputs, attrs }) => {
    const { a, b } = inputs as { a: Info; b: Info };
    if (a.dtype !== 'float32' || b.dtype !== 'float32' || !batchesFit(a, b)) return undefined;
    return product(host, a, b, attrs.transposeA === true, attrs.transposeB === true);
  });
  host.register('_FusedMatMul', (call) => {
    const { a, b } = call.inputs as { a: Info; b: Info };
    if (!batchesFit(a, b)) return undefined;
    const { transposeA, transposeB } = call.attrs;
    return finish(host, product(host, a, b, transposeA === true, transposeB === true), call);
  });
}
