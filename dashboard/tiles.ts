// The headline: a few figures one reads from across the room. Each is a fold of the event log (`totalsOf`).
// Must not: compute what the event log does not say.

import { h, setText } from './dom.ts';
import { bytes, clock, loss, orDash, percent, plural, seconds } from './format.ts';
import { outcomeGlyphs, outcomeWords } from './palette.ts';
import type { PageState, Panel } from './panel.ts';
import type { Totals } from './view.ts';
import { totalsOf } from './view.ts';

interface Tile {
  readonly value: HTMLElement;
  readonly note: HTMLElement;
}

const outcomeOrder = ['committed', 'left', 'late', 'refused', 'failed'] as const;

export function createTiles(host: HTMLElement): Panel {
  const tile = (name: string, wide = false): Tile => {
    const value = h('dd', { class: 'tile-value' }, '–');
    const note = h('dd', { class: 'tile-note' }, '');
    host.append(h('div', { class: wide ? 'tile tile-wide' : 'tile' }, h('dt', {}, name), value, note));
    return { value, note };
  };
  const round = tile('Round');
  const accuracy = tile('Test accuracy');
  const identity = tile('Selected vehicles', true);
  const figures = createIdentity(identity.value);
  const traffic = tile('Bytes');
  const time = tile('Run time');
  const engine = tile('Engine');
  return {
    update(state) {
      const totals = totalsOf(state.view);
      updateRound(round, state);
      updateAccuracy(accuracy, state);
      figures(totals);
      const waste = `${seconds(totals.wastedSeconds)} of work wasted`;
      const refused = `${plural(totals.messagesRefused, 'message')} refused`;
      const open = totals.underWay > 0 ? `${totals.underWay} under way · ` : '';
      setText(identity.note, `${open}${totals.split} by split plan · ${waste} · ${refused}`);
      setText(traffic.value, `${bytes(totals.bytesUp)} up`);
      setText(traffic.note, `${bytes(totals.bytesDown)} down`);
      setText(time.value, clock(state.player.cursor));
      setText(time.note, `of ${clock(state.player.end)}${state.player.running ? ' so far' : ''}`);
      setText(engine.value, state.info?.engine.split(' ')[0] ?? '–');
      engine.value.title = state.info?.engine ?? '';
      setText(engine.note, state.info ? `seed ${state.info.seed} · ${state.info.link}` : '');
    },
  };
}

function updateRound(tile: Tile, { view }: PageState): void {
  const row = view.rounds.at(-1);
  setText(tile.value, row === undefined ? '–' : String(row.round));
  const closed = row?.closedAt !== null;
  const run = view.closed === null ? '' : ' · run closed';
  setText(tile.note, row === undefined ? 'none' : `${closed ? 'closed' : 'open'}${run}`);
}

function updateAccuracy(tile: Tile, { view }: PageState): void {
  const point = view.points.at(-1) ?? null;
  setText(
    tile.value,
    orDash(point?.accuracy ?? null, (share) => percent(share)),
  );
  setText(tile.note, point ? `loss ${loss(point.loss)}, round ${point.round}` : 'not evaluated yet');
}

/** selected = committed + left + late + refused + failed (+ under way), each with its glyph and word. */
function createIdentity(host: HTMLElement): (totals: Totals) => void {
  const selected = h('b', {}, '0');
  const parts = outcomeOrder.map(() => h('b', {}, '0'));
  const open = h('span', { class: 'term' }, '');
  host.classList.add('identity');
  host.replaceChildren(h('span', { class: 'term' }, selected, h('small', {}, 'selected')));
  outcomeOrder.forEach((outcome, i) => {
    const glyph = h(
      'span',
      { class: 'glyph', attributes: { 'aria-hidden': 'true' } },
      outcomeGlyphs[outcome],
    );
    const figure = h('span', { class: 'figure' }, glyph, parts[i] ?? null);
    const word = h('small', {}, outcome);
    const term = h('span', { class: `term outcome-${outcome}`, title: outcomeWords[outcome] }, figure, word);
    host.append(h('span', { class: 'sign' }, i === 0 ? '=' : '+'), term);
  });
  host.append(open);
  return (totals) => {
    setText(selected, String(totals.selected));
    outcomeOrder.forEach((outcome, i) => {
      const part = parts[i];
      if (part !== undefined) setText(part, String(totals[outcome]));
    });
    setText(open, totals.underWay > 0 ? `+ ${totals.underWay} …` : '');
  };
}
