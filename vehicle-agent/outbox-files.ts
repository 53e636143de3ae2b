// The outbox of a real car: one file an update, on disk before the first byte is sent, there after a reboot. Impure:
// files. One directory belongs to one run. A file that cannot be read back is set aside with a note, and the car drives
// on. Must not: delete what was not retired.
//
// File: 'RBOX', version 1 (one byte), length of the manifest (u32 little-endian), manifest (JSON), the blob's bytes.

import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { messageOf, RoadbedError } from '../base/errors.ts';
import { canonicalJson, sha256 } from '../base/hash.ts';
import { type Manifest, maximumHeaderBytes, messageSchemas } from '../protocol/messages.ts';
import type { Outbox, OutboxEntry } from './types.ts';

const magic = Buffer.from('RBOX\x01', 'latin1');
const prefixBytes = magic.length + 4;
const suffix = '.update';

/** Names no path a peer chose: the key's hash. */
const fileOf = (key: string): string => `${sha256(Buffer.from(key))}${suffix}`;

function encode({ manifest, bytes }: OutboxEntry): Buffer {
  const header = Buffer.from(canonicalJson(manifest));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  return Buffer.concat([magic, length, header, bytes]);
}

/** The entry in `file`. Throws a sentence when anything about it is wrong. */
function decode(name: string, file: Buffer): OutboxEntry {
  if (file.length < prefixBytes || !file.subarray(0, magic.length).equals(magic))
    throw new Error('it does not begin with RBOX, version 1');
  const headerBytes = file.readUInt32LE(magic.length);
  if (headerBytes > maximumHeaderBytes || prefixBytes + headerBytes > file.length)
    throw new Error(`its manifest claims ${headerBytes} bytes of ${file.length}`);
  const header: unknown = JSON.parse(file.toString('utf8', prefixBytes, prefixBytes + headerBytes));
  const message = messageSchemas.up.parse(header);
  if (message.kind !== 'manifest') throw new Error(`it holds a ${message.kind} (expected a manifest)`);
  const manifest: Manifest = message;
  const bytes = Uint8Array.from(file.subarray(prefixBytes + headerBytes));
  if (sha256(bytes) !== manifest.sha) throw new Error('its bytes do not match their hash');
  if (fileOf(manifest.key) !== name) throw new Error(`it holds ${manifest.key}, which belongs elsewhere`);
  return { key: manifest.key, manifest, bytes };
}

/** Forces a directory's entries to disk, where the system knows that notion. */
function flush(path: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

export class FileOutbox implements Outbox {
  readonly #directory: string;
  readonly #note: (text: string) => void;
  readonly #entries = new Map<string, OutboxEntry>();

  /** Opens or makes `directory` and reads what waits in it. Throws RoadbedError('store') where it cannot be used. */
  constructor(directory: string, note: (text: string) => void = () => {}) {
    this.#directory = directory;
    this.#note = note;
    try {
      mkdirSync(directory, { recursive: true });
      for (const name of readdirSync(directory).sort()) this.#load(name);
    } catch (error) {
      throw this.#unusable('open', error);
    }
  }

  /** Returns when the update is on disk. Throws RoadbedError('store') when it cannot be kept. */
  put(entry: OutboxEntry): void {
    const path = join(this.#directory, fileOf(entry.key));
    try {
      this.#write(`${path}.tmp`, encode(entry));
      renameSync(`${path}.tmp`, path);
      flush(this.#directory);
    } catch (error) {
      throw this.#unusable('write to', error);
    }
    this.#entries.set(entry.key, entry);
  }

  get(key: string): OutboxEntry | undefined {
    return this.#entries.get(key);
  }

  retire(key: string): void {
    if (!this.#entries.delete(key)) return;
    try {
      rmSync(join(this.#directory, fileOf(key)), { force: true });
    } catch (error) {
      // It will be sent once more after a reboot, and answered as already known.
      this.#note(`cannot remove ${key} from the outbox: ${messageOf(error)}`);
    }
  }

  entries(): readonly OutboxEntry[] {
    return [...this.#entries.values()];
  }

  #load(name: string): void {
    const path = join(this.#directory, name);
    // Half-written: the update it belonged to was never sent.
    if (name.endsWith('.tmp')) return rmSync(path, { force: true });
    if (!name.endsWith(suffix)) return;
    try {
      const entry = decode(name, readFileSync(path));
      this.#entries.set(entry.key, entry);
    } catch (error) {
      renameSync(path, `${path}.corrupt`);
      this.#note(`set aside ${path}.corrupt, an unreadable outbox entry: ${messageOf(error)}`);
    }
  }

  #write(path: string, bytes: Buffer): void {
    const handle = openSync(path, 'w');
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  }

  #unusable(verb: string, error: unknown): RoadbedError {
    const mend = 'check that the disk has room and that the directory may be written';
    return new RoadbedError(
      'store',
      `cannot ${verb} the outbox ${this.#directory}: ${messageOf(error)} (${mend})`,
      { cause: error },
    );
  }
}
