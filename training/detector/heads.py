"""Heads to paste into pictures: photographed face crops and renders, now and then wearing something."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tracker.errors import SettingsError
from training.accessories import let_hair_fall, put_on_glasses, put_on_hat, put_on_mask
from training.datasets import TRAIN, load_faces
from training.gear import put_before_microphone, put_on_headphones, put_on_hood
from training.photometric import Picture
from training.synthetic.shards import RenderSet

Floats = npt.NDArray[np.float32]

RENDERS = ("ict-b", "makehuman-a", "makehuman-b")
RENDER_SHARE = 0.15
MAIN_POINTS = 66
SHARES = {"mtfl": 1.0, "utk": 0.6, "mask_on": 6.0, "mask_off": 2.0, "cew_closed": 2.0, "uda": 1.5}
"""Weights of the photographs' sources; the others count 1."""


class Heads:
    """An endless source of heads from fold 0 and from renders of training identities, where there are any."""

    def __init__(self, shares: dict[str, float] | None = None, otherwise: float = 1.0) -> None:
        self._photographs = load_faces()
        self._points = self._photographs["lm66"]
        self._choice = self._photographs.indices(TRAIN)
        shares = SHARES if shares is None else shares
        weight = np.array([shares.get(str(source), otherwise) for source in self._photographs.source[self._choice]])
        self._chance = np.cumsum(weight / weight.sum())
        self._renders = [renders for renders in map(_renders, RENDERS) if renders is not None]

    def draw(self, rng: np.random.Generator, cloth: Picture) -> tuple[Picture, Floats]:
        """A head (H, W, 3), read-only, and its points (66, 2) px. cloth: a picture for the print of masks and hats."""
        if self._renders and rng.random() < RENDER_SHARE:
            renders = self._renders[int(rng.integers(len(self._renders)))]
            i = int(rng.integers(len(renders)))
            picture, points, masked = renders.picture(i), renders["points"][i, :MAIN_POINTS].astype(np.float32), False
        else:
            k = min(int(np.searchsorted(self._chance, rng.random())), len(self._choice) - 1)
            i = int(self._choice[k])
            picture, points = self._photographs.pixels[i], self._points[i]
            masked = self._photographs.source[i] == "mask_on"
        return dressed(picture, points, masked, cloth, rng), points


def _renders(name: str) -> RenderSet | None:
    try:
        return RenderSet([name])
    except SettingsError:
        return None


def dressed(picture: Picture, points: Floats, masked: bool, cloth: Picture, rng: np.random.Generator) -> Picture:
    """The head, now and then with a drawn mask, glasses, hat, hood, fringe, headphones or microphone."""
    worn = rng.random()
    if worn < 0.13 and not masked:
        picture = put_on_mask(picture, points, cloth, rng)
    elif worn < 0.2:
        picture = put_on_glasses(picture, points, rng)
    worn = rng.random()
    if worn < 0.04:
        picture = put_on_hood(picture, points, rng)
    elif worn < 0.08:
        picture = put_on_headphones(picture, points, rng)
    elif worn < 0.1:
        picture = put_on_hat(picture, points, cloth, rng)
    elif worn < 0.12:
        picture = let_hair_fall(picture, points, rng)
    if rng.random() < 0.05:
        picture = put_before_microphone(picture, points, rng)
    return picture


def middle_and_height(points: Floats) -> tuple[tuple[float, float], float]:
    """The centre of the points' box, and its height."""
    low, high = points.min(axis=0), points.max(axis=0)
    return (float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2), float(high[1] - low[1])
