// TraCI messages byte by byte, as the protocol's pages lay them out. Must not: open a socket.

import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../../mobility/traci/bytes.ts';
import {
  commands,
  decodeAnswer,
  encodeMessage,
  getVersion,
  setOrder,
  simulationStep,
  subscribe,
  subscribeAround,
  variables,
} from '../../mobility/traci/protocol.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
/** Bytes of hex pieces; what is behind a `#` is a remark. */
const bytesOf = (...pieces: string[]): Uint8Array =>
  Uint8Array.from(Buffer.from(pieces.map((piece) => piece.replace(/#.*|\s/g, '')).join(''), 'hex'));
const ok = (id: string): string => `07 ${id} 00 00000000 # status`;

describe('a message to SUMO', () => {
  it('has its length in front, and each command its own', () => {
    expect(hex(encodeMessage([getVersion()]))).toBe('000000060200');
    expect(hex(encodeMessage([setOrder(1)]))).toBe('0000000a060300000001');
    expect(hex(encodeMessage([simulationStep(0)]))).toBe('0000000e0a020000000000000000');
  });

  it('subscribes to variables of an object for ever', () => {
    const message = encodeMessage([
      subscribe(commands.subscribeVehicle, 'v', [variables.lane, variables.speed]),
    ]);
    expect(hex(message)).toBe(
      hex(
        bytesOf(
          '0000001e # everything',
          '1a d4 # 26 bytes, subscribe to a vehicle',
          'c1d0000000000000 # from -2^30',
          '41d0000000000000 # to 2^30',
          '00000001 76 # "v"',
          '02 51 40 # lane, speed',
        ),
      ),
    );
  });

  it('asks for vehicles around a junction', () => {
    const message = encodeMessage([subscribeAround('J', 300, [variables.lanePosition])]);
    expect(hex(message)).toBe(
      hex(
        bytesOf(
          '00000026',
          '22 89',
          'c1d0000000000000 41d0000000000000',
          '00000001 4a',
          'a4 # vehicles',
          '4072c00000000000 # 300 m',
          '01 56',
        ),
      ),
    );
  });

  it('writes commands of more than 255 bytes with a long length', () => {
    const message = encodeMessage([subscribe(commands.subscribeVehicle, 'x'.repeat(300), [])]);
    expect(message.length).toBe(4 + 6 + 8 + 8 + 4 + 300 + 1);
    expect(hex(message.subarray(4, 10))).toBe('0000000147d4');
  });
});

describe('an answer of SUMO', () => {
  it('tells its version', () => {
    const answer = bytesOf(ok('00'), '0f 00 # length, id', '00000014 # API 20', '00000005 53554d4f21');
    expect(decodeAnswer(answer, [getVersion()]).version).toEqual({ api: 20, software: 'SUMO!' });
  });

  it('tells after a step what was subscribed to: one vehicle, and who departed', () => {
    const answer = bytesOf(
      ok('02'),
      '00000002 # two results',
      '1f e4 00000001 76 # vehicle "v"',
      '02 # two variables',
      '51 00 0c 00000003 655f30 # lane e_0',
      '40 00 0b 4024000000000000 # 10 m/s',
      '13 eb 00000000 # simulation',
      '01 74 00 0e 00000001 00000001 77 # departed: "w"',
    );
    answer[11] = 0x1f;
    const { vehicles, simulation } = decodeAnswer(resized(answer), [simulationStep(0)]);
    expect(vehicles.map(({ object, values }) => [object, Object.fromEntries(values)])).toEqual([
      ['v', { [variables.lane]: 'e_0', [variables.speed]: 10 }],
    ]);
    expect(simulation?.values.get(variables.departed)).toEqual(['w']);
  });

  it('tells of all vehicles of a context, and leaves out what it could not find', () => {
    const block = bytesOf(
      '99 00000001 4a a4 # vehicles around J',
      '01 00000002 # one variable, two vehicles',
      '00000001 61 56 00 0b 4000000000000000 # a at 2 m',
      '00000001 62 56 ff 0c 00000002 6e6f # b: none',
    );
    const answer = Uint8Array.from([...bytesOf(ok('02'), '00000001'), block.length + 1, ...block]);
    const { vehicles } = decodeAnswer(answer, [simulationStep(0)]);
    expect(vehicles.map(({ object, values }) => [object, values.get(variables.lanePosition)])).toEqual([
      ['a', 2],
      ['b', undefined],
    ]);
  });

  it('is an error with SUMO’s own words where a command is refused', () => {
    const answer = bytesOf('0a d4 ff 00000003 6e6f21');
    expect(() => decodeAnswer(answer, [subscribe(commands.subscribeVehicle, 'v', [])])).toThrow(
      'SUMO refuses command 0xd4: no!',
    );
  });

  it.each([
    ['cut short', bytesOf('07 02 00 0000')],
    ['of another command', bytesOf(ok('03'), '00000000')],
    ['longer than its commands', bytesOf(ok('02'), '00000000', '00')],
    ['with an unknown type', bytesOf(ok('02'), '00000001', '0e eb 00000000 01 74 00 77 00000000')],
  ])('is refused where it is %s', (_what, answer) => {
    expect(() => decodeAnswer(answer, [simulationStep(0)])).toThrow('answer cannot be read');
  });
});

/** Block lengths in the test above are written by hand: this sets both right. */
function resized(answer: Uint8Array): Uint8Array {
  const first = 7 + 4;
  const second = answer.lastIndexOf(0xeb) - 1;
  answer[first] = second - first;
  answer[second] = answer.length - second;
  return answer;
}

describe('bytes', () => {
  it('come back as they were written', () => {
    const bytes = new ByteWriter().ubyte(255).int(-2).double(-0.5).string('Kö').bytes();
    const reader = new ByteReader(bytes);
    expect([reader.ubyte(), reader.int(), reader.double(), reader.string(), reader.isAtEnd]).toEqual([
      255,
      -2,
      -0.5,
      'Kö',
      true,
    ]);
  });

  it('are read with their types', () => {
    const of = (text: string) => new ByteReader(bytesOf(text)).value();
    expect([of('07 05'), of('08 ff'), of('09 fffffffe'), of('01 3ff0000000000000 4000000000000000')]).toEqual(
      [5, -1, -2, { x: 1, y: 2 }],
    );
  });
});
