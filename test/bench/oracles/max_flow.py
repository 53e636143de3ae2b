# Public max-flow solvers as oracles of speed and of value: networkx, SciPy, OR-tools, igraph, whichever this Python has.
# One JSON line in: {"arcs": [[from, to, capacity]], "count", "source", "sink", "solves"}; one out: for each solver the
# median microseconds of a solve, building left out, and the flow. Capacities are integers below 2^31.
import importlib
import json
import statistics
import sys
import time


def networkx_solver(lib, q, flow_function):
    graph = lib.DiGraph()
    for u, v, c in q["arcs"]:
        graph.add_edge(u, v, capacity=graph[u][v]["capacity"] + c if graph.has_edge(u, v) else c)
    solve = getattr(importlib.import_module("networkx.algorithms.flow"), flow_function)
    return lambda: solve(graph, q["source"], q["sink"], value_only=True).graph["flow_value"]


def scipy_solver(lib, q):
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import maximum_flow
    import numpy

    rows, columns, values = zip(*q["arcs"])
    matrix = coo_matrix((numpy.array(values, dtype=numpy.int32), (rows, columns)), shape=(q["count"],) * 2).tocsr()
    matrix.data = matrix.data.astype(numpy.int32)
    return lambda: int(maximum_flow(matrix, q["source"], q["sink"], method="dinic").flow_value)


def ortools_solver(lib, q):
    from ortools.graph.python import max_flow

    solver = max_flow.SimpleMaxFlow()
    for arc in q["arcs"]:
        solver.add_arc_with_capacity(*arc)

    def solve():
        solver.solve(q["source"], q["sink"])
        return solver.optimal_flow()

    return solve


def igraph_solver(lib, q):
    graph = lib.Graph(n=q["count"], edges=[(u, v) for u, v, _ in q["arcs"]], directed=True)
    capacities = [c for _, _, c in q["arcs"]]
    return lambda: int(graph.maxflow_value(q["source"], q["sink"], capacity=capacities))


makers = {
    "networkx preflow-push": ("networkx", lambda lib, q: networkx_solver(lib, q, "preflow_push")),
    "networkx Boykov-Kolmogorov": ("networkx", lambda lib, q: networkx_solver(lib, q, "boykov_kolmogorov")),
    "SciPy Dinic": ("scipy", scipy_solver),
    "OR-tools": ("ortools", ortools_solver),
    "igraph": ("igraph", igraph_solver),
}


def available():
    found = {}
    for name, (module, maker) in makers.items():
        try:
            lib = importlib.import_module(module)
        except ImportError:
            continue
        found[name] = (lib, maker)
    return found


def measured(solve, solves):
    flow = solve()
    times = []
    for _ in range(solves):
        start = time.perf_counter()
        solve()
        times.append((time.perf_counter() - start) * 1e6)
    return {"microseconds": statistics.median(times), "flow": flow}


def main():
    found = available()
    versions = {name: f"{name} {lib.__version__}" for name, (lib, _) in found.items()}
    print(json.dumps({"solvers": versions}), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        answers = {name: measured(maker(lib, question), question["solves"]) for name, (lib, maker) in found.items()}
        print(json.dumps(answers), flush=True)


main()
