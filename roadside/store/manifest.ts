// What was run, on what, and when: the only place of a run where wall-clock times and the machine appear. They are
// handed in as text by the caller. Must not: be read by anything that decides the course of a run.

import { RoadbedError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/hash.ts';
import type { RunId } from '../../base/ids.ts';
import type { MapScene, RunSummary } from '../../protocol/run-info.ts';
import type { Connection } from './sqlite.ts';

export interface ManifestStart {
  readonly runId: RunId;
  /** The resolved scenario, every default filled in. Kept whole; only the two named keys are read here. */
  readonly scenario: { readonly name: string; readonly description: string };
  readonly seed: number;
  /** The training engine that was chosen, and why. */
  readonly engine: string;
  readonly engineReasons: readonly string[];
  /** How messages travelled: `memory`, `mqtt`, ... */
  readonly link: string;
  readonly versions: {
    readonly node: string;
    readonly roadbed: string;
    readonly platform: string;
    readonly cpu: string;
  };
  readonly argv: readonly string[];
  readonly scene: MapScene;
  /** ISO 8601, wall clock. */
  readonly startedAt: string;
}

export interface Manifest extends ManifestStart {
  /** As written by the run itself; a reader must check the lock before it believes `running`. */
  readonly status: 'running' | 'finished';
  readonly finishedAt: string | null;
  readonly summary: RunSummary | null;
  readonly schemaVersion: number;
}

const keys: readonly (keyof Manifest)[] = [
  'runId',
  'scenario',
  'seed',
  'engine',
  'engineReasons',
  'link',
  'versions',
  'argv',
  'scene',
  'startedAt',
  'status',
  'finishedAt',
  'summary',
  'schemaVersion',
];

/** Writes `part` of the manifest; keys given again replace what was there. */
export function writeManifest(db: Connection, part: Partial<Manifest>): void {
  const put = db.prepare(
    'INSERT INTO manifest (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
  );
  db.transaction(() => {
    for (const [key, value] of Object.entries(part)) put.run(key, canonicalJson(value));
  })();
}

/** Reads the whole manifest. Throws RoadbedError `store` naming the first key that is missing or no JSON. */
export function readManifest(db: Connection, path: string): Manifest {
  const rows = db.prepare('SELECT key, value FROM manifest').all() as { key: string; value: string }[];
  const texts = new Map(rows.map((row) => [row.key, row.value]));
  const entries = keys.map((key) => {
    try {
      return [key, JSON.parse(texts.get(key) ?? '')] as const;
    } catch (error) {
      const sentence = `${path} is not a whole ledger: its manifest has no readable "${key}". Restore it from a copy.`;
      throw new RoadbedError('store', sentence, { cause: error });
    }
  });
  return Object.fromEntries(entries) as unknown as Manifest;
}
