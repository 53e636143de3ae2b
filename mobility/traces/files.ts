// Files of traces: reads floating-car data from disk and opens files to write, gzipped where the name ends in .gz.
// Must not: know what the text means.

import { createHash } from 'node:crypto';
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { createGzip, type Gzip } from 'node:zlib';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import { piecesOf } from '../xml/files.ts';
import { type FcdHandlers, FcdReader, type FcdSummary } from './fcd-reader.ts';

/** Reads a file of floating-car data, gzipped or not. Throws RoadbedError('data') as FcdReader does. */
export async function readFcdFile(path: string, handlers: FcdHandlers): Promise<FcdSummary> {
  const reader = new FcdReader(path, handlers);
  for await (const piece of piecesOf(path)) reader.write(piece);
  return reader.end();
}

/**
 * The sha-256 of a file's data lines: those of time steps and vehicles in XML, all but the first in CSV. SUMO's header
 * holds a date and the name of the output, so files of equal runs differ; their data lines do not.
 */
export async function digestFcdFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  const decoder = new TextDecoder('utf-8');
  let rest = '';
  let isXml: boolean | undefined;
  let isFirst = true;
  const take = (line: string): void => {
    isXml ??= line.trimStart().startsWith('<');
    const isData = isXml ? /^\s*<\/?(?:timestep|vehicle)\b/.test(line) : !isFirst;
    if (isData) hash.update(line).update('\n');
    isFirst = false;
  };
  for await (const piece of piecesOf(path)) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop()!;
    for (const line of lines) take(line);
  }
  if (rest !== '') take(rest);
  return hash.digest('hex');
}

/** A file being written. */
export interface FileSink {
  write(piece: Uint8Array): void;
  /** Resolves when so little waits in memory that writing may go on. */
  ready(): Promise<void>;
  /** Resolves when all is on disk. Throws RoadbedError('usage') where the file cannot be written. */
  end(): Promise<void>;
}

/** Opens `path`; an earlier file is replaced. */
export function openFileSink(path: string): FileSink {
  const file: WriteStream = createWriteStream(path);
  // Level 1: floating-car data shrink sevenfold with it already, and higher levels cost more time than driving.
  const gzip: Gzip | undefined = path.endsWith('.gz') ? createGzip({ level: 1 }) : undefined;
  const top = gzip ?? file;
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    gzip?.destroy();
  };
  file.on('error', fail);
  gzip?.on('error', fail);
  gzip?.pipe(file);
  const check = (): void => {
    if (failure === undefined) return;
    const sentence = `${path} cannot be written: ${messageOf(failure)} (expected a file in a folder that is there)`;
    throw new RoadbedError('usage', sentence, { cause: failure });
  };
  return {
    write: (piece) => void (failure === undefined && top.write(piece)),
    ready: async () => {
      check();
      if (!top.writableNeedDrain) return;
      await drained(top);
      check();
    },
    end: async () => {
      check();
      top.end();
      await finished(file).catch(() => undefined);
      check();
    },
  };
}

/** Resolves when the stream takes more, or takes nothing any more. */
function drained(stream: WriteStream | Gzip): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}
