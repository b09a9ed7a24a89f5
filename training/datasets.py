"""The packed training images: photographs as WebP bytes beside their labels, in .npz files.

The folder that holds them is given by the environment variable FACETRACKER_DATA. Pictures are decoded
once into arrays that all training processes map, because decoding costs more than a small network.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from tracker.errors import SettingsError
from tracker.topology import BLENDSHAPE_NAMES

TRAIN, VALIDATION = 0, 1
ANNOTATOR_FILE = "annotator-scores.npz"
NO_FACE = 255


def data_folder() -> Path:
    """Where the packs are. Raises SettingsError when FACETRACKER_DATA does not name a folder."""
    folder = Path(os.environ.get("FACETRACKER_DATA", ""))
    if not os.environ.get("FACETRACKER_DATA") or not folder.is_dir():
        raise SettingsError("set FACETRACKER_DATA to the folder that holds faces-0.npz, eyes-0.npz and scenes-0.npz")
    return folder


def runs_folder() -> Path:
    """Where caches, checkpoints and logs go (FACETRACKER_RUNS, else runs/ in the working directory)."""
    folder = Path(os.environ.get("FACETRACKER_RUNS", "runs"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Pack:
    """Arrays of the .npz files of one kind ("faces", "manual", "scut86", "eyes", "scenes"), joined along the images."""

    def __init__(self, kind: str, keys: tuple[str, ...]) -> None:
        self.files = sorted(data_folder().glob(f"{kind}-*.npz"))
        if not self.files:
            raise SettingsError(f"no {kind}-*.npz in {data_folder()}")
        self.kind = kind
        parts = [np.load(file) for file in self.files]
        self.arrays = {key: np.concatenate([part[key] for part in parts]) for key in keys}
        self.fold = np.concatenate([part["fold"] for part in parts])
        self.source = np.concatenate([part["source"] for part in parts])

    def __len__(self) -> int:
        return len(self.fold)

    def __getitem__(self, key: str) -> np.ndarray:
        return self.arrays[key]

    def indices(self, fold: int) -> np.ndarray:
        """Indices of the images in `fold` (TRAIN or VALIDATION)."""
        return np.flatnonzero(self.fold == fold)

    @cached_property
    def pixels(self) -> Pixels:
        """All pictures, decoded; made on first use and mapped from disk after that."""
        pixels_file = runs_folder() / f"{self.kind}-pixels.npy"
        index_file = runs_folder() / f"{self.kind}-index.npz"
        if not index_file.exists():
            _decode(self.files, pixels_file, index_file)
        index = np.load(index_file)
        return Pixels(np.load(pixels_file, mmap_mode="r"), index["start"], index["shape"])


@dataclass(frozen=True)
class Pixels:
    """Decoded pictures, back to back in one array."""

    data: np.ndarray
    start: np.ndarray
    shape: np.ndarray

    def __getitem__(self, i: int) -> np.ndarray:
        """Picture `i`: (H, W, 3) uint8 BGR, read-only."""
        height, width = self.shape[i]
        start = self.start[i]
        return self.data[start : start + height * width * 3].reshape(height, width, 3)


def _decode(files: list[Path], pixels_file: Path, index_file: Path) -> None:
    pictures: list[np.ndarray] = []
    for file in files:
        part = np.load(file)
        encoded, offset = part["image"], part["offset"]
        for start, stop in pairwise(offset):
            with Image.open(io.BytesIO(encoded[start:stop].tobytes())) as image:
                pictures.append(np.asarray(image.convert("RGB"))[:, :, ::-1])
    shape = np.array([picture.shape[:2] for picture in pictures], np.int64)
    start = np.concatenate([[0], np.cumsum(shape.prod(axis=1) * 3)[:-1]])
    np.save(pixels_file, np.concatenate([picture.ravel() for picture in pictures]))
    np.savez(index_file, start=start, shape=shape)


def load_faces() -> Pack:
    """Face crops: lm66 (N, 66, 2) float32 px, disagreement, fan68, lm66_conf, native_px, person."""
    pack = Pack("faces", ("lm66", "lm66_conf", "disagreement", "fan68", "native_px", "person"))
    pack.arrays["lm66"] = pack["lm66"].astype(np.float32) / 32
    return pack


def load_mesh(pack: Pack) -> np.ndarray:
    """The dense mesh of every face: (N, 478, 3) float32, pixels, smaller z is nearer.

    Stored as differences along the points, pixels x 16, points first.
    """
    differences = np.concatenate([np.load(file)["mesh478"] for file in pack.files], axis=2)
    return _mesh_of(differences)


def _mesh_of(differences: np.ndarray) -> np.ndarray:
    points = np.cumsum(differences, axis=0, dtype=np.int16).transpose(2, 0, 1)
    return points.astype(np.float32) / 16


def load_manual() -> Pack:
    """Face crops with 68 points set by people: lm68 (N, 68, 2) float32 px in iBUG's order, native_px."""
    return Pack("manual", ("lm68", "native_px"))


def load_portraits() -> Pack:
    """Frontal portraits with 86 points set by hand, loosely: lm86 (N, 86, 2) float32 px, native_px."""
    return Pack("scut86", ("lm86", "native_px"))


def load_annotated_mesh(pack: Pack) -> np.ndarray:
    """The dense mesh of the pictures of `load_manual` or `load_portraits`, as `load_mesh`; NaN where none was found."""
    with np.load(data_folder() / ANNOTATOR_FILE) as annotator:
        points = _mesh_of(np.concatenate([annotator[f"{file.stem}_mesh478"] for file in pack.files], axis=2))
    points[points[:, 0, 0] < -1000] = np.nan
    return points


def load_scores(pack: Pack) -> np.ndarray:
    """The annotator's expression scores (N, 52) float32 in the order of `tracker.topology.BLENDSHAPE_NAMES`.

    NaN where it found no face, and for what it does not know (tongueOut).
    """
    with np.load(data_folder() / ANNOTATOR_FILE) as annotator:
        names = [str(name) for name in annotator["names"]]
        stored = np.concatenate([annotator[f"{file.stem}_scores"] for file in pack.files])
    return ordered_scores(stored, names)


def ordered_scores(stored: np.ndarray, names: list[str]) -> np.ndarray:
    """(N, 52) uint8 as the annotator's scores are stored -> (N, 52) float32, see `load_scores`."""
    scores = np.full((len(stored), len(BLENDSHAPE_NAMES)), np.nan, np.float32)
    found = stored[:, 0] != NO_FACE
    for k, name in enumerate(BLENDSHAPE_NAMES):
        if name in names:
            scores[found, k] = stored[found, names.index(name)] / 254
    return scores


def load_eyes() -> Pack:
    """Single eye crops: points (N, 21, 2) px (16 lid contour, 5 iris), side, closed, native_px."""
    return Pack("eyes", ("points", "side", "closed", "native_px"))


def load_scenes() -> tuple[Pack, list[np.ndarray]]:
    """Whole pictures with main_box (N, 4), and per picture the (n, 4) boxes x, y, width, height of all faces."""
    pack = Pack("scenes", ("main_box",))
    boxes: list[np.ndarray] = []
    for file in pack.files:
        part = np.load(file)
        offset = part["box_offset"]
        boxes += [part["boxes"][a:b].astype(np.float32) for a, b in pairwise(offset)]
    return pack, boxes
