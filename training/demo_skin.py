"""The demo face's skin: photographs of the training fold, laid onto the average mesh and averaged."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from tracker import topology
from training.datasets import TRAIN, Pack
from training.mesh import FaceMesh, align, frontal_turn

N_OPEN, N_CLOSED = 320, 160


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where the mesh lies in the atlas. uv: (P, 2) texels; triangle: (H, W) index of the triangle there, -1 outside."""

    uv: np.ndarray
    triangles: np.ndarray
    triangle: np.ndarray

    @classmethod
    def of(cls, uv: np.ndarray, triangles: np.ndarray, shape: tuple[int, int]) -> Layout:
        ids = np.full(shape, -1, np.int32)
        for index, corners in enumerate(np.round(uv[triangles] * 16).astype(np.int32)):
            cv2.fillConvexPoly(ids, corners, index, shift=4)
        return cls(uv, triangles, ids)

    def lay(self, image: np.ndarray, points: np.ndarray) -> np.ndarray:
        """(H, W, 3) float32: `image`, seen through the mesh's points (P, 2) in it, laid flat."""
        rows, columns = np.nonzero(self.triangle >= 0)
        corners = self.triangles[self.triangle[rows, columns]]
        a, b, c = (self.uv[corners[:, k]] for k in range(3))
        p = np.stack([columns, rows], axis=1)
        shares = np.stack([_cross(b - p, c - p), _cross(c - p, a - p), _cross(a - p, b - p)], axis=1)
        shares /= _cross(b - a, c - a)[:, None]
        where = np.full((*self.triangle.shape, 2), -9, np.float32)
        where[rows, columns] = np.einsum("nk,nkc->nc", shares, points[corners])
        x, y = cv2.split(where)
        flat = cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.where(self.triangle[:, :, None] >= 0, flat, 0).astype(np.float32)


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]


def open_faces(pack: Pack, meshes: np.ndarray, mesh: FaceMesh) -> np.ndarray:
    """Indices of the sharpest frontal colour portraits: lips closed, eyes open, looking straight ahead."""
    candidates = _frontal(pack, meshes, ("utk", "faker", "uda"), native_px=150)
    aligned = align(meshes[candidates].astype(np.float64), mesh.mean)
    marks = np.einsum("jp,npk->njk", mesh.weights, aligned)
    gap = np.linalg.norm(marks[:, 60] - marks[:, 64], axis=1)
    lids = marks[:, [40, 41, 46, 47], 1].mean(axis=1) - marks[:, [37, 38, 43, 44], 1].mean(axis=1)
    level = np.abs(aligned[:, 473, 0] + aligned[:, 468, 0]) < 0.03  # both irises equally far from the middle
    return _sharpest(pack, candidates[(gap < 0.06) & (lids > 0.066) & level], N_OPEN)


def closed_faces(pack: Pack, meshes: np.ndarray) -> np.ndarray:
    """Indices of the sharpest frontal portraits with both eyes closed."""
    return _sharpest(pack, _frontal(pack, meshes, ("cew_closed",), native_px=90), N_CLOSED)


def average_texture(pack: Pack, meshes: np.ndarray, chosen: np.ndarray, layout: Layout) -> np.ndarray:
    """(H, W, 3) float32: the mean over `chosen`, each brought to the common brightness first, then mirrored.

    The layout must be symmetric about the atlas's middle column.
    """
    covered = layout.triangle >= 0
    level = np.array([120.0, 145.0, 190.0], np.float32)  # BGR of the cheeks, near the packs' own mean
    total = np.zeros((*layout.triangle.shape, 3), np.float32)
    for i in chosen.tolist():
        flat = layout.lay(pack.pixels[i], meshes[i, :, :2].astype(np.float64))
        total += flat * (level / np.median(flat[covered], axis=0).clip(30))
    mean = total / len(chosen)
    return (mean + mean[:, ::-1]) / 2


def _frontal(pack: Pack, meshes: np.ndarray, sources: tuple[str, ...], native_px: float) -> np.ndarray:
    usable = (
        (pack.fold == TRAIN)
        & (pack["disagreement"] < 0.03)
        & (pack["native_px"] > native_px)
        & np.isin(pack.source, sources)
        & (np.abs(frontal_turn(meshes)) < 0.1)
    )
    candidates = np.flatnonzero(usable)
    colourful = [float(pack.pixels[i].astype(np.int16).std(axis=2).mean()) > 8 for i in candidates.tolist()]
    return candidates[np.array(colourful, bool)]


def _sharpest(pack: Pack, candidates: np.ndarray, count: int) -> np.ndarray:
    sharpness = []
    for i in candidates.tolist():
        eyes = pack["lm66"][i][topology.RIGHT_EYE[0] :][:12]
        (x0, y0), (x1, y1) = eyes.min(axis=0).astype(int) - 6, eyes.max(axis=0).astype(int) + 6
        region = np.ascontiguousarray(pack.pixels[i][max(y0, 0) : y1, max(x0, 0) : x1])
        region = cv2.cvtColor(region, cv2.COLOR_BGR2GRAY)
        sharpness.append(cv2.Laplacian(region, cv2.CV_32F).std() / max(float(region.std()), 5.0))
    return candidates[np.argsort(sharpness)[::-1][:count]]
