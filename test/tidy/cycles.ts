// Finds import cycles: strongly connected components of the graph of files (Tarjan, "Depth-first search and linear graph
// algorithms", SIAM J. Comput. 1(2), 1972). Must not: know what a node stands for.

/** The groups of nodes that reach each other, each sorted; a node that names itself is a group of one. */
export function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const lower = (node: string, bound: number): void => {
    low.set(node, Math.min(low.get(node)!, bound));
  };

  const visit = (node: string): void => {
    order.set(node, order.size);
    low.set(node, order.get(node)!);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) {
        visit(next);
        lower(node, low.get(next)!);
      } else if (stack.includes(next)) lower(node, order.get(next)!);
    }
    if (low.get(node) !== order.get(node)) return;
    const group = stack.splice(stack.lastIndexOf(node));
    if (group.length > 1 || graph.get(node)?.includes(node)) found.push(group.sort());
  };

  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return found;
}
