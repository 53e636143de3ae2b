// Relative links of Markdown files, for the tidy test. Must not: fetch anything.

import { posix } from 'node:path';

/** A link and the line it is on. */
export interface Link {
  readonly target: string;
  readonly line: number;
}

const inlineLink = /\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g;
const referenceLink = /^\s*\[[^\]]+\]:\s*<?(\S+?)>?\s*$/g;
const imageTag = /<(?:img|a)\s[^>]*(?:src|href)="([^"]+)"/g;

/** Text with fenced and inline code blanked: what is shown as code is no link. */
function prose(text: string): string {
  const blank = (piece: string): string => piece.replace(/[^\n]/g, ' ');
  return text.replace(/^(```|~~~)[\s\S]*?^\1/gm, blank).replace(/`[^`\n]*`/g, blank);
}

/** All links of a Markdown text that stay inside the repository. */
export function relativeLinks(text: string): Link[] {
  return prose(text)
    .split('\n')
    .flatMap((line, index) =>
      [inlineLink, referenceLink, imageTag].flatMap((form) =>
        [...line.matchAll(form)].map((match) => ({ target: match[1]!, line: index + 1 })),
      ),
    )
    .filter((link) => !/^(?:[a-z]+:|\/\/)/i.test(link.target));
}

/** The anchors of a Markdown text's headings, as GitHub makes them. */
export function anchorsOf(text: string): Set<string> {
  const withoutFences = text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '');
  const headings = [...withoutFences.matchAll(/^#{1,6}\s+(.+?)\s*#*\s*$/gm)].map((match) => match[1]!);
  const counts = new Map<string, number>();
  const anchors = headings.map((heading) => {
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    const seen = counts.get(slug) ?? 0;
    counts.set(slug, seen + 1);
    return seen === 0 ? slug : `${slug}-${seen}`;
  });
  const named = [...text.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)].map((match) => match[1]!);
  return new Set([...anchors, ...named]);
}

/** The file a link names, relative to the root, and the anchor in it. */
export function resolveLink(from: string, target: string): { path: string; anchor: string } {
  const [file = '', anchor = ''] = decodeURIComponent(target).split('#');
  const path = file === '' ? from : posix.normalize(posix.join(posix.dirname(from), file));
  return { path, anchor };
}
