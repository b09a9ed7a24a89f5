"""Irises moved by redrawing the eyeball: photographs hardly ever show people looking up or down.

Annotators draw such pupils towards the middle as well, so a network that learns from photographs alone reads a
lifted or lowered gaze too small. Here the sclera is filled in where the iris was, and the iris, completed from its
own colours where a lid hid it, is laid elsewhere; how far it moved is known exactly.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from training.eyes.painted import painted_iris
from training.photometric import Picture

Floats = npt.NDArray[np.floating]

OUTER, INNER = 0, 8
UPPER, LOWER = np.arange(1, 8), np.arange(15, 8, -1)
"""Facing points of the upper and lower lid, from the outer to the inner corner."""
IRIS = 16
SMALLEST_WIDTH = 22.0
"""Pixels between the corners below which an iris has too few pixels to be moved."""
RINGS = 10
"""So many rings, out to OUTERMOST iris radii, have a mean colour each."""
OUTERMOST = 1.25
HIGHLIGHT = 35.0
"""Grey levels over its ring's mean from which a pixel of the iris is a reflection."""
MIRRORED = 0.5
"""A lamp's reflection moves by so much of what the iris does: it lies near the cornea's centre of curvature, half as
far from the eyeball's middle as the iris is."""
PAINTED = 0.5
"""Share of the moved irises that are painted rather than taken from the photograph."""
COLOURED = 8.0
"""A picture whose channels are nowhere further apart (grey levels) is grey."""
REACH = 0.35
"""Skin this far (in eye widths) from the upper lid's edge gives way when the lid rises."""
LEAST_SCLERA = 6.0
"""Pixels of sclera that must be seen."""


def lid_curves(points: Floats, width: int) -> tuple[Floats, Floats]:
    """Heights of the upper and the lower lid's edge in each of `width` columns, from (21, 2) points."""
    columns = np.arange(width, dtype=np.float32)
    curves = []
    for facing in (UPPER, LOWER):
        edge = np.concatenate([points[OUTER : OUTER + 1], points[facing], points[INNER : INNER + 1]])
        edge = edge[np.argsort(edge[:, 0])]
        curves.append(np.interp(columns, edge[:, 0], edge[:, 1]).astype(np.float32))
    return curves[0], np.maximum(curves[1], curves[0])


def stretched_rows(height: int, fixed: Floats, was: Floats, now: Floats) -> Floats:
    """(height, W) rows to read from, so that skin between row `fixed` and row `was` fills `fixed` to `now` instead."""
    y = np.arange(height, dtype=np.float32)[:, None]
    share = (y - fixed) / np.where(np.abs(now - fixed) < 1e-3, 1e-3, now - fixed)
    return np.where((share > 0) & (share < 1), fixed + share * (was - fixed), y).astype(np.float32)


def move_iris(
    picture: Picture, points: Floats, shift: Floats, raised: float, rng: np.random.Generator
) -> tuple[Picture, Floats] | None:
    """The upright eye in `picture` (H, W, 3) with its iris moved by `shift` (2,) pixels, and its points then.

    points: (21, 2) pixels, lids and iris. raised: by how much of the gap the upper lid rises. None where too little
    of the eye is seen.
    """
    across = float(np.hypot(*(points[INNER] - points[OUTER])))
    left, top = np.maximum(points[:16].min(axis=0) - (0.1 * across, REACH * across), 0).astype(int)
    right, bottom = (points[:16].max(axis=0) + 0.1 * across).astype(int) + 1
    drawn = _redrawn(picture[top:bottom, left:right], points - (left, top), shift, raised, rng)
    if drawn is None:
        return None
    picture = picture.copy()
    picture[top:bottom, left:right] = drawn[0]
    return picture, drawn[1] + np.array([left, top], np.float32)


def _redrawn(
    picture: Picture, points: Floats, shift: Floats, raised: float, rng: np.random.Generator
) -> tuple[Picture, Floats] | None:
    height, width = picture.shape[:2]
    across = float(np.hypot(*(points[INNER] - points[OUTER])))
    radius = float(np.linalg.norm(points[IRIS + 1 :] - points[IRIS], axis=1).mean())
    if across < SMALLEST_WIDTH or not 0.05 < radius / across < 0.3:
        return None
    upper, lower = lid_curves(points, width)
    rise = raised * (lower - upper)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    seen = _inside(y, x, points, upper, lower, margin=0.03 * across)
    rings = np.hypot(x - points[IRIS, 0], y - points[IRIS, 1]) / radius
    white = seen * np.clip((rings - 1.15) * radius, 0, 1)
    if white.sum() < LEAST_SCLERA or (seen * (rings < 1)).sum() < LEAST_SCLERA:
        return None
    source: Floats = picture.astype(np.float32)
    pixels: Floats = source

    moved = points.copy()
    moved[IRIS:] += shift
    moved[UPPER, 1] -= raised * np.maximum(points[LOWER, 1] - points[UPPER, 1], 0)
    if raised > 0:
        rows = stretched_rows(height, upper - REACH * across, upper, upper - rise)
        pixels = cv2.remap(source, x, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    back = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
    across_iris, down_iris = x - moved[IRIS, 0], y - moved[IRIS, 1]
    away = np.hypot(across_iris, down_iris) / radius
    if rng.random() < PAINTED:
        sclera = (source * white[:, :, None]).sum(axis=(0, 1)) / white.sum()
        disc = painted_iris(across_iris, down_iris, radius, sclera, rng)
        if np.ptp(source, axis=2).max() < COLOURED:
            disc = np.repeat(disc.mean(axis=2, keepdims=True), 3, axis=2)
    else:
        known = cv2.warpAffine(seen, back, (width, height))[:, :, None]
        smooth = _by_ring(source, seen, rings, away)
        copied = cv2.warpAffine(source, back, (width, height))
        # A highlight mirrors a lamp and does not move as the iris does.
        known = known * ((copied - smooth).mean(axis=2, keepdims=True) < HIGHLIGHT)
        disc = known * copied + (1 - known) * smooth
    sharp = rng.uniform(0.35, 1.0)
    over = np.clip((1.05 - away) * radius * sharp + 0.5, 0, 1)[:, :, None]
    ball = over * disc + (1 - over) * _filled(source, white, across)
    depth = (y - (upper - rise)) / across
    ball = ball * (1 - rng.uniform(0, 0.35) * np.exp(-np.maximum(depth, 0) / 0.05))[:, :, None]
    for _ in range(int(rng.integers(0, 3))):
        ball = _with_highlight(ball, x, y, points[IRIS] + MIRRORED * shift, radius, rng)
    between = _inside(y, x, moved, upper - rise, lower, margin=0.015 * across)
    inside = cv2.GaussianBlur(between, (0, 0), 0.018 * across)[:, :, None]  # lashes and their shade stay
    return np.clip(inside * ball + (1 - inside) * pixels, 0, 255).astype(np.uint8), moved


def _with_highlight(
    ball: Floats, x: Floats, y: Floats, cornea: Floats, radius: float, rng: np.random.Generator
) -> Floats:
    """A lamp's or a window's reflection somewhere on the cornea, which is a little wider than the iris."""
    where, along = rng.uniform(0, 1.1) * radius, rng.uniform(0, 2 * np.pi)
    across, down = x - cornea[0] - where * np.cos(along), y - cornea[1] - where * np.sin(along)
    size = rng.uniform(0.08, 0.45, 2) * radius
    near = np.hypot(across / size[0], down / size[1])
    light = rng.uniform(0.3, 1.0) * np.clip((1.0 - near) * size.min() + 0.5, 0, 1)[:, :, None]
    return (1 - light) * ball + light * rng.uniform(190, 255)


def _inside(y: Floats, x: Floats, points: Floats, upper: Floats, lower: Floats, margin: float) -> Floats:
    """(H, W) how far a pixel lies between the lids, 0 to 1, the edges pulled in by `margin` pixels."""
    left, right = sorted((points[OUTER, 0], points[INNER, 0]))
    between = np.clip(y - upper - margin + 0.5, 0, 1) * np.clip(lower - margin - y + 0.5, 0, 1)
    across = np.clip(x - left + 0.5, 0, 1) * np.clip(right - x + 0.5, 0, 1)
    return (between * across).astype(np.float32)


def _by_ring(pixels: Floats, seen: Floats, rings: Floats, away: Floats) -> Floats:
    """(H, W, 3) colours at distance `away` from an iris's middle (radii), from what is seen of it at `rings`."""
    step = OUTERMOST / RINGS
    ring = np.minimum((rings / step).astype(np.intp), RINGS).ravel()
    weight = np.bincount(ring, seen.ravel(), RINGS + 1)[:RINGS]
    total = np.stack([np.bincount(ring, (pixels[:, :, c] * seen).ravel(), RINGS + 1)[:RINGS] for c in range(3)], 1)
    filled = np.flatnonzero(weight > 0.5)
    middles = (np.arange(RINGS) + 0.5) * step
    at = np.minimum(away, OUTERMOST)
    return np.stack(
        [np.interp(at, middles[filled], total[filled, c] / weight[filled]) for c in range(3)], axis=2
    ).astype(np.float32)


def _filled(pixels: Floats, known: Floats, across: float) -> Floats:
    """(H, W, 3) the known pixels carried on smoothly over the rest."""
    mean = (pixels * known[:, :, None]).sum(axis=(0, 1)) / known.sum()
    out = np.broadcast_to(mean, pixels.shape)
    weighted = np.dstack([pixels * known[:, :, None], known])
    for sigma in (0.15 * across, 0.05 * across):
        blurred = cv2.GaussianBlur(weighted, (0, 0), sigma)
        weight = blurred[:, :, 3:]
        trust = np.clip(weight / 0.15, 0, 1)
        out = (1 - trust) * out + trust * blurred[:, :, :3] / np.maximum(weight, 1e-6)
    return out
