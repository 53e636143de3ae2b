#!/usr/bin/env node
// `npx roadbed ...`: the command line. Must not: assume that packages are installed before setup has run.

import { exitWith, setup } from './setup.mjs';

await exitWith(async () => {
  await setup();
  const { launch } = await import('./launch.mjs');
  return launch(process.argv.slice(2));
});
