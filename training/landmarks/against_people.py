"""Landmark error against the points people set, on the validation fold: by skin, turn and size, and closed mouths."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from tracker import topology as t
from tracker.face.crop import crop_around
from tracker.face.landmarks import LandmarkReader
from training import datasets
from training.baselines.asking import ask
from training.landmarks.data import jitter
from training.landmarks.skin_groups import NAMES, group_of, typology_angle
from training.mesh import landmark_weights

CLOSED = 2.0
"""Percent of the outer-eye distance that the inner lips of a closed mouth are apart at most."""
UPPER_INNER_LIP, LOWER_INNER_LIP = np.array([59, 60, 61]), np.array([65, 64, 63])
MOUTH = np.arange(48, 66)
CLOSE = 0.05
"""A point within this fraction of the outer-eye distance is right, as far as confidence goes."""
SMALL_PX = 90
SIDES_PX = (20, 30, 40, 60, 100)
"""Longer sides of the box around a face's points for the table by size."""
TURNED = 0.35
"""Asymmetry of the face from which it counts as turned, about 25 degrees."""
FEWEST = 8
PEER_BORDER_PX = 64
"""Around pictures, for another tracker's detector, which wants some room about a face."""


def in_eye_line(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(N, P, 2) error over the truth's outer-eye distance, in the eye line's frame. found, truth: (N, 66, 2) px."""
    across = truth[:, t.LEFT_EYE_OUTER] - truth[:, t.RIGHT_EYE_OUTER]
    length = np.maximum(np.linalg.norm(across, axis=1), 1e-3)
    cos, sin = across[:, 0] / length, across[:, 1] / length
    turn = np.stack([np.stack([cos, sin], 1), np.stack([-sin, cos], 1)], 1)
    error: np.ndarray = np.einsum("nij,npj->npi", turn, found - truth) / length[:, None, None]
    return error


def without_offsets(error: np.ndarray) -> np.ndarray:
    """`error` less each point's median: that of even faces for odd ones, and the reverse."""
    even = np.arange(len(error)) % 2 == 0
    offset_even, offset_odd = np.median(error[even], axis=0), np.median(error[~even], axis=0)
    return error - np.where(even[:, None, None], offset_odd, offset_even)


def lip_gap(points: np.ndarray) -> np.ndarray:
    """(N,) mean distance of the inner lips' edges, percent of the outer-eye distance. points (N, 66, 2)."""
    gap = np.linalg.norm(points[:, UPPER_INNER_LIP] - points[:, LOWER_INNER_LIP], axis=2).mean(axis=1)
    eye = np.linalg.norm(points[:, t.LEFT_EYE_OUTER] - points[:, t.RIGHT_EYE_OUTER], axis=1)
    return np.asarray(100 * gap / np.maximum(eye, 1e-3))


def turned(points: np.ndarray) -> np.ndarray:
    """(N,) how much nearer the nose's tip is to one outer eye corner than to the other, 0 to 1."""
    right = np.linalg.norm(points[:, t.NOSE_TIP] - points[:, t.RIGHT_EYE_OUTER], axis=1)
    left = np.linalg.norm(points[:, t.NOSE_TIP] - points[:, t.LEFT_EYE_OUTER], axis=1)
    return np.asarray(np.abs(right - left) / np.maximum(right, left))


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """The validation fold's faces with people's points (N, 66, 2) px, their skin groups (N,) and sizes (N,) px."""

    pack: datasets.Pack
    rows: np.ndarray
    points: np.ndarray
    skin: np.ndarray
    native_px: np.ndarray

    @classmethod
    def load(cls) -> People:
        pack = datasets.load_manual()
        rows = pack.indices(datasets.VALIDATION)
        points = pack["lm68"][rows][:, t.IBUG_68].astype(np.float64)
        angles = [typology_angle(pack.pixels[i], xy) for i, xy in zip(rows, points, strict=True)]
        return cls(pack, rows, points, group_of(np.array(angles)), pack["native_px"][rows].astype(np.float64))

    def only(self, rows: np.ndarray) -> People:
        """Those at the places `rows`."""
        own = (self.rows, self.points, self.skin, self.native_px)
        return People(self.pack, *(part[rows] for part in own))

    def read_mediapipe(self, python: str) -> np.ndarray:
        """(N, 66, 2) px of MediaPipe's FaceMesh in the environment of `python`, NaN where it finds no face."""
        pictures = [
            cv2.copyMakeBorder(np.ascontiguousarray(self.pack.pixels[i]), *[PEER_BORDER_PX] * 4, cv2.BORDER_REPLICATE)
            for i in self.rows
        ]
        mesh = ask(python, "mediapipe_mesh.py", pictures)["points"].astype(np.float64)
        return np.asarray(np.einsum("jp,npk->njk", landmark_weights(), mesh) - PEER_BORDER_PX)

    def read(
        self, reader: LandmarkReader, seed: int = 1, side_px: float | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Points (N, 66, 2) px and confidence (N, 66): a disturbed first crop, then the crop the answer asks for.

        side_px: pictures are made smaller first, so that the longer side of the box around the points has so many
        pixels; the answer is in pixels of the pictures as they are.
        """
        rng = np.random.default_rng(seed)
        found, confidence = [], []
        for i, truth in zip(self.rows, self.points, strict=True):
            picture, scale = np.ascontiguousarray(self.pack.pixels[i]), np.ones(2)
            if side_px is not None:
                picture, scale = shrunk(picture, side_px / float(np.ptp(truth, axis=0).max()))
            rough = reader.read(picture, jitter(crop_around(((truth + 0.5) * scale - 0.5).astype(np.float32)), rng))
            reading = reader.read(picture, crop_around(rough.xy))
            found.append((reading.xy + 0.5) / scale - 0.5)
            confidence.append(reading.confidence)
        return np.stack(found).astype(np.float64), np.stack(confidence).astype(np.float64)


def shrunk(picture: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """The picture as a camera `1 / scale` times further away sees it, and its true scale (2,): x, y."""
    height, width = picture.shape[:2]
    small = max(8, round(width * scale)), max(8, round(height * scale))
    return cv2.resize(picture, small, interpolation=cv2.INTER_AREA), np.array([small[0] / width, small[1] / height])


def by_size(people: People, reader: LandmarkReader) -> dict[int, list[float]]:
    """Percent for `inner 49`, raw and with offsets removed, of faces made smaller to SIDES_PX."""
    out = {}
    for side in SIDES_PX:
        raw = in_eye_line(people.read(reader, side_px=side)[0], people.points)
        out[side] = [
            round(100 * float(np.linalg.norm(error[:, t.INNER_49], axis=2).mean()), 2)
            for error in (raw, without_offsets(raw))
        ]
    return out


def reliability(confidence: np.ndarray, right: np.ndarray) -> list[list[float]]:
    """Per tenth: its lower end, how many points, what was said and what was true on average."""
    rows = []
    for low, high in pairwise(np.linspace(0, 1, 11)):
        inside = (confidence >= low) & (confidence < high if high < 1 else confidence <= 1)
        if inside.sum() > 50:
            said, true = float(confidence[inside].mean()), float(right[inside].mean())
            rows.append([round(float(low), 1), int(inside.sum()), round(said, 3), round(true, 3)])
    return rows


def calibration_error(rows: list[list[float]]) -> float:
    """Mean of |said - true| over the points of `reliability` (expected calibration error, Guo et al. 2017)."""
    table = np.array(rows)
    return float(np.average(np.abs(table[:, 2] - table[:, 3]), weights=table[:, 1]))


def figures(people: People, found: np.ndarray, confidence: np.ndarray | None) -> dict[str, object]:
    """Percent of the outer-eye distance, raw and with each point's offset removed. found (N, 66, 2) px,
    confidence (N, 66), None for a tracker that has none."""
    raw = in_eye_line(found, people.points)
    far = 100 * np.linalg.norm(raw, axis=2)
    removed = 100 * np.linalg.norm(without_offsets(raw), axis=2)
    closed = lip_gap(people.points) < CLOSED
    skin = [people.skin == k for k in range(len(NAMES))]
    mouth = [float(far[group][:, MOUTH].mean()) for group in skin]

    def both(rows: np.ndarray) -> list[float]:
        return [round(float(e[rows][:, t.INNER_49].mean()), 2) for e in (far, removed)]

    small = people.native_px < SMALL_PX
    side = turned(people.points) > TURNED
    every = np.ones(len(far), bool)
    told = None if confidence is None else reliability(confidence[:, t.INNER_49], far[:, t.INNER_49] < 100 * CLOSE)
    return {
        "faces": len(far),
        "inner 49, raw and offsets removed": both(every),
        "jaw, raw and offsets removed": [round(float(e[:, t.JAW].mean()), 2) for e in (far, removed)],
        "inner-lip gap of closed mouths by skin, found (true)": {
            name: f"{lip_gap(found[closed & group]).mean():.2f} ({lip_gap(people.points[closed & group]).mean():.2f}), "
            f"{(closed & group).sum()} faces"
            for name, group in zip(NAMES, skin, strict=True)
        },
        "mouth by skin, raw": dict(zip(NAMES, np.round(mouth, 2).tolist(), strict=True)),
        "mouth, worst skin group over best": round(max(mouth) / min(mouth), 3),
        **{
            f"inner 49, {name} ({rows.sum()})": both(rows)
            for name, rows in (("turned", side), (f"below {SMALL_PX} px", small))
            if rows.sum() >= FEWEST
        },
        **(
            {}
            if told is None
            else {
                "confidence, said and true": told,
                "confidence, calibration error": round(calibration_error(told), 3),
            }
        ),
        "worst": [round(float(v), 1) for v in np.sort(far[:, t.INNER_49].mean(axis=1))[::-1][:5]],
    }
