// Counts of the two real cities that come with roadbed's data, taken from their files by an XML parser of another language.

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { networkFromNetXml } from '../../mobility/network/net-xml.ts';

const cities = [
  {
    name: 'acosta_buslanes.net.xml',
    folder: 'acosta',
    // foes and yields: set bits of all request rows; of waiting points: what internal junctions cross.
    counts: {
      edges: 472,
      lanes: 650,
      links: 735,
      junctions: 112,
      signals: 7,
      signalised: 112,
      requests: 351,
    },
    loose: 7,
    conflicts: { foes: 578, yields: 310, waiting: 130 },
  },
  {
    name: 'cologne8.net.xml',
    folder: 'cologne8',
    counts: { edges: 590, lanes: 604, links: 799, junctions: 78, signals: 8, signalised: 103, requests: 352 },
    loose: 2,
    conflicts: { foes: 920, yields: 500, waiting: 309 },
  },
] as const;

describe.each(cities)('$name', ({ name, folder, counts, conflicts, loose }) => {
  const url = new URL(`../../../shared/data/sumo/${folder}/${name}`, import.meta.url);
  if (!existsSync(url)) {
    it.skip(`is skipped: ${name} is not beside the repository (../shared/data/sumo)`, () => {});
    return;
  }
  const network = networkFromNetXml(readFileSync(url), name);
  const { links, lanes, edges } = network;

  it('has as many rows as the file has elements', () => {
    expect({
      edges: edges.count,
      lanes: lanes.count,
      links: links.count,
      junctions: network.junctions.count,
      signals: network.signals.length,
      signalised: links.signal.filter((signal) => signal >= 0).length,
      requests: links.request.filter((request) => request >= 0).length,
    }).toEqual(counts);
    expect(network.omissions.map(({ what, count }) => [what, count])).toEqual([
      ['lane without a connection (vehicles must leave it before its end)', loose],
    ]);
  });

  it('has the foes of its request matrices, each known to the other', () => {
    const found = { foes: 0, yields: 0, waiting: 0 };
    const pairs = new Set<number>();
    for (let link = 0; link < links.count; link++) {
      for (let i = links.firstFoe[link]!; i < links.firstFoe[link + 1]!; i++) {
        if (links.request[link]! < 0) {
          found.waiting++;
          continue;
        }
        found.foes++;
        found.yields += links.yields[i]!;
        pairs.add(link * links.count + links.foes[i]!);
      }
    }
    expect(found).toEqual(conflicts);
    const oneSided = [...pairs].filter(
      (pair) => !pairs.has((pair % links.count) * links.count + Math.floor(pair / links.count)),
    );
    expect(oneSided).toEqual([]);
  });

  it('numbers requests as the names of internal lanes do', () => {
    for (let link = 0; link < links.count; link++) {
      if (links.request[link]! < 0 || links.via[link]! < 0) continue;
      const [group, lane] = lanes.ids[links.via[link]!]!.split('_').slice(-2).map(Number);
      expect(links.request[link]).toBe(group! + lane!);
    }
  });
});
