"""Which points measure lids and lips best: `python -m training.measure_sources`.

On photographs held out, the correlation of heights and thicknesses with those of the dense mesh: from the 66 points,
from the landmark network's extra points, and, of the lids, from the eye network's contour.
"""

from __future__ import annotations

import numpy as np

from tracker import topology as t
from tracker.face.crop import crop_around
from tracker.face.eyes import LOWER_LID, UPPER_LID, EyeReader
from tracker.face.landmarks import LandmarkReader
from tracker.face.networks import ModelStore
from training import datasets
from training.blendshape_prior import MAX_DISAGREEMENT, MIN_NATIVE_PX

EVERY = 2
"""Every second photograph, which halves the time."""
LIDS_66 = (([36, 39], [37, 38], [40, 41]), ([45, 42], [43, 44], [46, 47]))
"""Of each eye: corners, upper lid, lower lid."""
LIDS_EXTRA = tuple(
    (ring[[0, 8]].tolist(), ring[UPPER_LID].tolist(), ring[LOWER_LID].tolist())
    for ring in (t.DENSE_RIGHT_LID, t.DENSE_LEFT_LID)
)
_OUTER, _INNER = t.DENSE_OUTER_LIP, t.DENSE_INNER_LIP
LIPS_66 = (([49, 50, 51], [59, 60, 61]), ([54, 55, 56], [63, 64, 65]), ([59, 60, 61], [63, 64, 65]))
LIPS_EXTRA = ((_OUTER[4:7], _INNER[4:7]), (_OUTER[14:17], _INNER[14:17]), (_INNER[4:7], _INNER[14:17]))
"""Facing points: upper lip, lower lip, gap between them."""
NAMES = ("upper lid", "lower lid", "upper lip's thickness", "lower lip's thickness", "mouth's gap")


def lid_heights(points: np.ndarray, eyes: tuple) -> list[float]:
    """Mean over both eyes of the upper and the lower lid's height over the corners' middle, eye widths."""
    heights = []
    for corners, upper, lower in eyes:
        a, b = points[corners]
        across = b - a if b[0] > a[0] else a - b
        up = np.array([across[1], -across[0]]) / (across @ across)
        heights.append([(points[lid].mean(axis=0) - (a + b) / 2) @ up for lid in (upper, lower)])
    return np.mean(heights, axis=0).tolist()


def lip_distances(points: np.ndarray, facing: tuple, eye_px: float) -> list[float]:
    """Distances of facing points over the outer-eye distance."""
    return [float(np.linalg.norm(points[a].mean(axis=0) - points[b].mean(axis=0))) / eye_px for a, b in facing]


def main() -> None:
    pack = datasets.load_faces()
    good = (pack.fold == datasets.VALIDATION) & (pack["disagreement"] < MAX_DISAGREEMENT)
    good &= (pack["native_px"] > MIN_NATIVE_PX) & (pack.source != "mask_on")
    mesh = datasets.load_mesh(pack)
    store = ModelStore()
    landmarks = LandmarkReader(store.load("landmarks_3", optional=True))
    eyes = EyeReader(store.load("eyes"))
    truth, of_66, of_extra, of_eyes = [], [], [], []
    for i in np.flatnonzero(good)[::EVERY]:
        picture = np.ascontiguousarray(pack.pixels[i])
        seen = landmarks.read(picture, crop_around(pack["lm66"][i]))
        assert seen.dense_points is not None
        dense = mesh[i, t.DENSE_MESH, :2]
        true_eye = float(np.linalg.norm(dense[t.DENSE_RIGHT_LID[0]] - dense[t.DENSE_LEFT_LID[0]]))
        eye = float(np.linalg.norm(seen.xy[t.RIGHT_EYE_OUTER] - seen.xy[t.LEFT_EYE_OUTER]))
        truth.append(lid_heights(dense, LIDS_EXTRA) + lip_distances(dense, LIPS_EXTRA, true_eye))
        of_66.append(lid_heights(seen.xy, LIDS_66) + lip_distances(seen.xy, LIPS_66, eye))
        of_extra.append(lid_heights(seen.dense_points, LIDS_EXTRA) + lip_distances(seen.dense_points, LIPS_EXTRA, eye))
        of_eyes.append(eyes.read(picture, seen.xy).lid_heights.mean(axis=0))
    print(f"{len(truth)} photographs; correlation with the dense mesh")
    for name, found in (("66 points", of_66), ("extra points", of_extra), ("eye network", of_eyes)):
        pairs = zip(NAMES, np.array(truth).T, np.array(found).T, strict=False)  # the eye network has the lids alone
        shown = "  ".join(f"{what} {np.corrcoef(true, measured)[0, 1]:.2f}" for what, true, measured in pairs)
        print(f"{name:13s} {shown}")


if __name__ == "__main__":
    main()
