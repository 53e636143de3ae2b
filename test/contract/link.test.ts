// One suite for every link: what a roadbed process may count on, over memory and over MQTT (against the built-in broker).

import { createConnection, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RoadbedError } from '../../base/errors.ts';
import { type RunningBroker, startBroker } from '../../protocol/link/embedded-broker.ts';
import { type Link, topicMatches } from '../../protocol/link/link.ts';
import { MemoryBroker } from '../../protocol/link/memory.ts';
import { connectMqtt } from '../../protocol/link/mqtt.ts';

interface Medium {
  connect(name: string): Promise<Link>;
  close(): Promise<void>;
}

const media: Record<string, () => Promise<Medium>> = {
  memory: async () => {
    const broker = new MemoryBroker();
    return { connect: async () => broker.connect(), close: async () => {} };
  },
  mqtt: async () => {
    const broker = await startBroker();
    return {
      connect: (name) => connectMqtt({ url: broker.url, clientId: name }),
      close: () => broker.close(),
    };
  },
};

/** Collects what arrives; `next` resolves with the first `count` messages once they are there. */
function inbox() {
  const got: { topic: string; payload: Uint8Array }[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const handler = (topic: string, payload: Uint8Array): void => {
    got.push({ topic, payload });
    for (const { count, resolve } of waiting) if (got.length >= count) resolve();
  };
  const next = async (count: number) => {
    if (got.length < count) await new Promise<void>((resolve) => waiting.push({ count, resolve }));
    return got;
  };
  return { handler, next, got };
}

const bytes = (...values: number[]) => Uint8Array.from(values);

describe.each(Object.entries(media))('the link over %s', (_name, open) => {
  let medium: Medium;
  let links: Link[];
  const connect = async (name: string): Promise<Link> => {
    const link = await medium.connect(name);
    links.push(link);
    return link;
  };

  beforeEach(async () => {
    links = [];
    medium = await open();
  });
  afterEach(async () => {
    for (const link of links) await link.close();
    await medium.close();
  });

  it('brings a message to every subscriber of its topic and to nobody else', async () => {
    const [a, b, c] = [await connect('a'), await connect('b'), await connect('c')];
    const [atA, atB, atC] = [inbox(), inbox(), inbox()];
    await a.subscribe('x/1', atA.handler);
    await b.subscribe('x/1', atB.handler);
    await c.subscribe('x/2', atC.handler);
    await c.publish('x/1', bytes(7));
    await c.publish('x/2', bytes(8));
    for (const { topic, payload } of [(await atA.next(1))[0]!, (await atB.next(1))[0]!])
      expect([topic, ...payload]).toEqual(['x/1', 7]);
    expect((await atC.next(1)).map(({ topic }) => topic)).toEqual(['x/2']);
  });

  it('matches + to one level', async () => {
    const [rsu, car] = [await connect('rsu'), await connect('car')];
    const at = inbox();
    await rsu.subscribe('run/up/+', at.handler);
    await car.publish('run/down/v1', bytes(1));
    await car.publish('run/up/v1/deeper', bytes(2));
    await car.publish('run/up/v1', bytes(3));
    expect((await at.next(1)).map(({ payload }) => payload[0])).toEqual([3]);
  });

  it('gives the latest retained message to whoever subscribes later, until it is cleared', async () => {
    const [rsu, early, late] = [await connect('rsu'), await connect('early'), await connect('late')];
    await rsu.publish('announce', bytes(1), { retain: true });
    await rsu.publish('announce', bytes(2), { retain: true });
    const [atEarly, atLate] = [inbox(), inbox()];
    await early.subscribe('announce', atEarly.handler);
    expect((await atEarly.next(1))[0]!.payload[0]).toBe(2);
    await rsu.publish('announce', bytes(), { retain: true });
    await late.subscribe('announce', atLate.handler);
    await rsu.publish('announce', bytes(3));
    expect((await atLate.next(1)).map(({ payload }) => payload[0])).toEqual([3]);
  });

  it('keeps the order of each publisher', async () => {
    const [rsu, v1, v2] = [await connect('rsu'), await connect('v1'), await connect('v2')];
    const at = inbox();
    await rsu.subscribe('up/+', at.handler);
    const numbers = Array.from({ length: 100 }, (_, i) => i);
    await Promise.all(numbers.flatMap((i) => [v1.publish('up/v1', bytes(i)), v2.publish('up/v2', bytes(i))]));
    const got = await at.next(200);
    for (const car of ['up/v1', 'up/v2'])
      expect(got.filter(({ topic }) => topic === car).map(({ payload }) => payload[0])).toEqual(numbers);
  });

  it('carries 64 KiB and a header of any bytes unchanged, as a plain Uint8Array of its own', async () => {
    const [rsu, car] = [await connect('rsu'), await connect('car')];
    const at = inbox();
    await rsu.subscribe('up', at.handler);
    const payload = Uint8Array.from({ length: 65_536 + 300 }, (_, i) => (i * 31 + (i >> 8)) & 255);
    const sent = payload.slice();
    await car.publish('up', sent);
    const received = (await at.next(1))[0]!.payload;
    expect(received.constructor).toBe(Uint8Array);
    expect(Buffer.compare(received, payload)).toBe(0);
    expect(received.buffer).not.toBe(sent.buffer);
  });

  it('refuses to publish after it was closed', async () => {
    const link = await medium.connect('closing');
    await link.close();
    await expect(link.publish('x', bytes(1))).rejects.toThrow();
  });
});

describe('a handler that throws', () => {
  it('does not keep messages of others from arriving in order', async () => {
    const failures: unknown[] = [];
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => failures.push(error));
    const link = new MemoryBroker().connect();
    const at = inbox();
    await link.subscribe('bad', () => {
      throw new Error('a faulty handler');
    });
    await link.subscribe('good', at.handler);
    await Promise.all(['bad', 'good', 'good'].map((topic, i) => link.publish(topic, bytes(i))));
    expect((await at.next(2)).map(({ payload }) => payload[0])).toEqual([1, 2]);
    await new Promise((resolve) => setImmediate(resolve));
    process.removeAllListeners('uncaughtException');
    for (const listener of before) process.on('uncaughtException', listener);
    expect(failures).toHaveLength(1);
  });
});

describe('the MQTT link', () => {
  it('says which broker it cannot reach, and why', async () => {
    const broker = await startBroker();
    await broker.close();
    const failure = await connectMqtt({ url: broker.url, clientId: 'nobody' }).catch((error) => error);
    expect(failure).toBeInstanceOf(RoadbedError);
    expect(failure.reason).toBe('broker');
    expect(failure.message).toContain(
      `cannot reach the MQTT broker at ${broker.url}: ECONNREFUSED (is it running?`,
    );
  });

  it('comes back with its subscriptions after the broker was restarted, and says so', async () => {
    let broker: RunningBroker = await startBroker();
    const port = Number(new URL(broker.url).port);
    const link = await connectMqtt({ url: broker.url, clientId: 'car' });
    const at = inbox();
    await link.subscribe('down', at.handler);
    const told: boolean[] = [];
    const regained = new Promise<void>((resolve) => {
      link.onConnection((connected) => {
        told.push(connected);
        if (connected) resolve();
      });
    });
    await broker.close();
    broker = await startBroker({ port });
    await regained;
    const rsu = await connectMqtt({ url: broker.url, clientId: 'rsu' });
    await rsu.publish('down', bytes(5));
    expect((await at.next(1))[0]!.payload[0]).toBe(5);
    expect(told).toEqual([false, true]);
    await rsu.close();
    await link.close();
    await broker.close();
  });

  it('closes although the broker is gone and still owes it an answer', async () => {
    const broker = await startBroker();
    const link = await connectMqtt({ url: broker.url, clientId: 'v1' });
    const lost = new Promise<void>((resolve) => link.onConnection(() => resolve()));
    await broker.close();
    await lost;
    // Nobody takes this message any more, and nobody ever will.
    link.publish('up/v1', bytes(1)).catch(() => undefined);
    await link.close();
  });

  it('refuses messages beyond the number its owner allows to wait', async () => {
    const broker = await startBroker();
    const link = await connectMqtt({ url: broker.url, clientId: 'v1', maximumPending: 2 });
    const results = await Promise.allSettled([1, 2, 3].map((value) => link.publish('up/v1', bytes(value))));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    await link.close();
    await broker.close();
  });

  it('has its will published when it vanishes', async () => {
    const broker = await startBroker();
    const rsu = await connectMqtt({ url: broker.url, clientId: 'rsu' });
    const at = inbox();
    await rsu.subscribe('up/+', at.handler);
    const will = { topic: 'up/v1', payload: bytes(9) };
    const sockets: Socket[] = [];
    const radio = createServer((socket) => {
      const onward = createConnection(Number(new URL(broker.url).port), '127.0.0.1');
      for (const end of [socket, onward]) end.on('error', () => {});
      sockets.push(socket.pipe(onward).pipe(socket), onward);
    });
    await new Promise<void>((resolve) => radio.listen(0, '127.0.0.1', resolve));
    const address = radio.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const car = await connectMqtt({ url: `mqtt://127.0.0.1:${port}`, clientId: 'v1', will });
    radio.close();
    for (const socket of sockets) socket.destroy();
    expect((await at.next(1))[0]!.payload[0]).toBe(9);
    for (const link of [car, rsu]) await link.close();
    await broker.close();
  });
});

describe('the built-in broker', () => {
  it('says so when its port is in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const failure = await startBroker({ port }).catch((error) => error);
    expect(failure).toBeInstanceOf(RoadbedError);
    expect(failure.reason).toBe('portInUse');
    expect(failure.message).toContain(`127.0.0.1:${port}: the port is in use`);
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('topic filters', () => {
  it('match as MQTT says', () => {
    const cases: [string, string, boolean][] = [
      ['a/b', 'a/b', true],
      ['a/+', 'a/b', true],
      ['a/+', 'a/b/c', false],
      ['a/#', 'a/b/c', true],
      ['a/b', 'a', false],
      ['+', 'a', true],
    ];
    for (const [filter, topic, matches] of cases) expect(topicMatches(filter, topic)).toBe(matches);
  });
});
