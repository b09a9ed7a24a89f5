"""Eyes of renders, cut out as the tracker does: around the corners that a landmark network reads.

Only renders say in which direction an eye looks, how far its lids are closed apart from where they rest, and which
narrow eye is open. A patch of the picture round each eye is kept, with its truth in the patch's pixels; the crop
itself is cut from that in one step, so that it is sampled as at run time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from tracker.face.crop import crop_around
from tracker.face.eye_points import EYES, INNER, OUTER
from tracker.face.landmarks import LandmarkReader
from tracker.face.networks import ModelStore
from tracker.topology import BLENDSHAPE_NAMES
from training.datasets import runs_folder
from training.eyes.data import (
    CLOSED_GAP,
    WIDE,
    WIDE_SIZE,
    Example,
    Weights,
    behind_glasses,
    crop_matrix,
    lid_gap,
    warp_crop,
)
from training.manifest import MODELS_FOLDER
from training.photometric import Picture
from training.synthetic.shards import RenderSet, set_folder

REACH = 1.15
"""Half the side of a patch, eye widths: a crop's half diagonal and its jitter."""
SMALLEST_WIDTH_PX = 7.0
"""Eyes narrower than this in the picture show nothing."""
MISREAD = 0.12
"""Corners further than this, in outer-eye distances, from the truth are not the tracker's usual error."""
SMALLER, SMALLEST_SEEN_PX = 0.5, 10.0
"""Share of the eyes seen by a camera further away, and how narrow they get."""
JITTER = 0.02
"""Errors of the corners, each and both together, in eye widths, besides those of the network that read them."""
SHUT_BELOW, OPEN_ABOVE, SHUT_BLINK = 0.12, 0.35, 0.9
"""Openness below which an eye counts as closed and above which its pupil is seen whole; blink of a closed eye."""
DRAWN_LIDS, DRAWN_PUPIL = 0.3, 0.5
"""Weight of rendered lids and pupils: people and annotators draw them a little elsewhere."""
LEARNT_SHARE = 0.8
"""Of each set, its first people. What networks say is mixed as fits the others (`training.eyes.looks`)."""
BLINKS = [BLENDSHAPE_NAMES.index(f"eyeBlink{side}") for side in ("Right", "Left")]
FIELDS = ("corners", "pupil", "lids", "gaze", "openness", "blink", "start", "shape")


@dataclass(frozen=True, eq=False)
class RenderedEyes:
    """N eyes, right ones as they are, left ones to be mirrored by `crop_matrix`.

    pixels: flat uint8; start: (N,) where each patch begins; shape: (N, 2) its height and width.
    corners: (N, 2, 2) outer and inner as read, pupil: (N, 2), lids: (N, 16, 2), patch pixels.
    gaze: (N, 4) degrees: yaw and pitch in the head, then seen from the camera and upright in the crop; + is to the
    inner corner and up. openness, blink: (N,).
    """

    pixels: np.ndarray
    arrays: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.arrays["start"])

    def __getitem__(self, key: str) -> np.ndarray:
        return self.arrays[key]

    def patch(self, i: int) -> Picture:
        """(H, W, 3) BGR."""
        height, width = self.arrays["shape"][i]
        start = self.arrays["start"][i]
        return self.pixels[start : start + height * width * 3].reshape(height, width, 3)


def rendered_example(eyes: RenderedEyes, i: int, rng: np.random.Generator) -> Example:
    """Eye `i` as the tracker would crop it."""
    picture: Picture = eyes.patch(i)
    corners, pupil, lids = (eyes[key][i].astype(np.float32) for key in ("corners", "pupil", "lids"))
    width = float(np.hypot(*(corners[1] - corners[0])))
    if rng.random() < SMALLER and width > SMALLEST_SEEN_PX:
        target = float(np.exp(rng.uniform(np.log(SMALLEST_SEEN_PX), np.log(width))))
        height, across = picture.shape[:2]
        small = (max(8, round(across * target / width)), max(8, round(height * target / width)))
        picture = cv2.resize(picture, small, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        ratio = np.array([small[0] / across, small[1] / height], np.float32)
        corners, pupil, lids = ((value + 0.5) * ratio - 0.5 for value in (corners, pupil, lids))
        width = float(np.hypot(*(corners[1] - corners[0])))
    upright = crop_matrix(corners[0], corners[1], WIDE_SIZE, WIDE)
    corners = corners + (rng.normal(0, JITTER * width, (2, 2)) + rng.normal(0, JITTER * width, 2)).astype(np.float32)
    matrix = crop_matrix(corners[0], corners[1], WIDE_SIZE, WIDE)
    crop = warp_crop(picture, matrix, WIDE_SIZE, averaged=False)
    places = np.concatenate([pupil[None], lids]) @ matrix[:, :2].T + matrix[:, 2]
    places = ((places + 0.5) / np.array(WIDE_SIZE)).astype(np.float32)
    openness, blink, gap = float(eyes["openness"][i]), float(eyes["blink"][i]), float(lid_gap(lids))
    shut, wide = openness < SHUT_BELOW or blink > SHUT_BLINK, openness > OPEN_ABOVE and blink < 0.5
    visible = float(np.clip((openness - SHUT_BELOW) / (OPEN_ABOVE - SHUT_BELOW), 0, 1)) * float(gap > CLOSED_GAP)
    weights = Weights(
        pupil=DRAWN_PUPIL * visible,
        lids=DRAWN_LIDS,
        gap=DRAWN_LIDS,
        closed=float(shut or wide),
        confidence=float(visible > 0 or shut),
        gaze=visible,
        openness=1.0,
        blink=1.0,
        seen=1.0,
    )
    made = Example(
        crop, places[0], places[1:], gap, float(shut), weights,
        gaze=turned_gaze(eyes["gaze"][i], upright, matrix), openness=openness, blink=blink,
    )  # fmt: skip
    return behind_glasses(made, rng)


def turned_gaze(gaze: np.ndarray, upright: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """(4,) the gaze (4,) of an `upright` crop as it is seen in the crop of another `matrix`, both (2, 3)."""
    turn = matrix[:, :2] @ np.linalg.inv(upright[:, :2])
    across, down = turn @ (gaze[2], -gaze[3]) / np.sqrt(np.linalg.det(turn))
    return np.array([gaze[0], gaze[1], across, -down], np.float32)


def seen_gaze(rotation: np.ndarray, gaze_deg: np.ndarray, place: np.ndarray, along: np.ndarray) -> np.ndarray:
    """(2,) degrees to the image's right and up, of an eye as it appears upright.

    rotation: (3, 3) of the head. gaze_deg: (2,) in the head, to the subject's left and up. place: (3,) of the eye
    from the camera. along: (2,) unit vector of the line of the corners in the image, to the right in an upright face.
    """
    yaw, pitch = np.radians(gaze_deg)
    direction = np.array([-np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    x, y, z = turned_to_front(place) @ (-rotation @ direction)
    across, down = along[0] * x + along[1] * y, -along[1] * x + along[0] * y
    return np.degrees([np.arctan2(across, -z), np.arcsin(np.clip(-down, -1, 1))])


def turned_to_front(place: np.ndarray) -> np.ndarray:
    """(3, 3) the smallest rotation that turns the direction of `place` (3,) to the camera's axis."""
    sight = place / np.linalg.norm(place)
    axis = np.array([sight[1], -sight[0], 0.0])
    sine = np.linalg.norm(axis)
    if sine < 1e-9:
        return np.eye(3)
    return np.asarray(cv2.Rodrigues(axis / sine * np.arctan2(sine, sight[2]))[0])


def _read_set(name: str, reader: LandmarkReader) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    renders = RenderSet([name])
    pixels: list[np.ndarray] = []
    rows: dict[str, list[np.ndarray | float]] = {key: [] for key in FIELDS}
    at = 0
    for i in range(len(renders)):
        picture = renders.picture(i)
        truth = renders["points"][i, :66]
        xy = reader.read(picture, crop_around(truth)).xy
        xy = reader.read(picture, crop_around(xy)).xy
        apart = float(np.hypot(*(truth[45] - truth[36])))
        focal, size = float(renders["focal_px"][i]), picture.shape[0]
        depth = float(renders["translation"][i, 2])
        for k, eye in enumerate(EYES):
            corners, true = xy[eye[[OUTER, INNER]]], truth[eye[[OUTER, INNER]]]
            width = float(np.hypot(*(corners[1] - corners[0])))
            if width < SMALLEST_WIDTH_PX or np.abs(corners - true).max() > MISREAD * max(apart, 3 * width):
                continue
            if not renders["visible"][i, eye[[OUTER, INNER]]].any():
                continue
            middle = corners.mean(axis=0)
            low = np.maximum(np.floor(middle - REACH * width - 1), 0).astype(int)
            high = np.minimum(np.ceil(middle + REACH * width + 2), size).astype(int)
            patch = picture[low[1] : high[1], low[0] : high[0]]
            if min(patch.shape[:2]) < 8:
                continue
            along = (corners[1] - corners[0]) * (1 if k == 0 else -1) / width
            place = np.array([*((middle - (size - 1) / 2) / focal * depth), depth])
            own = renders["gaze_deg"][i, k].astype(np.float64)
            seen = seen_gaze(renders["rotation"][i].astype(np.float64), own, place, along)
            side = np.array([1.0, 1.0]) if k == 0 else np.array([-1.0, 1.0])
            pixels.append(patch.ravel())
            rows["start"].append(at)
            at += patch.size
            rows["shape"].append(np.array(patch.shape[:2]))
            rows["corners"].append(corners - low)
            rows["pupil"].append(renders["pupils"][i, k] - low)
            rows["lids"].append(renders["lids"][i, k] - low)
            rows["gaze"].append(np.concatenate([own * side, seen * side]))
            rows["openness"].append(float(renders["openness"][i, k]))
            rows["blink"].append(float(renders["coefficients"][i, BLINKS[k]]))
    arrays = {key: np.asarray(rows[key], np.int64 if key in ("start", "shape") else np.float32) for key in FIELDS}
    return np.concatenate(pixels), arrays


def joined(parts: Sequence[RenderedEyes]) -> RenderedEyes:
    """All of them as one."""
    starts = np.cumsum([0, *(len(part.pixels) for part in parts)])
    arrays = {key: np.concatenate([part[key] for part in parts]) for key in FIELDS}
    arrays["start"] = np.concatenate([part["start"] + at for part, at in zip(parts, starts, strict=False)])
    return RenderedEyes(np.concatenate([part.pixels for part in parts]), arrays)


def load_rendered_eyes(names: Sequence[str], folder: Path = MODELS_FOLDER, share: float = LEARNT_SHARE) -> RenderedEyes:
    """The first `share` of the eyes of each set, read by landmark network 3 of `folder`; kept in the runs folder per
    shard count."""
    reader = None
    parts = []
    for name in names:
        shards = len(list(set_folder(name).glob("shard-?????.npz")))
        file = runs_folder() / f"eyes-of-{name}-{shards}.npz"
        if not file.exists():
            reader = reader or LandmarkReader(ModelStore(folder).load("landmarks_3"))
            pixels, arrays = _read_set(name, reader)
            unfinished = file.with_suffix(".part.npz")
            np.savez(unfinished, pixels=pixels, **arrays)
            unfinished.replace(file)
        with np.load(file) as stored:
            pixels, arrays = stored["pixels"], {key: stored[key] for key in FIELDS}
        if share < 1:
            count = int(share * len(arrays["start"]))
            pixels = pixels[: arrays["start"][count]]
            arrays = {key: array[:count] for key, array in arrays.items()}
        parts.append(RenderedEyes(pixels, arrays))
    return joined(parts)
