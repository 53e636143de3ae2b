// Blobs by content address: models and updates, each under its sha-256. Two implementations of one port: files for real
// runs, memory for tests. A blob is whole or absent, never half: it is written aside, forced to the disk, then renamed.
// Impure: node:fs. Must not: overwrite or delete a blob, or hand out bytes that do not match their address.

import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import { sha256 } from '../../base/hash.ts';
import { asSha, type BlobSha } from '../../base/ids.ts';

export interface Blobs {
  /** Keeps `bytes` (a copy) and returns their address. What is held already is not written again. */
  put(bytes: Uint8Array): BlobSha;
  /** The bytes at `sha`, not to be changed by the caller; undefined where they are not held. */
  get(sha: BlobSha): Uint8Array | undefined;
  has(sha: BlobSha): boolean;
  /** Lets go of a blob; nothing happens where it is not held. */
  drop(sha: BlobSha): void;
}

/** Blobs that live as long as the process. */
export class MemoryBlobs implements Blobs {
  readonly #blobs = new Map<BlobSha, Uint8Array>();

  put(bytes: Uint8Array): BlobSha {
    const sha = sha256(bytes);
    if (!this.#blobs.has(sha)) this.#blobs.set(sha, Uint8Array.from(bytes));
    return sha;
  }

  get(sha: BlobSha): Uint8Array | undefined {
    return this.#blobs.get(sha);
  }

  has(sha: BlobSha): boolean {
    return this.#blobs.has(sha);
  }

  drop(sha: BlobSha): void {
    this.#blobs.delete(sha);
  }
}

/** Blobs as files `<directory>/<sha>`. */
export class FileBlobs implements Blobs {
  readonly #directory: string;
  readonly #survivesPowerCuts: boolean;
  #written = 0;

  /** Makes `directory` where it is missing. Throws RoadbedError `store`. */
  constructor(directory: string, survivesPowerCuts = true) {
    this.#directory = directory;
    this.#survivesPowerCuts = survivesPowerCuts;
    this.#told('made', directory, () => mkdirSync(directory, { recursive: true }));
  }

  put(bytes: Uint8Array): BlobSha {
    const sha = sha256(bytes);
    const path = this.#pathOf(sha);
    if (existsSync(path)) return sha;
    const aside = `${path}.${process.pid}-${this.#written++}.part`;
    this.#told('written', path, () => {
      writeWhole(aside, bytes, this.#survivesPowerCuts);
      renameSync(aside, path);
      if (this.#survivesPowerCuts) syncDirectory(this.#directory);
    });
    return sha;
  }

  /** Throws RoadbedError `store` where the file's content does not match its name. */
  get(sha: BlobSha): Uint8Array | undefined {
    const path = this.#pathOf(sha);
    if (!existsSync(path)) return undefined;
    const bytes = this.#told('read', path, () => readFileSync(path));
    const found = sha256(bytes);
    if (found === sha) return bytes;
    const sentence = `The blob ${path} is damaged: its ${bytes.length} bytes have sha-256 ${found}, expected the file's name. Restore it from a copy, or move it away and run again.`;
    throw new RoadbedError('store', sentence);
  }

  has(sha: BlobSha): boolean {
    return existsSync(this.#pathOf(sha));
  }

  drop(sha: BlobSha): void {
    const path = this.#pathOf(sha);
    this.#told('removed', path, () => rmSync(path, { force: true }));
  }

  /** Addresses are checked, so that no text from outside becomes a path. */
  #pathOf(sha: BlobSha): string {
    return join(this.#directory, asSha(sha));
  }

  #told<T>(verb: string, path: string, action: () => T): T {
    try {
      return action();
    } catch (error) {
      const sentence = `${path} could not be ${verb}: ${messageOf(error)}. Check the disk's free space and your permissions.`;
      throw new RoadbedError('store', sentence, { cause: error });
    }
  }
}

function writeWhole(path: string, bytes: Uint8Array, isForced: boolean): void {
  const file = openSync(path, 'wx');
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    if (isForced) fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Forces the new name to the disk. Windows cannot open a folder and needs no such step. */
function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(directory, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
