// `roadbed doctor`: is this machine ready, and if not, what to do. Every check says what it is for.
// Must not: install, change or download anything, or stay longer than a few seconds.

import type { Command } from 'commander';
import { RoadbedError } from '../../base/errors.ts';
import type { CommandIo } from '../io.ts';
import { checkMachine, type Finding, type FindingState } from '../machine.ts';
import { examples } from './options.ts';

const marks: Readonly<Record<FindingState, { text: string; colour: number }>> = {
  ok: { text: 'ok', colour: 32 },
  absent: { text: 'absent', colour: 33 },
  bad: { text: 'BAD', colour: 31 },
};

function painted(text: string, colour: number, io: CommandIo): string {
  return io.colour ? `\u001b[${colour}m${text}\u001b[0m` : text;
}

function printTable(findings: readonly Finding[], io: CommandIo): void {
  const width = Math.max(...findings.map((finding) => finding.name.length));
  for (const finding of findings) {
    const mark = marks[finding.state];
    const state = painted(mark.text.padEnd(6), mark.colour, io);
    io.out(`${state}  ${finding.name.padEnd(width)}  ${finding.found} (${finding.purpose})`);
    if (finding.remedy !== undefined) io.out(`${' '.repeat(width + 10)}-> ${finding.remedy}`);
  }
}

/** The error that stands for the first thing that prevents a run, undefined when a run can be made here. */
export function obstacleIn(findings: readonly Finding[]): RoadbedError | undefined {
  const first = findings.find((finding) => finding.state === 'bad');
  if (first === undefined) return undefined;
  const remedy = first.remedy === undefined ? '' : `; ${first.remedy}`;
  const sentence = `this machine cannot run roadbed yet: ${first.name}: ${first.found}${remedy}`;
  return new RoadbedError(first.reason ?? 'internal', sentence);
}

async function doctor(io: CommandIo, options: { readonly json?: boolean }): Promise<void> {
  const findings = await checkMachine();
  const obstacle = obstacleIn(findings);
  if (options.json || !io.isTerminal) {
    io.out(JSON.stringify({ ok: obstacle === undefined, findings }, null, 2));
  } else {
    printTable(findings, io);
    if (obstacle === undefined) io.out('This machine can run roadbed.');
  }
  if (obstacle !== undefined) throw obstacle;
}

/** Adds `doctor` to the command line. Throws RoadbedError with the reason of the first thing that prevents a run. */
export function registerDoctor(program: Command, io: CommandIo): void {
  program
    .command('doctor')
    .description('say what this machine has and lacks')
    .option('--json', 'JSON on a terminal too; elsewhere it always is')
    .addHelpText('after', examples(['roadbed doctor', 'roadbed doctor --json']))
    .action((options: { json?: boolean }) => doctor(io, options));
}
