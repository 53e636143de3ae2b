// `roadbed cut`: its JSON, its drawing, files that users bring, and what it says to bad input.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { main } from '../../testbed/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'roadbed-cut-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function roadbed(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const io = {
    out: (line: string) => out.push(line),
    err: (line: string) => err.push(line),
    isTerminal: false,
    colour: false,
  };
  return { code: await main(['cut', ...args], io), out: out.join('\n'), err: err.join('\n') };
}

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const layer = (name: string, reads: string[], device: number, bits: number) => ({
  name,
  reads,
  deviceSeconds: device,
  serverSeconds: name === 'input' ? 0 : 1,
  activationBits: bits,
});

/** The diamond of the golden tests, its layers in no order. */
const diamond = [
  layer('join', ['left', 'right'], 4, 1),
  layer('left', ['first'], 4, 6),
  layer('right', ['first'], 4, 6),
  layer('first', ['input'], 1, 5),
  layer('input', [], 0, 12),
];

describe('roadbed cut', () => {
  it('says which layers stay in the car, what crosses, how long an epoch takes and the decision took', async () => {
    const { code, out } = await roadbed(
      'googlenet',
      '--device',
      'tx2',
      '--server',
      'rtx-4080s',
      '--up',
      '20e6',
      '--down',
      '80e6',
      '--json',
    );
    expect(code).toBe(0);
    const report = JSON.parse(out);
    expect(report).toMatchObject({
      model: 'googlenet',
      algorithm: 'minimum-cut',
      isExact: true,
      layers: 196,
      pinnedToDevice: ['input', 'stem1/conv1'],
      frontier: [{ layer: 'logits/globalaverage1', upBitsPerStep: 32 * 1024 * 32 }],
    });
    expect(report.deviceLayers).toHaveLength(195);
    const phases = Object.values(report.phases as Record<string, number>);
    expect(phases.reduce((sum, seconds) => sum + seconds, 0)).toBeCloseTo(report.seconds, 9);
    expect(report.microseconds.decide).toBeGreaterThan(0);
  });

  it('cuts a graph from a file, in whatever order its layers stand', async () => {
    const { out } = await roadbed(
      file('diamond.json', { layers: diamond }),
      '--up',
      '2',
      '--down',
      '2',
      '--steps',
      '1',
      '--json',
    );
    expect(JSON.parse(out)).toMatchObject({ seconds: 9, deviceLayers: ['input', 'first'] });
  });

  it('cuts a tf.LayersModel from its saved description', async () => {
    const layers = [
      {
        class_name: 'Conv2D',
        config: { name: 'a', filters: 4, kernel_size: [3, 3], batch_input_shape: [null, 8, 8, 1] },
      },
      { class_name: 'Flatten', config: { name: 'b' } },
      { class_name: 'Dense', config: { name: 'c', units: 3 } },
    ];
    const model = file('model.json', {
      modelTopology: { class_name: 'Sequential', config: { name: 's', layers } },
    });
    const { code, out } = await roadbed(model, '--up', '1e9', '--down', '1e9', '--json');
    expect(code).toBe(0);
    const report = JSON.parse(out);
    expect(report.layers).toBe(3);
    expect(report.pinnedToDevice).toEqual(['a_input', 'a']);
  });

  it('draws the graph with the cut', async () => {
    const svg = join(folder, 'cut.svg');
    const { code, out } = await roadbed('resnet50', '--up', '1e8', '--down', '4e8', '--svg', svg);
    expect(code).toBe(0);
    expect(out).toContain('resnet50: 5 of 175 layers in the car, 1 tensor crosses');
    const drawing = readFileSync(svg, 'utf8');
    expect(drawing.match(/<rect [^>]*rx="3"/g)).toHaveLength(175);
    expect(drawing).toContain('stem/maxpool1, car, 25.7 MB');
  });

  it('keeps a memory cap and says how far off it may be', async () => {
    const { out } = await roadbed('vgg16', '--up', '20e6', '--down', '40e6', '--memory', '2e9', '--json');
    const report = JSON.parse(out);
    expect(report.isExact).toBe(false);
    expect(report.memoryBytes).toBeLessThanOrEqual(2e9);
    expect(report.lowerBoundSeconds).toBeLessThanOrEqual(report.seconds);
  });
});

describe('roadbed cut refuses', () => {
  const cycle = diamond.map((one) => (one.name === 'first' ? { ...one, reads: ['input', 'join'] } : one));
  const loose = [...diamond, layer('loose', [], 1, 1)];
  const negative = diamond.map((one) => (one.name === 'left' ? { ...one, deviceSeconds: -1 } : one));
  const missing = diamond.map(({ serverSeconds: _, ...one }) => one);
  it.each([
    ['a cycle', { layers: cycle }, 'a cycle: join is read from left is read from first is read from join'],
    ['a layer nobody reads', { layers: loose }, 'expected a'],
    ['a negative cost', { layers: negative }, 'deviceSeconds of layer'],
    ['a cost left out', { layers: missing }, 'serverSeconds is undefined (expected a number)'],
    [
      'a layer that is not there',
      { layers: [layer('a', ['b'], 1, 1)] },
      'layer a reads b, which is no layer',
    ],
    ['two layers of one name', { layers: [layer('a', [], 1, 1), layer('a', [], 1, 1)] }, 'the same name'],
    ['an unknown key', { layers: [{ name: 'a', secs: 1 }] }, 'unknown key secs'],
    ['no layers', { layers: [] }, 'at least one layer'],
    ['no JSON', 'layers', 'no JSON'],
  ])('%s, with exit code 4', async (name, content, words) => {
    const { code, err } = await roadbed(file(`${name.replaceAll(' ', '-')}.json`, content));
    expect(code).toBe(4);
    expect(err).toContain(words);
  });

  it.each([
    [['nosuch'], 'unknown model: nosuch', 3],
    [['googlenet', '--device', 'tx3'], 'Did you mean "tx1"?', 2],
    [['googlenet', '--algorithm', 'mincut'], 'Did you mean "minimum-cut"?', 2],
    [['googlenet', '--up', '0'], '--up 0: expected a number above 0', 2],
    [['googlenet', '--up', 'NaN'], '--up NaN', 2],
    [['googlenet', '--memory', '10'], 'no cut fits', 4],
    [['googlenet', '--algorithm', 'exhaustive'], '196 layers are too many', 4],
    [['nosuch.json'], 'cannot be read', 4],
  ])('%j', async (args, words, exit) => {
    const { code, err } = await roadbed(...args);
    expect([code, err]).toEqual([exit, expect.stringContaining(words)]);
  });
});
