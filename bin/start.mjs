// `npm start`: sets up what is missing, then runs `roadbed start` with the arguments given (npm start -- --seed 7).
// Must not: assume that packages are installed before setup has run.

import { exitWith, setup } from './setup.mjs';

await exitWith(async () => {
  await setup();
  const { launch } = await import('./launch.mjs');
  return launch(['start', ...process.argv.slice(2)]);
});
