// Where something of a demand file stands, kept for errors that are found only when all files are read.
// Must not: hold the element itself (a reader uses one object again and again).

import { RoadbedError } from '../../base/errors.ts';
import type { XmlElement } from '../xml/element.ts';

/** An element of a file: enough to name it in an error. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly element: string;
  readonly id: string | undefined;
}

/** The place of an open element. */
export function placeOf(element: XmlElement): Place {
  const { file, line, name } = element;
  return { file, line, element: name, id: element.optional('id') };
}

/** `file, line n: <element id="..."> what (expected ...)`, to be thrown. */
export function faultAt(place: Place, what: string, expected: string): RoadbedError {
  const id = place.id === undefined ? '' : ` id="${place.id}"`;
  const where = `${place.file}, line ${place.line}: <${place.element}${id}>`;
  return new RoadbedError('data', `${where} ${what} (expected ${expected})`);
}
