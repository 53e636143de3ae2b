// A real browser for the tests of the page: Chromium by playwright-core, from $CHROMIUM or /usr/bin/chromium.
// Must not: download one.

import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Why the browser tests cannot run here; null where they can. */
export const browserMissing: string | null = existsSync(executablePath)
  ? null
  : `no browser at ${executablePath}: install Chromium ("apt-get install chromium") or set CHROMIUM`;

export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
}

/** A page that notes what it must not do: speak to anyone but `origin`, or complain. */
export interface WatchedPage {
  readonly page: Page;
  readonly foreign: string[];
  readonly complaints: string[];
}

export async function openPage(
  browser: Browser,
  origin: string,
  options: { readonly width?: number; readonly dark?: boolean } = {},
): Promise<WatchedPage> {
  const page = await browser.newPage({
    viewport: { width: options.width ?? 1440, height: 900 },
    colorScheme: options.dark === false ? 'light' : 'dark',
  });
  const foreign: string[] = [];
  const complaints: string[] = [];
  const host = new URL(origin).host;
  page.on('request', (request) => {
    if (new URL(request.url()).host !== host) foreign.push(request.url());
  });
  page.on('websocket', (socket) => {
    if (new URL(socket.url()).host !== host) foreign.push(socket.url());
  });
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return { page, foreign, complaints };
}

/** What a canvas shows: how many colours, and the variance of its brightness. A blank one has 1 and 0. */
export function canvasInk(
  page: Page,
  selector: string,
): Promise<{ readonly colours: number; readonly variance: number }> {
  return page.locator(selector).evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
    const colours = new Set<number>();
    let [sum, squares, count] = [0, 0, 0];
    for (let i = 0; i < data.length; i += 4) {
      const [r = 0, g = 0, b = 0, a = 0] = [data[i], data[i + 1], data[i + 2], data[i + 3]];
      // Coarse colours (16 levels a channel), so that smoothed edges do not count as many.
      colours.add(((r >> 4) << 12) | ((g >> 4) << 8) | ((b >> 4) << 4) | (a >> 4));
      const light = ((r + g + b) * a) / 765;
      sum += light;
      squares += light * light;
      count += 1;
    }
    const mean = sum / count;
    return { colours: colours.size, variance: squares / count - mean * mean };
  });
}
