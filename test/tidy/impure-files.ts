// The files that may touch the outside world, each with what it may touch and why. All others are values in, values out.
// Must not: list a file that no longer needs it (the tidy test refuses stale entries).

/** Kinds of impurity and the code that shows them. `Math.random` is no kind: it is allowed nowhere. */
export const impurities = {
  clock: /\bDate\.now\b|\bperformance\.now\b|\bnew Date\(|\bprocess\.hrtime\b/,
  timers: /\bset(?:Timeout|Interval|Immediate)\b|\brequestAnimationFrame\b/,
  files: /['"]node:fs(?:\/promises)?['"]/,
  network: /['"]node:(?:net|http|https|http2|tls|dgram|dns)['"]|(?<![.#\w])fetch\(|\bnew WebSocket\(/,
  processes: /['"]node:(?:child_process|worker_threads|cluster)['"]/,
  entropy: /\brandomUUID\b|\brandomBytes\b|\bgetRandomValues\b/,
} as const;

export type Impurity = keyof typeof impurities;

export interface ImpureFile {
  readonly path: string;
  readonly touches: readonly Impurity[];
  readonly reason: string;
}

export const impureFiles: readonly ImpureFile[] = [
  { path: 'dashboard/api.ts', touches: ['network'], reason: 'asks the feed over HTTP' },
  { path: 'dashboard/app.ts', touches: ['timers'], reason: 'draws once an animation frame' },
  { path: 'dashboard/main.ts', touches: ['timers'], reason: 'looks again for a run that has not begun' },
  { path: 'dashboard/source.ts', touches: ['timers', 'network'], reason: 'the live WebSocket and its retry' },
  { path: 'learning/data/cache.ts', touches: ['files'], reason: 'keeps generated data sets between runs' },
  { path: 'learning/data/files.ts', touches: ['files'], reason: 'reads data sets of other formats' },
  { path: 'learning/data/idx-folder.ts', touches: ['files'], reason: 'reads IDX data sets' },
  {
    path: 'learning/training/breath.ts',
    touches: ['timers'],
    reason: 'lets messages through during long training',
  },
  { path: 'mobility/traces/files.ts', touches: ['files'], reason: 'reads and writes floating-car data' },
  { path: 'mobility/xml/files.ts', touches: ['files'], reason: 'reads XML files, gzipped or not' },
  {
    path: 'mobility/traci/sumo-process.ts',
    touches: ['network', 'processes'],
    reason: 'starts SUMO as a child on a free port',
  },
  {
    path: 'mobility/traci/wire.ts',
    touches: ['timers', 'network'],
    reason: 'the socket to a TraCI server, and its patience while that loads',
  },
  { path: 'protocol/link/embedded-broker.ts', touches: ['network'], reason: 'listens for MQTT' },
  {
    path: 'protocol/link/mqtt.ts',
    touches: ['timers', 'network'],
    reason: 'gives up a broker that never answers; sockets without delay',
  },
  { path: 'roadside/feed/server.ts', touches: ['network'], reason: 'serves HTTP and WebSocket' },
  { path: 'roadside/store/blobs.ts', touches: ['files'], reason: 'keeps content-addressed blobs' },
  {
    path: 'roadside/store/experiment-merge.ts',
    touches: ['files'],
    reason: 'puts a merged database in the place of the old one at once',
  },
  { path: 'roadside/store/experiment.ts', touches: ['files'], reason: 'makes and lists folders of sweeps' },
  { path: 'roadside/store/ledger.ts', touches: ['files'], reason: 'makes the folder of its database' },
  { path: 'roadside/store/run-directory.ts', touches: ['files'], reason: 'finds runs on disk' },
  { path: 'testbed/commands/cut.ts', touches: ['files'], reason: 'writes a drawing where the user says' },
  { path: 'testbed/commands/data.ts', touches: ['files'], reason: 'writes a picture where the user says' },
  { path: 'testbed/commands/report.ts', touches: ['files'], reason: 'writes a report where the user says' },
  {
    path: 'testbed/commands/runs-merge.ts',
    touches: ['files'],
    reason: 'asks whether a folder is meant, or a database',
  },
  { path: 'testbed/commands/runs.ts', touches: ['files'], reason: 'exports tables where the user says' },
  { path: 'testbed/commands/scenario.ts', touches: ['files'], reason: 'asks whether a map file exists' },
  { path: 'testbed/cut-file.ts', touches: ['files'], reason: 'reads layer graphs that users bring' },
  {
    path: 'testbed/experiments/cell-child.ts',
    touches: ['files'],
    reason: 'removes the folder of a run whose figures it has',
  },
  { path: 'testbed/experiments/crew.ts', touches: ['processes'], reason: 'starts processes for cells' },
  {
    path: 'testbed/experiments/run-sweep.ts',
    touches: ['files'],
    reason: 'makes and removes the folder of cells under way',
  },
  { path: 'testbed/experiments/sweep-file.ts', touches: ['files'], reason: 'reads sweep files' },
  {
    path: 'testbed/machine.ts',
    touches: ['files', 'network', 'processes'],
    reason: 'doctor: looks for programs, ports and packages',
  },
  { path: 'testbed/page.ts', touches: ['files'], reason: 'reads the page it bundles' },
  { path: 'testbed/prepare.ts', touches: ['files'], reason: 'reads the road file of a scenario' },
  { path: 'testbed/scenario-file.ts', touches: ['files'], reason: 'reads scenario files' },
  {
    path: 'testbed/system.ts',
    touches: ['clock', 'timers', 'entropy'],
    reason: 'the clock and the chance of the machine, for those who may see them',
  },
  { path: 'testbed/version.ts', touches: ['files'], reason: 'reads package.json' },
  {
    path: 'testbed/virtual/agent-worker.ts',
    touches: ['timers', 'processes'],
    reason: 'a worker thread; lets messages in between two computations',
  },
  {
    path: 'testbed/virtual/inbox.ts',
    touches: ['timers'],
    reason: 'gives up a frame that never physically arrives',
  },
  { path: 'testbed/virtual/pool.ts', touches: ['processes'], reason: 'starts worker threads' },
  { path: 'testbed/live/agents-worker.ts', touches: ['processes'], reason: 'a worker thread of agents' },
  { path: 'testbed/live/kept.ts', touches: ['files'], reason: 'what a car keeps between its starts' },
  { path: 'testbed/live/run-live.ts', touches: ['processes'], reason: 'starts the threads of agents' },
  { path: 'testbed/live/timers.ts', touches: ['timers'], reason: 'timers of live actors' },
  { path: 'testbed/live/trainer-thread.ts', touches: ['processes'], reason: 'a worker thread that trains' },
  { path: 'testbed/live/trainer.ts', touches: ['processes'], reason: 'starts that worker thread' },
  {
    path: 'vehicle-agent/outbox-files.ts',
    touches: ['files'],
    reason: 'keeps unacknowledged updates over a restart',
  },
];
