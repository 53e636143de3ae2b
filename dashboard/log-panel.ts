// The event log up to the cursor, newest first, by group and by text. A click on a time goes there.
// Must not: show more lines than a person reads (the whole log is in the run's database).

import type { LoggedEvent } from '../protocol/events.ts';
import { h } from './dom.ts';
import type { EventLine } from './event-text.ts';
import { describe, eventGroups } from './event-text.ts';
import { clock } from './format.ts';
import type { Actions, PageState, Panel } from './panel.ts';

const linesMax = 150;

export interface LogFilter {
  /** A group's name, or `all`, or `main`: everything but the groups `vehicles` and `transfers`. */
  readonly group: string;
  readonly text: string;
}

export interface LogLine extends EventLine {
  readonly seq: number;
  readonly at: number;
}

/** A thousand cars fill these groups; they are shown when asked for. */
const quietGroups: readonly string[] = ['vehicles', 'transfers'];

/** The newest lines among the first `count` events that pass the filter, newest first. */
export function newestLines(
  events: readonly LoggedEvent[],
  count: number,
  filter: LogFilter,
  max = linesMax,
): LogLine[] {
  const wanted = filter.text.trim().toLowerCase();
  const lines: LogLine[] = [];
  for (let i = Math.min(count, events.length) - 1; i >= 0 && lines.length < max; i--) {
    const event = events[i];
    if (event === undefined) continue;
    const line = describe(event.body);
    if (!admits(filter.group, line.group)) continue;
    if (wanted !== '' && !line.text.toLowerCase().includes(wanted)) continue;
    lines.push({ ...line, seq: event.seq, at: event.at });
  }
  return lines;
}

function admits(filter: string, group: string): boolean {
  if (filter === 'main') return !quietGroups.includes(group);
  return filter === 'all' || filter === group;
}

export interface LogElements {
  readonly list: HTMLElement;
  readonly group: HTMLSelectElement;
  readonly text: HTMLInputElement;
  readonly empty: HTMLElement;
}

export function createLogPanel(elements: LogElements, actions: Actions): Panel {
  const { list, group, text, empty } = elements;
  const options = [
    ['main', 'main events'],
    ['all', 'all events'],
    ...eventGroups.map((name) => [name, name]),
  ];
  group.append(...options.map(([value = '', word = '']) => h('option', { attributes: { value } }, word)));
  let shown = '';
  let state: PageState | null = null;
  const draw = (): void => {
    if (state === null) return;
    const filter = { group: group.value, text: text.value };
    const now = `${state.view.seen}/${filter.group}/${filter.text}`;
    if (now === shown) return;
    shown = now;
    const lines = newestLines(state.events, state.view.seen, filter);
    empty.hidden = lines.length > 0;
    refill(list, lines, actions);
  };
  group.addEventListener('change', draw);
  text.addEventListener('input', draw);
  return {
    update(next) {
      state = next;
      draw();
    },
  };
}

/** Keeps the lines that stay, so that a reader's selection and focus survive. */
function refill(list: HTMLElement, lines: readonly LogLine[], actions: Actions): void {
  const held = new Map([...list.children].map((item) => [item.getAttribute('data-seq'), item]));
  const items = lines.map((line) => held.get(String(line.seq)) ?? item(line, actions));
  const kept = new Set<Element>(items);
  for (const child of [...list.children]) if (!kept.has(child)) child.remove();
  items.forEach((element, i) => {
    if (list.children[i] !== element) list.insertBefore(element, list.children[i] ?? null);
  });
}

function item(line: LogLine, actions: Actions): HTMLElement {
  const go = h(
    'button',
    {
      class: 'link log-time',
      title: 'Go to this instant',
      attributes: { type: 'button' },
      onClick: () => actions.seek(line.at),
    },
    clock(line.at),
  );
  const glyph = h('span', { class: 'glyph', attributes: { 'aria-hidden': 'true' } }, line.glyph);
  const attributes = { 'data-seq': String(line.seq) };
  return h('li', { class: `log-line group-${line.group}`, attributes }, go, glyph, h('span', {}, line.text));
}
