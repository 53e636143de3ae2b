// Cost tables and layer graphs against numbers worked out elsewhere. Provenance of each table is said above it; none of
// them is a number that a paper prints unless it says so.

import { describe, expect, it } from 'vitest';
import { type LayerGraph, layerGraph, totalOf } from '../../learning/cost/graph.ts';
import { modelCost } from '../../learning/cost/model-cost.ts';
import { modelEntry } from '../../learning/models/blocks.ts';

function graphOf(name: string): LayerGraph {
  return layerGraph({ name, ...modelEntry(name).usual });
}

/** Nodes that no edge jumps over: every path goes through them. */
function articulations({ nodes, edges }: LayerGraph): number {
  return nodes.filter((_, at) => edges.every(([from, to]) => to <= at || from >= at)).length;
}

/**
 * ASL (arXiv 2403.05158) evaluates on "a 12-layer LeNet on MNIST"; its layer list could not be read, the chain and its
 * widths are ours. Name, forward MFLOP, parameters, output elements, worked out by hand from the shapes.
 */
const lenet12: readonly (readonly [string, number, number, number])[] = [
  ['conv1', 0.4516, 320, 25_088],
  ['conv2', 14.4507, 9_248, 25_088],
  ['pool1', 0.0251, 0, 6_272],
  ['conv3', 7.2253, 18_496, 12_544],
  ['conv4', 14.4507, 36_928, 12_544],
  ['pool2', 0.0125, 0, 3_136],
  ['conv5', 7.2253, 73_856, 6_272],
  ['conv6', 14.4507, 147_584, 6_272],
  ['pool3', 0.0046, 0, 1_152],
  ['dense1', 0.8847, 442_752, 384],
  ['dense2', 0.1475, 73_920, 192],
  ['logits', 0.0038, 1_930, 10],
];

describe("ASL's 12-layer LeNet", () => {
  it('costs per layer what was worked out by hand', () => {
    const { blocks } = modelCost({ name: 'lenet12', inputShape: [28, 28, 1], classes: 10 });
    const rows = blocks.map(({ name, forwardFlops, parameters, outputFloats }) => [
      name,
      Math.round(forwardFlops / 100) / 10_000,
      parameters,
      outputFloats,
    ]);
    expect(rows).toEqual(lenet12);
  });

  it('has 805,034 parameters and takes 59.333 MFLOP forward', () => {
    const cost = modelCost({ name: 'lenet12', inputShape: [28, 28, 1], classes: 10 });
    expect(cost.parameters).toBe(805_034);
    expect(Math.round(cost.forwardFlops / 1000)).toBe(59_333);
  });
});

describe('parameter counts', () => {
  it.each([
    // MAVFL's two models: sizes derived from the shapes, as its upload times use them.
    ['resnet18', 11_173_962],
    // The pfl-research CIFAR-10 benchmark speaks of 1.63 million; worked out by hand from its layers.
    ['cnn-pfl', 1_626_442],
    // As torchvision's own models count; GPT-2 with an untied head, 124,439,808 tied.
    ['resnet18-imagenet', 11_689_512],
    ['resnet50', 25_557_032],
    ['googlenet', 6_624_904],
    ['vgg16', 138_357_544],
    ['densenet121', 7_978_856],
    ['mobilenetv2', 3_504_872],
    ['vit-b16', 86_567_656],
    ['gpt2', 124_439_808 + 50_257 * 768],
    // 4 x 198,272 for the layers, 65 x 128 twice, 64 x 128, 256: by hand.
    ['gpt', 818_176],
  ])('of %s', (name, parameters) => {
    expect(totalOf(graphOf(name).nodes, 'parameters')).toBe(parameters);
    expect(modelCost({ name, ...modelEntry(name).usual }).parameters).toBe(parameters);
  });

  it('of LeNet-5 for 32x32x3 and 43 classes is 64,811', () => {
    expect(modelCost({ name: 'lenet5', inputShape: [32, 32, 3], classes: 43 }).parameters).toBe(64_811);
  });
});

// Our own counts for the minimum-cut splitting work (method: arXiv 2507.01041): vertices, edges, articulations of graphs
// with convolution, norm, rectifier, pool, sum, concatenation and dense as vertices of their own. Not the paper's table.
describe('layer graphs', () => {
  it.each([
    ['vgg16', 37, 36, 37],
    ['resnet18-imagenet', 69, 76, 23],
    ['resnet50', 175, 190, 39],
    ['googlenet', 196, 222, 25],
    ['densenet121', 427, 961, 25],
    ['gpt2', 160, 207, 28],
    ['vit-b16', 161, 208, 29],
  ])('of %s has %i vertices, %i edges, %i articulations', (name, vertices, edges, cuts) => {
    const graph = graphOf(name);
    expect([graph.nodes.length, graph.edges.length, articulations(graph)]).toEqual([vertices, edges, cuts]);
  });

  it('lists each node behind all it reads, and each edge once', () => {
    for (const name of ['resnet18', 'mobilenet', 'gpt', 'googlenet']) {
      const { edges, nodes } = graphOf(name);
      expect(edges.every(([from, to]) => from < to)).toBe(true);
      expect(new Set(edges.map(String)).size).toBe(edges.length);
      expect(new Set(nodes.map((node) => node.name)).size).toBe(nodes.length);
    }
  });

  it("counts a transformer layer's products as length (24 width^2 + 4 length width)", () => {
    // The formula of split fine-tuning's cost model, ours: forward FLOPs of one block for one sequence.
    const { nodes } = graphOf('gpt');
    const products = nodes.filter(
      (node) => node.block === 1 && ['dense', 'scores', 'mix'].includes(node.operation),
    );
    expect(totalOf(products, 'forwardFlops')).toBe(64 * (24 * 128 ** 2 + 4 * 64 * 128));
  });
});
