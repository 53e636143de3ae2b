// Finds the legal name a user probably meant, so that a refusal can say how to mend it. Used wherever a word is looked
// up in a fixed list (scenario keys, policies, models). Must not: accept a wrong word on the user's behalf.
//
// Distance: optimal string alignment (Damerau-Levenshtein with adjacent swaps; Damerau, CACM 7(3), 1964).

/** Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`. */
export function editDistance(a: string, b: string): number {
  const width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number): number => table[i * width + j] as number;
  for (let i = 0; i <= a.length; i++) table[i * width] = i;
  for (let j = 0; j <= b.length; j++) table[j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, replaced);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, at(i - 2, j - 2) + 1);
      table[i * width + j] = best;
    }
  }
  return at(a.length, b.length);
}

/**
 * The name in `names` nearest to `word`, ignoring case, or undefined when none is near: a suggestion further away than
 * half of the longer word (and than 2 edits for short words) would mislead. Ties go to the first in `names`.
 */
export function nearestName(word: string, names: readonly string[]): string | undefined {
  const wanted = word.slice(0, 128).toLowerCase();
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const distance = editDistance(wanted, name.toLowerCase());
    const limit = Math.max(
      Math.floor(Math.max(wanted.length, name.length) / 2),
      Math.min(2, name.length - 1),
    );
    if (distance <= limit && distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}
