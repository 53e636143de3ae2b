// Reads signal programs (`tlLogic`) as they stand in net.xml and in additional files.
// Must not: know which link a letter belongs to.

import type { XmlElement } from '../xml/element.ts';
import type { SignalPhase, SignalProgram } from './network.ts';
import { type OmissionList, omit } from './omissions.ts';

/** SUMO's letters of a phase: see SignalPhase. */
const letters = /^[GgyYruRoOs]*$/;
/** SUMO's maximum of a phase that states a minimum only: 2^31 - 1 ms. */
const unlimitedSeconds = 2_147_483.647;
/** What the programs of each of SUMO's types are driven as. */
const kinds: Readonly<Record<string, SignalProgram['kind']>> = {
  static: 'static',
  actuated: 'actuated',
  delay_based: 'actuated',
  NEMA: 'actuated',
  off: 'static',
};
const exact: readonly string[] = ['static', 'actuated'];

interface OpenProgram {
  readonly id: string;
  readonly programId: string;
  readonly kind: SignalProgram['kind'];
  readonly offsetSeconds: number;
  readonly phases: SignalPhase[];
  readonly parameters: Record<string, string>;
}

/** Takes the programs of signals out of a document and hands each to `onProgram` where it is complete. */
export class SignalReader {
  readonly #onProgram: (program: SignalProgram) => void;
  readonly #omissions: OmissionList;
  #open: OpenProgram | undefined;

  constructor(onProgram: (program: SignalProgram) => void, omissions: OmissionList) {
    this.#onProgram = onProgram;
    this.#omissions = omissions;
  }

  /** True where the element is part of a program. */
  open(element: XmlElement): boolean {
    if (element.name === 'tlLogic') this.#begin(element);
    else if (this.#open === undefined) return false;
    else if (element.name === 'phase') this.#open.phases.push(phaseOf(element, this.#open));
    else if (element.name === 'param') this.#open.parameters[element.text('key')] = element.text('value');
    else return false;
    return true;
  }

  /** To be called with the name of each element that closes. */
  close(name: string): void {
    if (name !== 'tlLogic' || this.#open === undefined) return;
    const program = this.#open;
    this.#open = undefined;
    if (program.phases.length === 0) omit(this.#omissions, 'signal program without phases', program.id);
    else this.#onProgram(program);
  }

  #begin(element: XmlElement): void {
    const type = element.optional('type') ?? 'static';
    const kind = Object.hasOwn(kinds, type) ? kinds[type]! : undefined;
    if (kind === undefined) throw element.invalid('type', Object.keys(kinds).join(', '));
    const id = element.text('id', 'the name of a signal');
    if (!exact.includes(type))
      omit(this.#omissions, `signal program of type ${type} (driven as ${kind})`, id);
    this.#open = {
      id,
      programId: element.optional('programID') ?? '0',
      kind,
      offsetSeconds: element.numberOr('offset', 0, 'seconds'),
      phases: [],
      parameters: {},
    };
  }
}

function phaseOf(element: XmlElement, program: OpenProgram): SignalPhase {
  const state = element.text('state', 'one letter a link');
  const length = program.phases[0]?.state.length ?? state.length;
  if (!letters.test(state) || state.length !== length) {
    throw element.invalid(
      'state',
      `${length} of the letters GgyYruoOs, in the program of signal ${program.id}`,
    );
  }
  const durationSeconds = element.number('duration', 'seconds > 0');
  if (!(durationSeconds > 0)) throw element.invalid('duration', 'seconds > 0');
  const next = nextOf(element);
  if (program.kind === 'static') {
    return { durationSeconds, state, minimumSeconds: durationSeconds, maximumSeconds: durationSeconds, next };
  }
  const minimum = element.numberOr('minDur', undefined, 'seconds');
  const maximumSeconds = element.numberOr(
    'maxDur',
    minimum === undefined ? durationSeconds : unlimitedSeconds,
    'seconds',
  );
  return { durationSeconds, state, minimumSeconds: minimum ?? durationSeconds, maximumSeconds, next };
}

function nextOf(element: XmlElement): number[] {
  const rows = (element.optional('next') ?? '')
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
  if (!rows.every((row) => Number.isInteger(row) && row >= 0))
    throw element.invalid('next', 'numbers of phases');
  return rows;
}
