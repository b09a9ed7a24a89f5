"""Reads pupils, lids, gaze and the eyes' landmarks from one crop per eye."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from tracker.face.eye_points import (
    INNER,
    LANDMARKS,
    OUTER,
    TINY,
    EyeFrame,
    EyeLandmarkMap,
    eye_frames,
    in_their_order,
    to_image,
)
from tracker.face.networks import BoundNetwork, Network
from tracker.face.plane import Points, to_array
from tracker.types import FloatArray

CROP_WIDTHS = (1.6, 1.2)
"""Width and height of the crop in eye widths (the distance of the eye's corners)."""
_WIDTHS = np.array(CROP_WIDTHS)
_MIDDLE = (CROP_WIDTHS[0] / 2, CROP_WIDTHS[1] / 2)


Angles = tuple[float, float]
"""Degrees across and up."""


class EyeReading(NamedTuple):
    """What the eye network measured in one frame; right eye first.

    points: (12, 2) the eyes' landmarks in frame pixels, in their own order.
    pupil_positions: from the midpoint of the eye's corners, in eye widths, as x + iy: x along the corner line to the
        image's right, y perpendicular to it, downwards.
    aperture: lid gap over eye width. closed: probability. confidence: of the pupils.
    gaze_in_head: degrees to the subject's left and up. gaze_in_image: degrees to the right and up as the eye appears
        upright, from the line of sight to it. upright: unit vectors x + iy of the corner lines, to the image's right
        in an upright face.
    openness: lid gap over that of the same eye at rest. blink: how far the lids close, 0 to 1.
    seen: probability that the eye is not behind dark glasses.
    """

    points: FloatArray
    pupil_positions: Points
    aperture: Sequence[float]
    closed: Sequence[float]
    confidence: Sequence[float]
    gaze_in_head: Sequence[Angles]
    gaze_in_image: Sequence[Angles]
    upright: Points
    openness: Sequence[float]
    blink: Sequence[float]
    seen: Sequence[float]

    def refine(self, xy: FloatArray) -> FloatArray:
        """The landmarks `xy` (66, 2) with those of the eyes replaced by `points`."""
        refined: FloatArray = xy.copy()
        refined[LANDMARKS] = self.points
        return refined


class EyeOutput(NamedTuple):
    """The network's output for N eyes; points are in the eyes' frames (`eye_points`).

    pupil: N points. contour_fractions: (N, 16, 2) of the crop, overwritten by the next run. gaze: four numbers of each
    eye, degrees to the inner corner and up, in the head, then as seen. aperture, closed, confidence, openness, blink,
    seen: N numbers. Plain numbers where there are few: reading them one by one from an array would take longer than all
    that is done with them.
    """

    pupil: Points
    contour_fractions: FloatArray
    aperture: list[float]
    closed: list[float]
    confidence: list[float]
    gaze: list[list[float]]
    openness: list[float]
    blink: list[float]
    seen: list[float]

    @property
    def contour(self) -> FloatArray:
        """(N, 16, 2) the lids' contours."""
        contour: FloatArray = self.contour_fractions * _WIDTHS - _MIDDLE
        return contour


class EyeCrops:
    """Runs an eye network on all eyes in one batch.

    Crops are upright (the corner line is horizontal) and show a right eye: the left one is mirrored, so that the outer
    corner is always on the left.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._bound: dict[int, BoundNetwork] = {}  # by the number of eyes
        _, self._height, self._width, _ = network.input_shape

    def run(self, bgr: npt.NDArray[np.uint8], frames: Sequence[EyeFrame]) -> EyeOutput:
        """The network's output for the eyes with these frames."""
        bound = self._bound.get(len(frames))
        if bound is None:
            bound = self._bound[len(frames)] = self._network.bind(len(frames))
        self._cut(bgr, frames, bound.images)
        pupil, contour, *others = bound.run()
        (across, down), (right, low) = CROP_WIDTHS, _MIDDLE
        places = [complex(x * across - right, y * down - low) for x, y in pupil.tolist()]
        return EyeOutput(places, contour, *[part.tolist() for part in others])

    def _cut(self, bgr: npt.NDArray[np.uint8], frames: Sequence[EyeFrame], crops: npt.NDArray[np.uint8]) -> None:
        """Fill `crops` (N, H, W, 3) with the eyes that have these frames."""
        size = self._width, self._height
        for frame, crop in zip(frames, crops, strict=True):
            cv2.warpAffine(
                bgr,
                self._to_image(frame),
                size,
                dst=crop,
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )

    def _to_image(self, frame: EyeFrame) -> FloatArray:
        """(2, 3) affine matrix from an eye's crop to the image."""
        middle, across, mirrored = frame
        along, down = across * (CROP_WIDTHS[0] / self._width), across * (CROP_WIDTHS[1] / self._height) * 1j
        if mirrored:
            down = -down
        start = middle - (self._width / 2 - 0.5) * along - (self._height / 2 - 0.5) * down
        return np.array([[along.real, down.real, start.real], [along.imag, down.imag, start.imag]])


class EyeReader:
    """Reads both eyes with an eye network. Raises ModelError when the map to the eyes' landmarks is missing."""

    def __init__(self, network: Network) -> None:
        self._crops, self._landmark_map = EyeCrops(network), EyeLandmarkMap(CROP_WIDTHS)

    def read(self, bgr: npt.NDArray[np.uint8], xy: FloatArray) -> EyeReading:
        """Both eyes of the face with landmarks `xy` (66, 2), frame pixels."""
        return self.read_all(bgr, (xy,))[0]

    def read_all(self, bgr: npt.NDArray[np.uint8], faces: Sequence[FloatArray]) -> list[EyeReading]:
        """The same for several faces, all eyes in one run."""
        if not faces:
            return []
        frames: list[EyeFrame] = []
        landmarks: list[Points] = []  # in the eyes' frames
        for xy in faces:
            both, places = eye_frames(xy)
            frames += both
            landmarks += places
        output = self._crops.run(bgr, frames)
        refined = self._landmark_map.predict(landmarks, output.contour_fractions)
        eyes = zip(output.pupil, refined, frames, strict=True)
        positions = [_pupil_position(*eye) for eye in eyes]
        moved = [to_image(places, frame) for places, frame in zip(refined, frames, strict=True)]
        upright = [across / (-abs(across) if mirrored else abs(across)) for _, across, mirrored in frames]
        # From the inner corner, that is to the subject's left with the right eye and to the right with the left one.
        signs = [-1.0 if mirrored else 1.0 for _, _, mirrored in frames]
        in_head = [(sign * across, up) for sign, (across, up, _, _) in zip(signs, output.gaze, strict=True)]
        seen = [(sign * across, up) for sign, (_, _, across, up) in zip(signs, output.gaze, strict=True)]
        return [
            EyeReading(
                to_array(in_their_order(*moved[pair])),
                positions[pair],
                output.aperture[pair],
                output.closed[pair],
                output.confidence[pair],
                in_head[pair],
                seen[pair],
                upright[pair],
                output.openness[pair],
                output.blink[pair],
                output.seen[pair],
            )
            for pair in [slice(k, k + 2) for k in range(0, len(frames), 2)]
        ]


def _pupil_position(pupil: complex, places: Points, frame: EyeFrame) -> complex:
    """Of an eye with these refined landmarks; see `EyeReading`. pupil: in the eye's frame, as the landmarks."""
    # The pupil is in the crop's frame, already mirrored; make it relative to the refined corners.
    outer, inner = places[OUTER], places[INNER]
    position = (pupil - (outer + inner) / 2) / ((inner - outer) or TINY)
    return -position.conjugate() if frame[2] else position
