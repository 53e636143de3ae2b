// Times of layers: which layer an operator's time is booked to, and how they are scaled to a model that is not trained.
// Must not: measure. The clock here counts its readings.

import { describe, expect, it } from 'vitest';
import { layerGraph } from '../../learning/cost/graph.ts';
import { type LayerTime, scaledTimes } from '../../learning/cost/layer-times.ts';
import type { ModelSpec } from '../../learning/learner.ts';
import { labelsPerSample, modelEntry } from '../../learning/models/blocks.ts';
import { measuredLayerTimes, type TimedSteps } from '../../learning/training/compiled/layer-times.ts';
import { smallModel } from '../support/split-training.ts';

const samples = 2;

/** Two black samples, and a clock that goes `each(reading)` further every time it is read. */
function timed(model: ModelSpec, each: (reading: number) => number): TimedSteps {
  const floats = model.inputShape.reduce((product, side) => product * side, 1);
  let [readings, now] = [0, 0];
  return {
    data: {
      inputShape: model.inputShape,
      classes: model.classes,
      images: new Uint8Array(samples * floats),
      labels: new Uint8Array(samples * labelsPerSample(model)),
    },
    samples,
    passes: 3,
    seconds: () => {
      now += each(readings++);
      return now;
    },
  };
}

describe('the times of layers', () => {
  it('are those of operators, booked to the first layer of each', async () => {
    const model = smallModel('lenet5');
    const times = await measuredLayerTimes(
      model,
      timed(model, () => 1),
    );
    expect(
      times.map(({ name, forwardSeconds, backwardSeconds }) => [name, forwardSeconds, backwardSeconds]),
    ).toEqual([
      ['input', 0, 0],
      ['conv1/conv1', 1, 1],
      ['conv1/maxpool1', 0, 0],
      ['conv2/conv1', 1, 1],
      ['conv2/maxpool1', 0, 0],
      ['dense1/dense1', 1, 1],
      ['dense2/dense1', 1, 1],
      ['logits/dense1', 1, 1],
    ]);
  });

  it('book the sum of branches to the layer whose output they read, attention to its scores', async () => {
    const model = smallModel('text-transformer');
    const times = await measuredLayerTimes(
      model,
      timed(model, () => 1),
    );
    const of = (name: string) => times.find((time) => time.name === name)!.backwardSeconds;
    expect(times.map(({ name }) => name)).toEqual(layerGraph(model).nodes.map(({ name }) => name));
    expect([of('embedding/embedding1'), of('layer1/layernorm1'), of('layer1/add1')]).toEqual([2, 2, 2]);
    expect([of('layer1/scores1'), of('layer1/mix1'), of('layer1/dense4')]).toEqual([1, 0, 1]);
  });

  it('are medians of the passes behind the first', async () => {
    const model = smallModel('mlp');
    // Two operators, so eight readings a pass; the passes after the warm one take 5, 1 and 3 a reading.
    const pace = [100, 5, 1, 3];
    const times = await measuredLayerTimes(
      model,
      timed(model, (reading) => pace[Math.floor(reading / 8)]!),
    );
    expect(times.map(({ forwardSeconds }) => forwardSeconds)).toEqual([0, 3, 3]);
  });

  it('are refused where a layer is not compiled', async () => {
    const model = { name: 'vit-b16', ...modelEntry('vit-b16').usual };
    await expect(
      measuredLayerTimes(
        model,
        timed(model, () => 1),
      ),
    ).rejects.toThrow('the layers of vit-b16 cannot be timed: tokens in tokens is not compiled.');
  });
});

describe('the times of a model that is not trained here', () => {
  const graph = layerGraph({ name: 'resnet18', ...modelEntry('resnet18').usual });
  const perFlop = 1e-9;
  const perFloat = 1e-10;
  const times: readonly LayerTime[] = graph.nodes.map((node, index) => {
    const secondsOf = (flops: number): number =>
      index === 0 ? 0 : flops > 0 ? flops * perFlop : node.outputFloats * perFloat;
    return {
      name: node.name,
      forwardSeconds: secondsOf(node.forwardFlops),
      backwardSeconds: secondsOf(node.backwardFlops),
    };
  });

  it('are its own where it is the same model', () => {
    scaledTimes(graph, times, graph).forEach((time, index) => {
      expect(time.forwardSeconds).toBeCloseTo(times[index]!.forwardSeconds, 12);
      expect(time.backwardSeconds).toBeCloseTo(times[index]!.backwardSeconds, 12);
    });
  });

  it('follow the work of each kind of layer, and are positive for kinds the other has not', () => {
    const other = layerGraph({ name: 'googlenet', ...modelEntry('googlenet').usual });
    const scaled = scaledTimes(graph, times, other);
    other.nodes.forEach((node, index) => {
      if (node.operation === 'conv')
        expect(scaled[index]!.forwardSeconds / (node.forwardFlops * perFlop)).toBeCloseTo(1, 9);
      if (node.operation === 'maxpool' || node.operation === 'concat')
        expect(scaled[index]!.forwardSeconds).toBeGreaterThan(0);
    });
    expect(scaled[0]).toEqual({ name: 'input', forwardSeconds: 0, backwardSeconds: 0 });
  });
});
