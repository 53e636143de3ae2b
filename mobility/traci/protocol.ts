// TraCI's commands and answers as values: what a message is made of, and what is in one. Source: SUMO's TraCI protocol
// page; identifiers as in SUMO's constants. Must not: touch a socket, or know what a run needs.
//
// A message: int32 length of everything, then commands. A command: ubyte length, ubyte id, content; where it has more than
// 255 bytes: ubyte 0, int32 length, ubyte id, content. Each command is answered by a status, some by results behind it.

import { RoadbedError } from '../../base/errors.ts';
import { ByteReader, ByteWriter, garbled, type TraciValue } from './bytes.ts';

export const commands = {
  getVersion: 0x00,
  simulationStep: 0x02,
  setOrder: 0x03,
  close: 0x7f,
  subscribeSignal: 0xd2,
  subscribeVehicle: 0xd4,
  subscribeSimulation: 0xdb,
  subscribeJunctionContext: 0x89,
  vehicleDomain: 0xa4,
} as const;

/** What subscriptions are answered by. */
const results = { signal: 0xe2, vehicle: 0xe4, simulation: 0xeb, junctionContext: 0x99 } as const;

export const variables = {
  signalState: 0x20,
  speed: 0x40,
  lane: 0x51,
  lanePosition: 0x56,
  departed: 0x74,
  arrived: 0x7a,
} as const;

const statusOk = 0x00;

/** One command. */
export interface Command {
  readonly id: number;
  readonly content: Uint8Array;
}

const command = (id: number, write: (writer: ByteWriter) => ByteWriter): Command => ({
  id,
  content: write(new ByteWriter()).bytes(),
});

/** A subscription without an end: SUMO's own clients write these bounds. */
const always = { begin: -(2 ** 30), end: 2 ** 30 };

export const getVersion = (): Command => command(commands.getVersion, (writer) => writer);
export const closeSession = (): Command => command(commands.close, (writer) => writer);
/** One step where `targetSeconds` is 0. */
export const simulationStep = (targetSeconds: number): Command =>
  command(commands.simulationStep, (writer) => writer.double(targetSeconds));
/** Clients of one server act in this order; one client alone must say it too where the server waits for several. */
export const setOrder = (order: number): Command => command(commands.setOrder, (writer) => writer.int(order));

/** These variables of an object after every step. */
export function subscribe(id: number, object: string, wanted: readonly number[]): Command {
  return command(id, (writer) => {
    writer.double(always.begin).double(always.end).string(object).ubyte(wanted.length);
    for (const variable of wanted) writer.ubyte(variable);
    return writer;
  });
}

/** These variables of every vehicle within `meters` of a junction, after every step. */
export function subscribeAround(junction: string, meters: number, wanted: readonly number[]): Command {
  return command(commands.subscribeJunctionContext, (writer) => {
    writer.double(always.begin).double(always.end).string(junction);
    writer.ubyte(commands.vehicleDomain).double(meters).ubyte(wanted.length);
    for (const variable of wanted) writer.ubyte(variable);
    return writer;
  });
}

/** A message of these commands, its length in front. */
export function encodeMessage(list: readonly Command[]): Uint8Array {
  const body = new ByteWriter();
  for (const { id, content } of list) {
    const short = content.length + 2;
    if (short <= 255) body.ubyte(short);
    else body.ubyte(0).int(content.length + 6);
    body.ubyte(id).raw(content);
  }
  const bytes = body.bytes();
  return new ByteWriter()
    .int(bytes.length + 4)
    .raw(bytes)
    .bytes();
}

/** What a subscription says of one object. */
export interface ObjectState {
  readonly object: string;
  readonly values: ReadonlyMap<number, TraciValue>;
}

/** What the answer to a message holds, in the order of its commands. */
export interface Answer {
  readonly version?: { readonly api: number; readonly software: string };
  /** Vehicles, by their own subscription or by a context. */
  readonly vehicles: readonly ObjectState[];
  readonly simulation: ObjectState | undefined;
  readonly signals: readonly ObjectState[];
}

/**
 * Reads an answer (without its length). Throws RoadbedError('simulator') where the server refuses a command, with what it
 * says, and where the answer is not TraCI's.
 */
export function decodeAnswer(bytes: Uint8Array, asked: readonly Command[]): Answer {
  const reader = new ByteReader(bytes);
  const vehicles: ObjectState[] = [];
  const signals: ObjectState[] = [];
  let simulation: ObjectState | undefined;
  let version: Answer['version'];
  const take = (block: ByteReader, id: number): void => {
    if (id === results.vehicle) vehicles.push(objectState(block));
    else if (id === results.signal) signals.push(objectState(block));
    else if (id === results.simulation) simulation = objectState(block);
    else if (id === results.junctionContext) vehicles.push(...contextStates(block));
    else throw garbled(`a result 0x${id.toString(16)} that nobody asked for`);
  };
  for (const { id } of asked) {
    readStatus(reader, id);
    if (id === commands.getVersion) version = readVersion(reader);
    else if (id === commands.simulationStep)
      for (let left = reader.int(); left > 0; left--) readBlock(bytes, reader, take);
    else if (isSubscription(id)) readBlock(bytes, reader, take);
  }
  if (!reader.isAtEnd) throw garbled('more bytes than the commands have answers');
  const states = { vehicles, simulation, signals };
  return version ? { version, ...states } : states;
}

const isSubscription = (id: number): boolean =>
  id === commands.subscribeSignal ||
  id === commands.subscribeVehicle ||
  id === commands.subscribeSimulation ||
  id === commands.subscribeJunctionContext;

/** Where a command's content ends: short or long form of its length. */
function blockEnd(reader: ByteReader): number {
  const from = reader.at;
  const short = reader.ubyte();
  return from + (short === 0 ? reader.int() : short);
}

function readStatus(reader: ByteReader, id: number): void {
  blockEnd(reader);
  const answered = reader.ubyte();
  const result = reader.ubyte();
  const description = reader.string();
  if (answered !== id)
    throw garbled(`a status of command 0x${answered.toString(16)} (expected 0x${id.toString(16)})`);
  if (result === statusOk) return;
  const sentence = `SUMO refuses command 0x${id.toString(16)}: ${description || `result 0x${result.toString(16)}`}`;
  throw new RoadbedError('simulator', sentence);
}

function readVersion(reader: ByteReader): { api: number; software: string } {
  blockEnd(reader);
  reader.ubyte();
  return { api: reader.int(), software: reader.string() };
}

function readBlock(
  bytes: Uint8Array,
  reader: ByteReader,
  take: (block: ByteReader, id: number) => void,
): void {
  const end = blockEnd(reader);
  const id = reader.ubyte();
  const block = new ByteReader(bytes, reader.at, end);
  take(block, id);
  reader.skipTo(end);
}

function readValues(block: ByteReader, count: number): Map<number, TraciValue> {
  const values = new Map<number, TraciValue>();
  for (let i = 0; i < count; i++) {
    const variable = block.ubyte();
    const status = block.ubyte();
    const value = block.value();
    // A vehicle that is being teleported has no lane: SUMO says so by a status, and the value is a sentence.
    if (status === statusOk) values.set(variable, value);
  }
  return values;
}

function objectState(block: ByteReader): ObjectState {
  const object = block.string();
  return { object, values: readValues(block, block.ubyte()) };
}

function contextStates(block: ByteReader): ObjectState[] {
  block.string();
  block.ubyte();
  const variableCount = block.ubyte();
  const objects = block.int();
  return Array.from({ length: objects }, () => ({
    object: block.string(),
    values: readValues(block, variableCount),
  }));
}
