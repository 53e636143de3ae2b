// What every cut algorithm keeps to, whoever wrote it: closed sets, pins, true seconds, never better than the best.

import { describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { cutAlgorithmByName, cutAlgorithms } from '../../roadside/cuts/partition/algorithms.ts';
import { exhaustiveSplit } from '../../roadside/cuts/partition/exhaustive.ts';
import { epochSeconds, isClosed, type SplitInstance } from '../../roadside/cuts/partition/instance.ts';
import { layersOf, randomInstance, randomRates, written, zooInstance } from '../support/cut-instances.ts';

/** Some layers pinned, to either side. */
function pinned(instance: SplitInstance, rng: Rng): SplitInstance {
  const { count } = instance.graph;
  const deep = rng.integer(count);
  const pinnedToDevice = instance.pinnedToDevice.map((pin, v) => (v === deep ? 1 : pin));
  const pinnedToServer = instance.pinnedToServer.slice();
  if (deep < count - 1 && rng.uniform() < 0.5) pinnedToServer[count - 1] = 1;
  return { ...instance, pinnedToDevice, pinnedToServer };
}

function instances(): SplitInstance[] {
  const rng = Rng.root(11).fork('contract');
  return Array.from({ length: 250 }, (_, i) => {
    const instance = randomInstance(rng, 9, { fastCar: i % 3 === 0, ownGradients: false });
    return i % 2 === 0 ? pinned(instance, rng) : instance;
  });
}

const line = written({
  edges: [
    [0, 1],
    [1, 2],
  ],
  device: [0, 2, 2],
  server: [0, 1, 1],
  bits: [4, 2, 1],
});

describe.each(cutAlgorithms.map((algorithm) => [algorithm.name, algorithm] as const))(
  '%s',
  (_, algorithm) => {
    it('answers with a closed set that keeps the pins, and with its true seconds', () => {
      const rng = Rng.root(12);
      for (const instance of instances()) {
        const rates = randomRates(rng);
        const { onDevice, seconds } = algorithm.prepare(instance, [rates]).decide(rates);
        expect(isClosed(instance.graph, onDevice)).toBe(true);
        const wrong = layersOf(onDevice).filter((v) => instance.pinnedToServer[v] === 1);
        const missing = layersOf(instance.pinnedToDevice).filter((v) => onDevice[v] === 0);
        expect([wrong, missing, onDevice[0]]).toEqual([[], [], 1]);
        expect(seconds / epochSeconds(instance, onDevice, rates)).toBeCloseTo(1, 9);
        const best = exhaustiveSplit(instance, rates).seconds;
        expect(seconds).toBeGreaterThanOrEqual(best * (1 - 1e-9));
        if (algorithm.isExact) expect(seconds / best).toBeCloseTo(1, 9);
      }
    });

    it('answers the same for the same question, whatever it was asked before', () => {
      const rates = { up: 3, down: 2 };
      const decider = algorithm.prepare(line, [rates]);
      const first = { ...decider.decide(rates), onDevice: decider.decide(rates).onDevice.slice() };
      decider.decide({ up: 1e-3, down: 1e4 });
      expect(decider.decide(rates)).toEqual(first);
    });

    it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses a rate of %d', (rate) => {
      const decider = algorithm.prepare(line, [{ up: 1, down: 1 }]);
      expect(() => decider.decide({ up: rate, down: 1 })).toThrow(/rates of .* bit\/s/);
      expect(() => decider.decide({ up: 1, down: rate })).toThrow(/rates of .* bit\/s/);
    });

    it.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('refuses a cost of %d, naming the layer', (cost) => {
      const costs = { ...line.costs, deviceSeconds: Float64Array.of(0, 2, cost) };
      expect(() => algorithm.prepare({ ...line, costs }, [{ up: 1, down: 1 }])).toThrow(
        `deviceSeconds of layer 2 is ${cost}`,
      );
    });

    it('refuses pins that contradict each other', () => {
      const instance = {
        ...line,
        pinnedToDevice: Uint8Array.of(1, 0, 1),
        pinnedToServer: Uint8Array.of(0, 1, 0),
      };
      expect(() => algorithm.prepare(instance, [{ up: 1, down: 1 }])).toThrow('layer 1 is pinned to the RSU');
    });

    it('has a sentence about itself', () => {
      expect(algorithm.about.length).toBeGreaterThan(15);
      expect(cutAlgorithmByName(algorithm.name)).toBe(algorithm);
    });
  },
);

it('names the nearest algorithm where one is misspelt', () => {
  expect(() => cutAlgorithmByName('minimumcut')).toThrow('Did you mean "minimum-cut"?');
});

describe('on the networks of the zoo', () => {
  const names = [
    'vgg16',
    'resnet18-imagenet',
    'resnet50',
    'googlenet',
    'densenet121',
    'gpt2',
    'vit-b16',
    'mobilenetv2',
  ];
  const exact = ['minimum-cut', 'envelope', 'block-wise'].map(cutAlgorithmByName);

  it.each(names)('all exact algorithms agree, and no other is better: %s', (name) => {
    const rng = Rng.root(13).fork(name);
    // The second car is faster than the RSU.
    for (const speed of [0.35 * 1.28e12, 20e12]) {
      const instance = zooInstance(name, speed);
      const trace = Array.from({ length: 12 }, () => {
        const up = 1e5 * 10 ** (4 * rng.uniform());
        return { up, down: up * (0.3 + 3 * rng.uniform()) };
      });
      const whole = cutAlgorithmByName('minimum-cut-unreduced').prepare(instance, trace);
      const others = cutAlgorithms
        .filter((algorithm) => algorithm.name !== 'exhaustive')
        .map((algorithm) => ({ algorithm, decider: algorithm.prepare(instance, trace) }));
      for (const rates of trace) {
        const best = whole.decide(rates);
        const layers = layersOf(best.onDevice);
        for (const { algorithm, decider } of others) {
          const split = decider.decide(rates);
          expect(split.seconds).toBeGreaterThanOrEqual(best.seconds * (1 - 1e-9));
          if (exact.includes(algorithm)) expect(layersOf(split.onDevice)).toEqual(layers);
        }
      }
    }
  });
});
