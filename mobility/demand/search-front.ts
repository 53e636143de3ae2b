// The front of a best-first search over numbered nodes: costs, predecessors and a heap, kept between searches so that a
// query allocates nothing but its path. Must not: know what a node is.

/** Nodes 0 .. count - 1. `begin` first, then `reach` and `next` in turn. */
export class SearchFront {
  readonly #cost: Float64Array;
  readonly #before: Int32Array;
  /** The search that last reached a node, and the one that last settled it. */
  readonly #reachedIn: Int32Array;
  readonly #settledIn: Int32Array;
  #search = 0;
  // A binary heap with stale entries: a node that was improved stands in it again, and the later copy is skipped.
  #keys = new Float64Array(256);
  #nodes = new Int32Array(256);
  #size = 0;

  constructor(count: number) {
    this.#cost = new Float64Array(count);
    this.#before = new Int32Array(count);
    this.#reachedIn = new Int32Array(count);
    this.#settledIn = new Int32Array(count);
  }

  /** Forgets the last search. */
  begin(): void {
    this.#search += 1;
    this.#size = 0;
  }

  cost(node: number): number {
    return this.#cost[node]!;
  }

  isSettled(node: number): boolean {
    return this.#settledIn[node] === this.#search;
  }

  /** True where `cost` is below what the node was reached for. */
  improves(node: number, cost: number): boolean {
    return this.#reachedIn[node] !== this.#search || cost < this.#cost[node]!;
  }

  /** Notes that `node` costs `cost` by way of `before` (-1: a start), to be settled in the order of `key`. */
  reach(node: number, before: number, cost: number, key: number): void {
    this.#cost[node] = cost;
    this.#before[node] = before;
    this.#reachedIn[node] = this.#search;
    this.#push(key, node);
  }

  /** Settles the node of the least key; equal keys by number of the node. -1: none is left. */
  next(): number {
    while (this.#size > 0) {
      const node = this.#pop();
      if (this.isSettled(node)) continue;
      this.#settledIn[node] = this.#search;
      return node;
    }
    return -1;
  }

  /** The nodes from the start to `node`. */
  path(node: number): Int32Array {
    const nodes: number[] = [];
    for (let at = node; at >= 0; at = this.#before[at]!) nodes.push(at);
    return Int32Array.from(nodes.reverse());
  }

  #push(key: number, node: number): void {
    if (this.#size === this.#keys.length) this.#grow();
    let i = this.#size++;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#isBefore(key, node, parent)) break;
      this.#keys[i] = this.#keys[parent]!;
      this.#nodes[i] = this.#nodes[parent]!;
      i = parent;
    }
    this.#keys[i] = key;
    this.#nodes[i] = node;
  }

  #pop(): number {
    const top = this.#nodes[0]!;
    this.#size -= 1;
    const key = this.#keys[this.#size]!;
    const node = this.#nodes[this.#size]!;
    let i = 0;
    for (let child = 1; child < this.#size; child = 2 * i + 1) {
      const right = child + 1;
      if (right < this.#size && this.#isBefore(this.#keys[right]!, this.#nodes[right]!, child)) child = right;
      if (this.#isBefore(key, node, child)) break;
      this.#keys[i] = this.#keys[child]!;
      this.#nodes[i] = this.#nodes[child]!;
      i = child;
    }
    this.#keys[i] = key;
    this.#nodes[i] = node;
    return top;
  }

  #isBefore(key: number, node: number, row: number): boolean {
    const other = this.#keys[row]!;
    return key < other || (key === other && node < this.#nodes[row]!);
  }

  #grow(): void {
    const keys = new Float64Array(2 * this.#keys.length);
    const nodes = new Int32Array(2 * this.#nodes.length);
    keys.set(this.#keys);
    nodes.set(this.#nodes);
    this.#keys = keys;
    this.#nodes = nodes;
  }
}
