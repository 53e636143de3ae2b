// The outbox on disk: what survives a reboot, and what damage does.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RoadbedError } from '../../base/errors.ts';
import { manifestOf } from '../../protocol/blob/manifest.ts';
import { FileOutbox } from '../../vehicle-agent/outbox-files.ts';
import { Stage, taskOf } from './vehicle-agent-setup.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'roadbed-outbox-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function entryOf(key: string, fill = 1) {
  const bytes = Uint8Array.of(fill, 2, 3, 4);
  return { key, manifest: manifestOf({ key, purpose: 'model', bytes, meta: { round: 1 } }), bytes };
}

describe('an outbox of files', () => {
  it('gives back after a reboot what was put and not retired', () => {
    const before = new FileOutbox(directory);
    before.put(entryOf('1/v1/update'));
    before.put(entryOf('2/v1/update', 9));
    before.retire('1/v1/update');
    before.retire('never/was/there');
    const after = new FileOutbox(directory);
    expect(after.entries()).toEqual([entryOf('2/v1/update', 9)]);
    expect(after.get('2/v1/update')?.bytes).toEqual(Uint8Array.of(9, 2, 3, 4));
    expect(after.get('1/v1/update')).toBeUndefined();
  });

  it('sets damaged files aside with a note and keeps the others', () => {
    const outbox = new FileOutbox(directory);
    outbox.put(entryOf('1/v1/update'));
    const good = readdirSync(directory)[0]!;
    const file = readFileSync(join(directory, good));
    outbox.put(entryOf('2/v1/update'));
    const flipped = Buffer.from(file);
    flipped[flipped.length - 1]! ^= 1;
    writeFileSync(join(directory, good), flipped);
    for (const [name, bytes] of Object.entries({ a: Buffer.alloc(0), b: file.subarray(0, 20), c: file }))
      writeFileSync(join(directory, `${name}.update`), bytes);
    writeFileSync(join(directory, 'half.update.tmp'), 'half');
    const notes: string[] = [];
    const after = new FileOutbox(directory, (note) => notes.push(note));
    expect(after.entries().map(({ key }) => key)).toEqual(['2/v1/update']);
    expect(notes).toHaveLength(4);
    expect(readdirSync(directory).filter((name) => name.endsWith('.corrupt'))).toHaveLength(4);
    expect(readdirSync(directory)).not.toContain('half.update.tmp');
    expect(new FileOutbox(directory, (note) => notes.push(note)).entries()).toHaveLength(1);
    expect(notes).toHaveLength(4);
  });

  it('says which directory cannot be used, and how to mend it', () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    expect(() => new FileOutbox(file)).toThrow(RoadbedError);
    expect(() => new FileOutbox(file)).toThrow(
      /cannot open the outbox .*file: .*EEXIST.*check that the disk/,
    );
  });

  it('lets a rebooted car finish the upload of its earlier life', async () => {
    const stage = new Stage(new FileOutbox(directory));
    stage.position(0);
    stage.tell(taskOf());
    stage.hears = false;
    await stage.compute();
    const rebooted = new Stage(new FileOutbox(directory), { incarnation: 2 });
    rebooted.position(30);
    expect(rebooted.arrived.map(({ manifest }) => manifest.key)).toEqual(['1/v1/update']);
    rebooted.tell({ kind: 'ack', key: '1/v1/update', result: 'committed', reason: '' });
    expect(readdirSync(directory)).toEqual([]);
  });
});
