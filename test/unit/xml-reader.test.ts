// Reading XML: what handlers see, and what a reader says of a document that is not what it should be.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { XmlElement } from '../../mobility/xml/element.ts';
import { piecesOf, readDocument } from '../../mobility/xml/files.ts';
import { readXml, XmlReader } from '../../mobility/xml/reader.ts';

const source = { file: 'town.net.xml', roots: ['net'] };
const small = '<net>\n  <edge id="a&amp;b"><lane speed="13.89" index="2"/></edge>\n</net>\n';

/** Reads `text` and hands its elements named `name` to `ask`. */
function asking<T>(text: string | Uint8Array, name: string, ask: (element: XmlElement) => T): T[] {
  const answers: T[] = [];
  readXml(text, source, { open: (element) => void (element.name === name && answers.push(ask(element))) });
  return answers;
}

describe('readXml', () => {
  it('opens and closes elements in the order of the document, with parents and lines', () => {
    const seen: string[] = [];
    readXml(small, source, {
      open: (element) => void seen.push(`${element.parent}/${element.name}:${element.line}`),
      close: (name) => void seen.push(`-${name}`),
    });
    expect(seen).toEqual(['/net:1', 'net/edge:2', 'edge/lane:2', '-lane', '-edge', '-net']);
  });

  it('gives attributes as text, numbers, integers and flags, with fallbacks for absent ones', () => {
    expect(asking(small, 'edge', (edge) => edge.text('id'))).toEqual(['a&b']);
    const lane = (e: XmlElement) => [
      e.number('speed'),
      e.integer('index'),
      e.numberOr('length', 7),
      e.integerOr('x', 1),
    ];
    expect(asking(small, 'lane', lane)).toEqual([[13.89, 2, 7, 1]]);
    expect(
      asking('<net a="true" b="0"/>', 'net', (e) => [
        e.flagOr('a', false),
        e.flagOr('b', true),
        e.flagOr('c', true),
      ]),
    ).toEqual([[true, false, true]]);
  });

  it('gives the text between tags', () => {
    const text: string[] = [];
    readXml('<net>a<b>c &lt; d</b></net>', source, {
      open: () => {},
      text: (content) => void text.push(content),
    });
    expect(text.join('')).toBe('ac < d');
  });

  it('reads a document cut anywhere, inside a character too', () => {
    const bytes = new TextEncoder().encode('<net name="Köln"><edge id="Straße"/></net>');
    const seen: (string | undefined)[] = [];
    const reader = new XmlReader(source, {
      open: (e) => void seen.push(e.optional('name') ?? e.optional('id')),
    });
    for (const byte of bytes) reader.write(Uint8Array.of(byte));
    reader.end();
    expect(seen).toEqual(['Köln', 'Straße']);
  });
});

describe('readXml, given what it should not be given,', () => {
  it('names the missing attribute, the element, the line and the file', () => {
    expect(() => asking(small, 'edge', (e) => e.number('speed', 'metres per second'))).toThrow(
      'town.net.xml, line 2: <edge id="a&b"> has no attribute "speed" (expected metres per second)',
    );
  });

  it.each([
    ['<net a="12x"/>', 'town.net.xml, line 1: <net> has a="12x" (expected a number)'],
    ['<net a=""/>', 'town.net.xml, line 1: <net> has a="" (expected a number)'],
    ['<net a="1e999"/>', 'town.net.xml, line 1: <net> has a="1e999" (expected a number)'],
  ])('refuses %s as a number', (text, message) => {
    expect(() => asking(text, 'net', (e) => e.number('a'))).toThrow(message);
  });

  it('refuses a fraction as an integer and a word as a flag', () => {
    expect(() => asking('<net a="1.5"/>', 'net', (e) => e.integer('a'))).toThrow(
      'has a="1.5" (expected an integer)',
    );
    expect(() => asking('<net a="maybe"/>', 'net', (e) => e.flagOr('a', true))).toThrow(
      'has a="maybe" (expected true or false)',
    );
  });

  it('refuses another root element', () => {
    expect(() => readXml('<routes/>', source, { open: () => {} })).toThrow(
      'town.net.xml, line 1: <routes> is the root element (expected <net>)',
    );
  });

  it('refuses a document that is cut short, is empty, or is not XML', () => {
    const read = (text: string) => () => readXml(text, source, { open: () => {} });
    expect(read(small.slice(0, 40))).toThrow(
      /^town\.net\.xml, line 2 inside <edge>: .*is the file complete\?\)$/,
    );
    expect(read('')).toThrow(/town\.net\.xml, line 1: .*root element/);
    expect(read('hello')).toThrow(/town\.net\.xml, line 1: /);
    expect(read('<net><a></b></net>')).toThrow(/line 1 inside <net>: unexpected close tag/);
  });
});

/** Reads a file piece by piece and counts its lanes. */
async function countLanes(path: string): Promise<number> {
  let lanes = 0;
  const reader = new XmlReader(source, { open: (e) => void (e.name === 'lane' && lanes++) });
  for await (const piece of piecesOf(path)) reader.write(piece);
  reader.end();
  return lanes;
}

describe('reading files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roadbed-xml-'));

  it('gunzips what is gzipped, whatever its name, whole and streamed', async () => {
    for (const [name, bytes] of [
      ['plain.xml', Buffer.from(small)],
      ['zipped.xml', gzipSync(small)],
    ] as const) {
      const path = join(folder, name);
      writeFileSync(path, bytes);
      expect(Buffer.from(readDocument(path)).toString()).toBe(small);
      expect(await countLanes(path)).toBe(1);
    }
  });

  it('reads UTF-16 with and without a mark, and what a declaration names', async () => {
    const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');
    const swapped = utf16(`\ufeff${small}`).swap16();
    const latin = Buffer.from(
      small.replace('<net>', '<?xml version="1.0" encoding="ISO-8859-1"?><net name="\xfc">'),
      'latin1',
    );
    for (const bytes of [utf16(`\ufeff${small}`), utf16(small), swapped, latin]) {
      const path = join(folder, 'encoded.xml');
      writeFileSync(path, bytes);
      expect(asking(readDocument(path), 'lane', (element) => element.integer('index'))).toEqual([2]);
      expect(await countLanes(path)).toBe(1);
    }
    expect(asking(latin, 'net', (element) => element.text('name'))).toEqual(['\u00fc']);
    const unknown = Buffer.from('<?xml version="1.0" encoding="KLINGON"?><net/>');
    expect(() => asking(unknown, 'net', () => 0)).toThrow(
      'town.net.xml, line 1: encoding="KLINGON" is not known (expected UTF-8, UTF-16 or ISO-8859-1)',
    );
  });

  it('says which file it cannot read', async () => {
    const missing = join(folder, 'missing.xml');
    expect(() => readDocument(missing)).toThrow(`cannot read ${missing}: ENOENT`);
    await expect(countLanes(missing)).rejects.toThrow(`cannot read ${missing}: ENOENT`);
    const broken = join(folder, 'broken.xml.gz');
    writeFileSync(broken, gzipSync(small.repeat(99)).subarray(0, 60));
    expect(() => readDocument(broken)).toThrow(`cannot read ${broken}: unexpected end of file`);
    await expect(countLanes(broken)).rejects.toThrow('unexpected end of file');
  });
});
