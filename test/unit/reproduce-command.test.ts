// `roadbed reproduce`: whole tables with their provenance, the same for the same seed.

import { describe, expect, it } from 'vitest';
import { main } from '../../testbed/cli.ts';

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

async function reproduce(paper: string, ...more: string[]) {
  const out: string[] = [];
  const io = { out: (line: string) => out.push(line), err: () => {}, isTerminal: false, colour: false };
  const code = await main(['reproduce', paper, '--quick', ...more], io);
  return { code, text: out.join('\n') };
}

async function tables(paper: string, ...more: string[]): Promise<Record<string, Table>> {
  const { text } = await reproduce(paper, '--json', ...more);
  return Object.fromEntries((JSON.parse(text).tables as Table[]).map((table) => [table.name, table]));
}

const column = ({ columns, rows }: Table, name: string) => rows.map((row) => row[columns.indexOf(name)]);

describe('roadbed reproduce', () => {
  it.each(['dag-split', 'open', 'card'])(
    '%s: claims are marked as published, settings as published or ours',
    async (paper) => {
      const { code, text } = await reproduce(paper, '--json');
      expect(code).toBe(0);
      const { published, setting } = JSON.parse(text);
      expect(published.every((one: { provenance: string }) => one.provenance === '[P]')).toBe(true);
      expect((setting as string[]).every((line) => /^\[(?:P|ours)\] /.test(line))).toBe(true);
    },
  );

  it('dag-split: no baseline is ever faster than the adaptive minimum cut, and block-wise equals it', async () => {
    const { delay, steps } = await tables('dag-split');
    expect(delay!.rows).toHaveLength(5 * 2 * 6);
    expect(steps!.rows).toHaveLength(5 * 2 * 5);
    for (const table of [delay!, steps!]) {
      for (const name of table.columns.filter((heading) => heading.startsWith('% below')))
        expect(column(table, name).every((reduction) => Number(reduction) >= 0)).toBe(true);
      expect(new Set(column(table, '% below block-wise'))).toEqual(new Set([0]));
    }
  });

  it('open: every fixed split stands in the table, for both ways of counting energy', async () => {
    const { policies, 'V sweep': sweep } = await tables('open');
    expect(policies!.rows).toHaveLength(2 * 3 * (11 + 4));
    const [seconds, kinds] = [column(sweep!, 'seconds').map(Number), column(sweep!, 'energy counted')];
    for (let i = 1; i < seconds.length; i++)
      if (kinds[i] === kinds[i - 1]) expect(seconds[i]).toBeLessThanOrEqual(seconds[i - 1]! * 1.01);
  });

  it('card: the surface holds every weight at every rate, with and without idle power', async () => {
    const { surface, baselines } = await tables('card');
    expect(surface!.rows).toHaveLength(2 * 3 * 5);
    const best = new Map<string | number, number>();
    for (const [rate, , , , utility] of baselines!.rows)
      best.set(rate!, Math.min(best.get(rate!) ?? 9, Number(utility)));
    for (const [rate, policy, , , utility] of baselines!.rows)
      if (policy === 'CARD') expect(utility).toBe(best.get(rate!));
  });

  it('gives the same tables for the same seed, others for another', async () => {
    const one = await reproduce('open', '--seed', '3');
    expect(await reproduce('open', '--seed', '3')).toEqual(one);
    expect((await reproduce('open', '--seed', '4')).text).not.toBe(one.text);
  });
});
