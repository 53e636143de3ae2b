// Which programs the signals of a network run: programs of additional files take the place of the network's own (SUMO: the
// one loaded last runs), and every program must have a letter for each of its links.
// Must not: run a signal.

import { RoadbedError } from '../../base/errors.ts';
import { faultAt, type XmlPlace } from '../xml/element.ts';
import type { Network, SignalProgram } from './network.ts';
import { type OmissionList, omit } from './omissions.ts';

/**
 * The network with other programs at the signals they name. Programs of signals it does not have are counted in its
 * omissions. Throws RoadbedError('data') where a program has fewer letters than its signal has links.
 */
export function withSignalPrograms(network: Network, programs: Iterable<SignalProgram>): Network {
  const rows = new Map(network.signals.map((program, row) => [program.id, row]));
  const signals = [...network.signals];
  const omissions: OmissionList = [...network.omissions];
  for (const program of programs) {
    const row = rows.get(program.id);
    if (row === undefined)
      omit(omissions, 'signal program of a signal that the network does not have', program.id);
    else signals[row] = program;
  }
  const changed = { ...network, signals, omissions };
  checkSignals(changed, undefined);
  return changed;
}

/** Throws RoadbedError('data') for a program with too few letters. `placeOf` says where a signal's program stands. */
export function checkSignals(network: Network, placeOf: ((signal: number) => XmlPlace) | undefined): void {
  const { links, signals } = network;
  const needed = new Int32Array(signals.length);
  for (let link = 0; link < links.count; link++) {
    const signal = links.signal[link]!;
    if (signal >= 0) needed[signal] = Math.max(needed[signal]!, links.signalIndex[link]! + 1);
  }
  signals.forEach((program, row) => {
    const letters = program.phases[0]?.state.length ?? 0;
    if (letters >= needed[row]!) return;
    const what = `the phases of signal ${program.id}, program ${program.programId}, have ${letters} letters`;
    const expected = `at least ${needed[row]}: one for each link`;
    if (placeOf !== undefined) throw faultAt(placeOf(row), what, expected);
    throw new RoadbedError('data', `${what} (expected ${expected})`);
  });
}
