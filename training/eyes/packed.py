"""Eyes of renders in one small file: `python -m training.eyes.packed eyes.npz --renders ict-c makehuman-b`.

A machine that is lent for minutes gets no gigabytes of renders: of all eyes that may be learnt from those are chosen
that teach most, cut to what an example shows, and kept as WebP. `training.eyes.train --packed eyes.npz` reads them.
"""

from __future__ import annotations

import argparse
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from training.eyes.data import WIDE, WIDE_SIZE, crop_matrix
from training.eyes.rendered import FIELDS, RenderedEyes, load_rendered_eyes
from training.photometric import Picture

QUALITY = 85
ROOM = 1.1
"""How many times more than an example each way is kept, for the jitter of its corners."""
CLOSING, SHUT, WIDE_OPEN = 0.25, 0.75, 0.7
"""Blink from which an eye is closing and from which it is as good as shut, and openness under which one that does
neither is narrow."""
FAR_ASIDE_DEG, FAR_UP_DEG = 18.0, 12.0
"""Gaze in the head from which an eye looks far away."""
MORE_OFTEN = 2.0
"""How many times likelier eyes that are half closed, narrow or look far away are chosen, for each. Shut ones are many
as it is, and show no gaze."""
KEPT = tuple(key for key in FIELDS if key not in ("start", "shape"))


def importance(eyes: RenderedEyes) -> npt.NDArray[np.float64]:
    """(N,) how likely each is chosen, as a share of all."""
    blink = eyes["blink"]
    closing = (blink > CLOSING) & (blink < SHUT)
    narrow = (eyes["openness"] < WIDE_OPEN) & (blink <= CLOSING)
    far = (np.abs(eyes["gaze"][:, 0]) > FAR_ASIDE_DEG) | (np.abs(eyes["gaze"][:, 1]) > FAR_UP_DEG)
    weights = MORE_OFTEN ** (closing.astype(float) + narrow + (far & (blink < SHUT)))
    return np.asarray(weights / weights.sum())


def window(corners: npt.NDArray[np.floating], shape: npt.NDArray[np.integer]) -> tuple[slice, slice]:
    """Rows and columns of a patch of `shape` (height, width) that examples about `corners` (2, 2) may show."""
    to_patch = cv2.invertAffineTransform(crop_matrix(corners[0], corners[1], WIDE_SIZE, WIDE))
    middle = (np.array(WIDE_SIZE) - 1) / 2
    half = ROOM * np.array(WIDE_SIZE) / 2
    ends = middle + half * np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]])
    seen = ends @ to_patch[:, :2].T + to_patch[:, 2]
    low = np.maximum(np.floor(seen.min(axis=0)), 0).astype(int)
    high = np.minimum(np.ceil(seen.max(axis=0)).astype(int) + 1, shape[::-1])
    return slice(low[1], high[1]), slice(low[0], high[0])


def pack(eyes: RenderedEyes, chosen: npt.NDArray[np.integer]) -> dict[str, npt.NDArray[Any]]:
    """Arrays of the `chosen` eyes: their patches as `image` bytes from `offset` to `offset`, and their truth."""
    images = []
    arrays = {key: eyes[key][chosen].copy() for key in KEPT}
    for row, i in enumerate(chosen):
        rows, columns = window(eyes["corners"][i], eyes["shape"][i])
        for key in ("corners", "pupil", "lids"):
            arrays[key][row] -= (columns.start, rows.start)
        patch = eyes.patch(int(i))[rows, columns]
        images.append(cv2.imencode(".webp", patch, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])[1].ravel())
    arrays = {key: array.astype(np.float16) for key, array in arrays.items()}
    arrays["image"] = np.concatenate(images)
    arrays["offset"] = np.cumsum([0, *map(len, images)])
    return arrays


def load_packed(file: Path) -> RenderedEyes:
    """The eyes of a file that this module wrote, decoded."""
    with np.load(file) as stored:
        image, offset = stored["image"], stored["offset"]
        arrays = {key: stored[key].astype(np.float32) for key in KEPT}
    patches: list[Picture] = []
    for start, stop in pairwise(offset):
        patches.append(np.asarray(cv2.imdecode(image[start:stop], cv2.IMREAD_COLOR), np.uint8))
    arrays["shape"] = np.array([patch.shape[:2] for patch in patches], np.int64)
    arrays["start"] = np.cumsum([0, *(patch.size for patch in patches[:-1])])
    return RenderedEyes(np.concatenate([patch.ravel() for patch in patches]), arrays)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--renders", nargs="+", required=True, metavar="SET")
    parser.add_argument("--count", type=int, default=60000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    eyes = load_rendered_eyes(args.renders)
    rng = np.random.default_rng(args.seed)
    chosen = rng.choice(len(eyes), min(args.count, len(eyes)), replace=False, p=importance(eyes))
    np.savez_compressed(args.file, **pack(eyes, np.sort(chosen)))  # type: ignore[arg-type]
    print(f"{args.file}: {len(chosen)} of {len(eyes)} eyes, {args.file.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
