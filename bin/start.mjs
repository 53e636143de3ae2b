// `npm start`: sets up what is missing, then runs `roadbed start` with the arguments given (npm start -- --seed 7).
// Must not: assume that packages are installed before setup has run.

import { exitWith, setup } from './setup.mjs';

/**
 * npm hands a signal only to the shell it started us with, and the shell dies without telling us: `kill` of npm would
 * leave a server behind that nobody sees. So when the shell is gone, take it as the signal. (Ctrl-C reaches us directly.)
 */
function endWithShell() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const shell = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, 500);
  timer.unref();
}

await exitWith(async () => {
  endWithShell();
  await setup();
  const { launch } = await import('./launch.mjs');
  return launch(['start', ...process.argv.slice(2)]);
});
