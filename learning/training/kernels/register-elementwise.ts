// Everything that is one pass over memory: Add, Multiply, Relu, Sum over leading axes, Slice, Identity, and three kernels
// of our own names (rectifier gradient, SGD step, softmax cross-entropy) which `ops.ts` calls.
// Must not: take over a broadcast it was not written for; those return undefined and stay stock.

import { type Info, type KernelHost, size } from './host.ts';

/** Names of our own kernels; ops.ts falls back to core ops on backends that lack them. */
export const ownKernels = {
  reluGradient: 'RoadbedReluGradient',
  sgdStep: 'RoadbedSgdStep',
  adamStep: 'RoadbedAdamStep',
  softmaxCrossEntropy: 'RoadbedSoftmaxCrossEntropy',
} as const;

function bothFloat(a: Info, b: Info): boolean {
  return a.dtype === 'float32' && b.dtype === 'float32';
}

/** Whether `vector` is one value for each of the last dimension of `tensor`. */
function isRowVector(tensor: Info, vector: Info): boolean {
  const columns = tensor.shape.at(-1);
  return (
    tensor.shape.length >= vector.shape.length &&
    vector.shape.at(-1) === columns &&
    size(vector.shape) === columns
  );
}

function registerBinary(host: KernelHost): void {
  host.register('Add', ({ inputs }) => {
    const { a, b } = inputs as { a: Info; b: Info };
    if (!bothFloat(a, b)) return undefined;
    if (a.shape.join() === b.shape.join()) {
      const out = host.output(a.shape);
      host.kernels.add(host.address(a), host.address(b), host.address(out), size(a.shape));
      return out;
    }
    if (!isRowVector(a, b)) return undefined;
    const columns = a.shape.at(-1)!;
    const out = host.output(a.shape);
    const pattern = host.scratch(16 * columns);
    const rows = size(a.shape) / columns;
    host.kernels.biasAdd(host.address(a), host.address(b), host.address(out), rows, columns, false, pattern);
    return out;
  });
  host.register('Multiply', ({ inputs }) => {
    const { a, b } = inputs as { a: Info; b: Info };
    if (!bothFloat(a, b) || a.shape.join() !== b.shape.join()) return undefined;
    const out = host.output(a.shape);
    host.kernels.multiply(host.address(a), host.address(b), host.address(out), size(a.shape));
    return out;
  });
}

function registerRelu(host: KernelHost): void {
  host.register('Relu', ({ inputs }) => {
    const x = inputs.x as Info;
    if (x.dtype !== 'float32') return undefined;
    const out = host.output(x.shape);
    host.kernels.relu(host.address(x), host.address(out), size(x.shape));
    return out;
  });
  host.register(ownKernels.reluGradient, ({ inputs }) => {
    const { x, dy } = inputs as { x: Info; dy: Info };
    const out = host.output(x.shape);
    host.kernels.reluGradient(host.address(x), host.address(dy), host.address(out), size(x.shape));
    return out;
  });
}

/** How many leading axes a reduction takes away, or 0 where it is not exactly axes 0..n-1 with some left. */
function leadingAxes(axis: unknown, rank: number): number {
  const axes = (Array.isArray(axis) ? axis : [axis]).map((a) => (a < 0 ? a + rank : a)).sort((p, q) => p - q);
  return axes.length < rank && axes.every((a, i) => a === i) ? axes.length : 0;
}

function registerSum(host: KernelHost): void {
  host.register('Sum', ({ inputs, attrs }) => {
    const x = inputs.x as Info;
    const reduced = attrs.axis === undefined ? 0 : leadingAxes(attrs.axis, x.shape.length);
    if (reduced === 0 || x.dtype !== 'float32') return undefined;
    const kept = x.shape.slice(reduced);
    const columns = size(kept);
    const ones = new Array<number>(reduced).fill(1);
    const out = host.output(attrs.keepDims === true ? [...ones, ...kept] : kept);
    const rows = size(x.shape.slice(0, reduced));
    host.kernels.sumRows(host.address(x), host.address(out), rows, columns, host.scratch(32 * columns));
    return out;
  });
}

function registerViews(host: KernelHost): void {
  host.register('Identity', ({ inputs }) => host.share(inputs.x as Info));
  host.register('Slice', ({ inputs, attrs }) => {
    const x = inputs.x as Info;
    const begin = attrs.begin as number[];
    const sides = (attrs.size as number[]).map((side, d) => (side < 0 ? x.shape[d]! - begin[d]! : side));
    const whole = sides.every((side, d) => d === 0 || side === x.shape[d]);
    const inside = sides.every((side, d) => begin[d]! >= 0 && begin[d]! + side <= x.shape[d]!);
    if (x.dtype !== 'float32' || !whole || !inside) return undefined;
    const out = host.output(sides);
    const rowBytes = size(sides.slice(1)) * 4;
    host.copy(host.address(x) + begin[0]! * rowBytes, host.address(out), sides[0]! * rowBytes);
    return out;
  });
}

function registerAdam(host: KernelHost): void {
  host.register(ownKernels.adamStep, ({ inputs, attrs }) => {
    const { weight, gradient, mean, square } = inputs as Record<string, Info>;
    const outputs = [weight!, mean!, square!].map(({ shape }) => host.output(shape));
    const { learningRate, decay, meanPart, squarePart } = attrs as Record<string, number>;
    const [w, g, m, v, ...out] = [weight!, gradient!, mean!, square!, ...outputs].map(host.address);
    const floats = size(weight!.shape);
    const [weightOut, meanOut, squareOut] = out;
    const addresses = [w!, g!, m!, v!, weightOut!, meanOut!, squareOut!] as const;
    host.kernels.adamStep(...addresses, floats, learningRate!, decay!, meanPart!, squarePart!);
    return outputs;
  });
}

function registerTraining(host: KernelHost): void {
  host.register(ownKernels.sgdStep, ({ inputs, attrs }) => {
    const { weight, gradient, velocity } = inputs as { weight: Info; gradient: Info; velocity: Info };
    const next = host.output(weight.shape);
    const nextVelocity = host.output(weight.shape);
    host.kernels.sgdStep(
      host.address(weight),
      host.address(gradient),
      host.address(velocity),
      host.address(next),
      host.address(nextVelocity),
      size(weight.shape),
      attrs.learningRate as number,
      attrs.momentum as number,
    );
    return [next, nextVelocity];
  });
  host.register(ownKernels.softmaxCrossEntropy, ({ inputs }) => {
    const { logits, labels } = inputs as { logits: Info; labels: Info };
    const [rows, classes] = logits.shape as [number, number];
    const losses = host.output([rows]);
    const gradient = host.output(logits.shape);
    host.kernels.softmaxCrossEntropy(
      host.address(logits),
      host.address(labels),
      host.address(losses),
      host.address(gradient),
      rows,
      classes,
      1 / rows,
    );
    return [losses, gradient];
  });
}

export function registerElementwise(host: KernelHost): void {
  registerBinary(host);
  registerRelu(host);
  registerSum(host);
  registerViews(host);
  registerTraining(host);
  registerAdam(host);
}
