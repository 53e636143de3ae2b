// Matrix products on our SGEMM: BatchMatMul and _FusedMatMul, every transpose, batches with broadcast.
// Must not: add the bias inside the product. Bias and rectifier are a pass of their own, so that the fused op (used
// without gradients) gives the same bits as the three separate ops (used with gradients).

import { type Info, type KernelHost, size } from './host.ts';

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

/** Adds `bias` (one value for each of the last dimension) and the rectifier to `out` in place. */
export function finish(host: KernelHost, out: Info, bias: Info | undefined, rectify: boolean): Info {
  const columns = out.shape.at(-1)!;
  const at = host.address(out);
  if (bias !== undefined) {
    const pattern = host.scratch(16 * columns);
    host.kernels.biasAdd(at, host.address(bias), at, size(out.shape) / columns, columns, rectify, pattern);
  } else if (rectify) {
    host.kernels.relu(at, at, size(out.shape));
  }
  return out;
}

/** Whether bias and activation of a fused op are ones `finish` knows. */
export function canFinish(bias: Info | undefined, activation: unknown, columns: number): boolean {
  const knownActivation = activation === undefined || activation === 'linear' || activation === 'relu';
  return (
    knownActivation && (bias === undefined || (size(bias.shape) === columns && bias.shape.at(-1) === columns))
  );
}

export function registerProducts(host: KernelHost): void {
  host.register('BatchMatMul', ({ inputs, attrs }) => {
    const { a, b } = inputs as { a: Info; b: Info };
    if (a.dtype !== 'float32' || b.dtype !== 'float32' || !batchesFit(a, b)) return undefined;
    return product(host, a, b, attrs.transposeA === true, attrs.transposeB === true);
  });
  host.register('_FusedMatMul', ({ inputs, attrs }) => {
    const { a, b, bias } = inputs as { a: Info; b: Info; bias?: Info };
    const columns = b.shape.at(attrs.transposeB === true ? -2 : -1)!;
    if (!batchesFit(a, b) || !canFinish(bias, attrs.activation, columns)) return undefined;
    const out = product(host, a, b, attrs.transposeA === true, attrs.transposeB === true);
    return finish(host, out, bias, attrs.activation === 'relu');
  });
}
