"""Order and reachability in directed graphs, a few lines each.

networkx would do the same; importing it takes 90 ms, two fifths of the time of `resviz info`, and a share of
the second in which the window opens. The tests compare with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush

from resviz.arch.names import natural_key


def topological_order(nodes: Iterable[str], edges: Iterable[tuple[str, str]]) -> list[str] | None:
    """Return the nodes so that each comes after its sources, ties in natural order; None if there is a cycle.

    Edges from or to other nodes are ignored.
    """
    names = sorted(nodes, key=natural_key)
    rank = {name: number for number, name in enumerate(names)}
    targets: list[list[int]] = [[] for _ in names]
    waiting = [0] * len(names)
    for source, target in edges:
        if source in rank and target in rank:
            targets[rank[source]].append(rank[target])
            waiting[rank[target]] += 1
    ready = [number for number, count in enumerate(waiting) if not count]
    heapify(ready)
    order = []
    while ready:
        number = heappop(ready)
        order.append(names[number])
        for target_number in targets[number]:
            waiting[target_number] -= 1
            if not waiting[target_number]:
                heappush(ready, target_number)
    return order if len(order) == len(names) else None


def reachable(start: str, neighbours: Callable[[str], Iterable[str]]) -> set[str]:
    """Return everything that can be reached from `start` by one step or more."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for name in neighbours(waiting.pop()):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return seen
