// Reads TypeScript as text for the tidy test: code without comments and strings, and the modules a file names.
// Why not the compiler: TypeScript 7 offers no API. Must not: understand more of the language than the rules need.

/** What of a source text is kept; everything else becomes spaces, so that lines and columns stay where they are. */
export interface Kept {
  readonly strings: boolean;
}

const beforeRegex = /(?:^|[(,=:[!&|?{};>+]|\breturn|\bcase)\s*$/;

/** The index just behind a string, template or regular expression that begins at `start`. */
function endOfQuoted(text: string, start: number): number {
  const quote = text[start]!;
  let inClass = false;
  for (let i = start + 1; i < text.length; i++) {
    const character = text[i]!;
    if (character === '\\') i++;
    else if (quote === '/' && character === '[') inClass = true;
    else if (quote === '/' && character === ']') inClass = false;
    else if (character === quote && !inClass) return i + 1;
    else if (quote !== '`' && character === '\n') return i;
  }
  return text.length;
}

function endOfComment(text: string, start: number): number {
  const [closing, width] = text[start + 1] === '*' ? (['*/', 2] as const) : (['\n', 0] as const);
  const end = text.indexOf(closing, start + 2);
  return end < 0 ? text.length : end + width;
}

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

/** Blanks the text of a template but keeps the code inside its `${}`, one level deep. */
function blankTemplate(text: string): string {
  const pieces = text.split(/(\$\{[^}]*\})/);
  return pieces.map((piece) => (piece.startsWith('${') ? piece : blank(piece))).join('');
}

/** `text` without comments, and without the insides of strings unless they are kept. */
export function code(text: string, kept: Kept): string {
  let out = '';
  for (let i = 0; i < text.length; ) {
    const character = text[i]!;
    let end = i + 1;
    if (character === '/' && (text[i + 1] === '/' || text[i + 1] === '*')) {
      end = endOfComment(text, i);
      out += blank(text.slice(i, end));
    } else if (character === '`') {
      end = endOfQuoted(text, i);
      out += kept.strings ? text.slice(i, end) : blankTemplate(text.slice(i, end));
    } else if (
      character === "'" ||
      character === '"' ||
      (character === '/' && beforeRegex.test(out.slice(-80)))
    ) {
      end = endOfQuoted(text, i);
      out += kept.strings ? text.slice(i, end) : blank(text.slice(i, end));
    } else out += character;
    i = end;
  }
  return out;
}

const importForms = [
  /(?:^|[;}\s])(?:import|export)\s[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/g,
  /(?:^|[;}\s])import\s*['"]([^'"]+)['"]/g,
  /\bimport\(\s*['"]([^'"]+)['"]/g,
  /\brequire\(\s*['"]([^'"]+)['"]/g,
];

const workerForm = /\bnew URL\(\s*['"]([^'"]+\.ts)['"]\s*,\s*import\.meta\.url/g;

/** Every module that `text` imports: static, dynamic, type-only, `require`. */
export function importsOf(text: string): string[] {
  const source = code(text, { strings: true });
  const named = importForms.flatMap((form) => [...source.matchAll(form)].map((match) => match[1]!));
  return [...new Set(named)];
}

/** Files that `text` starts as threads: held to the rooms like imports, but a thread that names its owner is no cycle. */
export function threadsOf(text: string): string[] {
  return [...code(text, { strings: true }).matchAll(workerForm)].map((match) => match[1]!);
}

/** A function and the number of lines from its first to its closing brace. */
export interface FunctionSpan {
  readonly line: number;
  readonly lines: number;
}

const opensFunction =
  /(?:\bfunction\b.*|=>|^\s+(?!\s|(?:if|for|while|switch|catch|else|do|try)\b)[\w#* ]*\(.*\).*|^\s*\)(?:: .*)?) \{$/;

/** Functions of formatted code: a body ends at the first later line that closes at the indent it was opened with. */
export function functionSpans(text: string): FunctionSpan[] {
  const lines = code(text, { strings: false }).split('\n');
  return lines.flatMap((line, index) => {
    if (!opensFunction.test(line)) return [];
    const closing = `${/^\s*/.exec(line)![0]}}`;
    const end = lines.findIndex((later, at) => at > index && later.startsWith(closing));
    return end < 0 ? [] : [{ line: index + 1, lines: end - index + 1 }];
  });
}
