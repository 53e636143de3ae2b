// The commands of a deployment of separate processes. Must not: know how a process works (live/ does).

import type { Command } from 'commander';
import type { CommandIo } from '../io.ts';

/** Registers them. */
export function registerProcesses(_program: Command, _io: CommandIo): void {}
