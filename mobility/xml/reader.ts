// Reads an XML document piece by piece and calls handlers for what it meets: SUMO's files reach hundreds of megabytes, so
// no tree is built. This folder alone knows the parser (saxes).
// Must not: read files, or know what a document means.

import { SaxesParser } from 'saxes';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import { XmlElement } from './element.ts';
import { declarationBytes, decoded, decoderOf } from './encoding.ts';

/** What a document is called in errors, and which root elements it may have. */
export interface XmlSource {
  readonly file: string;
  /** Allowed names of the root element, e.g. `['net']`; empty: any. */
  readonly roots: readonly string[];
}

/** Called in the order of the document. What a handler throws ends the reading and reaches the caller unchanged. */
export interface XmlHandlers {
  /** An element begins. `element` is one object used again: take from it what must stay. */
  open(element: XmlElement): void;
  close?(name: string): void;
  /** Text between tags, white space included; a long text may arrive in pieces. */
  text?(content: string): void;
}

/**
 * An open document: `write` its pieces in order, then `end`. Pieces may be cut anywhere, inside a character too.
 * Throws RoadbedError('data') with file and line for what is not XML, for another root element, and for an early end.
 */
export class XmlReader {
  readonly #parser: SaxesParser<{ xmlns: false }>;
  readonly #source: XmlSource;
  #decoder: TextDecoder | undefined;
  /** What has come while it is too little to tell the encoding by. */
  #start = new Uint8Array(0);
  readonly #path: string[] = [];
  #sawRoot = false;

  constructor(source: XmlSource, handlers: XmlHandlers) {
    this.#source = source;
    const parser = new SaxesParser({ xmlns: false as const, position: true });
    this.#parser = parser;
    const element = new XmlElement(source.file, this.#path);
    parser.on('error', (error) => this.#fail(error));
    parser.on('opentag', (tag) => {
      element.become(tag.name, tag.attributes, parser.line);
      if (!this.#sawRoot) this.#checkRoot(element);
      handlers.open(element);
      this.#path.push(tag.name);
    });
    parser.on('closetag', (tag) => {
      this.#path.pop();
      handlers.close?.(tag.name);
    });
    if (handlers.text !== undefined) parser.on('text', (content) => handlers.text?.(content));
  }

  write(piece: string | Uint8Array): void {
    const text = typeof piece === 'string' ? piece : this.#decoded(piece);
    if (text !== '') this.#parser.write(text);
  }

  end(): void {
    if (this.#start.length > 0) this.write(decoded(this.#start, this.#source.file));
    this.#parser.close();
  }

  #decoded(piece: Uint8Array): string {
    if (this.#decoder !== undefined) return this.#decoder.decode(piece, { stream: true });
    const start = new Uint8Array(this.#start.length + piece.length);
    start.set(this.#start);
    start.set(piece, this.#start.length);
    this.#start = start;
    if (start.length < declarationBytes) return '';
    this.#start = new Uint8Array(0);
    this.#decoder = decoderOf(start, this.#source.file);
    return this.#decoder.decode(start, { stream: true });
  }

  #checkRoot(element: XmlElement): void {
    this.#sawRoot = true;
    const { roots } = this.#source;
    if (roots.length === 0 || roots.includes(element.name)) return;
    throw element.fault('is the root element', roots.map((root) => `<${root}>`).join(' or '));
  }

  #fail(error: Error): never {
    // saxes writes `line:column: what`; the line is named once, in our words.
    const what = messageOf(error)
      .replace(/^\d+:\d+: /, '')
      .replace(/\.$/, '');
    const { file } = this.#source;
    const inside = this.#path.length === 0 ? '' : ` inside <${this.#path.at(-1)}>`;
    throw new RoadbedError(
      'data',
      `${file}, line ${this.#parser.line}${inside}: ${what} (expected well-formed XML; is the file complete?)`,
    );
  }
}

/** Reads a whole document. Throws as XmlReader does. */
export function readXml(document: string | Uint8Array, source: XmlSource, handlers: XmlHandlers): void {
  const reader = new XmlReader(source, handlers);
  // Decoding a document in one go is several times as fast as decoding it as a stream.
  reader.write(typeof document === 'string' ? document : decoded(document, source.file));
  reader.end();
}
