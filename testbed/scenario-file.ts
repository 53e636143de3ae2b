// Loads a scenario from disk: finds the file, reads it, and checks the names that only other rooms know (policy, model).
// Must not: check what the schema checks, or open data sets.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf, RoadbedError } from '../base/errors.ts';
import { nearestName } from '../base/nearest-name.ts';
import type { ModelSpec } from '../learning/learner.ts';
import { placeBlocks, trainableModel } from '../learning/models/blocks.ts';
import { cutFacts } from '../learning/split/cuts.ts';
import { assertHead } from '../learning/split/parts.ts';
import { parseScenario } from '../protocol/scenario/parse.ts';
import { dataDirectoryOf } from '../protocol/scenario/rules.ts';
import type { Scenario } from '../protocol/scenario/schema.ts';
import { maximumScenarioBytes } from '../protocol/scenario/source.ts';
import { aggregatorByName, checkClientPart, checkMode } from '../roadside/aggregation/aggregators.ts';
import { checkParameters } from '../roadside/parameters.ts';
import { policyByName } from '../roadside/selection/policies.ts';

/** Where the scenarios that come with roadbed lie. */
export const bundledDirectory = fileURLToPath(new URL('../scenarios', import.meta.url));

export interface LoadOptions {
  /** `key=value` texts, applied in order. */
  readonly sets?: readonly string[];
  /** `--data`: replaces `data.directory`; relative to the working directory. */
  readonly dataDirectory?: string;
  /** `--seed` and `--rounds`: short for `--set seed=` and `--set stop.rounds=`; they win over `sets`. */
  readonly seed?: number;
  readonly rounds?: number;
  /** False where a scenario is only looked at: then IDX data without a folder is no fault. Default true. */
  readonly needsData?: boolean;
}

export interface LoadedScenario {
  readonly scenario: Scenario;
  /** Absolute folder of the scenario file: `roads.file` is relative to it. */
  readonly directory: string;
  /** Absolute folder with IDX files; undefined for generated data, or when none is named and none is needed. */
  readonly dataDirectory: string | undefined;
  /** The file that was read, as the user would name it. */
  readonly path: string;
}

/** Paths of all bundled scenarios, relative to the working directory where that is shorter; sorted. */
export function bundledScenarios(): string[] {
  return readdirSync(bundledDirectory)
    .filter((name) => extname(name) === '.yaml')
    .sort()
    .map((name) => pathToShow(join(bundledDirectory, name)));
}

function pathToShow(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}

function missing(path: string): RoadbedError {
  const known = bundledScenarios();
  const names = known.map((one) => basename(one, '.yaml'));
  const near = nearestName(basename(path, extname(path)), names);
  const meant = near === undefined ? '' : `; did you mean ${known[names.indexOf(near)]}?`;
  return new RoadbedError('scenario', `no scenario file ${path}${meant} (roadbed scenario list shows all)`);
}

/** The file that `path` names: itself, or the bundled scenario of that name. */
function findFile(path: string): string {
  if (existsSync(path)) return path;
  const bundled = join(bundledDirectory, `${basename(path, '.yaml')}.yaml`);
  const isBareName = !path.includes('/') && !path.includes('\\');
  if (isBareName && existsSync(bundled)) return pathToShow(bundled);
  throw missing(path);
}

function readText(path: string): string {
  try {
    const stats = statSync(path);
    if (!stats.isFile())
      throw new RoadbedError('scenario', `${path} is not a file (expected a YAML scenario)`);
    if (stats.size > maximumScenarioBytes)
      throw new RoadbedError(
        'scenario',
        `${path} has ${stats.size} bytes (expected at most ${maximumScenarioBytes})`,
      );
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof RoadbedError) throw error;
    throw new RoadbedError('scenario', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

function checkCut(scenario: Scenario, model: ModelSpec): void {
  const { mode, cut } = scenario.fallback;
  const blocks = placeBlocks(model).length;
  if (mode === 'full-only' || (typeof cut === 'number' ? cut < blocks : cut === 'best' && blocks > 1)) return;
  if (typeof cut === 'string' && cut !== 'best') {
    cutFacts(model, cut);
    return;
  }
  const expected =
    blocks > 1
      ? `1..${blocks - 1} for ${scenario.model.name}`
      : `fallback.mode full-only: ${scenario.model.name} has a single block and cannot be split`;
  throw new RoadbedError('scenario', `fallback.cut is ${cut} (expected ${expected})`);
}

function checkHead({ fallback }: Scenario, model: ModelSpec): void {
  const { mode, cut, head } = fallback;
  if (mode !== 'full-only' && head !== undefined) assertHead(model, cut, head);
}

/** Names that the schema leaves open because their rooms keep the lists. */
function checkNames(scenario: Scenario, path: string): void {
  try {
    const { selection, aggregation } = scenario;
    const { name: policy, parameters } = policyByName(selection.policy);
    checkParameters({ section: 'selection', title: `policy ${policy}`, parameters }, selection);
    const rule = aggregatorByName(aggregation.rule);
    checkParameters(
      { section: 'aggregation', title: `rule ${rule.name}`, parameters: rule.parameters },
      aggregation,
    );
    checkClientPart(scenario);
    checkMode(scenario);
    const { name, usual } = trainableModel(scenario.model.name);
    // Any legal shape gives a model the same blocks; the real one is known only when the data is open.
    checkCut(scenario, { name, ...usual });
    checkHead(scenario, { name, ...usual });
  } catch (error) {
    if (!(error instanceof RoadbedError)) throw error;
    throw new RoadbedError(error.reason, `${path}: ${error.message}`, { cause: error });
  }
}

function findData(scenario: Scenario, directory: string, options: LoadOptions): string | undefined {
  if (scenario.data.kind !== 'idx') {
    if (options.dataDirectory === undefined) return undefined;
    throw new RoadbedError(
      'data',
      `--data ${options.dataDirectory} is not used: scenario ${scenario.name} generates its data (add --set data.kind=idx)`,
    );
  }
  if (options.dataDirectory !== undefined) return resolve(options.dataDirectory);
  if (options.needsData === false && scenario.data.directory === undefined) return undefined;
  const named = dataDirectoryOf(scenario);
  return named === undefined ? undefined : resolve(directory, named);
}

/**
 * Loads and checks the scenario at `path`, or the bundled one of that name.
 * Throws RoadbedError: 'scenario' (missing, malformed, unknown names), 'data' (no folder, or one not used), 'usage'.
 */
export function loadScenario(path: string, options: LoadOptions = {}): LoadedScenario {
  const file = findFile(path);
  const sets = [...(options.sets ?? [])];
  if (options.seed !== undefined) sets.push(`seed=${options.seed}`);
  if (options.rounds !== undefined) sets.push(`stop.rounds=${options.rounds}`);
  const scenario = parseScenario(readText(file), file, sets);
  checkNames(scenario, file);
  const directory = dirname(resolve(file));
  return { scenario, directory, dataDirectory: findData(scenario, directory, options), path: file };
}
