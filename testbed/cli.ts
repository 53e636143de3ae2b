// The command line: one program, one place where errors become a sentence and an exit code.
// Must not: hold what a command does (commands/ does).

import { Command, CommanderError } from 'commander';
import { exitCodes, messageOf, RoadbedError } from '../base/errors.ts';
import { registerCatalogues } from './commands/catalogues.ts';
import { registerCompare } from './commands/compare.ts';
import { registerCut } from './commands/cut.ts';
import { registerData } from './commands/data.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerMobility } from './commands/mobility.ts';
import { registerModel } from './commands/model.ts';
import { registerProcesses } from './commands/processes.ts';
import { registerReport } from './commands/report.ts';
import { registerReproduce } from './commands/reproduce.ts';
import { registerRun } from './commands/run.ts';
import { registerRuns } from './commands/runs.ts';
import { registerScenario } from './commands/scenario.ts';
import { registerSql } from './commands/sql.ts';
import { registerSweep } from './commands/sweep.ts';
import type { CommandIo } from './io.ts';
import { roadbedVersion } from './version.ts';

const exitCodeHelp = `
Exit codes: ${Object.entries(exitCodes)
  .map(([reason, code]) => `${code} ${reason}`)
  .join(', ')} (README, "Exit codes").`;

/** The program with all its commands. */
export function buildProgram(io: CommandIo): Command {
  const program = new Command('roadbed')
    .description('A testbed for federated learning among moving vehicles.')
    .version(roadbedVersion)
    .showHelpAfterError('(roadbed --help shows all commands)')
    .addHelpText('after', exitCodeHelp)
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
    })
    .exitOverride();
  registerRun(program, io);
  registerRuns(program, io);
  registerSql(program, io);
  registerScenario(program, io);
  registerCatalogues(program, io);
  registerModel(program, io);
  registerCut(program, io);
  registerReproduce(program, io);
  registerData(program, io);
  registerDoctor(program, io);
  registerProcesses(program, io);
  registerMobility(program, io);
  registerSweep(program, io);
  registerCompare(program, io);
  registerReport(program, io);
  for (const command of program.commands) command.exitOverride();
  return program;
}

/** A reader that has enough, such as `head`, closes its pipe: no fault of the command, whose work goes on. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

/** The streams of this process. */
function processIo(): CommandIo {
  const isTerminal = process.stdout.isTTY === true;
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe);
  return {
    out: (line) => void process.stdout.write(`${line}\n`),
    err: (line) => void process.stderr.write(`${line}\n`),
    isTerminal,
    colour: isTerminal && !process.env.NO_COLOR,
  };
}

/** Runs one command line (without `node` and the script) and returns its exit code. */
export async function main(argv: readonly string[], io: CommandIo = processIo()): Promise<number> {
  try {
    await buildProgram(io).parseAsync([...argv], { from: 'user' });
    return process.exitCode === undefined ? exitCodes.ok : Number(process.exitCode);
  } catch (error) {
    return report(error, io);
  }
}

function report(error: unknown, io: CommandIo): number {
  // Commander has printed its own message; help and version are no failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof RoadbedError) {
    io.err(error.message);
    return exitCodes[error.reason];
  }
  io.err(`roadbed failed: ${messageOf(error)}`);
  if (error instanceof Error && error.stack && process.env.ROADBED_DEBUG) io.err(error.stack);
  else io.err('This is a fault of roadbed. ROADBED_DEBUG=1 shows where.');
  return exitCodes.internal;
}
