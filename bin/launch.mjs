// Starts the command line in this process: TypeScript is compiled as it is imported (tsx), which takes 0.1 s less than a
// second Node process would, and signals reach the command directly. Must not: decide anything about commands.

import { register } from 'tsx/esm/api';

/** Runs `roadbed args...`; resolves to the exit code. */
export async function launch(args) {
  register();
  const { main } = await import('../testbed/cli.ts');
  return main(args);
}
