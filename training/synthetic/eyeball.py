"""Eyeballs: the front of a sphere with a slight cornea, and a painted sclera, iris and pupil on it.

The texture is a disc whose radius is the angle from the eye's axis, so turning the vertices turns the gaze.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from training.synthetic.staging import Mesh

FloatArray = npt.NDArray[np.floating]

EDGE_DEG = 110.0  # how far from the axis the surface reaches
RINGS, SPOKES = 22, 32
CORNEA_DEG, CORNEA_RISE = 30.0, 0.045


@dataclass(frozen=True, slots=True, eq=False)
class Iris:
    """What an eye is painted with: colours are sRGB 0 to 1; angles are those seen from the eyeball's centre."""

    colour: tuple[float, float, float]
    radius_deg: float
    pupil_deg: float
    sclera: tuple[float, float, float]


IRIS_COLOURS = (
    (0.20, 0.12, 0.07),
    (0.30, 0.18, 0.10),
    (0.42, 0.28, 0.15),
    (0.36, 0.36, 0.22),
    (0.36, 0.45, 0.52),
    (0.45, 0.52, 0.55),
)


def sample_iris(rng: np.random.Generator, darkness: float) -> Iris:
    """darkness 0 to 1: how likely brown is (1: always)."""
    weights = np.array([0.25, 0.2, 0.15, 0.13, 0.15, 0.12]) * np.array([1, 1, 0.8, *[1 - darkness] * 3])
    colour = np.array(IRIS_COLOURS[rng.choice(6, p=weights / weights.sum())]) * rng.uniform(0.75, 1.25)
    radius = float(rng.uniform(20.5, 24.5))
    sclera = np.array([0.82, 0.78, 0.76]) * rng.uniform(0.78, 1.05) * (1 + rng.normal(0, 0.02, 3))
    return Iris(_rgb(colour), radius, float(radius * rng.uniform(0.28, 0.52)), _rgb(np.clip(sclera, 0, 0.95)))


def _rgb(values: FloatArray) -> tuple[float, float, float]:
    r, g, b = (float(v) for v in values)
    return r, g, b


def paint(rng: np.random.Generator, iris: Iris, size: int = 256) -> npt.NDArray[np.uint8]:
    """(size, size, 3) uint8 RGB texture of one eye."""
    angle, turn = _polar(size)
    fibres = cv2.GaussianBlur(rng.normal(0, 1, (16, 256)).astype(np.float32), (0, 0), 1.2)
    across = np.clip(angle / iris.radius_deg, 0, 1)
    spokes = cv2.remap(
        fibres,
        ((turn / (2 * np.pi) + 0.5) * 255).astype(np.float32),
        (across * 15).astype(np.float32),
        cv2.INTER_LINEAR,
    )
    inner = np.clip(1 - (angle - iris.pupil_deg) / (iris.radius_deg - iris.pupil_deg), 0, 1)
    brightness = 0.75 + 0.5 * spokes + 0.45 * inner * (1 - inner) * 4 * 0.5
    disc = np.array(iris.colour) * brightness[..., None]
    disc = disc + np.array([0.10, 0.05, 0.0]) * (inner**3)[..., None]
    limbus = _step(angle, iris.radius_deg - 4.5, iris.radius_deg - 0.5)
    disc = disc * (1 - 0.65 * limbus[..., None])
    disc = disc * (1 - _step(-angle, -iris.pupil_deg - 0.8, -iris.pupil_deg + 0.8))[..., None] + 0.015
    veins = cv2.GaussianBlur(rng.normal(0, 1, (size, size)).astype(np.float32), (0, 0), size / 100) * size / 100
    red = np.clip(_step(angle, 28, 75) * (0.35 + 0.3 * veins), 0, 1)[..., None]
    white = np.array(iris.sclera) * (1 - red * np.array([0.05, 0.24, 0.24]))
    outside = _step(angle, iris.radius_deg - 0.9, iris.radius_deg + 1.1)[..., None]
    return np.asarray(np.clip(disc * (1 - outside) + white * outside, 0, 1) * 255, np.uint8)


@cache
def _polar(size: int) -> tuple[FloatArray, FloatArray]:
    """(size, size) each texel's angle from the eye's axis, degrees, and its turn about it, radians."""
    at = (np.arange(size) + 0.5) / size * 2 - 1
    x, y = np.meshgrid(at, at)
    return np.hypot(x, y) * EDGE_DEG, np.arctan2(y, x)


def _step(x: FloatArray, low: float, high: float) -> FloatArray:
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def build() -> tuple[Mesh, FloatArray]:
    """The mesh and its vertices (V, 3) for radius 1, looking along +z; the first vertex is the pupil's centre."""
    angles = np.radians(EDGE_DEG) * (np.arange(1, RINGS + 1) / RINGS) ** 1.15
    turns = 2 * np.pi * np.arange(SPOKES) / SPOKES
    polar = np.concatenate([[0.0], np.repeat(angles, SPOKES)])
    turn = np.concatenate([[0.0], np.tile(turns, RINGS)])
    radius = eye_radius(np.degrees(polar))
    vertices = radius[:, None] * np.column_stack(
        [np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar)]
    )
    share = np.degrees(polar) / EDGE_DEG / 2
    uv = np.column_stack([0.5 + share * np.cos(turn), 0.5 + share * np.sin(turn)])
    triangles = [[0, 1 + k, 1 + (k + 1) % SPOKES] for k in range(SPOKES)]
    for ring in range(RINGS - 1):
        a, b = 1 + ring * SPOKES, 1 + (ring + 1) * SPOKES
        for k in range(SPOKES):
            after = (k + 1) % SPOKES
            triangles += [[a + k, b + k, b + after], [a + k, b + after, a + after]]
    return Mesh(np.array(triangles, np.int32), uv.astype(np.float32)), vertices


def eye_radius(angle_deg: FloatArray) -> FloatArray:
    """Distance of the surface from the centre at an angle from the axis, the sclera's radius being 1."""
    return 1 + CORNEA_RISE * (1 - _step(angle_deg, 0, CORNEA_DEG))


def turned(gaze_deg: FloatArray) -> FloatArray:
    """(3, 3) rotation in the model frame of an eye that looks `gaze_deg` = yaw, pitch (+ subject's left, + up)."""
    (cy, cp), (sy, sp) = np.cos(np.radians(gaze_deg)), np.sin(np.radians(gaze_deg))
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    return np.asarray(yaw @ np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]]))
