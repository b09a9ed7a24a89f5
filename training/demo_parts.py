"""What photographs of faces do not show well and the demo head needs: the skull's sides, ears and hair.

Face units; x right in the picture, y down, z into the head, origin at the nose tip.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tracker.capture.demo.render import SKULL_AXES, SKULL_CENTRE

HAIR_GROWTH = 0.06  # how far the hair stands off the skull, away from its edge
SEED = 7


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """vertices (V, 3), uv (V, 2) texels, triangles (T, 3) wound so that front faces turn clockwise in the picture."""

    vertices: np.ndarray
    uv: np.ndarray
    triangles: np.ndarray


def skull_sides(face: np.ndarray, uv: np.ndarray, border: np.ndarray, margin: float) -> Part:
    """Three rings around the face that carry its border back along the skull.

    border: vertex indices around the face, in the order of its triangles. margin: texels left around the face.
    Returned triangles index `face` followed by the new vertices.
    """
    on_skull = (face[border] - SKULL_CENTRE) / SKULL_AXES
    radius = np.linalg.norm(on_skull, axis=1)
    direction = on_skull / radius[:, None]
    polar = np.arccos(-direction[:, 2])
    around = direction[:, :2] / np.linalg.norm(direction[:, :2], axis=1, keepdims=True)
    outward = uv[border] - uv[border].mean(axis=0)
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)

    vertices, texels, triangles = [face], [uv], []
    previous, start = border, len(face)
    for ring, (turn, settle) in enumerate(((0.22, 0.5), (0.55, 1.0), (1.0, 1.0)), start=1):
        angle = polar + turn
        at = np.column_stack([around * np.sin(angle)[:, None], -np.cos(angle)])
        slim = 1 - 0.17 * np.clip((around[:, 1] - 0.15) / 0.5, 0, 1)  # a jaw is narrower than a skull
        reach = radius * (1 - settle) + settle * slim
        vertices.append(SKULL_CENTRE + SKULL_AXES * at * reach[:, None])
        texels.append(uv[border] + outward * (margin * ring / 3))
        current = start + np.arange(len(border))
        following = np.roll(current, -1)
        triangles.append(np.column_stack([previous, current, following]))
        triangles.append(np.column_stack([previous, following, np.roll(previous, -1)]))
        previous, start = current, start + len(border)
    return Part(np.concatenate(vertices), np.concatenate(texels), np.concatenate(triangles))


def ears(first_vertex: int, corner: tuple[int, int], size: tuple[int, int]) -> Part:
    """Both ears: shallow shells whose texture lies at `corner` (x, y) of the atlas, `size` (width, height) texels."""
    rows, columns = 7, 5
    v, u = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    lobe = np.sqrt(np.clip(1 - np.abs(v) ** 3, 0, 1)) * (0.78 - 0.24 * v)  # wide above, a narrow lobe below
    back = u * lobe
    shell = 0.075 * np.sin(np.clip(u, 0, 1) * np.pi * 0.62) * lobe  # how far it stands off the head
    one = np.stack([0.492 + shell + 0.02 * u, -0.075 + 0.205 * v - 0.03 * u, 0.80 + 0.20 * back], axis=-1)
    one = one.reshape(-1, 3)
    width, height = size
    texels = np.stack([1 + u * (width - 3), 1 + (v + 1) / 2 * (height - 3)], axis=-1).reshape(-1, 2) + corner
    cell = np.arange((rows - 1) * columns).reshape(rows - 1, columns)[:, :-1].ravel()
    left = np.concatenate(
        [
            np.column_stack([cell, cell + 1, cell + columns + 1]),
            np.column_stack([cell, cell + columns + 1, cell + columns]),
        ]
    )
    count = rows * columns
    return Part(
        np.concatenate([one, one * [-1, 1, 1]]),
        np.concatenate([texels, texels]),
        np.concatenate([left, left[:, ::-1] + count]) + first_vertex,
    )


def ear_texture(size: tuple[int, int], skin: np.ndarray) -> np.ndarray:
    """(H, W, 3) float32: skin with the helix's rim, the shell's shadow and a lobe."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    u, v = x / (width - 1), y / (height - 1) * 2 - 1
    rim = np.exp(-(((u - 0.86) / 0.12) ** 2))
    fold = np.exp(-(((u - 0.66) / 0.10) ** 2)) * (v < 0.55)
    bowl = np.exp(-(((u - 0.38) / 0.17) ** 2) - ((v - 0.10) / 0.36) ** 2)
    shade = 0.92 + 0.08 * rim - 0.13 * fold - 0.36 * bowl - 0.10 * (u > 0.95)
    red = np.array([0.94, 0.95, 1.03], np.float32)
    return cv2.GaussianBlur((skin * red) * shade[:, :, None], (0, 0), 0.8)


def hair() -> tuple[Part, np.ndarray]:
    """A cap of short hair and its (H, W, 4) uint8 BGRA texture: u runs around the head, v from the crown down."""
    columns, rows = 28, 7
    width, height = 288, 96
    turn, down = np.meshgrid(np.linspace(-np.pi, np.pi, columns + 1), np.linspace(0, 1, rows), indexing="ij")
    # turn 0 is the forehead, +-pi the nape; the hairline climbs over the forehead and dips before the ears
    front = (1 + np.cos(turn)) / 2
    temple = np.exp(-(((np.abs(turn) - 1.25) / 0.30) ** 2))
    edge = np.deg2rad(121 - 66 * front**1.5 + 16 * temple)
    polar = edge * down
    growth = 1.012 + HAIR_GROWTH * (1 - down**3) + 0.02 * (1 - front) * down
    at = np.stack([np.sin(polar) * np.sin(turn), -np.cos(polar), -np.sin(polar) * np.cos(turn)], axis=-1)
    vertices = (SKULL_CENTRE + SKULL_AXES * at * growth[..., None]).reshape(-1, 3)
    uv = np.stack([(turn + np.pi) / (2 * np.pi) * (width - 1), down * (height - 1)], axis=-1).reshape(-1, 2)
    cell = (np.arange(columns)[:, None] * rows + np.arange(rows - 1)).ravel()
    triangles = np.concatenate(
        [
            np.column_stack([cell, cell + rows, cell + rows + 1]),
            np.column_stack([cell, cell + rows + 1, cell + 1]),
        ]
    )
    return Part(vertices, uv, triangles), _hair_texture(width, height)


def _hair_texture(width: int, height: int) -> np.ndarray:
    rng = np.random.default_rng(SEED)
    fine = cv2.GaussianBlur(rng.normal(size=(height, width)).astype(np.float32), (0, 0), 0.7, sigmaY=9)
    locks = cv2.GaussianBlur(rng.normal(size=(height, width)).astype(np.float32), (0, 0), 3.0, sigmaY=22)
    strands = fine / fine.std() * 0.55 + locks / locks.std() * 0.75
    v = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    gloss = np.exp(-(((v - 0.45) / 0.17) ** 2)) * (0.5 + 0.3 * strands)
    light = 1 + 0.20 * strands + 0.55 * gloss
    colour = np.array([32, 44, 62], np.float32) * light[:, :, None]
    tips = cv2.GaussianBlur(rng.normal(size=(1, width)).astype(np.float32), (0, 0), 1.6)
    tips = 0.90 + 0.035 * tips / tips.std()
    alpha = np.clip((tips - v) / 0.07 + 0.5, 0, 1)
    return np.dstack([colour, alpha * 255]).clip(0, 255).astype(np.uint8)
