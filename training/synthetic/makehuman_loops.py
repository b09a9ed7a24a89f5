"""Edge loops of MakeHuman's base mesh round the eyes and the mouth, as grids of vertices.

The mesh is built of quadrilaterals whose edges run in closed loops round either eye and the mouth. A grid holds such
loops as rows, from the skin outside to the inside, and the edges across them as columns: what the visible edge of a lid
or a lip is can then be said for every column, whatever the pose.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

EYE_SEEDS = {"left": (6788, 6789), "right": (4, 5)}
MOUTH_SEED = (405, 406)
"""Two neighbouring vertices (MakeHuman's numbers) on one loop of each family."""


@dataclass(frozen=True, slots=True, eq=False)
class Net:
    """Quadrilaterals (Q, 4), ready to be walked."""

    neighbours: dict[int, set[int]]
    around_edge: dict[tuple[int, int], list[int]]
    quads: np.ndarray

    @classmethod
    def of(cls, quads: np.ndarray) -> Net:
        neighbours: dict[int, set[int]] = defaultdict(set)
        around: dict[tuple[int, int], list[int]] = defaultdict(list)
        for k, quad in enumerate(quads.tolist()):
            for a, b in zip(quad, quad[1:] + quad[:1], strict=True):
                neighbours[a].add(b)
                neighbours[b].add(a)
                around[min(a, b), max(a, b)].append(k)
        return cls(neighbours, around, quads)

    def beyond(self, a: int, b: int) -> int | None:
        """The vertex straight on from the edge a, b; None where the loop ends at an irregular vertex."""
        if len(self.neighbours[b]) != 4:
            return None
        beside = {v for k in self.around_edge[min(a, b), max(a, b)] for v in self.quads[k].tolist()}
        ahead = [v for v in self.neighbours[b] if v not in beside]
        return ahead[0] if len(ahead) == 1 else None

    def loop(self, a: int, b: int) -> list[int] | None:
        """The closed loop through the edge a, b; None where it does not close."""
        loop = [a, b]
        while True:
            following = self.beyond(loop[-2], loop[-1])
            if following == a:
                return loop
            if following is None or following in loop:
                return None
            loop.append(following)

    def across(self, loop: list[int], behind: list[int] | None) -> list[list[int]]:
        """The loops beside `loop` in step with it, without `behind`."""
        beside = []
        taken = set(loop) | set(behind or [])
        for first in self.neighbours[loop[0]] - taken:
            row = [first]
            for vertex in loop[1:]:
                step = [v for v in self.neighbours[vertex] & self.neighbours[row[-1]] if v not in taken]
                if len(step) != 1:
                    break
                row.append(step[0])
            if len(row) == len(loop) and row[0] in self.neighbours[row[-1]]:
                beside.append(row)
        return beside


def concentric(quads: np.ndarray, seed: tuple[int, int], depth: np.ndarray) -> np.ndarray:
    """(rows, columns) vertices of all loops in step with the one through `seed`, from outside to inside.

    depth: (n,) the vertices' z, which tells the two directions apart: the inner end lies deeper.
    """
    net = Net.of(quads)
    middle = net.loop(*seed)
    if middle is None:
        raise ValueError("the loop does not close")
    rows = [middle]
    for end in (0, -1):
        while True:
            behind = rows[1 if end == 0 else -2] if len(rows) > 1 else None
            beside = net.across(rows[end], behind)
            if not beside or (end == 0 and len(rows) == 1 and len(beside) < 2):
                break
            rows.insert(0, beside[0]) if end == 0 else rows.append(beside[0])
            if len(rows) > 60:
                raise ValueError("loops without end")
    grid = np.array(rows)
    return grid if depth[grid[-1]].mean() < depth[grid[0]].mean() else grid[::-1]
