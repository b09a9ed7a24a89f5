"""What is known exactly about one rendered picture."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from tracker.topology import BLENDSHAPE_NAMES, N_DENSE, N_LANDMARKS

FloatArray = npt.NDArray[np.floating]
BoolArray = npt.NDArray[np.bool_]

N_POINTS = N_LANDMARKS + N_DENSE
N_COEFFICIENTS = len(BLENDSHAPE_NAMES)

OUTER_EYE_UNITS = 0.632
"""The distance of the outer eye corners in face units (`tracker.types`): what scales a head's centimetres to them."""

FAMILIES = ("ict", "makehuman")
SEXES = ("female", "male")
UNKNOWN = -1


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """The truth of one picture. Pairs of eyes are ordered right, left of the subject; pixels are x right, y down, their
    centres at .5 as they are drawn (`shards.RenderSet` gives them at whole numbers).

    coefficients: (52,) float32, 0 to 1, in the order of `tracker.topology.BLENDSHAPE_NAMES`.
    known: (52,) bool, False where this family of heads lacks the shape.
    points: (153, 2) float32 px: the 66 landmarks as people annotate them (the jaw is the visible outline), then the 87
        dense points of `tracker.topology.DENSE_MESH`.
    visible: (153,) bool, False where something else lies in front, or outside the picture.
    pupils: (2, 2) float32 px, the centre of the pupil as drawn.
    lids: (2, 16, 2) float32 px, in the order of `tracker.topology.DENSE_RIGHT_LID` and `DENSE_LEFT_LID`.
    openness: (2,) float32, lid gap / eye width in the head's frame, over that of the person's neutral eye; 0 to 1.3.
    gaze_deg: (2, 2) float32, per eye yaw and pitch of its axis in the head's frame; + the subject's left, + up.
    rotation: (3, 3) float64, translation: (3,) float64: as `tracker.types.HeadPose`, the person's own outer eye
        corners being 0.632 units apart in the neutral face; the origin is the neutral tip of the nose (point 30).
    focal_px: focal length; the principal point is the middle of the picture.
    identity: number of the person, unique within family and split.
    neutral: every coefficient but those of gaze is 0.
    skin_ita: individual typology angle of the cheek in degrees, 90 lightest to -60 darkest; measured on the skin as
        painted, before any light.
    glasses: something stands before the eyes.
    age: years, or NaN. sex: 0 female, 1 male, -1 unknown. descent: (3,) shares of African, Asian, European, or NaN.
    family: index into FAMILIES.
    """

    coefficients: FloatArray
    known: BoolArray
    points: FloatArray
    visible: BoolArray
    pupils: FloatArray
    lids: FloatArray
    openness: FloatArray
    gaze_deg: FloatArray
    rotation: FloatArray
    translation: FloatArray
    focal_px: float
    identity: int
    neutral: bool
    skin_ita: float
    glasses: bool
    family: int
    age: float = float("nan")
    sex: int = UNKNOWN
    descent: tuple[float, float, float] = (float("nan"),) * 3

    def __post_init__(self) -> None:
        for name, (shape, _) in ARRAYS.items():
            array = np.asarray(getattr(self, name))
            if array.shape != shape:
                raise ValueError(f"Truth.{name} must have shape {shape}, got {array.shape}")


ARRAYS: dict[str, tuple[tuple[int, ...], type]] = {
    "coefficients": ((N_COEFFICIENTS,), np.float16),
    "known": ((N_COEFFICIENTS,), np.bool_),
    "points": ((N_POINTS, 2), np.float32),
    "visible": ((N_POINTS,), np.bool_),
    "pupils": ((2, 2), np.float32),
    "lids": ((2, 16, 2), np.float32),
    "openness": ((2,), np.float32),
    "gaze_deg": ((2, 2), np.float32),
    "rotation": ((3, 3), np.float32),
    "translation": ((3,), np.float32),
    "focal_px": ((), np.float32),
    "identity": ((), np.int64),
    "neutral": ((), np.bool_),
    "skin_ita": ((), np.float32),
    "glasses": ((), np.bool_),
    "family": ((), np.int8),
    "age": ((), np.float32),
    "sex": ((), np.int8),
    "descent": ((3,), np.float32),
}
"""Every field's shape in one picture and the type in which a shard keeps it."""

DRAWN = ("points", "pupils", "lids")
"""The fields in pixels of the picture as it is drawn."""


def stack(truths: list[Truth]) -> dict[str, np.ndarray]:
    """The truths of many pictures as arrays, the picture first, in the types of ARRAYS."""
    return {f.name: np.array([getattr(t, f.name) for t in truths], ARRAYS[f.name][1]) for f in fields(Truth)}
