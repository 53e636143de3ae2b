// `npm run bench -- cuts`: how long a decision takes for each network, beside public max-flow solvers on the same graphs, in
// turns. Ours includes everything a decision needs (capacities from rates, the cut, its seconds); theirs is the solve alone.
// Must not: be part of the test suite.

import { Rng } from '../../base/rng.ts';
import type { CutDecider } from '../../roadside/cuts/partition/algorithm.ts';
import { cutAlgorithmByName } from '../../roadside/cuts/partition/algorithms.ts';
import type { LinkRates, SplitInstance } from '../../roadside/cuts/partition/instance.ts';
import { ReducedCut } from '../../roadside/cuts/partition/reduced-cut.ts';
import { zooInstance } from '../support/cut-instances.ts';
import { type FlowOracle, flowQuestion, openFlowOracle } from './max-flow-oracle.ts';

/** Goals for the median of a decision, microseconds; of one after a change of rates, 10. */
const goals: Readonly<Record<string, number>> = {
  'resnet18-imagenet': 50,
  resnet50: 150,
  googlenet: 200,
  densenet121: 500,
  gpt2: 100,
  'vit-b16': 100,
};
const ours = ['minimum-cut', 'minimum-cut-unreduced', 'block-wise', 'envelope'] as const;
const decisionsARound = 200;
const solvesARound = 5;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;
const rounded = (value: number): number => Number(value.toPrecision(3));

function drawRates(rng: Rng): LinkRates {
  const up = 1e6 * 10 ** (3 * rng.uniform());
  return { up, down: up * (1 + 3 * rng.uniform()) };
}

/** Microseconds of each decision at new rates. */
function timesOf(decider: CutDecider, rng: Rng): number[] {
  return Array.from({ length: decisionsARound }, () => {
    const rates = drawRates(rng);
    const start = performance.now();
    decider.decide(rates);
    return (performance.now() - start) * 1000;
  });
}

interface Collected {
  readonly own: Map<string, number[]>;
  readonly theirs: Map<string, number[]>;
  worstDifference: number;
}

async function oneRound(
  instance: SplitInstance,
  deciders: ReadonlyMap<string, CutDecider>,
  oracle: FlowOracle | undefined,
  rng: Rng,
  collected: Collected,
): Promise<void> {
  for (const [name, decider] of deciders) collected.own.get(name)!.push(...timesOf(decider, rng));
  if (!oracle) return;
  const rates = drawRates(rng);
  const question = flowQuestion(instance, rates);
  const { seconds } = deciders.get('minimum-cut')!.decide(rates);
  for (const [name, { microseconds, flow }] of Object.entries(await oracle.ask(question, solvesARound))) {
    collected.theirs.set(name, [...(collected.theirs.get(name) ?? []), microseconds]);
    const difference = Math.abs(flow * question.secondsPerUnit - seconds) / seconds;
    collected.worstDifference = Math.max(collected.worstDifference, difference);
  }
}

async function benchModel(model: string, rounds: number, oracle: FlowOracle | undefined) {
  const instance = zooInstance(model);
  const start = performance.now();
  const reduced = new ReducedCut(instance);
  const prepareMicroseconds = (performance.now() - start) * 1000;
  const rng = Rng.root(1).fork(model);
  const deciders = new Map<string, CutDecider>(
    ours.map((name) => [name, cutAlgorithmByName(name).prepare(instance, [drawRates(rng)])]),
  );
  for (const decider of deciders.values()) timesOf(decider, rng);
  const own = new Map(ours.map((name): [string, number[]] => [name, []]));
  const collected: Collected = { own, theirs: new Map(), worstDifference: 0 };
  for (let round = 0; round < rounds; round++) await oneRound(instance, deciders, oracle, rng, collected);
  const microseconds = Object.fromEntries(ours.map((name) => [name, rounded(median(own.get(name)!))]));
  const solvers = [...collected.theirs].map(([name, times]) => [name, rounded(median(times))] as const);
  const fastest = solvers.reduce<number | undefined>(
    (least, [, time]) => Math.min(least ?? time, time),
    undefined,
  );
  return {
    model,
    layers: instance.graph.count,
    verticesLeft: reduced.vertices,
    goal: goals[model],
    prepareMicroseconds: rounded(prepareMicroseconds),
    microseconds,
    solvers: Object.fromEntries(solvers),
    fastestSolverOverMinimumCut: fastest && rounded(fastest / microseconds['minimum-cut']!),
    fastestSolverOverUnreduced: fastest && rounded(fastest / microseconds['minimum-cut-unreduced']!),
    worstRelativeDifference: rounded(collected.worstDifference),
  };
}

/** Runs all models; `show` gets each row when it is there. */
export async function benchCuts({ rounds }: { readonly rounds: number }, show: (row: object) => void) {
  const oracle = await openFlowOracle();
  const rows = [];
  for (const model of [...Object.keys(goals), 'vgg16', 'mobilenetv2']) {
    const row = await benchModel(model, rounds, oracle);
    show({ ...row, microseconds: JSON.stringify(row.microseconds), solvers: JSON.stringify(row.solvers) });
    rows.push(row);
  }
  oracle?.close();
  const notes = [
    'a decision is timed with everything it needs at new rates; a solver only its solve, building left out',
    oracle
      ? `solvers: ${Object.values(oracle.solvers).join(', ')}; their capacities are rounded to 30 bits`
      : 'no Python with networkx, SciPy, OR-tools or igraph (ROADBED_PYTHON): our times only',
  ];
  return { rows, notes };
}
