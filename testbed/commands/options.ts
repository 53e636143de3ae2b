// Options that several commands share, and how their texts become values. Must not: run anything.

import { Argument, type Command, Option } from 'commander';
import { RoadbedError } from '../../base/errors.ts';
import { enginePreferences } from '../../learning/training/engine-names.ts';

/** What a command's help says below its options. */
export const examples = (lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`;

/** The scenario a command reads; `usage` is `<scenario>`, or `[scenario]` where it may be left out. */
export const scenarioArgument = (usage: string): Argument =>
  new Argument(usage, 'a YAML file, or the name of a bundled scenario');

/** Collects a repeatable option. */
function append(value: string, earlier: readonly string[]): string[] {
  return [...earlier, value];
}

/** The `--set KEY=VALUE` of every command that reads a scenario. */
export const setOption = (): Option =>
  new Option('--set <key=value>', 'override one key of the scenario; may be given several times')
    .argParser(append)
    .default([], 'none');

/** Parses a whole number within bounds. Throws RoadbedError('usage') naming the option. */
export function wholeNumber(name: string, low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= low && value <= high) return value;
    throw new RoadbedError('usage', `--${name} ${text}: expected a whole number from ${low} to ${high}`);
  };
}

/** Parses a positive number. */
export function positiveNumber(name: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isFinite(value) && value > 0) return value;
    throw new RoadbedError('usage', `--${name} ${text}: expected a number above 0`);
  };
}

/** Parses one of a few words. */
export function oneOf<T extends string>(name: string, words: readonly T[]): (text: string) => T {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw new RoadbedError('usage', `--${name} ${text}: expected one of ${words.join(', ')}`);
  };
}

/** The `--engine NAME` of every command that trains. */
export const withEngine = (command: Command): Command =>
  command.option(
    '--engine <name>',
    `what trains: ${enginePreferences.join(', ')}; auto is wasm (roadbed doctor says which work here)`,
    oneOf('engine', enginePreferences),
    'auto',
  );

/** What every command that reads a scenario understands. */
export interface ScenarioOptions {
  readonly set: readonly string[];
  readonly seed?: number;
}

/** What commands understand that carry a scenario out. */
export interface RunScenarioOptions extends ScenarioOptions {
  readonly rounds?: number;
  readonly data?: string;
}

export const withScenarioOptions = (command: Command): Command =>
  command.addOption(setOption()).option('--seed <n>', 'override the seed', wholeNumber('seed', 0, 2 ** 31));

export const withRounds = (command: Command): Command =>
  command.option('--rounds <n>', 'stop after this many rounds', wholeNumber('rounds', 1, 1_000_000));

export const withData = (command: Command): Command =>
  command.option(
    '--data <dir>',
    'folder with the data (IDX, CIFAR binary, images or texts with a CSV), for scenarios with data.kind idx',
  );

/** All of `RunScenarioOptions`. */
export const withRunScenarioOptions = (command: Command): Command =>
  withData(withRounds(withScenarioOptions(command)));
