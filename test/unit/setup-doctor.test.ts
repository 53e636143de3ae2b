// What `roadbed doctor` says about this machine, and with which exit code it ends when something is bad.

import { type AddressInfo, createServer } from 'node:net';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { obstacleIn, registerDoctor } from '../../testbed/commands/doctor.ts';
import { checkMachine, checkPort, type Finding } from '../../testbed/machine.ts';

const ok: Finding = { name: 'node', state: 'ok', found: '20.19.0', purpose: 'runs everything' };
const absent: Finding = { name: 'sumo', state: 'absent', found: 'not found', purpose: 'comparing' };
const bad: Finding = {
  name: 'better-sqlite3',
  state: 'bad',
  found: 'wrong ABI',
  purpose: 'the event log',
  remedy: 'npm ci',
  reason: 'store',
};

async function doctor(isTerminal: boolean, colour: boolean, ...args: string[]): Promise<string[]> {
  const lines: string[] = [];
  const program = new Command().exitOverride();
  const out = (line: string): void => void lines.push(line);
  registerDoctor(program, { out, err: out, isTerminal, colour });
  await program.parseAsync(['doctor', ...args], { from: 'user' });
  return lines;
}

describe('the verdict of doctor', () => {
  it('is good when things a run can do without are absent', () => {
    expect(obstacleIn([ok, absent])).toBeUndefined();
  });

  it('is the first bad finding with its remedy and reason', () => {
    const obstacle = obstacleIn([ok, absent, bad, { ...bad, name: 'other' }]);
    expect(obstacle?.reason).toBe('store');
    expect(obstacle?.message).toBe('this machine cannot run roadbed yet: better-sqlite3: wrong ABI; npm ci');
  });
});

describe('roadbed doctor', () => {
  it('finds everything a run needs on a machine that runs these tests', async () => {
    const findings = await checkMachine();
    expect(findings.filter((finding) => finding.state === 'bad')).toEqual([]);
    const names = findings.map((finding) => finding.name);
    for (const name of ['node', 'packages', 'better-sqlite3', 'training engine', 'mosquitto', 'port 8080'])
      expect(names).toContain(name);
  });

  it('prints JSON where nobody reads a table', async () => {
    const report = JSON.parse((await doctor(false, false)).join('\n'));
    expect(report.ok).toBe(true);
    expect(report.findings[0].name).toBe('node');
  });

  it('paints its table only where colour is welcome', async () => {
    const plain = await doctor(true, false);
    expect(plain[0]).toMatch(/^ok {6}node +\d+\.\d+\.\d+ \(runs everything/);
    expect(plain.at(-1)).toBe('This machine can run roadbed.');
    expect((await doctor(true, true))[0]?.startsWith('\u001b[32mok')).toBe(true);
  });

  it('reports a port in use as absent, not as bad', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1' }, resolve));
    const { port } = server.address() as AddressInfo;
    expect(await checkPort(port, 'a test', 'wait')).toMatchObject({ state: 'absent', found: 'in use' });
    await new Promise((resolve) => server.close(resolve));
    expect(await checkPort(port, 'a test', 'wait')).toMatchObject({ state: 'ok', found: 'free' });
  });
});
