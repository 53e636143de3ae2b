// What must hold in every network that roadbed lays out, for any size: grids, highways, rings, and the way through net.xml.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gridNetwork } from '../../mobility/network/generators/grid.ts';
import { highwayNetwork } from '../../mobility/network/generators/highway.ts';
import { ringNetwork, segmentNetwork } from '../../mobility/network/generators/simple.ts';
import { networkFromNetXml } from '../../mobility/network/net-xml.ts';
import { netXmlOf } from '../../mobility/network/net-xml-writer.ts';
import type { Network } from '../../mobility/network/network.ts';

const options = { seed: 11, numRuns: 25 };

const grids = fc
  .record({
    columns: fc.integer({ min: 1, max: 4 }),
    rows: fc.integer({ min: 2, max: 4 }),
    lanes: fc.integer({ min: 1, max: 3 }),
    turnLanes: fc.integer({ min: 0, max: 1 }),
    attachMeters: fc.constantFrom(0, 150),
    signals: fc.constantFrom('static', 'actuated', 'none'),
    offsetSeconds: fc.integer({ min: 0, max: 30 }),
  } as const)
  .map(gridNetwork);

const highways = fc
  .record({
    lanes: fc.integer({ min: 1, max: 4 }),
    gaps: fc.array(
      fc.record({ kind: fc.constantFrom('on', 'off'), meters: fc.integer({ min: 0, max: 400 }) } as const),
      { maxLength: 4 },
    ),
  })
  .map(({ lanes, gaps }) => {
    let atMeters = 0;
    const ramps = gaps.map(({ kind, meters }) => {
      atMeters += 750 + meters;
      return { kind, atMeters };
    });
    return highwayNetwork({ lengthMeters: atMeters + 700, lanes, ramps });
  });

const rings = fc
  .record({
    lengthMeters: fc.double({ min: 60, max: 5000, noNaN: true }),
    lanes: fc.integer({ min: 1, max: 3 }),
  })
  .map(ringNetwork);

const networks = fc.oneof(grids, highways, rings);

/** Links of a lane. */
function linksFrom({ lanes }: Network, lane: number): number[] {
  const [first, end] = [lanes.firstLink[lane]!, lanes.firstLink[lane + 1]!];
  return Array.from({ length: end - first }, (_, i) => first + i);
}

const isInner = ({ edges, lanes }: Network, lane: number): boolean => edges.internal[lanes.edge[lane]!] === 1;

describe('a laid-out network', () => {
  it('has foes that know each other, of whom exactly one gives way', () => {
    fc.assert(
      fc.property(networks, ({ links }) => {
        const pairs = new Map<number, number>();
        for (let link = 0; link < links.count; link++) {
          if (links.request[link]! < 0) continue;
          for (let i = links.firstFoe[link]!; i < links.firstFoe[link + 1]!; i++) {
            pairs.set(link * links.count + links.foes[i]!, links.yields[i]!);
          }
        }
        for (const [pair, yields] of pairs) {
          const back = (pair % links.count) * links.count + Math.floor(pair / links.count);
          expect(pairs.get(back)).toBe(1 - yields);
        }
      }),
      options,
    );
  });

  it('leads every path over its internal lanes to the lane its link names', () => {
    fc.assert(
      fc.property(networks, (network) => {
        const { links, lanes } = network;
        for (let link = 0; link < links.count; link++) {
          if (isInner(network, links.fromLane[link]!)) continue;
          let lane = links.via[link]!;
          let halves = 0;
          while (isInner(network, lane)) {
            const onward = linksFrom(network, lane);
            expect(onward.length).toBe(1);
            expect(lanes.lengthMeters[lane]).toBeGreaterThanOrEqual(0.1);
            lane = links.toLane[onward[0]!]!;
            halves++;
          }
          expect([lane, halves]).toEqual([links.toLane[link], links.continuation[link] === 1 ? 2 : 1]);
        }
      }),
      options,
    );
  });

  it('lets every edge go on unless it ends at a dead end, and draws no gap between lanes', () => {
    fc.assert(
      fc.property(networks, (network) => {
        const { edges, lanes, links, junctions } = network;
        for (let edge = 0; edge < edges.count; edge++) {
          if (edges.internal[edge] === 1) continue;
          const rows = Array.from(
            { length: edges.firstLane[edge + 1]! - edges.firstLane[edge]! },
            (_, i) => edges.firstLane[edge]! + i,
          );
          const goesOn = rows.some((lane) => linksFrom(network, lane).length > 0);
          expect(goesOn).toBe(junctions.types[edges.to[edge]!] !== 'dead_end');
        }
        const point = (lane: number, end: 0 | 1): number[] => {
          const at = end === 0 ? lanes.firstPoint[lane]! : lanes.firstPoint[lane + 1]! - 1;
          return [...lanes.shape.subarray(2 * at, 2 * at + 2)];
        };
        for (let link = 0; link < links.count; link++) {
          const next = links.via[link]! >= 0 ? links.via[link]! : links.toLane[link]!;
          expect(point(next, 0)).toEqual(point(links.fromLane[link]!, 1));
        }
      }),
      options,
    );
  });

  it('has a letter for each link of a signal, and never shows green to two that cross without one of them yielding', () => {
    fc.assert(
      fc.property(grids, ({ links, signals }) => {
        const letters = signals.map(() => new Set<number>());
        for (let link = 0; link < links.count; link++) {
          if (links.signal[link]! >= 0) letters[links.signal[link]!]!.add(links.signalIndex[link]!);
        }
        for (const [row, { phases }] of signals.entries()) {
          for (const { state } of phases) expect(state.length).toBe(letters[row]!.size);
          expect([...letters[row]!].sort((a, b) => a - b)).toEqual(
            [...letters[row]!.keys()].map((_, i) => i),
          );
          for (const index of letters[row]!)
            expect(phases.some(({ state }) => /[Gg]/.test(state[index]!))).toBe(true);
        }
        for (let link = 0; link < links.count; link++) {
          for (let i = links.firstFoe[link]!; i < links.firstFoe[link + 1]!; i++) {
            const foe = links.foes[i]!;
            if (links.signal[link]! < 0 || links.signal[foe]! < 0 || links.request[link]! < 0) continue;
            for (const { state } of signals[links.signal[link]!]!.phases) {
              expect(state[links.signalIndex[link]!] + state[links.signalIndex[foe]!]!).not.toBe('GG');
            }
          }
        }
      }),
      options,
    );
  });

  it('is the same after a way through net.xml', () => {
    fc.assert(
      fc.property(networks, (network) => {
        const text = netXmlOf(network);
        const back = networkFromNetXml(text, network.name);
        expect(netXmlOf(back)).toBe(text);
        const byId = (table: { ids: readonly string[] }) => new Map(table.ids.map((id, row) => [id, row]));
        const lanes = byId(back.lanes);
        network.lanes.ids.forEach((id, lane) => {
          const other = lanes.get(id)!;
          expect(back.lanes.lengthMeters[other]).toBe(network.lanes.lengthMeters[lane]);
          expect(back.lanes.permissions[other]).toBe(network.lanes.permissions[lane]);
          const named = (net: Network, row: number) =>
            linksFrom(net, row).map((link) => [
              net.lanes.ids[net.links.toLane[link]!],
              net.links.request[link],
              net.links.firstFoe[link + 1]! - net.links.firstFoe[link]!,
            ]);
          expect(named(back, other)).toEqual(named(network, lane));
        });
      }),
      options,
    );
  });
});

describe('generators', () => {
  it('keep the length they are asked for', () => {
    fc.assert(
      fc.property(fc.double({ min: 20, max: 1e5, noNaN: true }), (lengthMeters) => {
        const ring = ringNetwork({ lengthMeters });
        expect(ring.lanes.lengthMeters.reduce((sum, length) => sum + length, 0)).toBeCloseTo(lengthMeters, 6);
        expect(segmentNetwork({ lengthMeters }).lanes.lengthMeters[0]).toBe(lengthMeters);
      }),
      options,
    );
  });

  it('draw a crossing as SUMO’s netgenerate does: 2 lanes, 16 links, 4 of them waiting inside', () => {
    const { links, junctions, signals } = gridNetwork({ columns: 3, rows: 3 });
    const middle = junctions.ids.indexOf('B1');
    const requests = Array.from(links.junction.keys()).filter(
      (link) => links.junction[link] === middle && links.request[link]! >= 0,
    );
    expect(requests.length).toBe(16);
    expect(requests.filter((link) => links.continuation[link] === 1).length).toBe(4);
    const program = signals.find(({ id }) => id === 'B1')!;
    expect(program.phases.map(({ durationSeconds, state }) => [durationSeconds, state])).toEqual([
      [42, 'GGGgrrrrGGGgrrrr'],
      [3, 'yyyyrrrryyyyrrrr'],
      [42, 'rrrrGGGgrrrrGGGg'],
      [3, 'rrrryyyyrrrryyyy'],
    ]);
  });

  it.each([
    [() => gridNetwork({ columns: 1, rows: 1 }), 'a grid of 1 x 1 crossings with 2+0 lanes is none'],
    [() => gridNetwork({ columns: 2, rows: 2, blockMeters: 20 }), 'blocks of 20 m are too short'],
    [() => ringNetwork({ lengthMeters: 5 }), 'a ring of 5 m with 1 lanes'],
    [() => segmentNetwork({ lengthMeters: 100, lanes: 0.5 }), 'a segment of 100 m with 0.5 lanes'],
    [
      () => highwayNetwork({ lengthMeters: 1000, ramps: [{ kind: 'on', atMeters: 950 }] }),
      'the on-ramp at 950 m does not fit',
    ],
  ])('refuse what cannot be drawn (%#)', (make, message) => {
    expect(make).toThrow(message);
  });
});
