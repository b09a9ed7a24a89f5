"""The frozen values passed between the stages of one frame.

Conventions throughout this package:

* Pixel coordinates are x right, y down, sub-pixel, with pixel centres at integers, in the frame as processed (that is,
  after mirroring).
* Pairs of eyes are ordered right, left **of the subject**.
* Camera frame C: x right, y down, z into the scene. Head frame M: x to the subject's right, y up, z out of the face;
  origin at the nose tip (point 30). Lengths in both are *face units*: the reference head's outer eye corners are 0.632
  apart, about 9 cm.
* A missing value is ``None``, never a magic number.

Arrays are checked for shape and made read-only when a value is constructed, so that no stage can modify what another
produced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from tracker.intrinsics import CameraIntrinsics
from tracker.rotations import euler_from_matrix, quaternion_from_euler, quaternion_from_matrix, rotated_axes

FloatArray = npt.NDArray[np.floating]
Box = tuple[float, float, float, float]
"""x, y, width, height in pixels."""


def _freeze(owner: str, name: str, array: np.ndarray, shape: tuple[int | None, ...]) -> None:
    """Check `array` against `shape` (None matches any length) and make it read-only."""
    # Nearly every shape is exact, and this runs a dozen times a frame.
    if array.shape != shape and not (
        array.ndim == len(shape)
        and all(want is None or want == have for want, have in zip(shape, array.shape, strict=True))
    ):
        raise ValueError(f"{owner}.{name} must have shape {shape}, got {array.shape}")
    # `write`; by its name, or through `flags`, it takes three to five times as long.
    array.setflags(False)  # type: ignore[call-arg]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One image and when it was taken.

    index: number of the frame, from 0.
    bgr: (H, W, 3) uint8.
    captured_ns: ``time.monotonic_ns()`` when the image arrived; for latency figures only.
    unix_time: seconds since 1970, strictly increasing; sent to receivers.
    media_s: media time in seconds (file position, demo step or time since the first live frame), never decreasing.
        Results depend on this clock alone, so that a file gives the same results at any speed.
    """

    index: int
    bgr: npt.NDArray[np.uint8]
    captured_ns: int
    unix_time: float
    media_s: float

    def __post_init__(self) -> None:
        if self.bgr.dtype != np.uint8:
            raise ValueError(f"Frame.bgr must be uint8, got {self.bgr.dtype}")
        _freeze("Frame", "bgr", self.bgr, (None, None, 3))

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.bgr.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.bgr.shape[0])


@dataclass(frozen=True, slots=True)
class Detection:
    """A box that the detector found. score: the probability of a face, 0 to 1."""

    box: Box
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """The 66 points of `tracker.topology`.

    xy: (66, 2) float32 pixels.
    confidence: (66,) float32, the probability that a point lies within 5 % of the outer-eye distance of its true
        position.
    dense_points: (87, 2) float32 pixels, the dense points of `tracker.topology`; None where they were not asked for.
    coefficients: (52,) float32, 0 to 1, the network's own answer: neither smoothed nor related to the person. None
        where the points were changed since.
    mean_confidence: mean of `confidence`; the confidence of the face as a whole.
    """

    xy: FloatArray
    confidence: FloatArray
    dense_points: FloatArray | None = None
    coefficients: FloatArray | None = None
    mean_confidence: float = field(init=False)

    def __post_init__(self) -> None:
        _freeze("Landmarks", "xy", self.xy, (66, 2))
        _freeze("Landmarks", "confidence", self.confidence, (66,))
        if self.dense_points is not None:
            _freeze("Landmarks", "dense_points", self.dense_points, (87, 2))
        if self.coefficients is not None:
            _freeze("Landmarks", "coefficients", self.coefficients, (52,))
        # In plain numbers: a third of the time of NumPy's sum.
        object.__setattr__(self, "mean_confidence", sum(self.confidence.tolist()) / len(self.confidence))


@dataclass(frozen=True, slots=True, eq=False)
class Eyes:
    """Both eyes, right then left.

    pupils: (2, 2) float32 pixels.
    openness: (2,) float32, 0 closed to 1 as open as this person's eyes usually are, never outside.
    confidence: (2,) float32, of the pupils; 0 with gaze tracking off.
    """

    pupils: FloatArray
    openness: FloatArray
    confidence: FloatArray

    def __post_init__(self) -> None:
        _freeze("Eyes", "pupils", self.pupils, (2, 2))
        _freeze("Eyes", "openness", self.openness, (2,))
        _freeze("Eyes", "confidence", self.confidence, (2,))


@dataclass(frozen=True, slots=True, eq=False)
class HeadPose:
    """The pose of the head in the camera frame C.

    rotation: (3, 3) float64, proper; the identity when the face looks along the camera's axis. A head point m (frame M)
        lies at ``rotation @ -m + translation`` in C.
    translation: (3,) float64, the nose tip in C, face units (z is the distance, positive).
    quaternion_xyzw: (4,) of `rotation`, w >= 0.
    euler_deg: (3,) pitch, yaw, roll in degrees, rotation = Rz(roll) Ry(yaw) Rx(pitch). Positive pitch nods down,
        positive yaw turns to the image's left (the subject's right), positive roll tilts the top of the head to the
        image's right.
    error_px: OpenSeeFace's fit error in pixels.
    """

    rotation: FloatArray
    translation: FloatArray
    quaternion_xyzw: FloatArray
    euler_deg: FloatArray
    error_px: float

    @classmethod
    def from_rotation(cls, rotation: FloatArray, translation: FloatArray, error_px: float) -> HeadPose:
        """Derive quaternion and Euler angles from `rotation`."""
        return cls(
            rotation, translation, quaternion_from_matrix(rotation), np.array(euler_from_matrix(rotation)), error_px
        )

    @classmethod
    def from_euler(cls, euler_deg: tuple[float, float, float], translation: FloatArray, error_px: float) -> HeadPose:
        """The pose with these pitch, yaw and roll, each as `euler_deg` of a pose may have them."""
        quaternion = quaternion_from_euler(*euler_deg)
        return cls(rotated_axes(*quaternion), translation, np.array(quaternion), np.array(euler_deg), error_px)

    def __post_init__(self) -> None:
        _freeze("HeadPose", "rotation", self.rotation, (3, 3))
        _freeze("HeadPose", "translation", self.translation, (3,))
        _freeze("HeadPose", "quaternion_xyzw", self.quaternion_xyzw, (4,))
        _freeze("HeadPose", "euler_deg", self.euler_deg, (3,))

    def to_camera(self, points: FloatArray) -> FloatArray:
        """Transform (N, 3) head-frame points to the camera frame C."""
        transformed: FloatArray = self.translation - points @ self.rotation.T
        return transformed


@dataclass(frozen=True, slots=True)
class Expression:
    """OpenSeeFace's 14 features, -1 to 1, 0 for the user's neutral face; in wire order.

    Left (`_l`) and right (`_r`) are the subject's. `updown` of a mouth corner is positive when the corner moves *down*;
    eyes are positive when widened and -1 when closed.
    """

    eye_l: float
    eye_r: float
    eyebrow_steepness_l: float
    eyebrow_updown_l: float
    eyebrow_quirk_l: float
    eyebrow_steepness_r: float
    eyebrow_updown_r: float
    eyebrow_quirk_r: float
    mouth_corner_updown_l: float
    mouth_corner_inout_l: float
    mouth_corner_updown_r: float
    mouth_corner_inout_r: float
    mouth_open: float
    mouth_wide: float

    def as_tuple(self) -> tuple[float, ...]:
        """The features in wire order."""
        return _EXPRESSION_VALUES(self)


_EXPRESSION_VALUES = attrgetter(*(field.name for field in fields(Expression)))  # dataclasses.astuple copies deeply


@dataclass(frozen=True, slots=True)
class TaughtExpression:
    """Which of the expressions that the user taught is shown.

    name: as the user called it; None while the face is like none of them. probability: 0 to 1; 1 for an override.
    since_s: media time since which it is shown. weights: by name, 0 to 1, how far each is faded in, which takes 0.15 s;
    the neutral face has none. overridden: it was chosen by hand.
    """

    name: str | None
    probability: float
    since_s: float
    weights: Mapping[str, float]
    overridden: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """Everything known about one face in one frame.

    face_id: 0 to ``max_faces - 1``; the same from frame to frame.
    bounding_box: the smallest box around the landmarks.
    pose, points_3d: None where no valid pose was found.
    points_3d: (70, 3) float32 in the head frame M: 66 landmarks, right and left pupil, right and left
        eyeball centre, normalised to the reference head's proportions.
    gaze: (2, 3) float32 in M, from each eyeball's centre to its pupil, right then left; None without `points_3d` and
        with gaze tracking off.
    blendshapes: (52,) float32, 0 to 1, in the order of `tracker.topology.BLENDSHAPE_NAMES`; a `Tracker`
        always gives them.
    taught: the taught expression that is shown; None unless the user taught some, and for all but the first face.
    measured: (52,) float32, the blendshapes before the user's sensitivity; None where they are the same.
    """

    face_id: int
    bounding_box: Box
    landmarks: Landmarks
    eyes: Eyes
    pose: HeadPose | None
    points_3d: FloatArray | None
    expression: Expression
    gaze: FloatArray | None = None
    blendshapes: FloatArray | None = None
    taught: TaughtExpression | None = None
    measured: FloatArray | None = None

    def __post_init__(self) -> None:
        if self.points_3d is not None:
            _freeze("Face", "points_3d", self.points_3d, (70, 3))
        if self.gaze is not None:
            _freeze("Face", "gaze", self.gaze, (2, 3))
        if self.blendshapes is not None:
            _freeze("Face", "blendshapes", self.blendshapes, (52,))
        if self.measured is not None:
            _freeze("Face", "measured", self.measured, (52,))


@dataclass(frozen=True, slots=True)
class StageTimings:
    """Milliseconds spent in each stage of one frame. total: the whole frame, including what no stage accounts for."""

    detect: float = 0.0
    landmarks: float = 0.0
    eyes: float = 0.0
    pose: float = 0.0
    expression: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class FrameResult:
    """The faces found in one frame.

    captured_ns, unix_time, media_s: the frame's. camera: the intrinsics that poses were solved with.
    faces: in ascending order of their ids.
    """

    frame_index: int
    captured_ns: int
    unix_time: float
    media_s: float
    camera: CameraIntrinsics
    faces: tuple[Face, ...]
    timings: StageTimings = StageTimings()

    @property
    def width(self) -> int:
        """Width of the frame in pixels."""
        return self.camera.width

    @property
    def height(self) -> int:
        """Height of the frame in pixels."""
        return self.camera.height
