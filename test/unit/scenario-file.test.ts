// Loading scenarios from disk, and the commands that look at them.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { Command } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { RoadbedError } from '../../base/errors.ts';
import { parseScenario } from '../../protocol/scenario/parse.ts';
import { maximumScenarioBytes } from '../../protocol/scenario/source.ts';
import { registerScenario } from '../../testbed/commands/scenario.ts';
import { bundledScenarios, type LoadOptions, loadScenario } from '../../testbed/scenario-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'roadbed-scenario-'));
afterAll(() => rmSync(folder, { recursive: true }));

const idx = `name: digits
rsus: [{ id: r, x: 0, y: 0 }]
devices: [{ name: d, trainingFlopsPerSecond: 1e9 }]
data: { kind: idx }
`;

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function refusal(path: string, options: LoadOptions = {}): string {
  try {
    loadScenario(path, options);
  } catch (error) {
    if (error instanceof RoadbedError) return `[${error.reason}] ${error.message}`;
    throw error;
  }
  return 'accepted';
}

async function roadbed(...args: string[]): Promise<string[]> {
  const lines: string[] = [];
  const program = new Command().exitOverride();
  const out = (line: string): void => void lines.push(line);
  registerScenario(program, { out, err: out, isTerminal: false, colour: false });
  await program.parseAsync(args, { from: 'user' });
  return lines;
}

describe('loading a scenario', () => {
  it('finds a bundled one by its bare name', () => {
    const { scenario, path } = loadScenario('highway-signs');
    expect(scenario.name).toBe('highway-signs');
    expect(basename(path)).toBe('highway-signs.yaml');
  });

  it('lets seed and rounds win over sets', () => {
    const { scenario } = loadScenario('highway-signs', {
      sets: ['seed=2', 'stop.rounds=2', 'selection.perRound=3'],
      seed: 9,
      rounds: 4,
    });
    expect([scenario.seed, scenario.stop.rounds, scenario.selection.perRound]).toEqual([9, 4, 3]);
  });

  it('says which bundled scenario was probably meant when the file is missing', () => {
    expect(refusal('highway-sign')).toMatch(
      /^\[scenario\] no scenario file highway-sign; did you mean .*highway-signs\.yaml\?/,
    );
    expect(refusal('scenarios/mnist-rng.yaml')).toContain('mnist-ring.yaml?');
  });

  it('refuses a folder and a file of more than a megabyte', () => {
    expect(refusal(folder)).toContain('is not a file (expected a YAML scenario)');
    expect(refusal(file('big.yaml', '#'.repeat(maximumScenarioBytes + 1)))).toContain('at most 1048576');
  });

  it('refuses a policy, a model and a cut that do not exist, naming the file', () => {
    const path = loadScenario('highway-signs').path;
    expect(refusal(path, { sets: ['selection.policy=mavlf'] })).toContain(
      `[scenario] ${path}: unknown selection.policy: "mavlf"`,
    );
    expect(refusal(path, { sets: ['model.name=lenet'] })).toContain('lenet5');
    expect(refusal(path, { sets: ['fallback.cut=5'] })).toBe(
      `[scenario] ${path}: fallback.cut is 5 (expected 1..4 for lenet5)`,
    );
    expect(refusal(path, { sets: ['fallback.cut=conv9/conv1'] })).toContain('conv9/conv1');
    expect(refusal(path, { sets: ['fallback.cut=best'] })).toBe('accepted');
    expect(refusal(path, { sets: ['fallback.head=5'] })).toBe(
      `[scenario] ${path}: head is 5 (expected the number of the block with which the car's end of lenet5 begins, 1..4).`,
    );
    expect(refusal(path, { sets: ['model.name=softmax-regression'] })).toContain('cannot be split');
    expect(refusal(path, { sets: ['model.name=softmax-regression', 'fallback.mode=full-only'] })).toBe(
      'accepted',
    );
  });
});

describe('the data folder', () => {
  it('must be named where IDX files are read, unless the scenario is only looked at', () => {
    const path = file('digits.yaml', idx);
    expect(refusal(path)).toContain('[data] scenario digits reads IDX files');
    expect(refusal(path, { needsData: false })).toBe('accepted');
  });

  it('of the scenario is relative to the scenario, that of --data to the working directory', () => {
    const path = file('digits.yaml', idx);
    const inScenario = loadScenario(path, { sets: ['data.directory=mnist'] });
    expect(inScenario.dataDirectory).toBe(join(folder, 'mnist'));
    const both = loadScenario(path, { sets: ['data.directory=mnist'], dataDirectory: 'elsewhere' });
    expect(both.dataDirectory).toBe(resolve('elsewhere'));
    expect(both.scenario.data.directory).toBe('mnist');
  });

  it('is refused where the data are generated', () => {
    expect(refusal('highway-signs', { dataDirectory: 'x' })).toContain('add --set data.kind=idx');
  });
});

describe('roadbed scenario', () => {
  it('check says ok in one line', async () => {
    const lines = await roadbed('scenario', 'check', 'geojson-town', '--set', 'seed=4');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /geojson-town\.yaml: ok: 12 vehicles on the roads of town\.geojson, 1 RSU, lenet5 on signs data, mavfl chooses 3, 10 rounds$/,
    );
  });

  it('check refuses a map that does not exist', async () => {
    const path = file('map.yaml', `${idx}roads: { kind: geojson, file: none.geojson }\n`);
    await expect(roadbed('scenario', 'check', path)).rejects.toThrow('there is no such file');
  });

  it('show prints YAML or JSON that parses to the scenario it showed', async () => {
    const { scenario } = loadScenario('segment-poisson');
    const yaml = await roadbed('scenario', 'show', 'segment-poisson');
    expect(parseScenario(yaml.join('\n'), 'shown.yaml')).toEqual(scenario);
    const json = await roadbed('scenario', 'show', 'segment-poisson', '--json');
    expect(JSON.parse(json.join('\n'))).toEqual(scenario);
  });

  it('list names every bundled scenario', async () => {
    const rows = JSON.parse((await roadbed('scenario', 'list', '--json')).join('\n'));
    expect(rows.map((row: { path: string }) => row.path)).toEqual(bundledScenarios());
    const text = await roadbed('scenario', 'list');
    // A path, what it is, and where its files are here, what happens in it.
    expect(text.filter((line) => !line.startsWith(' '))).toEqual(bundledScenarios());
    const lines = rows.map((row: { summary: string }) => (row.summary ? 3 : 2));
    expect(text).toHaveLength(lines.reduce((sum: number, count: number) => sum + count, 0));
  });
});
