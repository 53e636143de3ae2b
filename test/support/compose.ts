// Reads docker-compose.yml as Compose does, as far as our file goes: merge keys and variables. The tests start from the
// same commands that containers do. Must not: be laxer than Compose.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

export interface ComposeService {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>> | readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly deploy?: { readonly replicas: number };
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** `${NAME:-default}`, `${NAME:?message}` and `$$`. A required variable that is not set throws its message. */
function interpolated(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\$|\$\{([A-Z_]+)(?::([-?])([^}]*))?\}/g, (whole, name, sign, rest) => {
    if (whole === '$$') return '$';
    const value = variables[name];
    if (value) return value;
    if (sign === '?') throw new Error(String(rest));
    return sign === '-' ? String(rest) : '';
  });
}

function everywhere(value: unknown, variables: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') return interpolated(value, variables);
  if (Array.isArray(value)) return value.map((item) => everywhere(item, variables));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, everywhere(item, variables)]));
}

/** The file with `variables` filled in. */
export function readCompose(variables: Readonly<Record<string, string>>): ComposeFile {
  const text = readFileSync(`${root}docker-compose.yml`, 'utf8');
  return everywhere(parse(text, { merge: true }), variables) as ComposeFile;
}
