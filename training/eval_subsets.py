"""Held-out faces in the groups they are reported in, some made by exact augmentation of fold 1.

Labels stay exact: what is drawn or done to the light moves no point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tracker import topology as t
from training import datasets
from training.accessories import put_on_glasses, put_on_mask
from training.landmarks.face_sets import UPPER_INNER
from training.photometric import add_noise, motion_blur, through_jpeg

Picture = npt.NDArray[np.uint8]
Rng = np.random.Generator

BORDER = 0.3
"""Of a face crop's side, repeated around it: trackers expect a face within a frame."""
SEED = 17
LARGE_YAW_DEG = 35
SMALL_PX = 70
TINY_FACE_PX = 40


@dataclass(frozen=True, slots=True, eq=False)
class Subset:
    """Pictures of held-out faces and their truth, in pixels of those pictures.

    pictures: N of (H, W, 3). landmarks (N, 66, 2): `lm66`. third (N, 66, 2): `fan68`, NaN where it is unknown.
    pupils (N, 2, 2): the mesh annotator's irises. measured: over which landmarks errors are averaged.
    """

    name: str
    pictures: list[Picture]
    landmarks: np.ndarray
    third: np.ndarray
    pupils: np.ndarray
    measured: np.ndarray


Treatment = Callable[[Picture, np.ndarray, Rng], tuple[Picture, float]]
"""Picture and its landmarks -> treated picture and how much it was enlarged."""


def _same_size(change: Callable[[Picture, np.ndarray, Rng], np.ndarray]) -> Treatment:
    return lambda picture, points, rng: (change(picture, points, rng).astype(np.uint8, copy=False), 1.0)


def _shrink(picture: Picture, points: np.ndarray, rng: Rng) -> tuple[Picture, float]:
    scale = min(1.0, TINY_FACE_PX / float(np.ptp(points, axis=0).max()))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return small.astype(np.uint8, copy=False), scale


def _untouched(picture: Picture, points: np.ndarray, rng: Rng) -> tuple[Picture, float]:
    return picture, 1.0


_dark = _same_size(lambda picture, _, rng: add_noise((picture * (1 / 12)).astype(np.uint8), 2.0, rng))
_blurred = _same_size(lambda picture, points, rng: motion_blur(picture, 0.06 * float(np.ptp(points[:, 0])), rng))
_noisy = _same_size(lambda picture, _, rng: add_noise(picture, 15.0, rng))
_compressed = _same_size(lambda picture, _, rng: through_jpeg(picture, 12))
_glasses = _same_size(lambda picture, points, rng: put_on_glasses(picture, points, rng))
_mask = _same_size(lambda picture, points, rng: put_on_mask(picture, points, picture[::-1], rng))


def load_subsets(only: str = "") -> Iterator[Subset]:
    """One group after another, those whose name contains `only`."""
    pack = datasets.load_faces()
    mesh = datasets.load_mesh(pack)
    rows = pack.indices(datasets.VALIDATION)
    source = pack.source[rows]
    across = mesh[rows, 473] - mesh[rows, 468]
    yaw = np.degrees(np.arctan2(np.abs(across[:, 2]), np.abs(across[:, 0])))
    plain = np.isin(source, ("uda", "muxspace", "utk", "mask_off", "faker")) & (pack["native_px"][rows] > SMALL_PX)
    made = np.flatnonzero(plain)[::4]
    choices: list[tuple[str, np.ndarray, Treatment, np.ndarray]] = [
        (str(name), np.flatnonzero(source == name), _untouched, UPPER_INNER if name == "mask_on" else t.INNER_49)
        for name in np.unique(source)
    ]
    unmasked = source != "mask_on"
    choices += [
        (
            f"yaw beyond {LARGE_YAW_DEG} degrees",
            np.flatnonzero(unmasked & (yaw > LARGE_YAW_DEG)),
            _untouched,
            t.INNER_49,
        ),
        (
            f"face below {SMALL_PX} px in the original",
            np.flatnonzero(unmasked & (pack["native_px"][rows] < SMALL_PX)),
            _untouched,
            t.INNER_49,
        ),
        ("made: none, the pictures the made groups begin with", made, _untouched, t.INNER_49),
        (f"made: shrunk to {TINY_FACE_PX} px", made, _shrink, t.INNER_49),
        ("made: a twelfth of the light, noise", made, _dark, t.INNER_49),
        ("made: motion blur, 6 % of the face", made, _blurred, t.INNER_49),
        ("made: noise of sigma 15", made, _noisy, t.INNER_49),
        ("made: JPEG of quality 12", made, _compressed, t.INNER_49),
        ("made: glasses", made, _glasses, t.INNER_49),
        ("made: mask, upper face", made, _mask, UPPER_INNER),
    ]
    for name, members, treatment, measured in choices:
        if only in name:
            yield _make(name, pack, mesh, rows[members], treatment, measured)


def _make(
    name: str, pack: datasets.Pack, mesh: np.ndarray, rows: np.ndarray, treatment: Treatment, measured: np.ndarray
) -> Subset:
    rng = np.random.default_rng(SEED)
    pictures, landmarks, third, pupils = [], [], [], []
    for i in rows:
        points = pack["lm66"][i]
        picture, scale = treatment(np.ascontiguousarray(pack.pixels[i]), points, rng)
        border = round(BORDER * max(picture.shape[:2]))
        picture = cv2.copyMakeBorder(picture, border, border, border, border, cv2.BORDER_REPLICATE).astype(np.uint8)
        pictures.append(picture)

        def moved(truth: np.ndarray, scale: float = scale, border: int = border) -> np.ndarray:
            return (truth + 0.5) * scale - 0.5 + border

        landmarks.append(moved(points))
        third.append(moved(pack["fan68"][i][t.IBUG_68].astype(np.float32)))
        pupils.append(moved(mesh[i][[468, 473], :2]))
    return Subset(name, pictures, np.stack(landmarks), np.stack(third), np.stack(pupils), measured)
