// How far local SGD gets in some steps, in steps of plain SGD at the same gradient: what rules that compare clients divide
// by. Must not: be used with Adam; its accumulation is another.

/**
 * The length of the accumulation vector of Wang et al. (NeurIPS 2020, arXiv 2007.07481, Section 3): `steps` for plain SGD,
 * [t - rho (1 - rho^t) / (1 - rho)] / (1 - rho) with momentum rho.
 */
export function accumulatedSteps(steps: number, momentum: number): number {
  if (momentum === 0) return steps;
  return (steps - (momentum * (1 - momentum ** steps)) / (1 - momentum)) / (1 - momentum);
}
