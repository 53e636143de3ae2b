// PyTorch as an oracle of speed: oracles/torch_training.py in a process of its own, asked a line at a time.
// Must not: be needed. Where no Python with torch is found, the bench goes on without and says so.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Runner, TaskName } from './tasks.ts';

const script = fileURLToPath(new URL('./oracles/torch_training.py', import.meta.url));

export interface Torch {
  readonly version: string;
  runner(task: TaskName): Runner;
  close(): void;
}

/** Starts the interpreter of ROADBED_PYTHON, or python3. Undefined where it cannot import torch. */
export async function openTorch(): Promise<Torch | undefined> {
  const python = process.env.ROADBED_PYTHON ?? 'python3';
  const child: ChildProcessWithoutNullStreams = spawn(python, [script], { stdio: 'pipe' });
  child.on('error', () => undefined);
  child.stderr.resume();
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (): Promise<Record<string, unknown> | undefined> => {
    const { value, done } = await lines.next();
    return done ? undefined : (JSON.parse(value) as Record<string, unknown>);
  };
  const greeting = await ask();
  if (!greeting) return undefined;
  return {
    version: String(greeting.version),
    runner: (task) => async (batch, seconds) => {
      child.stdin.write(`${JSON.stringify({ task, batch, seconds })}\n`);
      const answer = await ask();
      if (!answer) throw new Error('the torch process ended');
      return (Number(answer.steps) * batch) / Number(answer.seconds);
    },
    close: () => child.stdin.end(),
  };
}
