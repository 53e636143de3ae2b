// Each event of the log as a line a person reads, with the group the log panel filters by.
// Must not: leave a kind out (the switch is checked by the compiler).

import type { EventBody } from '../protocol/events.ts';
import { bytes, digits, loss, percent, plural, seconds } from './format.ts';
import { outcomeGlyphs, outcomeWords } from './palette.ts';

export const eventGroups = ['rounds', 'selection', 'outcomes', 'refusals', 'vehicles', 'transfers'] as const;
export type EventGroup = (typeof eventGroups)[number];

export interface EventLine {
  readonly group: EventGroup;
  readonly glyph: string;
  readonly text: string;
  /** The vehicle it is about, where it is about one. */
  readonly vehicle: string | null;
}

const line = (group: EventGroup, glyph: string, text: string, vehicle: string | null = null): EventLine => ({
  group,
  glyph,
  text,
  vehicle,
});

/** The line of an event. */
export function describe(body: EventBody): EventLine {
  switch (body.kind) {
    case 'run-opened':
      return line('rounds', '●', `Run opened with model ${body.modelSha.slice(0, 8)}.`);
    case 'run-closed':
      return line('rounds', '■', `Run closed after ${plural(body.rounds, 'round')}: ${body.reason}.`);
    case 'round-opened':
      return line('rounds', '▸', `Round ${body.round} opened, ${plural(body.candidates, 'candidate')}.`);
    case 'round-closed': {
      const share = `${body.committed} of ${body.selected} committed`;
      return line(
        'rounds',
        '▪',
        `Round ${body.round} closed after ${seconds(body.durationSeconds)}: ${share}.`,
      );
    }
    case 'model-evaluated': {
      const text = `accuracy ${percent(body.accuracy)}, loss ${loss(body.loss)}`;
      return line('rounds', '◆', `Model after round ${body.round}: ${text} on ${body.samples} samples.`);
    }
    case 'arm-rewarded': {
      const text = `reward ${digits(body.reward)}, mean ${digits(body.meanReward)}`;
      return line('selection', '∑', `Arm ${body.arm}: ${text} after ${plural(body.pulls, 'pull')}.`);
    }
    default:
      return describeVehicle(body);
  }
}

type VehicleBody = Exclude<
  EventBody,
  {
    kind: 'run-opened' | 'run-closed' | 'round-opened' | 'round-closed' | 'model-evaluated' | 'arm-rewarded';
  }
>;

/** Of an update that is not whole: what was done. */
function workBehind({ epochsDone, stepsDone }: { epochsDone?: number; stepsDone?: number }): string {
  if (stepsDone !== undefined) return ` after ${stepsDone} mini-batches`;
  return epochsDone === undefined ? '' : ` after ${epochsDone} epochs`;
}

function describeVehicle(body: VehicleBody): EventLine {
  const who = body.vehicle;
  switch (body.kind) {
    case 'vehicle-entered':
      return line('vehicles', '→', `${who} entered the coverage of ${body.rsu}.`, who);
    case 'vehicle-left':
      return line('vehicles', '←', `${who} left coverage.`, who);
    case 'handover':
      return line('vehicles', '⇄', `${who} changed from ${body.from} to ${body.to}.`, who);
    case 'transfer-handed-over': {
      const way = body.direction === 'up' ? 'upload' : 'download';
      const text = `${who}: its ${way} goes on by ${body.to}, ${body.have} of ${body.total} chunks there.`;
      return line('vehicles', '⇄', text, who);
    }
    case 'split-handed-over': {
      const text = `${who}: its split training goes on by ${body.to} at mini-batch ${body.step}.`;
      return line('vehicles', '⇄', text, who);
    }
    case 'stay-ended': {
      const text = `${who} stayed ${body.seconds.toFixed(1)} s.`;
      return line('vehicles', '·', text, who);
    }
    case 'vehicle-known':
      return line('vehicles', '＋', `${who} is known: ${body.device}, ${body.samples} samples.`, who);
    case 'vehicle-state':
      return line('vehicles', '·', `${who} is ${body.state.replace('-', ' ')} (round ${body.round}).`, who);
    case 'vehicle-selected': {
      const plan = body.plan === 'split' ? `split at layer ${body.cut}` : 'full';
      return line('selection', '◎', `${who} chosen for round ${body.round}, ${plan}: ${body.reason}.`, who);
    }
    case 'vehicle-skipped':
      return line('selection', '○', `${who} passed over in round ${body.round}: ${body.reason}.`, who);
    case 'upload-progress':
      return line('transfers', '↑', `${who}: ${body.have} of ${body.total} chunks arrived.`, who);
    case 'update-committed':
      return line(
        'transfers',
        '✓',
        `Update${workBehind(body)} of ${who} stored, training loss ${loss(body.trainLoss)}.`,
        who,
      );
    case 'split-ended': {
      const crossed = `${bytes(body.bytesUp)} up and ${bytes(body.bytesDown)} down`;
      return line('transfers', '⇅', `${who}: ${body.steps} mini-batches crossed its cut, ${crossed}.`, who);
    }
    case 'update-refused':
      return line('refusals', '⊘', `Update of ${who} refused: ${body.reason}.`, who);
    case 'update-left-out':
      return line('outcomes', '⊖', `Update of ${who} left out of the model: ${body.reason}.`, who);
    case 'message-refused':
      return line('refusals', '⊘', `Message of ${who ?? 'an unknown sender'} refused: ${body.reason}.`, who);
    case 'vehicle-outcome': {
      const why = body.reason === '' ? '' : `, ${body.reason}`;
      const cost = `${seconds(body.booking.seconds)}, ${bytes(body.booking.bytesUp)} up`;
      const text = `${who} ${outcomeWords[body.outcome]}${why} (${cost}${body.wasted ? ', wasted' : ''}).`;
      return line('outcomes', outcomeGlyphs[body.outcome], text, who);
    }
  }
}
