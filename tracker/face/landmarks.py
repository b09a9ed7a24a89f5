"""Reads the 66 landmarks and the 52 coefficients from an upright crop of a face."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tracker.face.crop import CropBox, cut
from tracker.face.networks import BoundNetwork, Network
from tracker.types import Landmarks


class LandmarkReader:
    """Runs a landmark network.

    Its outputs are `xy` (N, 66, 2) in crop fractions, `confidence` (N, 66), `extra` (N, 87, 2) in crop fractions, the
    dense points of `tracker.topology`, and `coefficients` (N, 52). dense_points: whether readings bring those along.
    """

    def __init__(self, network: Network, dense_points: bool = False) -> None:
        self._network = network
        self._dense_points = dense_points
        self._bound: dict[int, BoundNetwork] = {}  # by the number of crops
        self.crop_px = network.input_shape[1]

    def read(self, bgr: npt.NDArray[np.uint8], box: CropBox) -> Landmarks:
        """The landmarks, in frame pixels, and coefficients of the face in `box`."""
        return self.read_all(bgr, (box,))[0]

    def read_all(self, bgr: npt.NDArray[np.uint8], boxes: Sequence[CropBox]) -> list[Landmarks]:
        """The same for several faces, in as few runs as the network allows."""
        found: list[Landmarks] = []
        while len(found) < len(boxes):
            at_once = self._network.most_at_once(len(boxes) - len(found))
            found += self._read(bgr, boxes[len(found) : len(found) + at_once])
        return found

    def _read(self, bgr: npt.NDArray[np.uint8], boxes: Sequence[CropBox]) -> list[Landmarks]:
        bound = self._bound.get(len(boxes))
        if bound is None:
            bound = self._bound[len(boxes)] = self._network.bind(len(boxes))
        for box, crop in zip(boxes, bound.images, strict=True):
            cut(bgr, box, self.crop_px, crop)
        fractions, confidence, dense, coefficients = bound.run()
        return [
            Landmarks(
                box.to_frame_pixels(fractions[k]),
                confidence[k].copy(),
                box.to_frame_pixels(dense[k]) if self._dense_points else None,
                coefficients[k].copy(),
            )
            for k, box in enumerate(boxes)
        ]
