// In which characters a document is written: XML says so by its first bytes or in its first line, and SUMO's own reader
// takes them all. Must not: read files, or parse.

import { RoadbedError } from '../../base/errors.ts';

/** The declaration, where there is one, ends within so many bytes. */
export const declarationBytes = 256;

/** A decoder for a document that begins with `start`. Throws RoadbedError('data') for an encoding nobody knows. */
export function decoderOf(start: Uint8Array, file: string): TextDecoder {
  const [first, second] = start;
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0))
    return new TextDecoder('utf-16le');
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c))
    return new TextDecoder('utf-16be');
  const line = String.fromCharCode(...start.subarray(0, declarationBytes));
  const [, label = 'utf-8'] = /^\s*<\?xml[^>]*encoding\s*=\s*["']([^"'>]*)["']/.exec(line) ?? [];
  try {
    // Bytes that are ASCII so far cannot be UTF-16, whatever they say.
    return new TextDecoder(/^(?:utf-16|ucs-2)/i.test(label) ? 'utf-8' : label);
  } catch (cause) {
    throw new RoadbedError(
      'data',
      `${file}, line 1: encoding="${label}" is not known (expected UTF-8, UTF-16 or ISO-8859-1)`,
      { cause },
    );
  }
}

/** The text of a whole document. */
export function decoded(document: Uint8Array, file: string): string {
  return decoderOf(document, file).decode(document);
}
