"""Reads pupils, lids, gaze and the eyes' landmarks from one crop per eye."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tracker.face.eye_points import (
    EYES,
    EyeFrame,
    EyeLandmarkMap,
    Points,
    eye_frame,
    eye_frames,
    to_eye_frame,
    to_image,
)
from tracker.face.networks import BoundNetwork, Network
from tracker.types import FloatArray

CROP_WIDTHS = (1.6, 1.2)
"""Width and height of the crop in eye widths (the distance of the eye's corners)."""
_WIDTHS = np.array(CROP_WIDTHS)
_MIDDLE = _WIDTHS / 2
_TO_THE_LEFT = np.array([[1.0, 1.0, 1.0, 1.0], [-1.0, 1.0, -1.0, 1.0]], np.float32)
"""From the inner corner, to the subject's left."""


@dataclass(frozen=True, slots=True, eq=False)
class EyeReading:
    """What the eye network measured in one frame; right eye first.

    points: (2, 6, 2) the eyes' landmarks in frame pixels, of each eye in the order of `eye_points.EYES`.
    pupil_positions: (2, 2) from the midpoint of the eye's corners, in eye widths: x along the corner line to the
        image's right, y perpendicular to it, downwards.
    aperture: (2,) lid gap over eye width. closed: (2,) probability. confidence: (2,) of the pupils.
    gaze_in_head: (2, 2) degrees to the subject's left and up. gaze_in_image: (2, 2) degrees to the right and up as the
        eye appears upright, from the line of sight to it. upright: (2, 2) unit vectors of the corner lines, to the
        image's right in an upright face.
    openness: (2,) lid gap over that of the same eye at rest. blink: (2,) how far the lids close, 0 to 1.
    seen: (2,) probability that the eye is not behind dark glasses.
    """

    points: FloatArray
    pupil_positions: FloatArray
    aperture: FloatArray
    closed: FloatArray
    confidence: FloatArray
    gaze_in_head: FloatArray
    gaze_in_image: FloatArray
    upright: FloatArray
    openness: FloatArray
    blink: FloatArray
    seen: FloatArray

    def refine(self, xy: FloatArray) -> FloatArray:
        """The landmarks `xy` (66, 2) with those of the eyes replaced by `points`."""
        refined: FloatArray = xy.copy()
        refined[EYES] = self.points
        return refined


@dataclass(frozen=True, slots=True, eq=False)
class EyeOutput:
    """The network's output for N eyes; points are in the eyes' frames (`eye_points`).

    pupil: (N, 2). contour: (N, 16, 2). gaze: (N, 4) degrees to the inner corner and up, in the head, then as seen.
    aperture, closed, confidence, openness, blink, seen: (N,).
    """

    pupil: FloatArray
    contour: FloatArray
    aperture: FloatArray
    closed: FloatArray
    confidence: FloatArray
    gaze: FloatArray
    openness: FloatArray
    blink: FloatArray
    seen: FloatArray


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
        return EyeOutput(pupil * _WIDTHS - _MIDDLE, contour * _WIDTHS - _MIDDLE, *(part.copy() for part in others))

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
        self._crops, self._landmark_map = EyeCrops(network), EyeLandmarkMap()

    def read(self, bgr: npt.NDArray[np.uint8], xy: FloatArray) -> EyeReading:
        """Both eyes of the face with landmarks `xy` (66, 2), frame pixels."""
        return self.read_all(bgr, (xy,))[0]

    def read_all(self, bgr: npt.NDArray[np.uint8], faces: Sequence[FloatArray]) -> list[EyeReading]:
        """The same for several faces, all eyes in one run."""
        if not faces:
            return []
        frames: list[EyeFrame] = []
        landmarks: list[Points] = []
        for xy in faces:
            both, places = eye_frames(xy)
            frames += both
            landmarks += places
        output = self._crops.run(bgr, frames)
        refined = self._landmark_map.predict(landmarks, output.contour)
        eyes = zip(output.pupil.view(np.complex128)[:, 0].tolist(), refined, frames, strict=True)
        positions = np.array([_pupil_position(*eye) for eye in eyes]).view(np.float64).reshape(-1, 2, 2)
        moved = [to_image(places, frame) for places, frame in zip(refined, frames, strict=True)]
        points = np.array(moved).view(np.float64).reshape(-1, *EYES.shape, 2)
        lines = [across / abs(across) * (-1 if mirrored else 1) for _, across, mirrored in frames]
        upright = np.array(lines, np.complex128).view(np.float64).reshape(-1, 2, 2)
        gaze = output.gaze.reshape(-1, 2, 4) * _TO_THE_LEFT
        return [
            EyeReading(
                points[k],
                positions[k],
                output.aperture[pair],
                output.closed[pair],
                output.confidence[pair],
                gaze[k, :, :2],
                gaze[k, :, 2:],
                upright[k],
                output.openness[pair],
                output.blink[pair],
                output.seen[pair],
            )
            for k in range(len(faces))
            for pair in [slice(2 * k, 2 * k + 2)]
        ]


def _pupil_position(pupil: complex, places: Points, frame: EyeFrame) -> complex:
    """Of an eye with these refined landmarks; see `EyeReading`. pupil: in the eye's frame, as the landmarks."""
    # The pupil is in the crop's frame, already mirrored; make it relative to the refined corners.
    (position,) = to_eye_frame([pupil], eye_frame(places, mirrored=False))
    return -position.conjugate() if frame[2] else position
