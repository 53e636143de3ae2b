// The dashboard as files to serve: TypeScript and styles bundled by esbuild when a run opens its feed. No build step of its
// own, so the page always is the code of this checkout. Impure: reads files and runs esbuild.
// Must not: import the dashboard; to this room it is text.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export interface PageFile {
  readonly contentType: string;
  readonly body: Uint8Array | string;
}

const folder = fileURLToPath(new URL('../dashboard/', import.meta.url));
const script = 'text/javascript; charset=utf-8';
const styles = 'text/css; charset=utf-8';

/** The page's files by path: `/` (also as `/index.html`), `/app.js`, `/app.css`, `/icon.svg`. Takes about 0.1 s. */
export async function bundlePage(): Promise<ReadonlyMap<string, PageFile>> {
  const [bundle, html, icon] = await Promise.all([
    build({
      entryPoints: { app: `${folder}main.ts`, style: `${folder}style.css` },
      outdir: folder,
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      target: 'es2023',
      legalComments: 'inline',
      logLevel: 'silent',
    }),
    readFile(`${folder}index.html`, 'utf8'),
    readFile(`${folder}icon.svg`, 'utf8'),
  ]);
  const output = (suffix: string): Uint8Array => {
    const file = bundle.outputFiles.find(({ path }) => path.endsWith(suffix));
    if (file === undefined) throw new Error(`esbuild made no ${suffix} of the dashboard`);
    return file.contents;
  };
  const index = { contentType: 'text/html; charset=utf-8', body: html };
  return new Map<string, PageFile>([
    ['/', index],
    ['/index.html', index],
    ['/app.js', { contentType: script, body: output('app.js') }],
    ['/app.css', { contentType: styles, body: output('style.css') }],
    ['/icon.svg', { contentType: 'image/svg+xml', body: icon }],
  ]);
}
