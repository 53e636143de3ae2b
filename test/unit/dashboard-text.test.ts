// What the page says and how it looks: words, figures, colours and the arithmetic of the map, without a browser.

import { describe, expect, test } from 'vitest';
import { fetchEvents } from '../../dashboard/api.ts';
import { columnsOf } from '../../dashboard/charts.ts';
import { describe as lineOf } from '../../dashboard/event-text.ts';
import { bytes, clock, digits, orDash, percent, plural, rate, signed } from '../../dashboard/format.ts';
import { newestLines } from '../../dashboard/log-panel.ts';
import { applyEvents } from '../../dashboard/model.ts';
import { outcomeGlyphs, stateShapes, themes } from '../../dashboard/palette.ts';
import { ending, expectation, scoreText } from '../../dashboard/round-details.ts';
import { lastPart, vehicleLines } from '../../dashboard/vehicle-panel.ts';
import { emptyView, type Participant, unknownVehicle } from '../../dashboard/view.ts';
import {
  fitBeside,
  fitTo,
  pan,
  scaleBarMeters,
  screenX,
  screenY,
  worldX,
  worldY,
  zoomAt,
} from '../../dashboard/viewport.ts';
import type { LoggedEvent } from '../../protocol/events.ts';
import { cityEvents } from '../support/city-run.ts';

describe('figures', () => {
  test.each([
    [0, '0:00.0'],
    [59.96, '1:00.0'],
    [61.25, '1:01.3'],
    [3600, '1:00:00.0'],
    [-1, '0:00.0'],
  ])('%d seconds on the clock are %s', (seconds, text) => expect(clock(seconds)).toBe(text));

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [999_500, '1.00 MB'],
    [2_280_000, '2.28 MB'],
    [123_456_789_000, '123 GB'],
  ])('%d bytes are %s', (count, text) => expect(bytes(count)).toBe(text));

  test('other figures keep three digits, a sign where asked, and a dash for nothing', () => {
    expect([digits(0.00123), digits(1.234), digits(12.34), digits(123.4)]).toEqual([
      '0.0012',
      '1.23',
      '12.3',
      '123',
    ]);
    expect([digits(Number.NaN), digits(Number.POSITIVE_INFINITY)]).toEqual(['–', '∞']);
    expect([rate(8.2e6), percent(0.5), signed(0.25), signed(-2)]).toEqual([
      '8.20 Mbit/s',
      '50.0 %',
      '+0.25',
      '-2.00',
    ]);
    expect([orDash(null, percent), plural(1, 'round'), plural(2, 'round')]).toEqual([
      '–',
      '1 round',
      '2 rounds',
    ]);
  });
});

describe('words', () => {
  test('every event of a run has a line that names its vehicle', () => {
    for (const { body } of cityEvents) {
      const line = lineOf(body);
      expect(line.text.endsWith('.')).toBe(true);
      if ('vehicle' in body && body.vehicle !== null) expect(line.text).toContain(body.vehicle);
    }
  });

  test('the log shows the newest first, up to the cursor, by group and by text', () => {
    const all = newestLines(cityEvents, cityEvents.length, { group: 'all', text: '' }, 10_000);
    expect(all.length).toBe(cityEvents.length);
    expect(all[0]?.text).toBe('Run closed after 3 rounds: all rounds done.');
    const outcomes = newestLines(cityEvents, cityEvents.length, { group: 'outcomes', text: 'REFUSED' });
    expect(outcomes.length).toBe(3);
    const main = newestLines(cityEvents, cityEvents.length, { group: 'main', text: '' }, 10_000);
    expect(main.some(({ group }) => group === 'vehicles' || group === 'transfers')).toBe(false);
    expect(newestLines(cityEvents, 2, { group: 'all', text: '' }).map(({ seq }) => seq)).toEqual([2, 1]);
  });

  test('why a vehicle was chosen: its terms are written as they sum', () => {
    const row = applyEvents(emptyView, cityEvents).rounds[0];
    const p = row?.participants[1] as Participant;
    expect(scoreText({ ...p, terms: { mean: 0.5, bonus: 0.25, queue: -0.125 }, score: 0.625 })).toBe(
      '0.50 (mean) +0.25 (bonus) -0.13 (queue) = 0.63',
    );
    expect(scoreText({ ...p, terms: {}, score: 0 })).toBe('score 0');
    expect(ending(p)).toBe('left coverage: out of coverage');
    expect(ending({ ...p, outcome: null })).toBe('uploading, 57.1 %');
    expect(expectation(p.estimate)).toBe('31.5 s in coverage; full 21.4 s, split 13.2 s; uplink 8.20 Mbit/s');
  });

  test('a vehicle card tells its last round, and what is not known as such', () => {
    const view = applyEvents(emptyView, cityEvents);
    const record = view.vehicles.get('car-05');
    const lines = new Map(vehicleLines(record ?? unknownVehicle('?'), null, lastPart(view, 'car-05')));
    expect(lines.get('Round 1')).toContain('split at layer 2');
    expect(lines.get('Rounds')).toBe('chosen 1×, committed 0×');
    expect(lines.has('Wasted')).toBe(true);
    expect(new Map(vehicleLines(unknownVehicle('x'), null, null)).get('Device')).toBe('not known yet');
  });

  test('a chart shows the run up to the cursor in bold and the rest pale, over any axis', () => {
    const { points } = applyEvents(emptyView, cityEvents);
    const [x, all, shown] = columnsOf('seconds', points, 2, (point) => point.accuracy);
    expect(x).toEqual([0, 30, 59, 88]);
    expect(all).toEqual([0.1, 0.55, 0.7, 0.775]);
    expect(shown).toEqual([0.1, 0.55, null, null]);
    expect(columnsOf('bytes', points, 2, (point) => point.loss)[0].slice(0, 2)).toEqual([0, 6_280_000]);
  });

  test('events are fetched page by page until there are no more', async () => {
    const pages = [cityEvents.slice(0, 3), cityEvents.slice(3, 5), []];
    const asked: number[] = [];
    const taken: LoggedEvent[] = [];
    const api = {
      runs: () => Promise.resolve([]),
      info: () => Promise.reject(new Error('not asked for')),
      frames: () => Promise.resolve([]),
      eventsAfter: async (_run: string, after: number) => {
        asked.push(after);
        return pages.shift() ?? [];
      },
    };
    await fetchEvents(api, 'city', 0, (events) => taken.push(...events));
    expect(asked).toEqual([0, 3, 5]);
    expect(taken).toEqual(cityEvents.slice(0, 5));
  });
});

describe('the map', () => {
  const box = { minX: 0, minY: 0, maxX: 1000, maxY: 500 };

  test('fit shows the whole box with its margin, north up', () => {
    const port = fitTo(box, { width: 848, height: 600 });
    expect(port.pixelsPerMeter).toBe(0.8);
    expect([screenX(port, 0), screenX(port, 1000)]).toEqual([24, 824]);
    expect([screenY(port, 500), screenY(port, 0)]).toEqual([100, 500]);
    expect([worldX(port, 24), worldY(port, 500)]).toEqual([0, 0]);
  });

  test('a fitted picture stands beside the legend where that costs little, else under it', () => {
    const wide = fitBeside(box, { width: 1200, height: 400 }, 200);
    expect(screenX(wide, 0)).toBeGreaterThanOrEqual(200);
    expect(fitBeside(box, { width: 500, height: 900 }, 200)).toEqual(fitTo(box, { width: 500, height: 900 }));
  });

  test('zoom keeps the point under the hand, pan moves it with the hand', () => {
    const port = fitTo(box, { width: 848, height: 600 });
    const [x, y] = [worldX(port, 100), worldY(port, 200)];
    const zoomed = zoomAt(port, { px: 100, py: 200 }, 3);
    expect([worldX(zoomed, 100), worldY(zoomed, 200)].map((v) => Number(v.toFixed(9)))).toEqual(
      [x, y].map((v) => Number(v.toFixed(9))),
    );
    const moved = pan(port, 30, -40);
    expect(screenX(moved, x)).toBeCloseTo(130, 9);
    expect(screenY(moved, y)).toBeCloseTo(160, 9);
  });

  test('the scale bar is a round length', () => {
    expect(scaleBarMeters(fitTo(box, { width: 848, height: 600 }), 120)).toBe(100);
    expect(scaleBarMeters({ ...fitTo(box, { width: 848, height: 600 }), pixelsPerMeter: 0.05 }, 120)).toBe(
      2000,
    );
  });
});

describe('colours', () => {
  const linear = (byte: number): number => {
    const share = byte / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  const rgbOf = (hex: string): number[] =>
    [1, 3, 5].map((i) => linear(Number.parseInt(hex.slice(i, i + 2), 16)));

  // Machado, Oliveira, Fernandes (2009), severity 1.0, on linear RGB.
  const sights: Readonly<Record<string, readonly (readonly number[])[]>> = {
    usual: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
    protanopia: [
      [0.152286, 1.052583, -0.204868],
      [0.114503, 0.786281, 0.099216],
      [-0.003882, -0.048116, 1.051998],
    ],
    deuteranopia: [
      [0.367322, 0.860646, -0.227968],
      [0.280085, 0.672501, 0.047413],
      [-0.01182, 0.04294, 0.968881],
    ],
  };

  const seen = (rgb: readonly number[], sight: readonly (readonly number[])[]): number[] =>
    sight.map((row) =>
      Math.min(
        1,
        Math.max(
          0,
          row.reduce((sum, part, i) => sum + part * (rgb[i] ?? 0), 0),
        ),
      ),
    );

  function lab([r = 0, g = 0, b = 0]: readonly number[]): number[] {
    const bend = (t: number) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
    const x = bend((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
    const y = bend(0.2126 * r + 0.7152 * g + 0.0722 * b);
    const z = bend((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
  }

  test.each(Object.keys(sights))(
    'any two states differ by 20 or more, in both themes, with %s sight',
    (sight) => {
      for (const theme of Object.values(themes)) {
        const labs = Object.values(theme.states).map((hex) => lab(seen(rgbOf(hex), sights[sight] ?? [])));
        labs.forEach((a, i) => {
          for (const b of labs.slice(i + 1)) {
            expect(Math.hypot(...a.map((value, k) => value - (b[k] ?? 0)))).toBeGreaterThanOrEqual(20);
          }
        });
      }
    },
  );

  test('every state has a shape of its own and every outcome a glyph of its own', () => {
    expect(new Set(Object.values(stateShapes)).size).toBe(6);
    expect(new Set(Object.values(outcomeGlyphs)).size).toBe(5);
  });
});
