// Live, pause, slider, speed, steps and rounds: all of time control, with mouse and keys. The slider stands for the whole
// run so far; its ticks are round openings. Must not: keep the time itself (see `player.ts`).

import { h, setOptions, setText } from './dom.ts';
import { clock } from './format.ts';
import type { Actions, PageState, Panel } from './panel.ts';
import { changeSpeed, goLive, seek, speeds, stepTo, toggle } from './player.ts';

export interface TimeElements {
  readonly play: HTMLButtonElement;
  readonly live: HTMLButtonElement;
  readonly back: HTMLButtonElement;
  readonly forward: HTMLButtonElement;
  readonly slider: HTMLInputElement;
  readonly ticks: HTMLElement;
  readonly time: HTMLElement;
  readonly speed: HTMLSelectElement;
  readonly round: HTMLSelectElement;
}

const ticksMax = 300;

export function createTimeBar(elements: TimeElements, actions: Actions, now: () => PageState): Panel {
  const { play, live, back, forward, slider, speed, round } = elements;
  setOptions(
    speed,
    speeds.map((times) => ({ value: String(times), text: `${times}×` })),
  );
  play.addEventListener('click', () => actions.changePlayer(toggle));
  live.addEventListener('click', () => actions.changePlayer(goLive));
  back.addEventListener('click', () => stepEvent(now(), actions, -1));
  forward.addEventListener('click', () => stepEvent(now(), actions, 1));
  slider.addEventListener('input', () => actions.seek(Number(slider.value)));
  speed.addEventListener('change', () => {
    actions.changePlayer((player) => ({ ...player, speed: Number(speed.value) }));
  });
  round.addEventListener('change', () => {
    const row = now().latest.rounds.find((candidate) => String(candidate.round) === round.value);
    if (row !== undefined) actions.seek(row.openedAt);
  });
  return { update: (state) => update(elements, state) };
}

function update(elements: TimeElements, state: PageState): void {
  const { player, latest, view } = state;
  const moves = player.live || player.playing;
  setText(elements.play, moves ? '❚❚' : '▶');
  elements.play.setAttribute('aria-label', moves ? 'Pause' : 'Play');
  elements.live.hidden = !player.running;
  elements.live.setAttribute('aria-pressed', String(player.live));
  elements.slider.max = String(Math.max(0.1, player.end));
  elements.slider.value = String(player.cursor);
  elements.slider.style.setProperty('--share', String(player.end > 0 ? player.cursor / player.end : 0));
  const row = view.rounds.at(-1);
  const where = `${clock(player.cursor)} of ${clock(player.end)}${row ? `, round ${row.round}` : ''}`;
  elements.slider.setAttribute('aria-valuetext', where);
  setText(elements.time, `${clock(player.cursor)} / ${clock(player.end)}`);
  elements.speed.value = String(player.speed);
  elements.speed.disabled = player.live;
  setOptions(
    elements.round,
    latest.rounds.map((each) => ({ value: String(each.round), text: `round ${each.round}` })),
  );
  if (document.activeElement !== elements.round) elements.round.value = row ? String(row.round) : '';
  placeTicks(elements.ticks, state);
}

function placeTicks(host: HTMLElement, { latest, player }: PageState): void {
  const rows = latest.rounds.length > ticksMax ? [] : latest.rounds;
  while (host.children.length > rows.length) host.lastElementChild?.remove();
  while (host.children.length < rows.length) host.append(h('span', { class: 'tick' }));
  rows.forEach((row, i) => {
    const tick = host.children[i];
    if (tick instanceof HTMLElement) {
      tick.style.left = `${((100 * row.openedAt) / Math.max(0.1, player.end)).toFixed(3)}%`;
    }
  });
}

/** To the next (`by` 1) or previous (`by` -1) instant at which something happened; holds there. */
export function stepEvent({ events, player, view }: PageState, actions: Actions, by: 1 | -1): void {
  const { cursor } = player;
  const next =
    by === 1
      ? events.slice(view.seen).find((event) => event.at > cursor)
      : events.slice(0, view.seen).findLast((event) => event.at < cursor);
  actions.changePlayer((now) => stepTo(now, next?.at ?? (by === 1 ? now.end : 0)));
}

function stepRound({ latest, player }: PageState, actions: Actions, by: 1 | -1): void {
  const starts = latest.rounds.map((row) => row.openedAt);
  const next =
    by === 1 ? starts.find((at) => at > player.cursor) : starts.findLast((at) => at < player.cursor - 0.05);
  actions.changePlayer((now) => seek(now, next ?? (by === 1 ? now.end : 0)));
}

/** Does what `key` means for time; false where it means nothing. */
export function timeKey(key: string, shift: boolean, state: PageState, actions: Actions): boolean {
  const jump = (by: number) => actions.changePlayer((player) => seek(player, player.cursor + by));
  switch (key) {
    case ' ':
    case 'k':
      actions.changePlayer(toggle);
      return true;
    case 'ArrowLeft':
      jump(shift ? -10 : -1);
      return true;
    case 'ArrowRight':
      jump(shift ? 10 : 1);
      return true;
    case ',':
    case '.':
      stepEvent(state, actions, key === '.' ? 1 : -1);
      return true;
    case '[':
    case ']':
      stepRound(state, actions, key === ']' ? 1 : -1);
      return true;
    case 'ArrowUp':
    case 'ArrowDown':
      actions.changePlayer((player) => changeSpeed(player, key === 'ArrowUp' ? 1 : -1));
      return true;
    case 'Home':
      actions.seek(0);
      return true;
    case 'End':
      actions.changePlayer((player) => (player.running ? goLive(player) : seek(player, player.end)));
      return true;
    case 'l':
      actions.changePlayer(goLive);
      return true;
    default:
      return false;
  }
}
