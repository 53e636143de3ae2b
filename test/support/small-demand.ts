// Demand read from a few lines of XML on a small network, for the tests of its readers. Must not: hold expectations.

import type { Demand } from '../../mobility/demand/demand.ts';
import { type ReadDemand, readDemand } from '../../mobility/demand/read-demand.ts';
import { forkNetwork } from './tiny-net.ts';

export const network = forkNetwork();

interface Files {
  readonly additional?: string;
  readonly seed?: number;
  readonly begin?: number;
  readonly end?: number;
  readonly ignoreRouteErrors?: boolean;
}

/** Types, routes and departures of the content of a `<routes>`. */
export function read(routes: string, files: Files = {}): ReadDemand {
  const {
    additional,
    seed = 1,
    begin = 0,
    end = Number.POSITIVE_INFINITY,
    ignoreRouteErrors = false,
  } = files;
  return readDemand(network, {
    seed,
    beginSeconds: begin,
    endSeconds: end,
    ignoreRouteErrors,
    additional:
      additional === undefined
        ? []
        : [{ file: 'some.add.xml', content: `<additional>${additional}</additional>` }],
    routes: [{ file: 'some.rou.xml', content: `<routes>\n${routes}\n</routes>` }],
  });
}

export const demandOf = (routes: string, files?: Files): Demand => read(routes, files).demand;
/** The edges of a departure's route. */
export const namesOf = (demand: Demand, departure = 0): string[] =>
  [...demand.routes[demand.departures[departure]!.route]!].map((edge) => network.edges.ids[edge]!);
