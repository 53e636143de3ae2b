// The map of a real city in a real browser: lanes, signals in their present colours, RSUs and cars of cologne8.
// Skipped with the reason where the browser or the city's files are missing.

import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SignalColour, signalColours } from '../../protocol/frame.ts';
import { roadFiles } from '../../protocol/scenario/road-files.ts';
import { LiveRun } from '../../roadside/feed/live.ts';
import { type Feed, startFeed } from '../../roadside/feed/server.ts';
import { FrameMaker } from '../../testbed/map-frames.ts';
import { bundlePage } from '../../testbed/page.ts';
import { mapScene } from '../../testbed/plan.ts';
import { openWorld } from '../../testbed/prepare.ts';
import { bundledDirectory, loadScenario } from '../../testbed/scenario-file.ts';
import { browserMissing, canvasInk, openBrowser, openPage, type WatchedPage } from '../support/browser.ts';
import { infoOf, scratchFolder } from '../support/small-run.ts';

const loaded = loadScenario(join(bundledDirectory, 'cologne-signs.yaml'));
const absent = roadFiles(loaded.scenario.roads)
  .map(({ file }) => resolve(loaded.directory, file))
  .find((file) => !existsSync(file));
const isRequired = process.env.ROADBED_REQUIRE_SYSTEM === '1';
const noBrowser = isRequired ? null : browserMissing;
const skipped = absent === undefined ? noBrowser : `there is no ${absent}`;
if (skipped !== null) console.warn(`the map of a city is not tested: ${skipped}`);
const pictures = process.env.ROADBED_PICTURES ?? mkdtempSync(join(tmpdir(), 'roadbed-pictures-'));

const seconds = 420;
const painted: Readonly<Record<Exclude<SignalColour, 'off'>, readonly [number, number, number]>> = {
  red: [229, 72, 77],
  yellow: [255, 197, 61],
  green: [48, 164, 108],
};

/** How many pixels of the moving canvas have this colour, give or take its smoothed edges. */
const pixelsOf = (page: Page, colour: readonly [number, number, number]): Promise<number> =>
  page.locator('#traffic').evaluate((element, [red, green, blue]) => {
    const canvas = element as HTMLCanvasElement;
    // Read from a copy: Chromium complains of a canvas that is drawn on and read many times.
    const copy = Object.assign(document.createElement('canvas'), {
      width: canvas.width,
      height: canvas.height,
    });
    const context = copy.getContext('2d', { willReadFrequently: true })!;
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) {
      const near = (k: number, wanted: number): boolean => Math.abs(data[i + k]! - wanted) < 12;
      if (data[i + 3]! > 200 && near(0, red) && near(1, green) && near(2, blue)) count++;
    }
    return count;
  }, colour);

describe.skipIf(skipped !== null)('the map of cologne8', { timeout: 60_000 }, () => {
  let browser: Browser;
  let feed: Feed;
  let watched: WatchedPage;
  let signals: readonly SignalColour[] = [];
  let scene: ReturnType<typeof mapScene>;
  let cars = 0;

  beforeAll(async () => {
    const world = await openWorld(loaded);
    scene = mapScene(world);
    const info = { ...infoOf('cologne'), scenario: 'cologne-signs', description: 'Cologne', scene };
    const live = new LiveRun(info);
    const frames = new FrameMaker(scene.box);
    for (let at = 0; at < seconds; at += world.stepSeconds) {
      const step = await world.step();
      const { bytes, newIds } = frames.make(step.to, step.fixes, () => undefined, step.signals);
      live.vehicles(newIds);
      live.frame(bytes, step.to);
      signals = step.signals ?? [];
      cars = step.fixes.length;
    }
    feed = await startFeed({ port: 0, assets: await bundlePage(), runsDirectory: scratchFolder(), live });
    browser = await openBrowser();
    watched = await openPage(browser, feed.url);
    await watched.page.goto(feed.url);
    await watched.page.waitForFunction(() => window.roadbed?.ready);
    // A page that comes late gets no old frames: this one is the next.
    const step = await world.step();
    live.frame(frames.make(step.to, step.fixes, () => undefined, step.signals).bytes, step.to);
    signals = step.signals ?? [];
    await watched.page.waitForFunction((at) => window.roadbed.view().frame?.at === at, step.to);
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await feed?.close();
  });

  test('has the lanes, the stop lines and the RSUs of the network', () => {
    expect(scene.lanes?.length).toBeGreaterThan(300);
    expect(scene.stopLines?.length).toBeGreaterThan(30);
    expect(scene.rsus.map(({ id }) => id)).toEqual(['rsu-west', 'rsu-east', 'rsu-north']);
    expect(signals.length).toBe(scene.stopLines?.length);
    expect(cars).toBeGreaterThan(30);
  });

  test('paints streets, and each signal in the colour it shows', async () => {
    const { page, complaints, foreign } = watched;
    await page.screenshot({ path: join(pictures, 'city-dark.png') });
    const ground = await canvasInk(page, '#ground');
    expect(ground.colours).toBeGreaterThan(8);
    expect(ground.variance).toBeGreaterThan(20);
    for (const colour of signalColours) {
      if (colour === 'off') continue;
      const shown = signals.filter((one) => one === colour).length;
      const pixels = await pixelsOf(page, painted[colour]);
      if (shown > 0) expect(pixels).toBeGreaterThan(shown);
    }
    // Nearer: lanes side by side, and the arms of one crossing.
    await page.locator('#traffic').focus();
    for (let i = 0; i < 7; i++) await page.keyboard.press('+');
    for (const key of ['ArrowUp', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
    await page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
    await page.screenshot({ path: join(pictures, 'city-near-dark.png') });
    expect(await pixelsOf(page, painted.red)).toBeGreaterThan(20);
    expect(complaints).toEqual([]);
    expect(foreign).toEqual([]);
  });
});
