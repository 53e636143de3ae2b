// The mean of each parameter over several models without its extremes. Must not: know a rule.

/**
 * For each parameter: its values sorted, `cut` left out at each end, the mean of the others (float64). `cut` must leave at
 * least one.
 */
export function trimmedMeans(models: readonly Float32Array[], cut: number): Float32Array {
  const kept = models.length - 2 * cut;
  const column = new Float32Array(models.length);
  return (models[0] as Float32Array).map((_, i) => {
    for (const [k, model] of models.entries()) column[k] = model[i]!;
    column.sort();
    let sum = 0;
    for (let k = cut; k < cut + kept; k++) sum += column[k]!;
    return sum / kept;
  });
}
