// The deployment files: what docker-compose.yml says must be true of the image, of the command line and of the broker.

import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../testbed/cli.ts';
import { readCompose, root } from '../support/compose.ts';

const token = 'a-token-of-letters-and-digits-1';
const compose = readCompose({ ROADBED_TOKEN: token });
const ours = ['rsu', 'mobility', 'agents', 'dashboard'];

/** Parses `argv` with the real program whose commands do nothing; returns the command, its arguments and options. */
async function parsed(argv: readonly string[]): Promise<{ name: string; args: string[]; options: unknown }> {
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  const program = buildProgram({ out: say, err: say, isTerminal: false, colour: false });
  let ran: { name: string; args: string[]; options: unknown } | undefined;
  const disarm = (command: Command): void => {
    for (const sub of command.commands) disarm(sub);
    if (command.commands.length > 0) return;
    command.action(() => {
      ran = { name: command.name(), args: command.args, options: command.opts() };
    });
  };
  disarm(program);
  await program.parseAsync([...argv], { from: 'user' });
  if (!ran) throw new Error(`no command ran: ${said.join('\n')}`);
  return ran;
}

const commandOf = (service: string): readonly string[] => compose.services[service]?.command ?? [];

describe('docker-compose.yml', () => {
  it('has a broker and the four processes of roadbed, all from one image', () => {
    expect(Object.keys(compose.services).sort()).toEqual([...ours, 'mosquitto'].sort());
    expect(compose.services.mosquitto?.image).toBe('eclipse-mosquitto:2');
    for (const name of ours) expect(compose.services[name]).toMatchObject({ build: '.', image: 'roadbed' });
  });

  it('gives each process a command line that it understands', async () => {
    expect(await parsed(commandOf('rsu'))).toMatchObject({
      name: 'rsu',
      args: ['scenarios/highway-signs.yaml'],
      options: { broker: 'mqtt://mosquitto:1883', runs: '/data/runs', json: true },
    });
    expect(await parsed(commandOf('mobility'))).toMatchObject({
      name: 'serve',
      args: [],
      options: { broker: 'mqtt://mosquitto:1883' },
    });
    expect(await parsed(commandOf('agents'))).toMatchObject({ name: 'agents', options: { capacity: 24 } });
    expect(await parsed(commandOf('dashboard'))).toMatchObject({
      name: 'dashboard',
      options: { runs: '/data/runs', host: '0.0.0.0', port: 8080 },
    });
  });

  it('would be refused with a misspelt option', async () => {
    await expect(parsed([...commandOf('agents'), '--capcity', '3'])).rejects.toThrow('--capcity');
  });

  it('names a scenario that is in the image, and takes another one from the environment', () => {
    expect(existsSync(`${root}${commandOf('rsu')[1]}`)).toBe(true);
    const other = readCompose({ ROADBED_TOKEN: token, ROADBED_SCENARIO: 'scenarios/mnist-ring.yaml' });
    expect(other.services.rsu?.command?.[1]).toBe('scenarios/mnist-ring.yaml');
  });

  it('starts all who speak only when the broker answers', () => {
    expect(compose.services.mosquitto?.healthcheck?.test).toContain('$SYS/broker/version');
    for (const name of ['rsu', 'mobility', 'agents'])
      expect(compose.services[name]?.depends_on).toEqual({ mosquitto: { condition: 'service_healthy' } });
  });

  it('lets the agents be scaled: no name, no port of their own', () => {
    const agents = compose.services.agents;
    expect(agents?.deploy?.replicas).toBe(1);
    expect(agents?.ports).toBeUndefined();
    expect(agents).not.toHaveProperty('container_name');
  });

  it('opens the dashboard to this machine only, and only with a token', () => {
    const { ports, environment, healthcheck } = compose.services.dashboard!;
    expect(ports).toEqual(['127.0.0.1:8080:8080']);
    expect(environment).toEqual({ ROADBED_TOKEN: token });
    expect(healthcheck?.test.at(-1)).toContain('http://127.0.0.1:8080/api/health');
    expect(() => readCompose({})).toThrow('set ROADBED_TOKEN');
    for (const name of ['mosquitto', 'rsu', 'mobility', 'agents'])
      expect(compose.services[name]?.ports).toBeUndefined();
  });

  it('keeps runs and generated data on a volume that all share', () => {
    expect(Object.keys(compose.volumes)).toEqual(['data']);
    for (const name of ours) expect(compose.services[name]?.volumes).toEqual(['data:/data']);
    const dockerfile = readFileSync(`${root}Dockerfile`, 'utf8');
    expect(dockerfile).toContain('ROADBED_CACHE=/data/cache');
    expect(dockerfile).toContain('chown -R node:node /data');
  });

  it('gives the broker its configuration from a file that exists', () => {
    const [mount] = compose.services.mosquitto?.volumes ?? [];
    const [file, target, mode] = mount!.split(':');
    expect(existsSync(`${root}${file}`)).toBe(true);
    expect([target, mode]).toEqual(['/mosquitto/config/mosquitto.conf', 'ro']);
  });
});

describe('Dockerfile', () => {
  it('runs the command line as a user without rights', () => {
    const lines = readFileSync(`${root}Dockerfile`, 'utf8').split('\n');
    expect(lines).toContain('FROM node:22-bookworm-slim AS base');
    expect(lines.indexOf('USER node')).toBeGreaterThan(
      lines.findIndex((line) => line.startsWith('RUN npm ci')),
    );
    expect(lines).toContain('ENTRYPOINT ["node", "bin/roadbed.mjs"]');
    expect(existsSync(`${root}bin/roadbed.mjs`)).toBe(true);
  });

  it('leaves out what is large or private', () => {
    const ignored = readFileSync(`${root}.dockerignore`, 'utf8').split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['.git', 'node_modules', 'runs', '.env']));
  });
});

describe('deploy/mosquitto.conf', () => {
  const lines = readFileSync(`${root}deploy/mosquitto.conf`, 'utf8').split('\n');

  it('takes the largest message there is', () => {
    const limit = Number(lines.find((line) => line.startsWith('message_size_limit'))?.split(' ')[1]);
    expect(limit).toBeGreaterThan(1_048_576);
  });

  it('listens where the commands connect to', () => {
    expect(lines).toContain('listener 1883');
  });
});
