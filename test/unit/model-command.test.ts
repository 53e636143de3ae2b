// `roadbed model`: what it prints for a person and for a program. Must not: load an engine.

import { describe, expect, it } from 'vitest';
import { main } from '../../testbed/cli.ts';
import type { CommandIo } from '../../testbed/io.ts';

async function roadbed(...args: string[]): Promise<{ code: number; out: string[]; err: string[] }> {
  const out: string[] = [];
  const err: string[] = [];
  const io: CommandIo = {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    isTerminal: false,
    colour: false,
  };
  return { code: await main(args, io), out, err };
}

describe('roadbed model show', () => {
  it('prints layers, FLOPs, parameters, activation bytes and edges as JSON', async () => {
    const { code, out } = await roadbed('model', 'show', 'resnet18', '--json');
    const shown = JSON.parse(out.join('\n'));
    expect(code).toBe(0);
    expect(shown).toMatchObject({
      model: 'resnet18',
      inputShape: [32, 32, 3],
      classes: 10,
      trains: true,
      parameters: 11_173_962,
    });
    expect([shown.blocks.length, shown.layers.length, shown.edges.length]).toEqual([10, 68, 75]);
    // The stem: 32*32 pixels, 2*3*3*3*64 operations each; 1,728 weights; 65,536 floats come out.
    expect(shown.layers[1]).toEqual({
      name: 'stem/conv1',
      operation: 'conv',
      block: 0,
      inputs: [0],
      output: [32, 32, 64],
      outputFloats: 65_536,
      activationBytes: 262_144,
      parameters: 1_728,
      forwardFlops: 3_538_944,
      backwardFlops: 7_077_888,
    });
  });

  it('prints a table for people, for the shapes it is given', async () => {
    const { code, out } = await roadbed('model', 'show', 'mlp', '--input', '2x3x1', '--classes', '4');
    expect(code).toBe(0);
    expect(out).toEqual([
      'mlp: one hidden layer of 128',
      'input 2x3x1, 4 classes, 2 blocks, 3 layers, 2 edges; all numbers for one sample',
      '#  layer          output   FLOPs forward  backward  parameters  bytes  reads',
      '0  input          2x3x1                0         0           0     24',
      '1  hidden/dense1  1x1x128          1,536     3,072         896    512',
      '2  logits/dense1  1x1x4            1,024     2,048         516     16',
      '   all                             2,560     5,120       1,412    552',
    ]);
  });

  it('says which layers a sum reads', async () => {
    const { out } = await roadbed('model', 'show', 'resnet18');
    expect(out.find((line) => line.includes('stage1.1/add1'))).toMatch(/ 3 8$/);
  });

  it.each([
    [['show', 'resnet'], 3, /unknown model: resnet \(nearest: resnet18, /],
    [['show', 'lenet5', '--input', '32x32'], 2, /expected height x width x channels, such as 32x32x3/],
    [['show', 'lenet5', '--input', '8x8x1'], 3, /images of 8x8x1 are too small for lenet5/],
    [['show', 'gpt', '--input', '32x32x3'], 3, /this model reads tokens, not images of 32x32x3/],
    [['show', 'mlp', '--classes', '0'], 2, /expected a whole number from 1/],
  ])('refuses %j with a sentence', async (args, code, sentence) => {
    const refused = await roadbed('model', ...args);
    expect(refused.code).toBe(code);
    expect(refused.err.join('\n')).toMatch(sentence);
  });
});

describe('roadbed model list', () => {
  it('lists every model with its size', async () => {
    const { out } = await roadbed('model', 'list', '--json');
    const sizes = JSON.parse(out.join('\n')).map((row: { name: string; parameters: number }) => [
      row.name,
      row.parameters,
    ]);
    expect(Object.fromEntries(sizes)).toMatchObject({
      'softmax-regression': 7_850,
      lenet12: 805_034,
      'cnn-pfl': 1_626_442,
      mobilenet: 148_858,
      resnet18: 11_173_962,
      gpt: 818_176,
    });
    const { out: lines } = await roadbed('model', 'list');
    expect(lines.length).toBe(sizes.length + 1);
  });
});
