// The line that says how things stand, read aloud as it changes; the page's title, description and links.
// Must not: change with every frame, which would never stop a screen reader.

import { byId, h, setText } from './dom.ts';
import type { PageState, Panel } from './panel.ts';
import type { Session } from './session.ts';

const keys: readonly (readonly [string, string])[] = [
  ['Space', 'play or pause'],
  ['← →', 'one second back or on (shift: ten)'],
  [', .', 'previous or next event'],
  ['[ ]', 'previous or next round'],
  ['↑ ↓', 'faster or slower'],
  ['Home End', 'beginning; end or live'],
  ['L', 'live'],
  ['F', 'follow the chosen vehicle'],
  ['0', 'show the whole map'],
  ['Esc', 'let go of the vehicle'],
  ['on the map', 'arrows move, + and − zoom'],
];

export function createStatus(session: Session): Panel {
  const status = byId('status', HTMLElement);
  const description = byId('description', HTMLElement);
  const permalink = byId('permalink', HTMLAnchorElement);
  const csv = byId('csv', HTMLAnchorElement);
  const menu = byId('runs', HTMLSelectElement);
  createHelp();
  return {
    update(state) {
      const { connection } = session;
      setText(status, [connection.sentence, roundSentence(state)].filter(Boolean).join(' '));
      status.dataset.tone = connection.tone;
      permalink.hidden = state.info === null;
      if (state.info === null) return;
      const { runId, scenario } = state.info;
      document.title = `${scenario} · ${runId} · roadbed`;
      showInMenu(menu, runId, scenario);
      setText(description, state.info.description);
      description.title = state.info.description;
      const run = encodeURIComponent(runId);
      permalink.href = `/?run=${run}&t=${state.player.cursor.toFixed(1)}`;
      csv.href = `/api/runs/${run}/export?format=csv&view=round`;
      csv.hidden = state.player.running;
    },
  };
}

/** The menu names the run on screen, even one the list did not hold when it was asked for. */
function showInMenu(menu: HTMLSelectElement, runId: string, scenario: string): void {
  if (document.activeElement === menu || menu.value === runId) return;
  const listed = [...menu.options].some(({ value }) => value === runId);
  if (!listed) menu.prepend(h('option', { attributes: { value: runId } }, `${scenario} · ${runId}`));
  menu.value = runId;
}

function roundSentence({ view }: PageState): string {
  const row = view.rounds.at(-1);
  if (view.closed !== null || row === undefined) return '';
  return row.closedAt === null ? `Round ${row.round} is open.` : `Round ${row.round} is closed.`;
}

function createHelp(): void {
  const button = byId('help', HTMLButtonElement);
  const host = byId('keys', HTMLElement);
  const lines = keys.flatMap(([key, does]) => [h('dt', {}, h('kbd', {}, key)), h('dd', {}, does)]);
  host.append(h('dl', {}, ...lines));
  button.addEventListener('click', () => {
    host.hidden = !host.hidden;
    button.setAttribute('aria-expanded', String(!host.hidden));
  });
}
