"""Glasses as geometry: rims, bridge and temples as tubes, and lenses, for a head of either family.

All frames have the same topology, so that one mesh serves them all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tracker import topology as t
from training.synthetic.staging import Colour, Material, Mesh, Part

FloatArray = npt.NDArray[np.floating]

RIM_STEPS, BRIDGE_STEPS, TEMPLE_STEPS, SIDES = 36, 7, 9, 6
SHARE_WORN, SHARE_DARK = 0.24, 0.12
"""How many people wear glasses, and how many of these sunglasses."""


@dataclass(frozen=True, slots=True, eq=False)
class Glasses:
    """One pair, on one head. rims, lenses: vertices (V, 3) in the model frame."""

    frame: FloatArray
    lenses: FloatArray
    frame_material: Material
    lens_material: Material
    rimless: bool

    def parts(self) -> list[Part]:
        """To be drawn after the head."""
        lenses = Part(_LENS_MESH, self.lenses, self.lens_material)
        return [lenses] if self.rimless else [Part(_FRAME_MESH, self.frame, self.frame_material), lenses]


def sample_glasses(
    rng: np.random.Generator, landmarks: FloatArray, eyes: FloatArray, half_width: float
) -> Glasses | None:
    """Glasses for a neutral head, or None for most.

    landmarks: (66, 3) model frame, cm. eyes: (2, 3) centres of the right and the left eyeball. half_width: of the head
    at the temples, cm.
    """
    if rng.random() > SHARE_WORN:
        return None
    scale = float(np.linalg.norm(eyes[1] - eyes[0])) / 6.2
    width, height = rng.uniform(2.1, 2.8) * scale, rng.uniform(1.35, 2.3) * scale
    exponent = rng.uniform(2.0, 4.5)
    slant, cat = rng.uniform(0.0, 0.25), rng.uniform(-0.08, 0.22)
    nasion = landmarks[t.NASION]
    front = max(float(nasion[2]) + rng.uniform(0.25, 0.7), float(eyes[:, 2].max()) + 2.4 * scale)
    drop = rng.uniform(0.1, 0.6) * scale
    bend = rng.uniform(0.01, 0.045)
    thickness = float(rng.choice([0.06, 0.1, 0.2, 0.28])) * scale
    tubes, lenses = [], []
    turn = 2 * np.pi * np.arange(RIM_STEPS) / RIM_STEPS
    cos, sin = np.cos(turn), np.sin(turn)
    for eye, side in zip(eyes, (-1, 1), strict=True):
        x = side * np.sign(cos) * np.abs(cos) ** (2 / exponent) * width
        y = np.sign(sin) * np.abs(sin) ** (2 / exponent) * height
        y = y + cat * side * x * (y > 0) - slant * np.abs(y) * (side * x < 0) * (y < 0)
        centre = np.array([eye[0] + side * 0.1 * scale, eye[1] - drop])
        rim = np.column_stack([centre[0] + x, centre[1] + y, np.zeros(RIM_STEPS)])
        rim[:, 2] = front - bend * (np.abs(rim[:, 0]) - 1.0) ** 2
        tubes.append(_tube(rim, thickness, closed=True))
        lenses.append(np.concatenate([rim, [[*centre, front - bend * (abs(centre[0]) - 1.0) ** 2 + 0.12]]]))
    inner = [
        float(lens[:-1, 0].max() if side < 0 else lens[:-1, 0].min())
        for lens, side in zip(lenses, (-1, 1), strict=True)
    ]
    across = np.linspace(inner[0], inner[1], BRIDGE_STEPS)
    rise = rng.uniform(0.0, 0.4) * scale
    bow = np.cos(np.linspace(-np.pi / 2, np.pi / 2, BRIDGE_STEPS))
    bridge = np.column_stack([across, eyes[:, 1].mean() - drop + 0.45 * scale + rise * bow, front + 0.15 * bow])
    tubes.append(_tube(bridge, thickness * 0.9, closed=False))
    for lens, eye, side in zip(lenses, eyes, (-1, 1), strict=True):
        outer = lens[np.argmax(side * lens[:-1, 0])]
        back = np.linspace(0, 1, TEMPLE_STEPS)
        reach = np.minimum(back * 4, 1)
        wide = side * (half_width + 0.25)
        path = np.column_stack(
            [
                outer[0] + (wide - outer[0]) * reach,
                outer[1] + 0.3 * height + (eye[1] + 0.2 - outer[1] - 0.3 * height) * back,
                outer[2] - (outer[2] - eye[2] + 8.5 * scale) * back,
            ]
        )
        tubes.append(_tube(path, thickness, closed=False))
    dark = rng.random() < SHARE_DARK
    colour = _frame_colour(rng)
    tint = rng.uniform(0, 0.25, 3) if dark else 1 - rng.uniform(0, 0.35, 3)
    alpha = rng.uniform(0.65, 0.95) if dark else rng.uniform(0.03, 0.12)
    shine = rng.uniform(0.3, 1.5) / alpha * 0.1 if not dark else rng.uniform(0.2, 0.9)
    return Glasses(
        np.concatenate(tubes).astype(np.float32),
        np.concatenate(lenses).astype(np.float32),
        Material(None, colour, specular=float(rng.uniform(0.1, 0.7)), gloss=40.0),
        Material(None, _colour(tint), specular=float(shine), gloss=50.0, blend=True, alpha=float(alpha), cutout=0.0),
        rimless=not dark and rng.random() < 0.12,
    )


def _frame_colour(rng: np.random.Generator) -> Colour:
    kinds = [np.full(3, 0.04), np.array([0.22, 0.12, 0.06]), np.full(3, 0.55), np.array([0.75, 0.6, 0.3])]
    colour = kinds[rng.integers(4)] * rng.uniform(0.7, 1.3) if rng.random() < 0.85 else rng.uniform(0.05, 0.9, 3)
    return _colour(colour)


def _colour(values: FloatArray) -> Colour:
    r, g, b = (float(v) for v in np.clip(values, 0, 1))
    return r, g, b


def _tube(path: FloatArray, radius: float, closed: bool) -> FloatArray:
    """(len(path) * SIDES, 3) rings round a path (N, 3)."""
    ahead = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0)
    if not closed:
        ahead[0], ahead[-1] = path[1] - path[0], path[-1] - path[-2]
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True) + 1e-9
    first = np.cross(ahead, [0.3, 0.2, 0.93])
    first /= np.linalg.norm(first, axis=1, keepdims=True) + 1e-9
    second = np.cross(ahead, first)
    angle = 2 * np.pi * np.arange(SIDES) / SIDES
    ring = np.cos(angle)[:, None, None] * first + np.sin(angle)[:, None, None] * second
    return np.asarray((path + radius * ring).transpose(1, 0, 2).reshape(-1, 3))


def _tube_triangles(steps: int, closed: bool, start: int) -> list[list[int]]:
    out = []
    for k in range(steps if closed else steps - 1):
        for s in range(SIDES):
            a, b = start + k * SIDES, start + (k + 1) % steps * SIDES
            after = (s + 1) % SIDES
            out += [[a + s, a + after, b + after], [a + s, b + after, b + s]]
    return out


def _frame_mesh() -> Mesh:
    triangles: list[list[int]] = []
    start = 0
    for steps, closed in ((RIM_STEPS, True),) * 2 + ((BRIDGE_STEPS, False),) + ((TEMPLE_STEPS, False),) * 2:
        triangles += _tube_triangles(steps, closed, start)
        start += steps * SIDES
    return Mesh(np.array(triangles, np.int32), np.zeros((start, 2), np.float32))


def _lens_mesh() -> Mesh:
    triangles = []
    for start in (0, RIM_STEPS + 1):
        triangles += [[start + k, start + (k + 1) % RIM_STEPS, start + RIM_STEPS] for k in range(RIM_STEPS)]
    return Mesh(np.array(triangles, np.int32), np.zeros((2 * RIM_STEPS + 2, 2), np.float32))


_FRAME_MESH, _LENS_MESH = _frame_mesh(), _lens_mesh()
