"""Sets of renders on disk: shards of pictures as JPEG bytes beside their truth, in .npz files.

A set is a folder of the runs folder, synthetic/NAME/, with shard-00000.npz and so on. A shard holds `image` (bytes, one
after the other), `offset` (N + 1,) and the fields of `truth.Truth`, each with the picture as its first axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from tracker.errors import SettingsError
from training.datasets import runs_folder
from training.synthetic.truth import ARRAYS, DRAWN, Truth, stack

JPEG_QUALITY = 94


def set_folder(name: str) -> Path:
    """Where the set's shards are."""
    return runs_folder() / "synthetic" / name


def shard_file(name: str, k: int) -> Path:
    return set_folder(name) / f"shard-{k:05d}.npz"


def encoded(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The JPEG bytes of a BGR picture."""
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise ValueError(f"no picture of shape {picture.shape} can be written as JPEG")
    return np.asarray(data, np.uint8).ravel()


def write_shard(file: Path, images: list[npt.NDArray[np.uint8]], truths: list[Truth]) -> None:
    """Write encoded `images` and their truths; the file appears whole or not at all."""
    offset = np.concatenate([[0], np.cumsum([len(image) for image in images])])
    unfinished = file.with_suffix(".part.npz")
    arrays: dict[str, Any] = {"image": np.concatenate(images), "offset": offset, **stack(truths)}
    np.savez(unfinished, **arrays)
    unfinished.replace(file)


class RenderSet:
    """Some sets of renders as one. Raises SettingsError where a set has no shard.

    `renders["points"]` is an array with the picture as its first axis; `renders.picture(i)` is (H, W, 3) uint8 BGR.
    Points, pupils and lids are in the tracker's pixels, whose centres are whole numbers.
    """

    def __init__(self, names: Sequence[str]) -> None:
        files: list[Path] = []
        for name in names:
            shards = sorted(set_folder(name).glob("shard-?????.npz"))
            if not shards:
                raise SettingsError(f"no renders in {set_folder(name)}: make them with training.synthetic.render")
            files += shards
        self._images: list[npt.NDArray[np.uint8]] = []
        arrays: dict[str, list[np.ndarray]] = {key: [] for key in ARRAYS}
        spans: list[np.ndarray] = []
        for k, file in enumerate(files):
            with np.load(file) as stored:
                self._images.append(stored["image"])
                bounds = np.array(list(pairwise(stored["offset"])), np.int64).reshape(-1, 2)
                spans.append(np.column_stack([np.full(len(bounds), k), bounds]))
                for key in ARRAYS:
                    arrays[key].append(stored[key])
        self._spans = np.concatenate(spans)
        self.arrays = {key: np.concatenate(parts) for key, parts in arrays.items()}
        for key in DRAWN:
            self.arrays[key] = self.arrays[key] - np.float32(0.5)

    def __len__(self) -> int:
        return len(self._spans)

    def __getitem__(self, key: str) -> np.ndarray:
        return self.arrays[key]

    def picture(self, i: int) -> npt.NDArray[np.uint8]:
        """Picture `i`: (H, W, 3) uint8 BGR."""
        shard, start, stop = self._spans[i]
        return np.asarray(cv2.imdecode(self._images[shard][start:stop], cv2.IMREAD_COLOR), np.uint8)
