// The page in a real browser, fed by the real feed with a synthetic run: first live, then as its replay.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyEvents } from '../../dashboard/model.ts';
import { emptyView, totalsOf } from '../../dashboard/view.ts';
import { LiveRun } from '../../roadside/feed/live.ts';
import { type Feed, startFeed } from '../../roadside/feed/server.ts';
import { createRun, type RunStores } from '../../roadside/store/run-directory.ts';
import { bundlePage } from '../../testbed/page.ts';
import { browserMissing, canvasInk, openBrowser, openPage, type WatchedPage } from '../support/browser.ts';
import { cityEvents, cityFrames, cityScene, citySeconds, cityVehicles } from '../support/city-run.ts';
import { infoOf, manifestOf, runIdOf, scratchFolder, summaryOf } from '../support/small-run.ts';

const required = process.env.ROADBED_REQUIRE_SYSTEM === '1';
if (browserMissing !== null && !required) console.warn(`skipped: ${browserMissing}`);

const scenario = { name: 'city-grid', description: '36 cars on a grid of streets, two RSUs, three rounds' };
const pictures = process.env.ROADBED_PICTURES ?? mkdtempSync(join(tmpdir(), 'roadbed-pictures-'));
const viewAt = (at: number) =>
  applyEvents(
    emptyView,
    cityEvents.filter((event) => event.at <= at),
  );

/** Pushes what happens after `from` up to `to` seconds. */
function play(live: LiveRun, from: number, to: number): void {
  for (const { at, bytes } of cityFrames) {
    if (at <= from || at > to) continue;
    live.push(cityEvents.filter((event) => event.at > at - 0.5 && event.at <= at));
    live.frame(bytes, at);
  }
}

const manifest = (runId: string) => ({
  ...manifestOf(runId),
  scenario,
  seed: 11,
  engine: 'wasm',
  scene: cityScene,
});

function writeRun(runsDirectory: string): void {
  const stores = createRun(runsDirectory, runIdOf('city-1'), manifest('city-1'));
  stores.ledger.append(cityEvents.map(({ at, body }) => ({ at, body })));
  stores.telemetry.addVehicles(0, cityVehicles);
  for (const { at, bytes } of cityFrames) stores.telemetry.addFrame(at, bytes);
  stores.ledger.finish(summaryOf('city-1', stores.ledger.eventLogSha256()), '2026-01-02T03:05:00.000Z');
  stores.close();
}

const settled = (page: Page, seen: number) =>
  page.waitForFunction((count) => window.roadbed?.ready && window.roadbed.shownEvents === count, seen);

/** The rounds table as text: round, chips, accuracy, loss, bytes up and down. */
const tableRows = (page: Page) =>
  page.locator('#rounds > tbody > tr[data-round]').evaluateAll((rows) =>
    rows.map((row) => ({
      round: row.getAttribute('data-round'),
      chips: [...row.querySelectorAll('.chip')].map((chip) => chip.getAttribute('aria-label')),
      figures: [...row.querySelectorAll('td.number')].map((cell) => cell.textContent),
    })),
  );

const words = {
  committed: 'committed',
  left: 'left coverage',
  late: 'late',
  refused: 'refused',
  failed: 'failed',
} as const;

/** The same, from the events. */
const expectedRows = (at: number) =>
  viewAt(at)
    .rounds.map((row) => ({
      round: String(row.round),
      chips: row.participants.map((p) => {
        const plan = p.plan === 'split' ? 'split plan, cut 2' : 'full plan';
        return `${p.vehicle}, ${plan}, ${p.outcome === null ? 'under way' : words[p.outcome]}`;
      }),
    }))
    .reverse();

describe.skipIf(browserMissing !== null && !required)('the page in a browser', { timeout: 60_000 }, () => {
  let browser: Browser;
  let feed: Feed;
  let live: LiveRun;
  let stores: RunStores;
  let watched: WatchedPage;
  const runsDirectory = scratchFolder();

  beforeAll(async () => {
    if (browserMissing !== null) throw new Error(browserMissing);
    const info = { ...infoOf('city-live'), scenario: scenario.name, description: scenario.description };
    live = new LiveRun({ ...info, seed: 11, engine: 'wasm', scene: cityScene });
    stores = createRun(runsDirectory, runIdOf('city-live'), manifest('city-live'));
    live.vehicles(cityVehicles);
    live.push(cityEvents.filter((event) => event.at <= 0));
    live.frame(cityFrames[0]?.bytes ?? new Uint8Array(), 0);
    writeRun(runsDirectory);
    const assets = await bundlePage();
    feed = await startFeed({ port: 0, assets, runsDirectory, live });
    browser = await openBrowser();
    watched = await openPage(browser, feed.url);
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await feed?.close();
    stores?.close();
  });

  test('a live run is shown as it happens', async () => {
    const { page } = watched;
    await page.goto(feed.url);
    await settled(page, viewAt(0).seen);
    play(live, 0, 44);
    await settled(page, viewAt(44).seen);
    await page.waitForFunction(() => window.roadbed.cursor === 44);
    expect(await page.title()).toBe('city-grid · city-live · roadbed');
    expect(await page.locator('#status').textContent()).toBe('Live. Round 2 is open.');
    expect((await tableRows(page)).map(({ round, chips }) => ({ round, chips }))).toEqual(expectedRows(44));
    await page.screenshot({ path: join(pictures, 'live-dark.png') });
  });

  test('the headline repeats the sums of the log', async () => {
    const { page } = watched;
    const totals = totalsOf(viewAt(44));
    const figures = await page
      .locator('.identity b')
      .evaluateAll((cells) => cells.map((cell) => Number(cell.textContent)));
    const { selected, committed, left, late, refused, failed } = totals;
    expect(figures).toEqual([selected, committed, left, late, refused, failed]);
  });

  test('map and charts are painted', async () => {
    const { page } = watched;
    const ground = await canvasInk(page, '#ground');
    const traffic = await canvasInk(page, '#traffic');
    expect(ground.colours).toBeGreaterThan(5);
    expect(ground.variance).toBeGreaterThan(20);
    expect(traffic.colours).toBeGreaterThan(20);
    expect(traffic.variance).toBeGreaterThan(20);
    for (const chart of [0, 1]) {
      const ink = await canvasInk(page, `.chart >> nth=${chart} >> canvas`);
      expect(ink.colours).toBeGreaterThan(5);
      expect(ink.variance).toBeGreaterThan(5);
    }
  });

  test('the keyboard alone pauses, steps, jumps and goes live again', async () => {
    const { page } = watched;
    const cursor = () => page.evaluate(() => window.roadbed.cursor);
    await page.locator('body').press('Space');
    await page.locator('body').press('[');
    expect(await cursor()).toBe(31);
    await page.locator('body').press('[');
    expect(await cursor()).toBe(2);
    await page.locator('body').press('ArrowRight');
    expect(await cursor()).toBe(3);
    await page.locator('body').press('.');
    expect(await cursor()).toBe(cityEvents.find((event) => event.at > 3)?.at);
    await settled(page, viewAt(await cursor()).seen);
    expect(await page.locator('#rounds > tbody').count()).toBe(1);
    expect(await page.locator('#live').getAttribute('aria-pressed')).toBe('false');
    await page.locator('body').press('l');
    await settled(page, viewAt(44).seen);
    expect(await cursor()).toBe(44);
  });

  test('when the run ends the page keeps everything and becomes its replay', async () => {
    const { page } = watched;
    play(live, 44, citySeconds);
    live.end();
    await settled(page, cityEvents.length);
    await page.waitForFunction(() =>
      document.querySelector('#status')?.textContent?.startsWith('The run has ended'),
    );
    expect(await page.locator('#live').isHidden()).toBe(true);
    expect((await tableRows(page)).map(({ round, chips }) => ({ round, chips }))).toEqual(expectedRows(90));
    await page.evaluate(() => {
      const slider = document.querySelector<HTMLInputElement>('#slider');
      if (slider === null) throw new Error('no slider');
      slider.value = '13.5';
      slider.dispatchEvent(new Event('input'));
    });
    await settled(page, viewAt(13.5).seen);
    expect(await page.evaluate(() => window.roadbed.view().frame?.at)).toBe(13.5);
  });

  test('nothing was asked of anyone else, and nothing went wrong', () => {
    expect(watched.foreign).toEqual([]);
    expect(watched.complaints).toEqual([]);
  });

  test('a finished run is replayed from its database: a seek shows the state of that instant', async () => {
    const replay = await openPage(browser, feed.url, { dark: false });
    const { page } = replay;
    await page.goto(`${feed.url}?run=city-1`);
    await settled(page, cityEvents.length);
    for (const at of [20, 75.5, 45]) {
      await page.goto(`${feed.url}?run=city-1&t=${at}`);
      await settled(page, viewAt(at).seen);
      await page.waitForFunction((t) => window.roadbed.view().frame?.at === t, at);
      const shown = await page.evaluate(() => {
        const { vehicles, arms: _arms, ...rest } = window.roadbed.view();
        return { ...rest, vehicles: [...vehicles], frame: null };
      });
      const { vehicles, arms: _arms, ...rest } = viewAt(at);
      expect(shown).toEqual({ ...rest, at, vehicles: [...vehicles], frame: null });
      expect((await tableRows(page)).map(({ round, chips }) => ({ round, chips }))).toEqual(expectedRows(at));
    }
    const part = viewAt(45).rounds[1]?.participants[0];
    await page.locator('.row-opener').first().click();
    await page.locator(`.chip[aria-label^="${part?.vehicle}"]`).first().click();
    await page.locator('#vehicle h3', { hasText: part?.vehicle ?? 'nobody' }).waitFor();
    await page.screenshot({ path: join(pictures, 'replay-light.png') });
    expect(replay.complaints).toEqual([]);
    expect(replay.foreign).toEqual([]);
  });

  test('a narrow window shows everything one below the other, without a sideways scroll', async () => {
    const narrow = await openPage(browser, feed.url, { width: 900 });
    await narrow.page.goto(`${feed.url}?run=city-1&t=71`);
    await settled(narrow.page, viewAt(71).seen);
    const width = await narrow.page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(900);
    await narrow.page.screenshot({ path: join(pictures, 'narrow-dark.png'), fullPage: true });
  });

  test('a run nobody has heard of is named as such', async () => {
    const { page } = await openPage(browser, feed.url);
    await page.goto(`${feed.url}?run=nowhere`);
    await page.waitForFunction(() => document.querySelector<HTMLElement>('#status')?.dataset.tone === 'bad');
    expect(await page.locator('#status').textContent()).toContain('nowhere');
  });
});
