// Style is a test, not a talk: holds the whole tree to its own rules. Type checking and linting are steps of `npm test`.

import { describe, expect, it } from 'vitest';
import { parseScenario } from '../protocol/scenario/parse.ts';
import { parseSweep } from '../protocol/scenario/sweep.ts';
import { cyclesIn } from './tidy/cycles.ts';
import { type Impurity, impureFiles, impurities } from './tidy/impure-files.ts';
import { anchorsOf, relativeLinks, resolveLink } from './tidy/markdown.ts';
import { fences, packageOf, rooms } from './tidy/rooms.ts';
import { code, functionSpans, importsOf, threadsOf } from './tidy/scan.ts';
import { allFiles, exists, imports, read, roomOf, sources, threads } from './tidy/tree.ts';

const linesMost = 500;
const functionLinesMost = 70;

const isTest = (path: string): boolean => roomOf(path) === 'test';
const inRooms = sources.filter((path) => roomOf(path) in rooms);
const house = inRooms.filter((path) => !isTest(path));
const written = allFiles.filter((path) => /\.(?:ts|tsx|mts|mjs|js|css|html)$/.test(path));
const isLocal = (name: string): boolean => name.startsWith('./');
const isNode = (name: string): boolean => name.startsWith('node:');

/** `path: name` for every import of `paths` that `isWrong`. */
function wrongImports(paths: readonly string[], isWrong: (name: string, path: string) => boolean): string[] {
  return paths.flatMap((path) =>
    [...(imports.get(path) ?? []), ...(threads.get(path) ?? [])]
      .filter((name) => isWrong(name, path))
      .map((name) => `${path}: ${name}`),
  );
}

describe('the rooms', () => {
  it('import only downwards', () => {
    const isWrong = (name: string, path: string): boolean => {
      if (!isLocal(name)) return false;
      const target = roomOf(name.slice(2));
      return target !== roomOf(path) && !rooms[roomOf(path)]!.includes(target);
    };
    expect(wrongImports(inRooms, isWrong)).toEqual([]);
  });

  it('name only files that exist, by their full name', () => {
    expect(wrongImports(inRooms, (name) => isLocal(name) && !exists(name.slice(2)))).toEqual([]);
  });

  it('keep every package inside its fence', () => {
    const isWrong = (name: string, path: string): boolean => {
      if (isLocal(name) || isNode(name)) return false;
      return !(fences[packageOf(name)] ?? []).some((fence) => path.startsWith(fence));
    };
    expect(wrongImports(house, isWrong)).toEqual([]);
  });

  it('have no import cycles', () => {
    const graph = new Map(
      [...imports].map(([path, names]) => [path, names.filter(isLocal).map((name) => name.slice(2))]),
    );
    expect(cyclesIn(graph)).toEqual([]);
  });

  it('have no front doors: nobody imports an index', () => {
    expect(sources.filter((path) => /(?:^|\/)index\.tsx?$/.test(path))).toEqual([]);
  });

  it('keep Node out of the dashboard', () => {
    const page = house.filter((path) => roomOf(path) === 'dashboard');
    expect(wrongImports(page, isNode)).toEqual([]);
  });
});

describe('purity', () => {
  const kinds = Object.keys(impurities) as Impurity[];
  const touched = (path: string): Impurity[] => {
    const withStrings = code(read(path), { strings: true });
    const bare = code(read(path), { strings: false });
    return kinds.filter((kind) => {
      const isModule = impurities[kind].source.startsWith('[\'"]node:');
      return impurities[kind].test(bare) || (isModule && impurities[kind].test(withStrings));
    });
  };
  const allowed = new Map(impureFiles.map((file) => [file.path, file.touches]));

  it('holds outside the named files', () => {
    const wrong = house.flatMap((path) =>
      touched(path)
        .filter((kind) => !allowed.get(path)?.includes(kind))
        .map((kind) => `${path}: ${kind}`),
    );
    expect(wrong).toEqual([]);
  });

  it('names no file that does not need it, and each once, with a reason', () => {
    const stale = impureFiles.flatMap((file) =>
      file.touches
        .filter((kind) => !exists(file.path) || !touched(file.path).includes(kind))
        .map((kind) => `${file.path}: ${kind}`),
    );
    expect(stale).toEqual([]);
    expect(allowed.size).toBe(impureFiles.length);
    expect(impureFiles.filter((file) => file.reason.length < 10)).toEqual([]);
  });

  it('knows no Math.random anywhere, tests included', () => {
    expect(sources.filter((path) => /\bMath\.random\b/.test(code(read(path), { strings: false })))).toEqual(
      [],
    );
  });
});

describe('every file', () => {
  it('says in its first lines what it is and what it must not do', () => {
    const header = (path: string): string => /^(?:#!.*\n)?((?:\/\/.*\n)*)/.exec(read(path))?.[1] ?? '';
    expect(house.filter((path) => !header(path).includes('Must not:'))).toEqual([]);
  });

  it(`has at most ${linesMost} lines`, () => {
    const isGenerated = (path: string): boolean => path.includes('.generated.');
    const long = written.filter(
      (path) => !isGenerated(path) && read(path).trimEnd().split('\n').length > linesMost,
    );
    expect(long).toEqual([]);
  });

  it(`has functions of at most ${functionLinesMost} lines`, () => {
    const long = house.flatMap((path) =>
      functionSpans(read(path))
        .filter((span) => span.lines > functionLinesMost)
        .map((span) => `${path}:${span.line}: ${span.lines} lines`),
    );
    expect(long).toEqual([]);
  });

  it('promises no later work', () => {
    const promise = new RegExp(
      `\\b(?:${['TO', 'FIX', 'XX'].map((a, i) => a + ['DO', 'ME', 'X'][i]).join('|')})\\b`,
    );
    expect(written.filter((path) => promise.test(read(path)))).toEqual([]);
  });

  it('keeps the type checker on', () => {
    const switched = /@ts-(?:ignore|nocheck|expect-error)|\bas any\b|:\s*any\b/;
    const wrong = inRooms.filter((path) => switched.test(code(read(path), { strings: false })));
    const comments = inRooms.filter((path) => /^\s*\/\/\s*@ts-/m.test(read(path)));
    expect([...wrong, ...comments]).toEqual([]);
  });
});

describe('what users read', () => {
  const pages = allFiles.filter((path) => path.endsWith('.md'));

  it('has no broken relative link', () => {
    const broken = pages.flatMap((page) =>
      relativeLinks(read(page))
        .filter(({ target }) => {
          const { path, anchor } = resolveLink(page, target);
          if (!exists(path)) return true;
          return anchor !== '' && path.endsWith('.md') && !anchorsOf(read(path)).has(anchor);
        })
        .map(({ target, line }) => `${page}:${line}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('gives a reason for every package in package.json', () => {
    const { dependencies, optionalDependencies, devDependencies } = JSON.parse(read('package.json'));
    const names = Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies });
    const text = exists('ARCHITECTURE.md') ? read('ARCHITECTURE.md') : '';
    expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });

  const scenarios = allFiles.filter((path) => /^scenarios\/.*\.yaml$/.test(path));
  const isSweep = (path: string): boolean => path.startsWith('scenarios/sweeps/');

  it.each(scenarios)(
    '%s parses, is named as its file, and says what to expect, where, how long and how',
    (path) => {
      const text = read(path);
      const { name } = isSweep(path) ? parseSweep(text, path) : parseScenario(text, path);
      expect(path.endsWith(`/${name}.yaml`)).toBe(true);
      const comments = text.split('\n').filter((line) => line.startsWith('#'));
      for (const word of ['What to expect:', 'Machine:', 'How long:', 'Command:'])
        expect(comments.join('\n')).toContain(word);
    },
  );
});

describe('the tidy test itself', () => {
  it('sees imports of every form and none in comments', () => {
    // Bare names: this file is scanned too, and tests may name any package.
    const text = [
      "import a from 'a';",
      "import type { B } from 'b';",
      "import 'c';",
      "export { d } from 'd';",
      "type E = import('e').E;",
      "new Worker(new URL('f.ts', import.meta.url));",
      "// import x from 'x';",
      "/* import y from 'y'; */",
      "import {\n  g,\n} from 'g';",
    ].join('\n');
    const letters = importsOf(text).map((name) => name[0]);
    expect(letters.sort().join('')).toBe('abcdeg');
    expect(threadsOf(text)).toEqual(['f.ts']);
  });

  it('blanks comments, strings and expressions, and keeps code inside templates', () => {
    const template = '`a $' + '{now()} b`';
    const text = `const url = 'http://x'; // now\nconst r = /['"\`]/; const t = ${template};`;
    expect(code(text, { strings: false }).replace(/\s+/g, ' ')).toBe(
      `const url = ; const r = ; const t = $${'{now()}'} ;`,
    );
  });

  it('finds a cycle of three files and a file that imports itself', () => {
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', ['a']],
      ['d', ['d']],
      ['e', ['a']],
    ]);
    expect(cyclesIn(graph)).toEqual([['d'], ['a', 'b', 'c']]);
  });

  it('measures functions from their first line to their closing brace', () => {
    const text =
      'export function f(\n  x: number,\n): void {\n  if (x) {\n    g();\n  }\n}\nconst h = () => {\n  g();\n};\n';
    expect(functionSpans(text)).toEqual([
      { line: 3, lines: 5 },
      { line: 8, lines: 3 },
    ]);
  });
});
