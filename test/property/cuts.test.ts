// What holds for every graph: the minimum cut is the best closed set, reduced or not, and it moves as costs do.

import { describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { blocksOf, contractBlocks } from '../../roadside/cuts/partition/block-wise.ts';
import { CutEnvelope } from '../../roadside/cuts/partition/cut-envelope.ts';
import { exhaustiveSplit } from '../../roadside/cuts/partition/exhaustive.ts';
import { FlowNetwork } from '../../roadside/cuts/partition/flow-network.ts';
import {
  epochSeconds,
  frontierOf,
  isClosed,
  type SplitCosts,
  type SplitInstance,
} from '../../roadside/cuts/partition/instance.ts';
import { MinimumCut } from '../../roadside/cuts/partition/minimum-cut.ts';
import { reduceInstance } from '../../roadside/cuts/partition/presolve.ts';
import { ReducedCut } from '../../roadside/cuts/partition/reduced-cut.ts';
import { layersOf, randomInstance, randomRates, written } from '../support/cut-instances.ts';

const rng = Rng.root(6).fork('cuts');

function nearly(a: number, b: number): boolean {
  return Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b));
}

function scaled(instance: SplitInstance, cost: keyof SplitCosts, factor: number): SplitInstance {
  const costs = { ...instance.costs, [cost]: instance.costs[cost].map((value) => value * factor) };
  return { ...instance, costs };
}

const seconds = (instance: SplitInstance, up: number, down: number): number =>
  new ReducedCut(instance).decide({ up, down }).seconds;

describe('the minimum cut', () => {
  it('is the best closed set of 12,000 random graphs, with the fewest layers in the car', {
    timeout: 60_000,
  }, () => {
    const wrong: string[] = [];
    for (let i = 0; i < 12_000; i++) {
      const most = i % 6 === 0 ? 10 : 7;
      const instance = randomInstance(rng, most, { fastCar: i % 2 === 0, ownGradients: i % 3 === 0 });
      const rates = randomRates(rng);
      const best = exhaustiveSplit(instance, rates);
      for (const solver of [new MinimumCut(instance), new ReducedCut(instance)]) {
        const split = solver.decide(rates);
        const same = nearly(split.seconds, best.seconds) && split.onDevice.join() === best.onDevice.join();
        const honest = nearly(split.seconds, epochSeconds(instance, split.onDevice, rates));
        if (!same || !honest || !isClosed(instance.graph, split.onDevice)) wrong.push(`${i}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('is found again by one object at other rates', () => {
    for (let i = 0; i < 200; i++) {
      const instance = randomInstance(rng, 9, { fastCar: false, ownGradients: false });
      const [used, envelope] = [new ReducedCut(instance), new CutEnvelope(instance)];
      for (let j = 0; j < 10; j++) {
        const rates = { up: 0.01 * 1e4 ** rng.uniform(), down: 0.01 * 1e4 ** rng.uniform() };
        const fresh = exhaustiveSplit(instance, rates);
        expect(nearly(used.decide(rates).seconds, fresh.seconds)).toBe(true);
        expect(nearly(envelope.decide(rates).seconds, fresh.seconds)).toBe(true);
      }
    }
  });

  it('charges what two layers read once: a second reader at the RSU adds only its own computing', () => {
    const one = written({
      edges: [
        [0, 1],
        [1, 2],
        [2, 3],
      ],
      device: [0, 1, 90, 90],
      server: [0, 1, 1, 1],
      bits: [50, 4, 4, 1],
    });
    const two = written({
      edges: [
        [0, 1],
        [1, 2],
        [1, 3],
        [2, 4],
        [3, 4],
      ],
      device: [0, 1, 90, 90, 90],
      server: [0, 1, 1, 0.25, 1],
      bits: [50, 4, 4, 4, 1],
    });
    expect(seconds(two, 2, 2) - seconds(one, 2, 2)).toBeCloseTo(0.25, 12);
  });

  it('never takes longer over a faster link or with a faster RSU, nor less time where anything costs more', () => {
    const costs = [
      'deviceSeconds',
      'serverSeconds',
      'activationBits',
      'gradientBits',
      'parameterBits',
    ] as const;
    for (let i = 0; i < 300; i++) {
      const instance = randomInstance(rng, 9, { fastCar: i % 2 === 0, ownGradients: true });
      const { up, down } = randomRates(rng);
      const before = seconds(instance, up, down) * (1 + 1e-12);
      expect(seconds(instance, 1.7 * up, down)).toBeLessThanOrEqual(before);
      expect(seconds(instance, up, 1.7 * down)).toBeLessThanOrEqual(before);
      for (const cost of costs) {
        expect(seconds(scaled(instance, cost, 0.6), up, down)).toBeLessThanOrEqual(before);
        expect(seconds(scaled(instance, cost, 1.6), up, down) * (1 + 1e-12)).toBeGreaterThanOrEqual(
          before / (1 + 1e-12),
        );
      }
      expect(seconds({ ...instance, localSteps: instance.localSteps + 1 }, up, down)).toBeGreaterThanOrEqual(
        before / (1 + 1e-11),
      );
    }
  });

  it('leaves no more layers in a slower car: its sets are nested', () => {
    for (let i = 0; i < 300; i++) {
      const instance = randomInstance(rng, 9, { fastCar: true, ownGradients: true });
      const rates = randomRates(rng);
      const fast = new ReducedCut(scaled(instance, 'deviceSeconds', 0.7)).decide(rates).onDevice;
      const slow = new ReducedCut(scaled(instance, 'deviceSeconds', 1.9)).decide(rates).onDevice;
      expect(layersOf(slow).filter((v) => fast[v] === 0)).toEqual([]);
    }
  });

  it('keeps only what it must in the car over an endless link, and moves the fewest bits over a dead one', () => {
    for (let i = 0; i < 200; i++) {
      const instance = randomInstance(rng, 8, { fastCar: false, ownGradients: true });
      expect(layersOf(new ReducedCut(instance).decide({ up: 1e15, down: 1e15 }).onDevice)).toEqual([0]);
      const rates = { up: 1e-7, down: 1e-7 };
      const free = scaled(scaled(instance, 'deviceSeconds', 0), 'serverSeconds', 0);
      const bits = (onDevice: Uint8Array): number => epochSeconds(free, onDevice, rates);
      expect(
        nearly(bits(new ReducedCut(instance).decide(rates).onDevice), exhaustiveSplit(free, rates).seconds),
      ).toBe(true);
    }
  });

  it('does not depend on how the layers are numbered', () => {
    for (let i = 0; i < 200; i++) {
      const instance = randomInstance(rng, 9, { fastCar: true, ownGradients: true });
      const { graph, costs } = instance;
      const order = otherOrder(graph);
      const at = order.map((_, v) => order.indexOf(v));
      const pick = (values: Float64Array): number[] => order.map((v) => values[v]!);
      const edges = order.flatMap((v) =>
        [...graph.children.subarray(graph.firstChild[v]!, graph.firstChild[v + 1]!)].map(
          (to) => [at[v]!, at[to]!] as const,
        ),
      );
      const other = written({
        edges,
        device: pick(costs.deviceSeconds),
        server: pick(costs.serverSeconds),
        bits: pick(costs.activationBits),
        gradients: pick(costs.gradientBits),
        parameters: pick(costs.parameterBits),
        steps: instance.localSteps,
      });
      const rates = randomRates(rng);
      const [a, b] = [new ReducedCut(instance).decide(rates), new ReducedCut(other).decide(rates)];
      expect(nearly(a.seconds, b.seconds)).toBe(true);
      expect(
        layersOf(b.onDevice)
          .map((v) => order[v]!)
          .sort((x, y) => x - y),
      ).toEqual(layersOf(a.onDevice));
    }
  });
});

/** Another order in which each layer comes after all it reads: the largest number first among those that may come. */
function otherOrder({ count, firstParent, parents }: SplitInstance['graph']): number[] {
  const order: number[] = [];
  while (order.length < count) {
    for (let v = count - 1; v >= 0; v--) {
      const needs = [...parents.subarray(firstParent[v]!, firstParent[v + 1]!)];
      if (order.includes(v) || !needs.every((p) => order.includes(p))) continue;
      order.push(v);
      break;
    }
  }
  return order;
}

describe('the reduced instance', () => {
  it('keeps the sums of seconds and parameters, and costs every set it still knows as before', () => {
    let joined = 0;
    for (let i = 0; i < 300; i++) {
      const instance = randomInstance(rng, 10, { fastCar: i % 2 === 0, ownGradients: i % 3 === 0 });
      const { instance: small, vertexOf } = reduceInstance(instance);
      joined += instance.graph.count - small.graph.count;
      const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
      for (const cost of ['deviceSeconds', 'serverSeconds', 'parameterBits'] as const)
        expect(sum(small.costs[cost])).toBeCloseTo(sum(instance.costs[cost]), 9);
      const rates = randomRates(rng);
      const { onDevice, seconds: best } = new MinimumCut(small).decide(rates);
      const whole = Uint8Array.from(vertexOf, (vertex) => onDevice[vertex]!);
      expect(nearly(epochSeconds(instance, whole, rates), best)).toBe(true);
      expect(new Set(frontierOf(instance.graph, whole).map((v) => vertexOf[v])).size).toBe(
        frontierOf(small.graph, onDevice).length,
      );
    }
    expect(joined).toBeGreaterThan(200);
  });
});

/** Maximum flow by augmenting along shortest paths (Edmonds and Karp 1972) on a full matrix: slow, and another way. */
function slowFlow(capacity: number[][], source: number, sink: number): number {
  let total = 0;
  for (;;) {
    const from = new Map([[source, source]]);
    for (const v of from.keys())
      capacity[v]!.forEach((left, to) => {
        if (left > 1e-12 && !from.has(to)) from.set(to, v);
      });
    if (!from.has(sink)) return total;
    const path: [number, number][] = [];
    for (let v = sink; v !== source; v = from.get(v)!) path.push([from.get(v)!, v]);
    const amount = Math.min(...path.map(([a, b]) => capacity[a]![b]!));
    for (const [a, b] of path) {
      capacity[a]![b]! -= amount;
      capacity[b]![a]! += amount;
    }
    total += amount;
  }
}

describe('the flow network', () => {
  it('moves as much as an independent algorithm on 300 random networks, cycles and all', () => {
    for (let i = 0; i < 300; i++) {
      const count = 3 + rng.integer(25);
      const pairs = Array.from({ length: count * 3 }, () => {
        const from = rng.integer(count);
        return [from, (from + 1 + rng.integer(count - 1)) % count] as const;
      });
      const network = new FlowNetwork(count, pairs);
      const matrix = Array.from({ length: count + 2 }, () => new Array<number>(count + 2).fill(0));
      for (let v = 0; v < count; v++) {
        const amount = rng.uniform() < 0.4 ? 0 : 10 * (rng.uniform() - 0.5);
        network.balance[v] = amount;
        if (amount > 0) matrix[count]![v] = amount;
        else matrix[v]![count + 1] = -amount;
      }
      pairs.forEach(([from, to], arc) => {
        const limits = [3 * rng.uniform(), rng.uniform() < 0.5 ? 0 : rng.uniform()];
        network.capacity.set(limits, 2 * arc);
        matrix[from]![to]! += limits[0]!;
        matrix[to]![from]! += limits[1]!;
      });
      const wanted = network.balance.reduce((sum, amount) => sum - Math.min(0, amount), 0);
      network.solve(1e-12);
      const missing = network.balance.reduce((sum, amount) => sum - Math.min(0, amount), 0);
      expect(wanted - missing).toBeCloseTo(slowFlow(matrix, count, count + 1), 8);
    }
  });
});

describe('the block-wise cut', () => {
  /** Blocks of two to four branches one behind the other, between single layers. */
  function chainOfBlocks(fastCar: boolean): SplitInstance {
    const edges: [number, number][] = [[0, 1]];
    let last = 1;
    for (let block = 0; block < 2; block++) {
      const branches = 2 + rng.integer(2);
      const exit = last + branches + 1;
      for (let branch = 1; branch <= branches; branch++)
        edges.push([last, last + branch], [last + branch, exit]);
      if (rng.uniform() < 0.5) edges.push([last, exit]);
      last = exit;
    }
    const some = (high: number): number[] => Array.from({ length: last + 1 }, () => rng.uniform() * high);
    const server = some(2);
    const bits = some(10).map(Math.ceil);
    return written({
      edges,
      device: some(4).map((seconds, v) => (fastCar ? seconds : seconds + server[v]!)),
      server,
      bits,
      parameters: some(3),
      steps: 1 + rng.integer(5),
    });
  }

  it('is the best cut of 1,000 chains of random blocks, cars of any speed, and does join blocks', () => {
    let joined = 0;
    for (let i = 0; i < 1000; i++) {
      const instance = chainOfBlocks(i % 2 === 0);
      const rates = randomRates(rng);
      const blocks = blocksOf(instance);
      joined += blocks.filter((block) => block.contractible).length;
      const { seconds: found } = new MinimumCut(contractBlocks(instance, blocks).instance).decide(rates);
      expect(nearly(found, new MinimumCut(instance).decide(rates).seconds)).toBe(true);
    }
    expect(joined).toBeGreaterThan(100);
  });
});
