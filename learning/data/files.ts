// Reads the files of data folders, with errors that name the path. Impure: files.
// Must not: write, or know a format.

import { readdirSync, readFileSync } from 'node:fs';
import { messageOf, RoadbedError } from '../../base/errors.ts';

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** Names in a folder, sorted. Throws RoadbedError('data') where it is missing or no folder. */
export function listFolder(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    const what = codeOf(error) === 'ENOENT' ? 'does not exist' : `cannot be listed (${messageOf(error)})`;
    throw new RoadbedError('data', `${directory} ${what}; expected a folder with a data set.`, {
      cause: error,
    });
  }
}

/** The bytes of a file. Throws RoadbedError('data') where it is missing or cannot be read. */
export function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const isMissing = codeOf(error) === 'ENOENT';
    const what = isMissing
      ? 'does not exist, but the data set names it. Fetch the data again.'
      : `cannot be read (${messageOf(error)}). Check its permissions.`;
    throw new RoadbedError('data', `${path} ${what}`, { cause: error });
  }
}

/** The text of a file, without a byte order mark. Throws RoadbedError('data') as `readBytes`, or where it is not UTF-8. */
export function readText(path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readBytes(path));
  } catch (error) {
    if (error instanceof RoadbedError) throw error;
    throw new RoadbedError('data', `${path} is not UTF-8 text. Convert the file to UTF-8.`, { cause: error });
  }
}
