// The rounds table, newest first: who was chosen, how each ended, what it cost; a row opens to why each was chosen. A row
// is made anew only where its record changed. Must not: compute anything but text.

import { h } from './dom.ts';
import { bytes, loss, orDash, percent, seconds } from './format.ts';
import { glyphOf, outcomeWords } from './palette.ts';
import type { Actions, PageState, Panel } from './panel.ts';
import { roundDetails } from './round-details.ts';
import type { Participant, RoundRow } from './view.ts';

const columns = [
  'Round',
  'Chosen vehicles and how each ended',
  'Participation',
  'Duration',
  'Accuracy',
  'Loss',
  'Up',
  'Down',
  'Wasted',
];

/** Chips beyond this many are counted, not shown; the opened row shows all. */
const chipsMax = 10;

interface Drawn {
  readonly row: RoundRow;
  readonly body: HTMLTableSectionElement;
}

export function createRoundsTable(table: HTMLTableElement, empty: HTMLElement, actions: Actions): Panel {
  table.append(
    h('caption', { class: 'visually-hidden' }, 'Rounds, newest first'),
    h('thead', {}, h('tr', {}, ...columns.map((name) => h('th', { attributes: { scope: 'col' } }, name)))),
  );
  const drawn = new Map<number, Drawn>();
  const open = new Set<number>();
  const draw = (row: RoundRow): void => {
    const before = drawn.get(row.round);
    const body = drawRound(row, open.has(row.round), actions, () => {
      if (!open.delete(row.round)) open.add(row.round);
      draw(drawn.get(row.round)?.row ?? row);
    });
    drawn.set(row.round, { row, body });
    if (before === undefined) return;
    const focused = focusedPlace(before.body);
    before.body.replaceWith(body);
    if (focused >= 0) body.querySelectorAll('button')[focused]?.focus();
  };
  return {
    update({ view }: PageState) {
      empty.hidden = view.rounds.length > 0;
      const shown = new Set(view.rounds.map((row) => row.round));
      for (const [round, { body }] of drawn) {
        if (shown.has(round)) continue;
        body.remove();
        drawn.delete(round);
      }
      for (const row of view.rounds) if (drawn.get(row.round)?.row !== row) draw(row);
      arrange(table, view.rounds, drawn);
    },
  };
}

/** Puts new bodies in their place: newest first, just under the head. */
function arrange(
  table: HTMLTableElement,
  rows: readonly RoundRow[],
  drawn: ReadonlyMap<number, Drawn>,
): void {
  let above: Element | null = table.tHead;
  for (const row of rows.toReversed()) {
    const body = drawn.get(row.round)?.body;
    if (body === undefined) continue;
    if (above?.nextElementSibling !== body) above?.after(body);
    above = body;
  }
}

/** Which of the body's buttons has the focus, so that a redrawn row gives it back; -1 for none. */
function focusedPlace(body: HTMLElement): number {
  const buttons: readonly (Element | null)[] = [...body.querySelectorAll('button')];
  return document.activeElement === null ? -1 : buttons.indexOf(document.activeElement);
}

function drawRound(
  row: RoundRow,
  isOpen: boolean,
  actions: Actions,
  onToggle: () => void,
): HTMLTableSectionElement {
  const opener = h(
    'button',
    {
      class: 'row-opener',
      title: isOpen ? 'Close' : 'Show scores and estimates',
      attributes: { 'aria-expanded': String(isOpen), type: 'button' },
      onClick: onToggle,
    },
    h('span', { class: 'chevron', attributes: { 'aria-hidden': 'true' } }, isOpen ? '▾' : '▸'),
    String(row.round),
  );
  const { counts } = row;
  const main = h(
    'tr',
    {
      class: row.closedAt === null ? 'round-open' : 'round-closed',
      attributes: { 'data-round': String(row.round) },
    },
    h('th', { attributes: { scope: 'row' } }, opener),
    h('td', { class: 'chips' }, ...chips(row, actions)),
    h('td', {}, participation(row)),
    number(orDash(row.durationSeconds, seconds)),
    number(orDash(row.accuracy, percent)),
    number(orDash(row.loss, loss)),
    number(bytes(counts.bytesUp)),
    number(bytes(counts.bytesDown)),
    number(counts.wastedSeconds > 0 ? seconds(counts.wastedSeconds) : '–'),
  );
  const body = h('tbody', {}, main);
  if (isOpen) {
    const cell = h('td', { attributes: { colspan: String(columns.length) } }, roundDetails(row, actions));
    body.append(h('tr', { class: 'row-details' }, cell));
  }
  return body;
}

const number = (text: string): HTMLTableCellElement => h('td', { class: 'number' }, text);

function chips(row: RoundRow, actions: Actions): HTMLElement[] {
  const shown = row.participants.slice(0, chipsMax).map((p) => chip(p, actions));
  const more = row.participants.length - shown.length;
  if (more > 0) shown.push(h('span', { class: 'chip-more' }, `and ${more} more`));
  if (row.participants.length === 0) shown.push(h('span', { class: 'chip-more' }, 'none yet'));
  return shown;
}

/** A vehicle with the glyph of its outcome; a split plan is said in a letter. */
function chip(p: Participant, actions: Actions): HTMLElement {
  const word = p.outcome === null ? 'under way' : outcomeWords[p.outcome];
  const why = p.outcomeReason === '' ? '' : `: ${p.outcomeReason}`;
  const plan = p.plan === 'split' ? `split plan, cut ${p.cut}` : 'full plan';
  const label = `${p.vehicle}, ${plan}, ${word}`;
  return h(
    'button',
    {
      class: `chip outcome-${p.outcome ?? 'open'}`,
      title: `${p.vehicle}: ${word}${why} (${plan})`,
      attributes: { 'aria-label': label, type: 'button' },
      onClick: () => actions.choose(p.vehicle),
    },
    h('span', { class: 'glyph', attributes: { 'aria-hidden': 'true' } }, glyphOf(p.outcome)),
    p.vehicle,
    p.plan === 'split' ? h('span', { class: 'plan-split' }, 'split') : null,
  );
}

/** The participation ratio as a bar and a figure; before the round closes, how many have ended. */
function participation(row: RoundRow): HTMLElement {
  const { counts } = row;
  if (row.participationRatio === null) {
    const ended = counts.committed + counts.left + counts.late + counts.refused + counts.failed;
    return h('span', { class: 'soft' }, `${ended} of ${counts.selected} ended`);
  }
  const fill = h('span', { class: 'meter-fill' });
  fill.style.width = `${(100 * Math.min(1, Math.max(0, row.participationRatio))).toFixed(1)}%`;
  const meter = h('span', { class: 'meter', attributes: { 'aria-hidden': 'true' } }, fill);
  return h('span', { class: 'metered' }, meter, row.participationRatio.toFixed(2));
}
