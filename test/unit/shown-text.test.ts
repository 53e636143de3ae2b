// Secrets in typed text are not shown. Must not: read a real command line.

import { describe, expect, it } from 'vitest';
import { withoutPasswords, withoutSecrets } from '../../base/shown-text.ts';

describe('what is shown of typed text', () => {
  it('leaves the password of a broker out and keeps the user', () => {
    expect(withoutPasswords('mqtt://car:p@ss:word@host:1883')).toBe('mqtt://car:***@host:1883');
    expect(withoutPasswords('mqtt://localhost:1883')).toBe('mqtt://localhost:1883');
  });

  it('leaves the token of the dashboard out, in both ways to write it', () => {
    expect(withoutSecrets(['rsu', '--token', 'abc', '--token=abc', '--broker', 'mqtt://a:b@c'])).toEqual([
      'rsu',
      '--token',
      '***',
      '--token=***',
      '--broker',
      'mqtt://a:***@c',
    ]);
  });
});
