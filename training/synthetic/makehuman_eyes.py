"""Eyeballs that really turn, and lids that glide over them and close.

A lid is the grid of edge loops round an eye (`makehuman_loops`). The blink shape of the 52 units leaves a slit, or
goes too far, where somebody's eyes are larger or smaller than those it was modelled on. So for every person the
rest of the way is measured and added, as a turn about the eyeball's axis; what is left of an overlap in one picture is
taken back, and no vertex of a lid comes nearer to the eyeball than the lid is thick.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.topology import BLENDSHAPE_NAMES
from training.synthetic.makehuman_points import CANTHUS_ROW, at_columns

FloatArray = np.ndarray

LID_ROWS = slice(0, 13)
FOLLOW = np.array([0.0, 0.0, 0.08, 0.2, 0.36, 0.52, 0.68, 0.82, 0.92, 1, 1, 1, 1])
"""How far each row of a lid follows its edge."""
THICKNESS_CM = np.array([0.1] * 7 + [0.08, 0.06, 0.045, 0.035, 0.025, 0.02])
COLUMNS, INNER_CORNER = 28, 13
UPPER_COLUMNS = np.arange(1, INNER_CORNER)
UPPER_SHARE = np.sin(np.pi * UPPER_COLUMNS / INNER_CORNER) ** 0.7
LOWER_SHARE = np.concatenate(
    [np.zeros(INNER_CORNER + 1), np.sin(np.pi * np.arange(1, COLUMNS - INNER_CORNER) / (COLUMNS - INNER_CORNER)) ** 0.7]
)
"""How much of a lid's movement its columns make: nothing at the corners."""
UPPER_FOLLOWS, LOWER_FOLLOWS = 0.15, 0.35
"""Of the eye's turn downwards, beyond what the units eyeLookDown do."""
BLINK = [BLENDSHAPE_NAMES.index(f"eyeBlink{side}") for side in ("Right", "Left")]
IRIS_CAP = np.cos(np.radians(32))


@dataclass(frozen=True, slots=True, eq=False)
class Eyeball:
    """The sphere on which the lids glide: centre (3,) and radius, cm."""

    centre: FloatArray
    radius: float

    @classmethod
    def of(cls, ball: FloatArray) -> Eyeball:
        """The sphere through the white of an eye with vertices (V, 3) that looks ahead; its iris lies within."""
        centre, radius = fit_sphere(ball)
        for _ in range(2):
            towards = (ball - centre) / np.linalg.norm(ball - centre, axis=1, keepdims=True)
            centre, radius = fit_sphere(ball[towards[:, 2] < IRIS_CAP])
        return cls(centre, radius)


def fit_sphere(points: FloatArray) -> tuple[FloatArray, float]:
    """Centre (3,) and radius of the sphere nearest to `points` (N, 3), least squares."""
    p = points.astype(np.float64)
    solved = np.linalg.lstsq(np.column_stack([2 * p, np.ones(len(p))]), (p**2).sum(axis=1), rcond=None)[0]
    return solved[:3], float(np.sqrt(solved[3] + solved[:3] @ solved[:3]))


@dataclass(frozen=True, slots=True, eq=False)
class Lids:
    """Both lids of one eye of one person.

    grid (13, 28): vertices. partner (12,): the fractional column of the lower lid opposite each column of the upper.
    rest_of_blink (12,): radians that the upper lid's edge still has to go when the blink shape is whole.
    """

    grid: np.ndarray
    partner: FloatArray
    eyeball: Eyeball
    rest_of_blink: FloatArray

    @classmethod
    def of(cls, neutral: FloatArray, blinked: FloatArray, grid: np.ndarray, eyeball: Eyeball) -> Lids:
        """neutral, blinked: (n, 3) base mesh at rest and with the whole blink shape."""
        grid = grid[LID_ROWS]
        edge = neutral[grid[CANTHUS_ROW]]
        # opposite: at the same share of the way from corner to corner
        lower = np.concatenate([edge[INNER_CORNER:], edge[:1]])
        across = (edge[INNER_CORNER] - edge[0])[:2]
        share_lower = (lower - edge[0])[:, :2] @ across
        share_upper = (edge[UPPER_COLUMNS] - edge[0])[:, :2] @ across
        order = np.argsort(share_lower)
        partner = np.interp(share_upper, share_lower[order], (INNER_CORNER + np.arange(len(lower)))[order])
        lids = cls(grid, partner, eyeball, np.zeros(12))
        return cls(grid, partner, eyeball, lids.gap(blinked))

    def gap(self, vertices: FloatArray) -> FloatArray:
        """(12,) radians between upper and lower edge, about the eyeball's sideways axis."""
        edge = vertices[self.grid[CANTHUS_ROW]] - self.eyeball.centre
        angle = np.arctan2(edge[:, 1], edge[:, 2])[:, None]
        return np.asarray((angle[UPPER_COLUMNS] - at_columns(angle, self.partner))[:, 0])

    def settle(self, vertices: FloatArray, blink: float, pitch: float) -> None:
        """Close, part and lift the lids of `vertices` (n, 3) in place.

        blink: its coefficient. pitch: degrees by which the eye looks up; both lids follow one that looks down farther
        than the units take them.
        """
        down = np.radians(max(-pitch, 0.0))
        self._roll(vertices, np.flatnonzero(LOWER_SHARE), -LOWER_FOLLOWS * down * LOWER_SHARE[LOWER_SHARE > 0])
        step = -self.rest_of_blink * blink - UPPER_FOLLOWS * down * UPPER_SHARE
        step = step - np.minimum(self.gap(vertices) + step, 0)
        self._roll(vertices, UPPER_COLUMNS, step)
        about = vertices[self.grid] - self.eyeball.centre
        distance = np.linalg.norm(about, axis=-1)
        nearest = self.eyeball.radius + THICKNESS_CM[:, None]
        lifted = np.maximum(distance, nearest) / distance
        vertices[self.grid] = about * lifted[..., None] + self.eyeball.centre

    def _roll(self, vertices: FloatArray, columns: np.ndarray, step: FloatArray) -> None:
        """Turn columns of the grid up by `step` radians (one each) at the edge, less and less away from it."""
        chosen = self.grid[:, columns]
        angle = step[None] * FOLLOW[:, None]
        about = vertices[chosen] - self.eyeball.centre
        cos, sin = np.cos(angle), np.sin(angle)
        y, z = about[..., 1] * cos + about[..., 2] * sin, about[..., 2] * cos - about[..., 1] * sin
        vertices[chosen] = np.stack([about[..., 0], y, z], axis=-1) + self.eyeball.centre
