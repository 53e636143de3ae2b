// The opened row of a round: for each chosen vehicle why this one, what was expected of it, how it ended and what was
// booked; below, who was passed over and why. Must not: judge; it repeats what the log says.

import type { Estimate } from '../protocol/events.ts';
import { h } from './dom.ts';
import { bytes, clock, digits, loss, percent, plural, rate, seconds, signed } from './format.ts';
import { glyphOf, outcomeWords } from './palette.ts';
import type { Actions } from './panel.ts';
import type { Participant, RoundRow, Skipped } from './view.ts';

const columns = ['Vehicle', 'Plan', 'How it ended', 'Why this one', 'Expected', 'Booked'];

/** Passed-over vehicles beyond this many are counted, not listed. */
const skippedMax = 24;

export function roundDetails(row: RoundRow, actions: Actions): HTMLElement {
  const opened = clock(row.openedAt);
  const from = h('button', { class: 'link', attributes: { type: 'button' } }, `opened at ${opened}`);
  from.addEventListener('click', () => actions.seek(row.openedAt));
  const heads = columns.map((name) => h('th', { attributes: { scope: 'col' } }, name));
  const utility = row.utility === null ? '' : `, utility ${digits(row.utility)}`;
  return h(
    'div',
    { class: 'details' },
    h('p', {}, `Round ${row.round}, `, from, `, ${plural(row.candidates, 'candidate')}${utility}.`),
    h(
      'table',
      { class: 'details-table' },
      h('thead', {}, h('tr', {}, ...heads)),
      h('tbody', {}, ...row.participants.map((p) => line(p, actions))),
    ),
    passedOver(row.skipped, actions),
  );
}

function line(p: Participant, actions: Actions): HTMLTableRowElement {
  return h(
    'tr',
    {},
    h('th', { attributes: { scope: 'row' } }, vehicleButton(p.vehicle, actions)),
    h('td', {}, p.plan === 'split' ? `split at layer ${p.cut}` : 'full'),
    h('td', { class: `outcome-${p.outcome ?? 'open'}` }, `${glyphOf(p.outcome)} ${ending(p)}`),
    h('td', {}, ...why(p)),
    h('td', {}, expectation(p.estimate)),
    h('td', {}, booked(p)),
  );
}

export function vehicleButton(vehicle: string, actions: Actions): HTMLElement {
  const onClick = () => actions.choose(vehicle);
  return h(
    'button',
    { class: 'link', title: 'Show on the map', attributes: { type: 'button' }, onClick },
    vehicle,
  );
}

/** How a participant ended, in words. */
export function ending(p: Participant): string {
  if (p.outcome !== null) {
    return p.outcomeReason === ''
      ? outcomeWords[p.outcome]
      : `${outcomeWords[p.outcome]}: ${p.outcomeReason}`;
  }
  return p.progress === null ? 'under way' : `uploading, ${percent(p.progress.have / p.progress.total)}`;
}

/** The score with its terms, as they sum: "0.83 (utility) + 0.31 (bonus) = 1.14". */
export function scoreText(p: Participant): string {
  const terms = Object.entries(p.terms);
  if (terms.length === 0) return `score ${digits(p.score)}`;
  const sum = terms.map(([name, value], i) => `${i === 0 ? digits(value) : signed(value)} (${name})`);
  return `${sum.join(' ')} = ${digits(p.score)}`;
}

function why(p: Participant): HTMLElement[] {
  const arm = p.arm === p.vehicle ? '' : ` · arm ${p.arm}`;
  return [h('div', {}, p.reason), h('div', { class: 'soft' }, `${scoreText(p)}${arm}`)];
}

/** What the RSU expected, so that a reader sees whether the plan fitted into the time left. */
export function expectation(estimate: Estimate): string {
  const split =
    estimate.splitSeconds === null ? 'split not possible' : `split ${seconds(estimate.splitSeconds)}`;
  const needs = `full ${seconds(estimate.fullSeconds)}, ${split}`;
  return `${seconds(estimate.secondsLeft)} in coverage; ${needs}; uplink ${rate(estimate.uplinkBitsPerSecond)}`;
}

function booked(p: Participant): HTMLElement {
  if (p.booking === null) return h('span', { class: 'soft' }, 'not yet');
  const { seconds: time, joules, bytesUp, bytesDown } = p.booking;
  const trained = p.trainLoss === null ? '' : ` · training loss ${loss(p.trainLoss)}`;
  const stale = p.staleness === null ? '' : ` · ${plural(p.staleness, 'model')} stale`;
  const text = `${seconds(time)}, ${digits(joules)} J, ${bytes(bytesUp)} up, ${bytes(bytesDown)} down${trained}${stale}`;
  return h('span', {}, text, p.wasted ? h('span', { class: 'wasted' }, ' wasted') : null);
}

function passedOver(skipped: readonly Skipped[], actions: Actions): HTMLElement | null {
  if (skipped.length === 0) return null;
  const items = skipped
    .slice(0, skippedMax)
    .map((s) => h('li', {}, vehicleButton(s.vehicle, actions), ` ${s.reason} (${expectation(s.estimate)})`));
  const more = skipped.length - items.length;
  if (more > 0) items.push(h('li', { class: 'soft' }, `and ${more} more`));
  return h('div', {}, h('h4', {}, 'Passed over'), h('ul', { class: 'skipped' }, ...items));
}
