// A report as one page of HTML or Markdown. The page asks nobody for anything: pictures, data and style are in it.
// Pure. Must not: compute what it shows.

import { formatTable, type Table } from '../../roadside/store/table.ts';
import { numberText } from './comparison-table.ts';
import type { Report, Section } from './report.ts';
import { escaped } from './svg.ts';

const style = `
body{font:15px/1.5 system-ui,sans-serif;color:#222;background:#fff;max-width:1000px;margin:2rem auto;padding:0 1rem}
h1{margin-bottom:.2rem}h2{margin-top:2.4rem;font-size:1.2rem}
.mark{font-size:.75rem;border:1px solid #999;border-radius:3px;padding:0 .35rem;color:#555;margin-left:.5rem;vertical-align:middle;font-weight:400}
.scroll{overflow-x:auto}svg{max-width:100%;height:auto}
table{border-collapse:collapse;font-size:13px}td,th{padding:.15rem .6rem;border-bottom:1px solid #ddd;text-align:right;white-space:nowrap}
td:first-child,th:first-child,.text{text-align:left}
pre{background:#f6f6f4;padding:1rem;overflow-x:auto;font-size:12px}summary{cursor:pointer;color:#245}
`;

const cellText = (cell: Table['rows'][number][number]): string =>
  typeof cell === 'number' ? (Number.isInteger(cell) ? String(cell) : numberText(cell)) : (cell ?? '-');

function htmlTable({ columns, rows }: Table): string {
  const head = columns.map((name) => `<th>${escaped(name)}</th>`).join('');
  const body = rows.map(
    (row) => `<tr>${row.map((cell) => `<td>${escaped(cellText(cell))}</td>`).join('')}</tr>`,
  );
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`;
}

/** A link that holds what it downloads. */
const download = (name: string, type: string, content: string): string =>
  `<a download="${name}" href="data:${type};charset=utf-8,${encodeURIComponent(content)}">${name}</a>`;

function htmlSection({ title, mark, sentences, plot, table, source }: Section): string {
  const parts = [`<h2>${escaped(title)}<span class="mark">${mark}</span></h2>`];
  for (const sentence of sentences) parts.push(`<p>${escaped(sentence)}</p>`);
  if (plot) {
    const links = `${download(`${plot.name}.csv`, 'text/csv', formatTable(plot.table, 'csv'))}, ${download(`${plot.name}.svg`, 'image/svg+xml', plot.svg)}`;
    parts.push(`<div class="scroll">${plot.svg}</div>`, `<p>Data: ${links}</p>`);
    parts.push(
      `<details><summary>${plot.table.rows.length} rows of data</summary>${htmlTable(plot.table)}</details>`,
    );
  }
  if (table) {
    const link = download(`${table.name}.csv`, 'text/csv', formatTable(table.content, 'csv'));
    parts.push(htmlTable(table.content), `<p>Data: ${link}</p>`);
  }
  if (source !== undefined) parts.push(`<pre>${escaped(source)}</pre>`);
  return parts.join('\n');
}

const marks =
  'Marks: run, simulated and read from event logs; computed, from those by statistics; chosen, set by the sweep or its scenario; machine, true of where it was computed and of nothing else.';

/** One self-contained HTML page. */
export function htmlPage({ title, description, sections }: Report): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title><link rel="icon" href="data:,"><style>${style}</style></head><body>
<h1>${escaped(title)}</h1>
<p>${escaped(description)}</p><p>${escaped(marks)}</p>
${sections.map(htmlSection).join('\n')}
</body></html>
`;
}

const markdownCell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function markdownTable({ columns, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(markdownCell).join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map((row) => line(row.map(cellText)))].join(
    '\n',
  );
}

function markdownSection({ title, mark, sentences, plot, table, source }: Section): string {
  const parts = [`## ${title} [${mark}]`, ...sentences];
  if (plot) {
    const picture = Buffer.from(plot.svg).toString('base64');
    parts.push(`![${plot.title}](data:image/svg+xml;base64,${picture})`);
    parts.push(
      `<details><summary>${plot.table.rows.length} rows of data</summary>\n\n${markdownTable(plot.table)}\n\n</details>`,
    );
  }
  if (table) parts.push(markdownTable(table.content));
  if (source !== undefined) parts.push(`\`\`\`\`yaml\n${source.trimEnd()}\n\`\`\`\``);
  return parts.join('\n\n');
}

/** The same as Markdown, its pictures in it. */
export const markdownPage = ({ title, description, sections }: Report): string =>
  `${[`# ${title}`, description, marks, ...sections.map(markdownSection)].filter((part) => part !== '').join('\n\n')}\n`;
