// Refusals of the scenario parser: every sentence names the place, the value and what was expected.

import { describe, expect, it } from 'vitest';
import { RoadbedError } from '../../base/errors.ts';
import { parseScenario } from '../../protocol/scenario/parse.ts';
import { printScenario } from '../../protocol/scenario/print.ts';
import { dataDirectoryOf } from '../../protocol/scenario/rules.ts';
import { maximumScenarioBytes } from '../../protocol/scenario/source.ts';

const least = `name: tiny
rsus:
  - { id: rsu-1, x: 0, y: 0 }
devices:
  - { name: small, trainingFlopsPerSecond: 1e9 }
`;

function refusal(text: string, overrides: string[] = []): string {
  try {
    parseScenario(text, 'scenarios/x.yaml', overrides);
  } catch (error) {
    if (error instanceof RoadbedError) return `[${error.reason}] ${error.message}`;
    throw error;
  }
  return 'accepted';
}

describe('a scenario that is right', () => {
  it('gets every default', () => {
    const scenario = parseScenario(least, 'x.yaml');
    expect(scenario.roads).toEqual({ kind: 'ring', lengthMeters: 2000, straightMeters: 0 });
    expect(scenario.selection.perRound).toBe(5);
    expect(scenario.stop).toEqual({ rounds: 30, virtualSeconds: 36_000 });
    expect(scenario.traffic.source).toEqual({ kind: 'recirculating', vehicles: 20 });
  });

  it('is the same after printing and parsing again', () => {
    const scenario = parseScenario(least, 'x.yaml', ['data.partition={kind: dirichlet}', 'seed=7']);
    expect(parseScenario(printScenario(scenario), 'x.yaml')).toEqual(scenario);
  });

  it('prints its keys in the order of the schema, whatever order they were written in', () => {
    const keys = Object.keys(parseScenario(`seed: 3\n${least}`, 'x.yaml'));
    expect(keys.slice(0, 5)).toEqual(['name', 'description', 'expect', 'seed', 'roads']);
  });

  it('may use anchors, and an override of one copy leaves the other alone', () => {
    const text = `name: tiny
rsus: [{ id: a, x: 0, y: 0 }]
devices:
  - &base { name: small, trainingFlopsPerSecond: 1e9 }
  - *base
`;
    const scenario = parseScenario(text, 'x.yaml', ['devices.1.name=large']);
    expect(scenario.devices.map((device) => device.name)).toEqual(['small', 'large']);
  });
});

describe('an unknown key', () => {
  it('is refused with its line, the legal keys and the nearest one', () => {
    expect(refusal(`${least}selection:\n  discount: 1\n  polcy: random\n`)).toBe(
      '[scenario] scenarios/x.yaml:8: unknown key selection.polcy (expected one of policy, perRound, arm, armZoneMeters, discount, exploration, participationWeight, credit, parameters; did you mean selection.policy?)',
    );
  });

  it('at the top level is pointed to the section where that word is legal', () => {
    expect(refusal(`${least}perRound: 3\n`)).toContain('did you mean selection.perRound?)');
  });

  it('inside a tagged mapping is held to the keys of its kind', () => {
    expect(refusal(`${least}roads:\n  kind: ring\n  file: a.geojson\n`)).toBe(
      '[scenario] scenarios/x.yaml:8: unknown key roads.file (expected one of kind, lengthMeters, straightMeters; it needs roads.kind: geojson)',
    );
  });

  it('inside a list entry is found at its own line', () => {
    const text = least.replace('{ id: rsu-1, x: 0, y: 0 }', 'id: rsu-1\n    x: 0\n    z: 0\n    y: 0');
    expect(refusal(text)).toContain('scenarios/x.yaml:5: unknown key rsus.0.z (expected one of id, x, y,');
  });

  it('comes before the missing key it caused', () => {
    const lines = refusal(least.replace('x: 0,', 'xx: 0,')).split('\n');
    expect(lines).toEqual([
      '[scenario] scenarios/x.yaml:3: unknown key rsus.0.xx (expected one of id, x, y, coverageRadiusMeters, antennaHeightMeters; did you mean rsus.0.x?)',
      'scenarios/x.yaml:3: missing key rsus.0.x (expected number)',
    ]);
  });
});

describe('a wrong value', () => {
  it.each([
    ['seed: -1', 'seed is -1 (expected whole number >= 0 and <= 2147483648)'],
    ['seed: 1.5', 'seed is 1.5 (expected whole number >= 0 and <= 2147483648)'],
    ['seed: one', 'seed is "one" (expected whole number >= 0 and <= 2147483648)'],
    ['training: { learningRate: 0 }', 'training.learningRate is 0 (expected number > 0)'],
    ['training: { learningRate: .inf }', 'training.learningRate is Infinity (expected number > 0)'],
    ['training: { learningRate: .nan }', 'training.learningRate is NaN (expected number > 0)'],
    ['fallback: { cut: 0 }', 'fallback.cut is 0 (expected whole number >= 1 or text)'],
    [
      'fallback: { mode: adaptiv }',
      'fallback.mode is "adaptiv" (expected one of adaptive, full-only, split-only; did you mean adaptive?)',
    ],
    [
      'roads: { kind: circle }',
      'roads.kind is "circle" (expected one of segment, ring, geojson, sumo-net, grid, fcd, gps, constant-speed, traci)',
    ],
    [
      'roads: {}',
      'missing key roads.kind (expected one of segment, ring, geojson, sumo-net, grid, fcd, gps, constant-speed, traci)',
    ],
    ['selection:', 'selection is empty (expected mapping; remove the key to take its defaults)'],
    ['description: 5', 'description is 5 (expected text; put it in quotes)'],
    ['model: lenet5', 'model is "lenet5" (expected mapping)'],
    ['training: [1]', 'training is a list (expected mapping)'],
  ])('%s is refused at line 6', (line, sentence) => {
    expect(refusal(`${least}${line}\n`)).toBe(`[scenario] scenarios/x.yaml:6: ${sentence}`);
  });

  it('is refused when a list is too short', () => {
    expect(refusal('name: a\nrsus: []\ndevices: [{ name: a, trainingFlopsPerSecond: 1 }]\n')).toBe(
      '[scenario] scenarios/x.yaml:2: rsus is an empty list (expected list with at least 1 entry)',
    );
  });

  it('shows at most ten faults and counts the rest', () => {
    const keys = Array.from({ length: 12 }, (_, index) => `nokey${index}: 1`).join('\n');
    const lines = refusal(`${least}${keys}\n`).split('\n');
    expect(lines).toHaveLength(11);
    expect(lines[10]).toBe('and 2 more');
  });
});

describe('a text that is not a scenario', () => {
  it('is refused with line and column when it is not YAML', () => {
    expect(refusal('name: a\nrsus: [1, 2\nseed: 3\n')).toMatch(
      /^\[scenario\] scenarios\/x\.yaml:\d+:\d+: not valid YAML: /,
    );
  });

  it('is refused when it gives a key twice', () => {
    expect(refusal(`${least}seed: 1\nseed: 2\n`)).toBe(
      '[scenario] scenarios/x.yaml:7:1: not valid YAML: Map keys must be unique',
    );
  });

  it.each(['', '- 1\n', 'hello\n'])('is refused when it is no mapping: %j', (text) => {
    expect(refusal(text)).toContain('(expected a mapping with at least name, rsus and devices)');
  });

  it('is refused when it is longer than a megabyte', () => {
    expect(refusal('#'.repeat(maximumScenarioBytes + 1))).toContain('expected at most 1048576');
  });

  it('is refused when its aliases would grow without end', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i},`.repeat(9)}]`);
    expect(refusal(`l0: &l0 [x]\n${levels.join('\n')}\n`)).toContain('not usable YAML');
  });

  it('is refused when it is nested absurdly deep', () => {
    expect(refusal(`name: ${'['.repeat(100_000)}`)).toContain('YAML');
  });
});

describe('--set', () => {
  it('changes a value, and parses it as YAML', () => {
    const scenario = parseScenario(least, 'x.yaml', [
      'selection.perRound=3',
      'traffic.source={ kind: recirculating, vehicles: 9 }',
      'devices.0.name=tiny',
      'description="a = b"',
    ]);
    expect(scenario.selection.perRound).toBe(3);
    expect(scenario.traffic.source).toEqual({ kind: 'recirculating', vehicles: 9 });
    expect(scenario.devices[0]!.name).toBe('tiny');
    expect(scenario.description).toBe('a = b');
  });

  it('needs no tag for a mapping the file leaves to its default', () => {
    const scenario = parseScenario(least, 'x.yaml', ['traffic.source.vehicles=4']);
    expect(scenario.traffic.source).toEqual({ kind: 'recirculating', vehicles: 4 });
  });

  it('of the same key twice takes the last', () => {
    expect(parseScenario(least, 'x.yaml', ['seed=2', 'seed=3']).seed).toBe(3);
  });

  it.each([
    [
      'selection.polcy=x',
      'unknown key selection.polcy (expected one of policy, perRound, arm, armZoneMeters, discount, exploration, participationWeight, credit, parameters; did you mean selection.policy?)',
    ],
    ['selection.policy.x=1', 'selection.policy is "mavfl" (expected a mapping)'],
    ['devices.3.name=a', 'no entry 3 in devices (expected 0..0)'],
    ['devices.name=a', 'no entry name in devices (expected 0..0)'],
    ['name.x=a', 'name is "tiny" (expected a mapping)'],
    ['seed=abc', 'seed is "abc" (expected whole number >= 0 and <= 2147483648)'],
    [
      'seed=',
      'seed is empty (expected whole number >= 0 and <= 2147483648; remove the key to take its defaults)',
    ],
    ['seed=[1', 'the value is not YAML'],
    ['__proto__.polluted=1', 'unknown key __proto__'],
    ['constructor.prototype.x=1', 'unknown key constructor'],
  ])('%s is refused by name', (override, sentence) => {
    expect(refusal(least, [override])).toContain(`[scenario] --set ${override}: ${sentence}`);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it.each(['seed', '=3', 'a..b=1', ''])('%j is refused as a usage fault', (override) => {
    expect(refusal(least, [override])).toBe(
      `[usage] --set ${override}: expected key=value, such as --set selection.perRound=3`,
    );
  });
});

describe('rules between keys', () => {
  it.each([
    ['roads.kind=segment', 'traffic.source.kind is recirculating on a segment'],
    ['traffic.source={kind: poisson, perSecond: 1}', 'traffic.source.kind is poisson on a ring'],
    ['roads.straightMeters=1000', 'expected less than half of roads.lengthMeters, which is 2000'],
    ['traffic.source.vehicles=286', 'traffic.source.vehicles is 286 (expected at most 285'],
    ['round.minimumCandidates=21', 'no round would ever open'],
    ['data.samplesPerVehicle=8601', 'expected at most data.trainSamples, which is 8600'],
    ['data.evaluationSamples=2151', 'expected at most data.testSamples, which is 2150'],
    ['fallback={cut: best, server: shared}', 'fallback.server is shared, but fallback.cut is best'],
    ['fallback={cut: 2, head: 2}', 'fallback.head is 2 (expected more than fallback.cut'],
    ['fallback={cut: best, head: 3}', 'that a number of blocks; it is best)'],
    ['fallback={schedule: sequential, server: shared}', 'expected per-vehicle: cars take turns'],
  ])('refuse %s', (override, sentence) => {
    const text = `${least}roads: { kind: ring, lengthMeters: 2000 }\n`.replace(
      'lengthMeters: 2000 ',
      override === 'roads.kind=segment' ? ' ' : 'lengthMeters: 2000 ',
    );
    expect(refusal(text, [override])).toContain(sentence);
  });

  it('refuse two RSUs or two devices of one name, at the line of the second', () => {
    const text = `name: a
rsus:
  - { id: r, x: 0, y: 0 }
  - { id: r, x: 1, y: 0 }
devices:
  - { name: d, trainingFlopsPerSecond: 1 }
  - { name: d, trainingFlopsPerSecond: 2 }
`;
    expect(refusal(text).split('\n')).toEqual([
      '[scenario] scenarios/x.yaml:4: rsus.1.id is "r", as is rsus.0.id (expected each id once)',
      'scenarios/x.yaml:7: devices.1.name is "d", as is devices.0.name (expected each name once)',
    ]);
  });

  it('ask for a folder only where IDX files are read', () => {
    expect(dataDirectoryOf(parseScenario(least, 'x.yaml'))).toBeUndefined();
    const idx = parseScenario(least, 'x.yaml', ['data.kind=idx']);
    expect(() => dataDirectoryOf(idx)).toThrow('give --data FOLDER, or set data.directory');
    expect(dataDirectoryOf(parseScenario(least, 'x.yaml', ['data={kind: idx, directory: d}']))).toBe('d');
  });
});
