// Public max-flow solvers as oracles: oracles/max_flow.py in a process of its own, asked a line at a time.
// Must not: be needed. Where Python has none of them the bench goes on without and says so.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LinkRates, SplitInstance } from '../../roadside/cuts/partition/instance.ts';

const script = fileURLToPath(new URL('./oracles/max_flow.py', import.meta.url));

/** A network with a source and a sink, capacities whole numbers. */
export interface FlowQuestion {
  readonly count: number;
  readonly source: number;
  readonly sink: number;
  readonly arcs: readonly (readonly [number, number, number])[];
  /** What a unit of capacity is worth, seconds. */
  readonly secondsPerUnit: number;
}

export interface OracleAnswer {
  readonly microseconds: number;
  readonly flow: number;
}

export interface FlowOracle {
  readonly solvers: Readonly<Record<string, string>>;
  ask(question: FlowQuestion, solves: number): Promise<Readonly<Record<string, OracleAnswer>>>;
  close(): void;
}

/** SciPy's solver holds 32-bit integers. */
const mostUnits = 2 ** 30;

/**
 * The splitting question as the textbook network: arcs from the source for the RSU's seconds, to the sink for the car's, an
 * auxiliary vertex for each layer with several readers, arcs back without limit. Nothing cancelled, nothing joined.
 */
export function flowQuestion(
  { graph, costs, localSteps, pinnedToDevice }: SplitInstance,
  rates: LinkRates,
): FlowQuestion {
  const arcs: [number, number, number][] = [];
  const [source, sink] = [graph.count, graph.count + 1];
  let count = graph.count + 2;
  let total = 0;
  const finite = (from: number, to: number, seconds: number): void => {
    arcs.push([from, to, seconds]);
    total += seconds;
  };
  const unlimited: [number, number][] = [];
  for (let v = 0; v < graph.count; v++) {
    if (v === 0 || pinnedToDevice[v] === 1) unlimited.push([source, v]);
    else finite(source, v, localSteps * costs.serverSeconds[v]!);
    const model = costs.parameterBits[v]! * (1 / rates.up + 1 / rates.down);
    finite(v, sink, localSteps * costs.deviceSeconds[v]! + model);
    const readers = graph.children.subarray(graph.firstChild[v]!, graph.firstChild[v + 1]!);
    const crossing = localSteps * (costs.activationBits[v]! / rates.up + costs.gradientBits[v]! / rates.down);
    if (readers.length === 1) finite(v, readers[0]!, crossing);
    if (readers.length > 1) {
      finite(v, count, crossing);
      for (const reader of readers) unlimited.push([count, reader]);
      count++;
    }
    for (const reader of readers) unlimited.push([reader, v]);
  }
  const units = mostUnits / (2 * total);
  const whole = arcs.map(([from, to, seconds]) => [from, to, Math.round(seconds * units)] as const);
  return {
    count,
    source,
    sink,
    arcs: [...whole, ...unlimited.map(([from, to]) => [from, to, mostUnits] as const)],
    secondsPerUnit: 1 / units,
  };
}

/** Starts the interpreter of ROADBED_PYTHON, or python3. Undefined where it has none of the solvers. */
export async function openFlowOracle(): Promise<FlowOracle | undefined> {
  const child = spawn(process.env.ROADBED_PYTHON ?? 'python3', [script], { stdio: 'pipe' });
  child.on('error', () => undefined);
  child.stderr.resume();
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value: greeting } = await lines.next();
  const solvers = greeting === undefined ? {} : (JSON.parse(greeting).solvers as Record<string, string>);
  if (Object.keys(solvers).length === 0) {
    child.stdin.end();
    return undefined;
  }
  return {
    solvers,
    async ask(question, solves) {
      child.stdin.write(`${JSON.stringify({ ...question, solves })}\n`);
      const { value } = await lines.next();
      if (value === undefined) throw new Error('the max-flow process ended');
      return JSON.parse(value) as Record<string, OracleAnswer>;
    },
    close: () => child.stdin.end(),
  };
}
