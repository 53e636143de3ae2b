// A baseline in the manner of Wen, Zhang, Wang and Yang (IEEE TNSE 2025), whose text we could not read: smooth curves are
// laid through what a model costs up to a relative depth z in [0, 1], the best z of the curves is found, and the cut is made
// behind the articulation nearest to it. Curves: polynomials of degree 3; of tensor sizes through their logarithm. Ours.
// Must not: be taken for exact. What is returned is the true time of the cut it chose.

import type { CutAlgorithm } from './algorithm.ts';
import { allowedArticulations, articulationsOf, cutBehind } from './chain.ts';
import { CutList } from './cut-list.ts';
import { checkInstance, checkRates, closureOf, type LinkRates, type SplitInstance } from './instance.ts';

const degree = 3;
const gridSteps = 1000;

/** Least squares by the normal equations; fewer points than terms leave the higher terms near 0. */
function fitPolynomial(x: readonly number[], y: readonly number[]): number[] {
  const size = degree + 1;
  const rows = Array.from({ length: size }, (_, i) => [
    ...Array.from({ length: size }, (_, j) => x.reduce((sum, at) => sum + at ** (i + j), i === j ? 1e-9 : 0)),
    x.reduce((sum, at, n) => sum + at ** i * y[n]!, 0),
  ]);
  for (let pivot = 0; pivot < size; pivot++) {
    for (let row = 0; row < size; row++) {
      if (row === pivot) continue;
      const factor = rows[row]![pivot]! / rows[pivot]![pivot]!;
      rows[row] = rows[row]!.map((value, column) => value - factor * rows[pivot]![column]!);
    }
  }
  return rows.map((row, i) => row[size]! / row[i]!);
}

function valueAt(coefficients: readonly number[], z: number): number {
  return coefficients.reduceRight((sum, coefficient) => sum * z + coefficient, 0);
}

/** Each value is the sum of all before it and itself. */
function sums(values: Float64Array): Float64Array {
  let total = 0;
  return values.map((value) => {
    total += value;
    return total;
  });
}

interface Curves {
  readonly computing: readonly number[];
  readonly parameters: readonly number[];
  readonly activation: readonly number[];
  readonly gradient: readonly number[];
}

function curvesOf({ graph, costs }: SplitInstance, depth: (v: number) => number): Curves {
  const places = articulationsOf(graph);
  const z = places.map(depth);
  const curve = (values: Float64Array): number[] =>
    fitPolynomial(
      z,
      places.map((v) => values[v]!),
    );
  const logarithms = (values: Float64Array): Float64Array =>
    values.map((bits) => Math.log(Math.max(1, bits)));
  return {
    computing: curve(sums(costs.deviceSeconds.map((seconds, v) => seconds - costs.serverSeconds[v]!))),
    parameters: curve(sums(costs.parameterBits)),
    activation: curve(logarithms(costs.activationBits)),
    gradient: curve(logarithms(costs.gradientBits)),
  };
}

/** What the curves promise for a cut at depth z, up to a constant. */
function promised(curves: Curves, z: number, localSteps: number, { up, down }: LinkRates): number {
  const crossing =
    Math.exp(valueAt(curves.activation, z)) / up + Math.exp(valueAt(curves.gradient, z)) / down;
  const model = valueAt(curves.parameters, z) * (1 / up + 1 / down);
  return localSteps * (valueAt(curves.computing, z) + crossing) + model;
}

/** The depth at which the curves promise least. */
function bestDepth(curves: Curves, localSteps: number, rates: LinkRates, from: number): number {
  let [best, least] = [from, Number.POSITIVE_INFINITY];
  for (let step = 0; step <= gridSteps; step++) {
    const z = from + ((1 - from) * step) / gridSteps;
    const seconds = promised(curves, z, localSteps, rates);
    if (seconds < least) [best, least] = [z, seconds];
  }
  return best;
}

export const regression: CutAlgorithm = {
  name: 'regression',
  about: 'smooth curves through the costs, their best depth, the articulation nearest to it',
  isExact: false,
  prepare(instance) {
    checkInstance(instance);
    const { graph, localSteps, pinnedToDevice } = instance;
    const depth = (v: number): number => v / Math.max(1, graph.count - 1);
    const curves = curvesOf(instance, depth);
    const places = allowedArticulations(instance);
    const shallowest = closureOf(graph, pinnedToDevice);
    const depths = places.length > 0 ? places.map(depth) : [depth(shallowest.lastIndexOf(1))];
    const sets = places.length > 0 ? places.map((v) => cutBehind(graph, v)) : [shallowest];
    const list = new CutList(instance, sets);
    return {
      decide(rates) {
        checkRates(rates);
        const z = bestDepth(curves, localSteps, rates, depths[0]!);
        const distances = depths.map((at) => Math.abs(at - z));
        return list.at(distances.indexOf(Math.min(...distances)), rates);
      },
    };
  },
};
