// Carries out cells in processes of their own, several at a time: a cell that brings its process down brings down nothing
// else. Impure: starts processes. Must not: know what a cell is for, or store anything.

import { type ChildProcess, fork } from 'node:child_process';
import { messageOf } from '../../base/errors.ts';
import type { CellAnswer, CellOrder } from './cell-messages.ts';

/** A process is replaced after this many cells, so that what native code does not give back cannot grow for hours. */
const cellsPerProcess = 40;
/** How often a cell is tried whose process ended under it: once may be chance (memory, a kill), twice is the cell. */
const tries = 2;

/** The program of a process that carries out cells. */
const cellEntry = new URL('./cell-entry.mjs', import.meta.url);

class Hand {
  readonly #child: ChildProcess;
  #settle: ((answer: CellAnswer | { readonly ended: string }) => void) | undefined;
  #ended: string | undefined;
  cells = 0;

  constructor(program: URL) {
    // 'advanced' keeps what JSON would drop, such as undefined beside a key. Standard error stays the sweep's.
    this.#child = fork(program, {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.on('message', (answer) => this.#answer(answer as CellAnswer));
    this.#child.on('error', (error) => this.#fail(error));
    this.#child.on('exit', (code, signal) =>
      this.#end(signal ? `was ended by ${signal}` : `ended with code ${code}`),
    );
  }

  get isAlive(): boolean {
    return this.#ended === undefined;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Carries `order` out; `ended` says how the process went down under it. */
  do(order: CellOrder): Promise<CellAnswer | { readonly ended: string }> {
    this.cells += 1;
    if (this.#ended !== undefined) return Promise.resolve({ ended: this.#ended });
    return new Promise((resolve) => {
      this.#settle = resolve;
      this.#child.send(order, (error) => error && this.#fail(error));
    });
  }

  close(): void {
    if (this.isAlive) this.#child.kill('SIGKILL');
  }

  /** A process that began says itself how it ended: an order that it can no longer read may fail before that is known. */
  #fail(error: Error): void {
    if (this.pid === undefined) this.#end(messageOf(error));
    else this.close();
  }

  #answer(answer: CellAnswer | { readonly ended: string }): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(answer);
  }

  #end(how: string): void {
    this.#ended ??= how;
    this.#answer({ ended: how });
  }
}

export interface CrewOptions<C> {
  readonly orderOf: (cell: C) => CellOrder;
  readonly workers: number;
  /** Told of each cell when it is over, one at a time. What it throws ends the work. */
  readonly onAnswer: (cell: C, answer: CellAnswer) => void;
  /** Told of each process that carries out a cell, when it begins one. */
  readonly onBegin?: (cell: C, pid: number | undefined) => void;
  /** When aborted, cells under way are given up. */
  readonly signal?: AbortSignal;
  /** Another program than the one that runs scenarios; it answers orders as that does. */
  readonly program?: URL;
}

/** Carries out all cells, in order, `workers` at a time. Cells that were given up are not answered. */
export async function runCells<C>(cells: readonly C[], options: CrewOptions<C>): Promise<void> {
  const hands = new Set<Hand>();
  const stopped = new AbortController();
  const stop = (): void => {
    stopped.abort();
    for (const hand of hands) hand.close();
  };
  options.signal?.addEventListener('abort', stop);
  if (options.signal?.aborted) stop();
  let next = 0;
  const take = (): C | undefined => (stopped.signal.aborted ? undefined : cells[next++]);
  const lanes = Array.from({ length: Math.min(options.workers, cells.length) }, () =>
    workLane(take, { ...options, hands, stopped: stopped.signal }),
  );
  try {
    await Promise.all(lanes);
  } finally {
    stop();
    options.signal?.removeEventListener('abort', stop);
    await Promise.allSettled(lanes);
  }
}

interface Lane<C> extends CrewOptions<C> {
  readonly hands: Set<Hand>;
  readonly stopped: AbortSignal;
}

/** One process after the other, one cell after the other. */
async function workLane<C>(take: () => C | undefined, lane: Lane<C>): Promise<void> {
  let hand: Hand | undefined;
  for (let cell = take(); cell !== undefined; cell = take()) {
    for (let attempt = 1; attempt <= tries; attempt++) {
      hand = freshHand(hand, lane);
      lane.onBegin?.(cell, hand.pid);
      const answer = await hand.do(lane.orderOf(cell));
      if (lane.stopped.aborted) return;
      if (!('ended' in answer)) {
        lane.onAnswer(cell, answer);
        break;
      }
      if (attempt === tries)
        lane.onAnswer(cell, {
          ok: false,
          error: `its process ${answer.ended}, ${tries} times`,
          wallSeconds: 0,
        });
    }
  }
}

function freshHand<C>(hand: Hand | undefined, { hands, program = cellEntry }: Lane<C>): Hand {
  if (hand?.isAlive && hand.cells < cellsPerProcess) return hand;
  hand?.close();
  if (hand) hands.delete(hand);
  const fresh = new Hand(program);
  hands.add(fresh);
  return fresh;
}
