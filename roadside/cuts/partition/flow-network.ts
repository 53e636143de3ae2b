// Maximum flow by push and relabel (Goldberg and Tarjan 1988), highest label first, on a network that keeps its shape while
// its capacities change. Sources and sinks are not vertices: each vertex has a balance, what it is given (positive) or may
// take (negative); giving and taking at one vertex cancel before the search begins, which is most of the flow of a cut
// problem. Only the first phase runs: a minimum cut is wanted, not the flow that proves it.
// Must not: allocate while it solves.

import { assert } from '../../../base/assert.ts';

/** Times a vertex is raised, on average, before all labels are measured anew. Best of 1/4 to 2 on the zoo's networks. */
const raisesBetweenLooks = 0.5;

/** An arc and its reverse have the numbers 2 i and 2 i + 1. */
export class FlowNetwork {
  readonly count: number;
  /** What each vertex has (positive) or still takes (negative). Set before `solve`, used up by it. */
  readonly balance: Float64Array;
  /** What each arc still carries. Set before `solve`, used up by it. */
  readonly capacity: Float64Array;
  readonly #first: Int32Array;
  readonly #arcs: Int32Array;
  readonly #head: Int32Array;
  readonly #label: Int32Array;
  readonly #current: Int32Array;
  readonly #queue: Int32Array;
  /** Active vertices by label: a linked list for each. */
  readonly #bucket: Int32Array;
  readonly #next: Int32Array;
  /** Vertices at each label. */
  readonly #population: Int32Array;
  #highest = 0;
  /** Labels raised since the last look at distances. */
  #raised = 0;

  /** `pairs[i]` = [from, to] of arc 2 i. */
  constructor(count: number, pairs: readonly (readonly [number, number])[]) {
    this.count = count;
    this.balance = new Float64Array(count);
    this.capacity = new Float64Array(2 * pairs.length);
    this.#head = new Int32Array(2 * pairs.length);
    this.#first = new Int32Array(count + 1);
    for (const [from, to] of pairs) {
      this.#first[from + 1]!++;
      this.#first[to + 1]!++;
    }
    for (let v = 0; v < count; v++) this.#first[v + 1]! += this.#first[v]!;
    const next = this.#first.slice(0, count);
    this.#arcs = new Int32Array(2 * pairs.length);
    pairs.forEach(([from, to], i) => {
      this.#head[2 * i] = to;
      this.#head[2 * i + 1] = from;
      this.#arcs[next[from]!++] = 2 * i;
      this.#arcs[next[to]!++] = 2 * i + 1;
    });
    this.#label = new Int32Array(count);
    this.#current = new Int32Array(count);
    this.#queue = new Int32Array(count);
    this.#bucket = new Int32Array(count + 2);
    this.#next = new Int32Array(count);
    this.#population = new Int32Array(count + 2);
  }

  /** Moves all it can from givers to takers. Amounts below `tolerance` count as nothing. */
  solve(tolerance: number): void {
    this.#measure(tolerance);
    while (this.#highest > 0) {
      // Labels have drifted from distances: what is cut off from every taker would go on rising one by one.
      if (this.#raised > raisesBetweenLooks * this.count) this.#measure(tolerance);
      const v = this.#bucket[this.#highest]!;
      if (v < 0) {
        this.#highest--;
        continue;
      }
      this.#bucket[this.#highest] = this.#next[v]!;
      this.#discharge(v, tolerance);
    }
  }

  /** Marks in `side` what can be reached from what is left over: the smallest side of the givers in any minimum cut. */
  reach(side: Uint8Array, tolerance: number): void {
    side.fill(0);
    let end = 0;
    for (let v = 0; v < this.count; v++) {
      if (this.balance[v]! <= tolerance) continue;
      side[v] = 1;
      this.#queue[end++] = v;
    }
    for (let at = 0; at < end; at++) {
      const v = this.#queue[at]!;
      for (let i = this.#first[v]!; i < this.#first[v + 1]!; i++) {
        const arc = this.#arcs[i]!;
        const to = this.#head[arc]!;
        if (side[to] === 1 || this.capacity[arc]! <= tolerance) continue;
        side[to] = 1;
        this.#queue[end++] = to;
      }
    }
  }

  /** Labels every vertex with its distance to the nearest taker; those without one are out of the game. */
  #measure(tolerance: number): void {
    const { count } = this;
    const label = this.#label;
    label.fill(count);
    this.#bucket.fill(-1);
    this.#population.fill(0);
    this.#highest = 0;
    this.#raised = 0;
    let end = 0;
    for (let v = 0; v < count; v++) {
      this.#current[v] = this.#first[v]!;
      if (this.balance[v]! >= -tolerance) continue;
      label[v] = 0;
      this.#queue[end++] = v;
    }
    for (let at = 0; at < end; at++) {
      const v = this.#queue[at]!;
      for (let i = this.#first[v]!; i < this.#first[v + 1]!; i++) {
        const arc = this.#arcs[i]!;
        const from = this.#head[arc]!;
        if (label[from]! < count || this.capacity[arc ^ 1]! <= tolerance) continue;
        label[from] = label[v]! + 1;
        this.#queue[end++] = from;
      }
    }
    for (let v = 0; v < count; v++) {
      this.#population[label[v]!]!++;
      if (this.balance[v]! > tolerance && label[v]! < count) this.#activate(v);
    }
  }

  #activate(v: number): void {
    const at = this.#label[v]!;
    this.#next[v] = this.#bucket[at]!;
    this.#bucket[at] = v;
    if (at > this.#highest) this.#highest = at;
  }

  /** Pushes what `v` has to lower neighbours, raising it until it has nothing or nobody to give to. */
  #discharge(v: number, tolerance: number): void {
    const { balance, capacity } = this;
    const label = this.#label;
    const end = this.#first[v + 1]!;
    while (balance[v]! > tolerance) {
      if (this.#current[v] === end) {
        if (!this.#raise(v, tolerance)) return;
        continue;
      }
      const arc = this.#arcs[this.#current[v]!]!;
      const to = this.#head[arc]!;
      if (capacity[arc]! <= tolerance || label[to]! !== label[v]! - 1) {
        this.#current[v]!++;
        continue;
      }
      const amount = Math.min(balance[v]!, capacity[arc]!);
      const before = balance[to]!;
      capacity[arc]! -= amount;
      capacity[arc ^ 1]! += amount;
      balance[v]! -= amount;
      balance[to]! += amount;
      // A taker that has had its fill goes on as any other vertex: its label of 0 is a lower bound no more.
      if (before <= tolerance && balance[to]! > tolerance) this.#wake(to, tolerance);
    }
  }

  #wake(v: number, tolerance: number): void {
    if (this.#label[v] === 0 && !this.#raise(v, tolerance)) return;
    this.#activate(v);
  }

  /** Gives `v` the least label that lets it push again; false where it can push no more. */
  #raise(v: number, tolerance: number): boolean {
    const label = this.#label;
    const old = label[v]!;
    this.#raised++;
    let least = this.count;
    for (let i = this.#first[v]!; i < this.#first[v + 1]!; i++) {
      const arc = this.#arcs[i]!;
      if (this.capacity[arc]! > tolerance && label[this.#head[arc]!]! + 1 < least)
        least = label[this.#head[arc]!]! + 1;
    }
    this.#population[old]!--;
    label[v] = least;
    this.#population[least]!++;
    this.#current[v] = this.#first[v]!;
    // Nobody is left at the old label: all above it are cut off from every taker.
    if (this.#population[old] === 0 && old < this.count && old > 0) this.#abandonAbove(old);
    assert(label[v]! >= old, 'labels only rise');
    return label[v]! < this.count;
  }

  #abandonAbove(gap: number): void {
    for (let v = 0; v < this.count; v++) {
      const at = this.#label[v]!;
      if (at <= gap || at >= this.count) continue;
      this.#population[at]!--;
      this.#label[v] = this.count;
      this.#population[this.count]!++;
    }
    for (let at = gap + 1; at <= this.#highest; at++) this.#bucket[at] = -1;
    if (this.#highest > gap) this.#highest = gap;
  }
}
