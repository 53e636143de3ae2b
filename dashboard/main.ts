// The page's entry: finds out which run to show and from where, then hands over to the app. `/?run=ID` shows that run,
// `&t=SECONDS` at that instant; without it, the live run, or else the newest one.
// Impure: waits between looks for a first run. Must not: draw.

import { messageOf } from '../base/errors.ts';
import type { RunLine } from './api.ts';
import { httpApi } from './api.ts';
import { App, noteOnMap } from './app.ts';
import { byId, setOptions } from './dom.ts';
import { seek } from './player.ts';
import { Session } from './session.ts';
import { LiveSource, ReplaySource } from './source.ts';
import type { View } from './view.ts';

declare global {
  interface Window {
    /** For tests and the browser's console: whether the run is loaded, the view at the cursor, what the panels show. */
    roadbed: {
      readonly ready: boolean;
      readonly cursor: number;
      readonly shownEvents: number;
      view(): View;
    };
  }
}

const lookAgainMs = 3_000;
const query = new URLSearchParams(location.search);
const wanted = query.get('run');

const session = new Session((from, to) =>
  session.info === null ? Promise.resolve([]) : httpApi.frames(session.info.runId, from, to),
);

const app = new App(session);

window.roadbed = {
  get ready() {
    return session.info !== null && session.connection.tone === 'calm';
  },
  get cursor() {
    return session.player.cursor;
  },
  get shownEvents() {
    return app.shownEvents;
  },
  view: () => session.view(),
};

function listener(): Session {
  const at = Number(query.get('t') ?? Number.NaN);
  if (!Number.isFinite(at)) return session;
  // The wanted instant is reached once the run is here: until then the end grows with every page.
  const end = session.end.bind(session);
  session.end = () => {
    end();
    session.player = seek(session.player, at);
  };
  return session;
}

function replay(runId: string): void {
  noteOnMap(null);
  new ReplaySource(httpApi, runId, listener()).start();
}

function live(absent: () => void): void {
  noteOnMap(null);
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  new LiveSource(`${scheme}://${location.host}/live`, session, { wanted, absent }).start();
}

/** Nothing to show yet: says so and looks again. */
function waitForRun(): void {
  session.status('No run yet.', 'busy');
  noteOnMap('No run yet. Start one with “roadbed run SCENARIO”; it will appear here.');
  window.setTimeout(() => void open(true), lookAgainMs);
}

async function open(again = false): Promise<void> {
  try {
    const runs = (await httpApi.runs()).filter((run) => run.status !== 'unreadable');
    showMenu(runs);
    if (wanted === null) openNewest(runs, again);
    else if ((await httpApi.info(wanted)).status === 'running') live(() => replay(wanted));
    else replay(wanted);
  } catch (error) {
    session.status(messageOf(error), 'bad');
    noteOnMap(messageOf(error));
    window.setTimeout(() => void open(again), lookAgainMs);
  }
}

/** The live run where there is one; a run that another process drives is listed as running but is not live here. */
function openNewest(runs: readonly RunLine[], again: boolean): void {
  const newest = runs.at(-1);
  const stored = () => (newest === undefined ? waitForRun() : replay(newest.runId));
  const maybeLive = runs.some((run) => run.status === 'running') || (newest === undefined && !again);
  if (maybeLive) live(stored);
  else stored();
}

function showMenu(runs: readonly RunLine[]): void {
  const menu = byId('runs', HTMLSelectElement);
  const options = runs.toReversed().map((run) => ({
    value: run.runId,
    text: `${run.scenario} · ${run.runId}${run.status === 'finished' ? '' : ` (${run.status})`}`,
  }));
  setOptions(menu, options);
  menu.onchange = () => {
    location.search = `?run=${encodeURIComponent(menu.value)}`;
  };
}

app.start();
void open();
