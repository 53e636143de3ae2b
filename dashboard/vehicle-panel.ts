// One vehicle in words: what it does now, its part in the last round, what it has given and cost. Opens on a click on the
// map, in a table or by name. Must not: show what only the simulator knows beyond the map frame.

import type { FrameVehicle } from '../protocol/frame.ts';
import { h, setText } from './dom.ts';
import { bytes, clock, digits, percent, seconds } from './format.ts';
import { glyphOf, stateWords } from './palette.ts';
import type { Actions, Panel } from './panel.ts';
import { ending, expectation, scoreText } from './round-details.ts';
import type { Participant, VehicleRecord, View } from './view.ts';
import { unknownVehicle } from './view.ts';

/** Label and text of each line of the card. */
export function vehicleLines(
  record: VehicleRecord,
  inFrame: FrameVehicle | null,
  part: { readonly round: number; readonly participant: Participant } | null,
): [string, string][] {
  const lines: [string, string][] = [['State', stateText(record, inFrame)]];
  lines.push(['RSU', record.rsu ?? 'outside coverage']);
  lines.push(['Device', record.device ?? 'not known yet']);
  lines.push(['Samples', record.samples === null ? 'not known yet' : String(record.samples)]);
  if (part !== null) {
    const p = part.participant;
    const plan = p.plan === 'split' ? `split at layer ${p.cut}` : 'full';
    lines.push([`Round ${part.round}`, `${plan} · ${glyphOf(p.outcome)} ${ending(p)}`]);
    lines.push(['Why', `${p.reason} · ${scoreText(p)}`]);
    lines.push(['Expected', expectation(p.estimate)]);
  }
  lines.push(['Rounds', `chosen ${record.selected}×, committed ${record.committed}×`]);
  lines.push(['Booked', `${seconds(record.seconds)}, ${digits(record.joules)} J`]);
  lines.push(['Bytes', `${bytes(record.bytesUp)} up, ${bytes(record.bytesDown)} down`]);
  if (record.wastedSeconds > 0) lines.push(['Wasted', seconds(record.wastedSeconds)]);
  return lines;
}

function stateText(record: VehicleRecord, inFrame: FrameVehicle | null): string {
  if (inFrame === null) return `${stateWords[record.state]}, not on the map now`;
  const moves = inFrame.state === 'downloading' || inFrame.state === 'uploading';
  const share = moves ? ` ${percent(inFrame.progress)}` : '';
  return `${stateWords[inFrame.state]}${share}, ${digits(inFrame.speedMps * 3.6)} km/h`;
}

/** The newest round the vehicle was chosen in, with its part there. */
export function lastPart(
  view: View,
  vehicle: string,
): { readonly round: number; readonly participant: Participant } | null {
  const round = view.vehicles.get(vehicle)?.lastRound ?? null;
  const row = view.rounds.findLast((candidate) => candidate.round === round);
  const participant = row?.participants.find((p) => p.vehicle === vehicle);
  return row !== undefined && participant !== undefined ? { round: row.round, participant } : null;
}

export function createVehiclePanel(host: HTMLElement, ids: () => readonly string[], actions: Actions): Panel {
  const title = h('h3', {}, '');
  const list = h('dl', {});
  const follow = h('button', { class: 'button', attributes: { type: 'button' } }, 'Follow');
  const close = h('button', { class: 'button', attributes: { type: 'button' } }, 'Close');
  let following = false;
  follow.addEventListener('click', () => actions.setFollow(!following));
  close.addEventListener('click', () => actions.choose(null));
  host.append(h('header', {}, title, follow, close), list);
  return {
    update({ view, chosen, follow: isFollowing, player }) {
      host.hidden = chosen === null;
      if (chosen === null) return;
      following = isFollowing;
      setText(title, chosen);
      follow.setAttribute('aria-pressed', String(isFollowing));
      const record = view.vehicles.get(chosen) ?? unknownVehicle(chosen);
      const index = ids().indexOf(chosen);
      const inFrame = view.frame?.vehicles.find((v) => v.index === index) ?? null;
      fill(list, [...vehicleLines(record, inFrame, lastPart(view, chosen)), ['At', clock(player.cursor)]]);
    },
  };
}

function fill(list: HTMLElement, lines: readonly [string, string][]): void {
  while (list.children.length > 2 * lines.length) list.lastElementChild?.remove();
  lines.forEach(([label, text], i) => {
    if (list.children.length <= 2 * i) list.append(h('dt', {}), h('dd', {}));
    const [term, value] = [list.children[2 * i], list.children[2 * i + 1]];
    if (term instanceof HTMLElement) setText(term, label);
    if (value instanceof HTMLElement) setText(value, text);
  });
}
