// Reads documents from disk, gzipped or not (told by their first bytes, not by their names): the only file of this
// folder that touches files. Must not: know what a document means.

import { closeSync, createReadStream, openSync, readFileSync, readSync } from 'node:fs';
import { createGunzip, gunzipSync } from 'node:zlib';
import { messageOf, RoadbedError } from '../../base/errors.ts';

/** The bytes of a file, gunzipped where it is a gzip file. Throws RoadbedError('data') where it cannot be read. */
export function readDocument(path: string): Uint8Array {
  try {
    const bytes = readFileSync(path);
    return isGzip(bytes) ? gunzipSync(bytes) : bytes;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** The bytes of a file in pieces, gunzipped where it is a gzip file. Throws RoadbedError('data') where it cannot be read. */
export async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    const zipped = startsAsGzip(path);
    const file = createReadStream(path, { highWaterMark: 1 << 18 });
    if (!zipped) return yield* file as AsyncIterable<Uint8Array>;
    const gunzip = createGunzip();
    file.on('error', (error) => gunzip.destroy(error));
    yield* file.pipe(gunzip) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function startsAsGzip(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const start = new Uint8Array(2);
    return readSync(file, start) === 2 && isGzip(start);
  } finally {
    closeSync(file);
  }
}

/** RFC 1952: the two bytes every gzip file begins with. */
function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function unreadable(path: string, cause: unknown): RoadbedError {
  if (cause instanceof RoadbedError) return cause;
  return new RoadbedError(
    'data',
    `cannot read ${path}: ${messageOf(cause)} (expected a file, gzipped or not, that is complete)`,
    {
      cause,
    },
  );
}
