// Makes an instance smaller without losing its best cut: a layer that is never the best place to cut behind joins the one
// layer that reads it. What is left of most networks is a handful of layers. Ours; exact; found once for a model, a car
// and a server, for it does not depend on the rates.
//
// When a layer v may join its only reader c. Let D be any cut with v in the car and c not. Taking v out of D leaves a
// closed set, for c was v's only reader. It saves w(v), and N x_D(v) + k(v) z - N x_S(v), which is not negative where the
// car is no faster at v. It costs w(p) for each p that v reads and that was not sent before. A p with a reader among c and
// all that follow c was sent before: none of those is in D. So with
//     sum of a(p) <= a(v)  and  sum of g(p) <= g(v),  over the p that v reads without a reader at or behind c,
// the smaller set costs no more, at any rate. The best cut with the fewest layers in the car therefore never ends between
// v and c, and it is still there when they are one vertex. The merged vertex has v's and c's times and parameters, and
// c's output; the argument applies to it again.
// Must not: look at rates.

import type { SplitCosts, SplitInstance } from './instance.ts';
import { type JoinedInstance, joinLayers } from './join.ts';

/** For each vertex a bit for every vertex that follows it. */
class Followers {
  readonly #words: number;
  readonly #bits: Uint32Array;

  constructor({ count, firstChild, children }: SplitInstance['graph']) {
    this.#words = Math.ceil(count / 32);
    this.#bits = new Uint32Array(count * this.#words);
    for (let v = count - 1; v >= 0; v--) {
      for (let i = firstChild[v]!; i < firstChild[v + 1]!; i++) this.#take(v, children[i]!);
    }
  }

  #take(v: number, child: number): void {
    const [own, other] = [v * this.#words, child * this.#words];
    for (let word = 0; word < this.#words; word++) this.#bits[own + word]! |= this.#bits[other + word]!;
    this.#bits[own + (child >> 5)]! |= 1 << (child & 31);
  }

  /** Whether `later` follows `v`. */
  has(v: number, later: number): boolean {
    return ((this.#bits[v * this.#words + (later >> 5)]! >>> (later & 31)) & 1) === 1;
  }
}

class Reduction {
  readonly #count: number;
  readonly #readers: Set<number>[];
  readonly #read: Set<number>[];
  readonly #costs: SplitCosts;
  readonly #pinnedToDevice: Uint8Array;
  readonly #pinnedToServer: Uint8Array;
  /** The layer that each has joined; itself: none. */
  readonly joined: Int32Array;
  readonly #followers: Followers;

  constructor(instance: SplitInstance) {
    const { graph, costs } = instance;
    this.#count = graph.count;
    const row = (first: Int32Array, values: Int32Array, v: number): Set<number> =>
      new Set(values.subarray(first[v]!, first[v + 1]!));
    const layers = [...new Array(graph.count).keys()];
    this.#readers = layers.map((v) => row(graph.firstChild, graph.children, v));
    this.#read = layers.map((v) => row(graph.firstParent, graph.parents, v));
    this.#costs = {
      deviceSeconds: costs.deviceSeconds.slice(),
      serverSeconds: costs.serverSeconds.slice(),
      activationBits: costs.activationBits,
      gradientBits: costs.gradientBits,
      parameterBits: costs.parameterBits,
    };
    this.#pinnedToDevice = instance.pinnedToDevice.slice();
    this.#pinnedToDevice[0] = 1;
    this.#pinnedToServer = instance.pinnedToServer.slice();
    this.joined = Int32Array.from(layers);
    this.#followers = new Followers(graph);
  }

  /** From the last layer to the first, for a layer can join where those behind it have become one. */
  run(): void {
    for (let changed = true; changed; ) {
      changed = false;
      for (let v = this.#count - 2; v >= 0; v--) {
        if (this.joined[v] !== v || this.#readers[v]!.size !== 1) continue;
        const [reader] = this.#readers[v]!;
        if (!this.#mayJoin(v, reader!)) continue;
        this.#join(v, reader!);
        changed = true;
      }
    }
  }

  #mayJoin(v: number, reader: number): boolean {
    // What reads a layer of the RSU is there too, and what a layer of the car reads is in the car.
    if (this.#pinnedToDevice[reader] === 1 || this.#pinnedToServer[v] === 1) return true;
    const { deviceSeconds, serverSeconds, activationBits, gradientBits } = this.#costs;
    if (this.#pinnedToDevice[v] === 1 || deviceSeconds[v]! < serverSeconds[v]!) return false;
    let [activations, gradients] = [0, 0];
    for (const p of this.#read[v]!) {
      if (this.#isReadFrom(p, v, reader)) continue;
      activations += activationBits[p]!;
      gradients += gradientBits[p]!;
    }
    return activations <= activationBits[v]! && gradients <= gradientBits[v]!;
  }

  /** Whether something at or behind `from`, other than `v`, reads `p`. */
  #isReadFrom(p: number, v: number, from: number): boolean {
    for (const reader of this.#readers[p]!)
      if (reader === from || (reader !== v && this.#followers.has(from, reader))) return true;
    return false;
  }

  #join(v: number, reader: number): void {
    this.joined[v] = reader;
    for (const p of this.#read[v]!) {
      this.#readers[p]!.delete(v);
      this.#readers[p]!.add(reader);
      this.#read[reader]!.add(p);
    }
    this.#read[reader]!.delete(v);
    const { deviceSeconds, serverSeconds } = this.#costs;
    for (const sums of [deviceSeconds, serverSeconds]) sums[reader]! += sums[v]!;
    for (const pins of [this.#pinnedToDevice, this.#pinnedToServer]) pins[reader]! |= pins[v]!;
  }
}

/** The instance with all layers joined that may be. Same best cut, same seconds. */
export function reduceInstance(instance: SplitInstance): JoinedInstance {
  const reduction = new Reduction(instance);
  reduction.run();
  return joinLayers(instance, reduction.joined);
}
