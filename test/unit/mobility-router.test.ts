// The router: fastest ways against an exhaustive search, and against SUMO's own on a real city. Must not: need SUMO.

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { readDemand } from '../../mobility/demand/read-demand.ts';
import { Router } from '../../mobility/demand/router.ts';
import { networkFromNetXml } from '../../mobility/network/net-xml.ts';
import { permissionBitOf } from '../../mobility/network/permissions.ts';

describe('the router', () => {
  it('finds on a grid what an exhaustive search finds', () => {
    const size = 6;
    const junctions = size * size;
    const rng = Rng.root(3);
    const edges: { from: number; to: number; seconds: number }[] = [];
    for (let node = 0; node < junctions; node++) {
      for (const next of [node + 1, node - 1, node + size, node - size]) {
        const isNear =
          next >= 0 &&
          next < junctions &&
          (Math.abs(next - node) === size || Math.floor(next / size) === Math.floor(node / size));
        if (isNear) edges.push({ from: node, to: next, seconds: 1 + rng.integer(1000) / 7 });
      }
    }
    const net = networkFromNetXml(gridXml(edges), 'grid');
    const router = new Router(net);
    const query = { permissionBit: permissionBitOf('passenger')!, maxSpeedMps: 100, speedFactor: 1 };
    const costOf = (route: Iterable<number>): number =>
      [...route].slice(0, -1).reduce((sum, edge) => sum + edges[edge]!.seconds, 0);
    for (let from = 0; from < edges.length; from += 7) {
      const best = fromEdge(edges, from);
      for (let to = 0; to < edges.length; to += 5) {
        const route = router.route({ ...query, from: [from], to: [to] })!;
        expect(costOf(route)).toBeCloseTo(best[to]!, 8);
      }
    }
  });
});

/** Bellman and Ford over edges: seconds from the start of `from` to the start of each. */
function fromEdge(edges: readonly { from: number; to: number; seconds: number }[], from: number): number[] {
  const best = edges.map((_, i) => (i === from ? 0 : Number.POSITIVE_INFINITY));
  for (let isBetter = true; isBetter; ) {
    isBetter = false;
    edges.forEach((edge, i) => {
      edges.forEach((next, j) => {
        if (next.from !== edge.to || best[i]! + edge.seconds >= best[j]! - 1e-12) return;
        best[j] = best[i]! + edge.seconds;
        isBetter = true;
      });
    });
  }
  return best;
}

/** Edges of 1 m/s, so that their length is their time. */
function gridXml(edges: readonly { from: number; to: number; seconds: number }[]): string {
  const parts = edges.map(
    ({ from, to, seconds }, i) =>
      `<edge id="e${i}" from="j${from}" to="j${to}"><lane id="e${i}_0" index="0" speed="1" length="${seconds}" shape="0,0 1,0"/></edge>`,
  );
  const nodes = [...new Set(edges.map(({ from }) => from))].map(
    (id) => `<junction id="j${id}" type="priority" x="0" y="0" incLanes="" intLanes="" shape=""/>`,
  );
  const links = edges.flatMap((edge, i) =>
    edges.flatMap((next, j) =>
      next.from === edge.to
        ? [`<connection from="e${i}" to="e${j}" fromLane="0" toLane="0" dir="s" state="M"/>`]
        : [],
    ),
  );
  return `<net>${parts.join('')}${nodes.join('')}${links.join('')}</net>`;
}

const cologne = new URL('../../../shared/data/sumo/cologne8/', import.meta.url);
const hasCologne = existsSync(cologne);

describe('cologne8', () => {
  it.skipIf(!hasCologne)('reads every trip with a route (skipped without ../shared)', () => {
    const open = (file: string) => ({ file, content: readFileSync(new URL(file, cologne)) });
    const city = networkFromNetXml(open('cologne8.net.xml').content, 'cologne8.net.xml');
    const { demand } = readDemand(city, {
      seed: 42,
      beginSeconds: 25200,
      endSeconds: 28800,
      ignoreRouteErrors: false,
      additional: [],
      routes: [open('cologne8.rou.xml')],
    });
    expect(demand.departures).toHaveLength(2046);
    expect(demand.omissions).toEqual([]);
    // The first trip's route as SUMO 1.15's duarouter gives it.
    expect([...demand.routes[demand.departures[0]!.route]!].map((edge) => city.edges.ids[edge])).toEqual(
      '-23283579#1 -23283579#0 -133081985#1 -133081985#0 -309744810#1 23283436'.split(' '),
    );
  });
});
