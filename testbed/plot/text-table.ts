// Aligned columns of text. Must not: colour, wrap or print.

/**
 * Lines of a table. A heading that begins with `<` makes its column left-aligned, others align right; the mark is not
 * printed. Columns are two spaces apart, and no line ends in spaces.
 */
export function textTable(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const isLeft = headings.map((heading) => heading.startsWith('<'));
  const titles = headings.map((heading) => heading.replace(/^</, ''));
  const widths = titles.map((title, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]!.length), title.length),
  );
  const cell = (text: string, column: number): string =>
    isLeft[column] ? text.padEnd(widths[column]!) : text.padStart(widths[column]!);
  return [titles, ...rows].map((row) => row.map(cell).join('  ').trimEnd());
}
