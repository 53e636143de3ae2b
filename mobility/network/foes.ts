// Who conflicts with whom: turns SUMO's request matrices (rows of bits a junction) into lists of foes a link.
// Must not: decide who conflicts (the matrix says), or know file formats.

/** One row of a junction's matrix. Bit strings are read from the right: the last letter is request 0. */
export interface RequestRow {
  readonly index: number;
  readonly response: string;
  readonly foes: string;
  readonly continuation: boolean;
}

/** A junction's matrix. Requests count the links of `incoming` lane by lane, in the order of each lane's links. */
export interface JunctionMatrix {
  /** Rows of lanes; -1 - n stands for a lane outside the network (a pavement) that has n requests of its own. */
  readonly incoming: readonly number[];
  readonly requests: readonly RequestRow[];
}

/** Where a continuation waits (SUMO's junction of type internal). */
export interface WaitingPoint {
  /** The internal lane that ends there. */
  readonly lane: number;
  /** Lanes whose approaching vehicles must be let through. */
  readonly incoming: readonly number[];
  /** First internal lanes of the paths that the second half meets. */
  readonly crossed: readonly number[];
}

/** Columns of the links, sorted by lane. */
export interface LinkColumns {
  readonly fromLane: Int32Array;
  readonly via: Int32Array;
  readonly firstLink: Int32Array;
}

/** Columns of LinkTable. */
export interface FoeColumns {
  readonly firstFoe: Int32Array;
  readonly foes: Int32Array;
  readonly yields: Uint8Array;
  readonly request: Int32Array;
  readonly continuation: Uint8Array;
}

/** The foes of every link. Requests beyond a matrix, and bits beyond the requests, count as no conflict. */
export function foesOf(
  links: LinkColumns,
  matrices: readonly JunctionMatrix[],
  waitingPoints: readonly WaitingPoint[],
): FoeColumns {
  const count = links.fromLane.length;
  const lists = new Array<number[] | undefined>(count).fill(undefined);
  const request = new Int32Array(count).fill(-1);
  const continuation = new Uint8Array(count);
  for (const matrix of matrices) {
    const rows = linksOfRequests(matrix.incoming, links.firstLink);
    for (const { index, response, foes, continuation: waits } of matrix.requests) {
      const link = rows[index] ?? -1;
      if (link < 0) continue;
      request[link] = index;
      continuation[link] = waits ? 1 : 0;
      lists[link] = foesInBits(rows, response, foes);
    }
  }
  const owner = linkOfVia(links);
  for (const point of waitingPoints) {
    const link = links.firstLink[point.lane]!;
    lists[link] = foesOfWaiting(point, links, owner);
  }
  return { ...packFoes(lists), request, continuation };
}

/** The link of each request, -1 for those of lanes outside the network. */
function linksOfRequests(incoming: readonly number[], firstLink: Int32Array): number[] {
  const rows: number[] = [];
  for (const lane of incoming) {
    if (lane < 0) for (let i = lane; i < -1; i++) rows.push(-1);
    else for (let link = firstLink[lane]!; link < firstLink[lane + 1]!; link++) rows.push(link);
  }
  return rows;
}

const one = '1'.charCodeAt(0);

/** Foes as pairs coded `2 * link + yields`: one number list instead of two. */
function foesInBits(rows: readonly number[], response: string, foes: string): number[] {
  const list: number[] = [];
  for (let index = 0; index < rows.length; index++) {
    const yields = response.charCodeAt(response.length - 1 - index) === one;
    const isFoe = foes.charCodeAt(foes.length - 1 - index) === one;
    if ((yields || isFoe) && rows[index]! >= 0) list.push(2 * rows[index]! + (yields ? 1 : 0));
  }
  return list;
}

/** Which link's path begins with an internal lane. */
function linkOfVia({ via }: LinkColumns): Map<number, number> {
  const owner = new Map<number, number>();
  for (let link = 0; link < via.length; link++) if (via[link]! >= 0) owner.set(via[link]!, link);
  return owner;
}

function foesOfWaiting(
  point: WaitingPoint,
  links: LinkColumns,
  owner: ReadonlyMap<number, number>,
): number[] {
  const approached = new Set(point.incoming);
  const list: number[] = [];
  for (const lane of point.crossed) {
    const foe = owner.get(lane);
    if (foe !== undefined) list.push(2 * foe + (approached.has(links.fromLane[foe]!) ? 1 : 0));
  }
  return list.sort((a, b) => a - b);
}

function packFoes(
  lists: readonly (readonly number[] | undefined)[],
): Pick<FoeColumns, 'firstFoe' | 'foes' | 'yields'> {
  const firstFoe = new Int32Array(lists.length + 1);
  for (let link = 0; link < lists.length; link++) {
    firstFoe[link + 1] = firstFoe[link]! + (lists[link]?.length ?? 0);
  }
  const foes = new Int32Array(firstFoe[lists.length]!);
  const yields = new Uint8Array(foes.length);
  let at = 0;
  for (const list of lists) {
    for (const coded of list ?? []) {
      foes[at] = coded >> 1;
      yields[at++] = coded & 1;
    }
  }
  return { firstFoe, foes, yields };
}
