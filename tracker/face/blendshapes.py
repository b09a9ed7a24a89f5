"""ARKit's 52 coefficients, estimated from what is tracked. docs/BLENDSHAPES.md describes each of them.

Measures less the person's neutral face are mixed into activations, each of which grows from 0 at a dead zone to 1 at
a full expression; the coefficients are these or simple products of them. What a single camera and these points cannot
tell is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from tracker import topology as t
from tracker.face.blendshape_measures import INDEX, NAMES, NEUTRAL, POSE, measure, pose_terms
from tracker.face.blendshape_neutral import NeutralFace
from tracker.types import FloatArray, HeadPose

DOUBT = 0.3
"""The share by which a particular person may differ from what is taken out on average, the pose's effect or a smile's:
dead zones grow by it."""
SHUT_MM = 2.0
"""How much higher above its eye a brow seems to be while that eye is shut, because the eye's corners are read lower."""


@dataclass(frozen=True, slots=True)
class Activation:
    """A mix of measures (mm) that counts from `dead` on and is complete at `full`.

    by_others: what other movements do to the mix on average, taken out.
    turned: how much the dead zone grows with the sine of the head's turn, beyond what all do.
    shut_mm: how much the dead zone grows while the side's eye is shut.
    sided: measures without a side are of the side in question; the right one is described.
    """

    name: str
    dead: float
    full: float
    mix: dict[str, float]
    by_others: dict[str, float] = field(default_factory=dict)
    turned: float = 0.0
    shut_mm: float = 0.0
    sided: bool = True


def _weights(mix: dict[str, float], side: str) -> FloatArray:
    """(N,) factors of the measures."""
    weights = np.zeros(len(NAMES))
    for name, factor in mix.items():
        weights[INDEX[name] if name in INDEX else INDEX[f"{name}_{side}"]] = factor
    return weights


SIDED = (
    Activation("brow_inner_up", 1.0, 6.0, {"brow_inner": 1.0}, shut_mm=SHUT_MM),
    Activation("brow_outer_up", 1.0, 6.0, {"brow_outer": 1.0}, shut_mm=SHUT_MM),
    Activation("brow_down", 0.8, 4.0, {"brow_inner": -0.6, "brow_outer": -0.4}),
    Activation("wide", 0.7, 2.2, {"upper_lid": 1.0}),
    Activation("squint", 0.6, 2.4, {"lower_lid": 1.0}),
    Activation("smile", 0.8, 10.0, {"corner_out": 1.0, "corner_up": 1.0}),
    Activation("outwards", 1.5, 7.0, {"corner_out": 1.0}),
    Activation("unlifted", 1.5, 7.0, {"corner_out": 1.0, "corner_up": -1.5}),
    # A smile lifts the lips with its corners, an opening jaw parts them: only what is left is the lips' own.
    Activation("frown", 1.5, 4.5, {"corner_lift": -1.0}, {"gap": -0.39}),
    Activation("upper_raised", 0.5, 1.8, {"upper_lip": 1.0}, {"corner_up": 0.50, "gap": 0.15}),
    Activation("lower_lowered", 0.7, 2.2, {"lower_lip": -1.0}, {"corner_up": -0.68, "gap": 0.71}),
    Activation("lower_raised", 0.7, 2.2, {"lower_lip": 1.0}, {"corner_up": 0.68, "gap": -0.71}),
    Activation("upper_thin", 0.3, 0.9, {"upper_thickness": -1.0}, {"corner_up": 0.15, "gap": 0.02}),
    Activation("lower_thin", 0.5, 1.4, {"lower_thickness": -1.0}, {"corner_up": 0.13, "gap": 0.08}),
)
MIDDLE = (
    # Lips part in a broad smile without the jaw.
    Activation("opened", 1.5, 18.0, {"gap": 1.0}, {"corner_out_right": 0.25, "corner_out_left": 0.25}, sided=False),
    Activation("parted", 1.0, 5.0, {"gap": 1.0}, sided=False),
    Activation("narrow", 1.2, 7.5, {"width": -1.0}, {"gap": -0.2}, sided=False),
    # Seen from the side, the middle of the mouth is where the head's depth is said to be.
    Activation("mouth_left", 2.0, 7.0, {"mouth_right": -1.0}, turned=5.0, sided=False),
    Activation("mouth_right", 2.0, 7.0, {"mouth_right": 1.0}, turned=5.0, sided=False),
    Activation("jaw_left", 1.0, 4.0, {"jaw_right": -1.0}, turned=5.0, sided=False),
    Activation("jaw_right", 1.0, 4.0, {"jaw_right": 1.0}, turned=5.0, sided=False),
)
LOOK_DEAD = 0.5
LOOK_IN = LOOK_OUT = 24.0
LOOK_UP = LOOK_DOWN = 20.0
"""Degrees."""

_SIDES = ("right", "left")
_EACH = [(a, side) for a in SIDED for side in _SIDES] + [(a, "") for a in MIDDLE]
_BY_OTHERS = np.stack([_weights(a.by_others, side) for a, side in _EACH])
_MIX = np.stack([_weights(a.mix, side) for a, side in _EACH]) - _BY_OTHERS
_DEAD = np.array([a.dead for a, _ in _EACH])
_RANGE = np.array([a.full for a, _ in _EACH]) - _DEAD
_GAZE = [place for place, name in enumerate(NAMES) if name.startswith("gaze")]
_SHUT_DOUBT = np.array([[a.shut_mm * (side == each) for each in _SIDES] for a, side in _EACH])
_DOUBT = DOUBT * np.hstack([np.abs(_BY_OTHERS), np.abs(_MIX @ POSE[:, :2])])
_DOUBT[:, -1] += [a.turned for a, _ in _EACH]

Movements = Mapping[str, float]
"""What one half of the face does, 0 to 1, by name: the activations of that side and of the middle; `openness` of the
eye; where it looks (`look_down`, `look_in`, `look_out`, `look_up`); and from them `closed`, the lips together;
`both_thin`, both lips; `rounded`, an "oh" rather than a kiss."""

COEFFICIENTS: dict[str, Callable[[Movements], float]] = {
    "eyeBlink": lambda m: _unit(1.0 - m["openness"]),
    "eyeLookDown": lambda m: m["look_down"],
    "eyeLookIn": lambda m: m["look_in"],
    "eyeLookOut": lambda m: m["look_out"],
    "eyeLookUp": lambda m: m["look_up"],
    "eyeSquint": lambda m: m["squint"],
    "eyeWide": lambda m: m["wide"] * m["openness"],
    "mouthSmile": lambda m: m["smile"],
    "mouthFrown": lambda m: m["frown"] * (1.0 - m["narrow"]),
    "mouthStretch": lambda m: min(m["outwards"], m["unlifted"]),
    "mouthPress": lambda m: m["both_thin"] * m["closed"],
    "mouthLowerDown": lambda m: m["lower_lowered"] * m["parted"],
    "mouthUpperUp": lambda m: m["upper_raised"] * m["parted"] * (1.0 - m["narrow"]),
    "mouthRollLower": lambda m: m["lower_thin"] - m["both_thin"],
    "mouthRollUpper": lambda m: m["upper_thin"] - m["both_thin"],
    "mouthShrugLower": lambda m: m["lower_raised"] * m["closed"],
    "mouthShrugUpper": lambda m: m["upper_raised"] * m["closed"],
    "mouthFunnel": lambda m: m["narrow"] * m["rounded"],
    "mouthPucker": lambda m: m["narrow"] * (1.0 - m["rounded"]),
    "mouthLeft": lambda m: m["mouth_left"],
    "mouthRight": lambda m: m["mouth_right"],
    "jawOpen": lambda m: m["opened"],
    "jawLeft": lambda m: m["jaw_left"],
    "jawRight": lambda m: m["jaw_right"],
    "browInnerUp": lambda m: m["brow_inner_up"],
    "browOuterUp": lambda m: m["brow_outer_up"],
    "browDown": lambda m: m["brow_down"],
    "cheekSquint": lambda m: m["smile"] * (0.5 + 0.5 * m["squint"]),
    "noseSneer": lambda m: min(m["upper_raised"], m["brow_down"]),
}
"""By ARKit's name without its side. A name without sides gets the mean of both halves; names not listed stay 0."""

_PLACE = {name: place for place, name in enumerate(t.BLENDSHAPE_NAMES)}
_SINGLE = [(_PLACE[name], expression) for name, expression in COEFFICIENTS.items() if name in _PLACE]
_SIDED = [
    (_PLACE[f"{name}Right"], _PLACE[f"{name}Left"], expression)
    for name, expression in COEFFICIENTS.items()
    if name not in _PLACE
]
_ESTIMATED = {place for place, _ in _SINGLE} | {place for right, left, _ in _SIDED for place in (right, left)}
ALWAYS_ZERO = tuple(name for name, place in _PLACE.items() if place not in _ESTIMATED)
"""Names that are not estimated at all."""


def coefficients(deviation: FloatArray, turned: FloatArray, openness: FloatArray) -> FloatArray:
    """(52,) float32 in the order of `BLENDSHAPE_NAMES`.

    deviation: (N,) measures less the neutral face's; turned: (2,) how far the sines of pitch and yaw are from the
    neutral face's; openness: (2,) right, left, 0 to 1.
    """
    doubt = _DOUBT @ np.abs(np.concatenate([deviation, turned])) + _SHUT_DOUBT @ (1.0 - openness)
    # Number by number from here on: NumPy's calls would cost several times the arithmetic of two sides.
    active = [_unit(value) for value in ((_MIX @ deviation - _DEAD - doubt) / _RANGE).tolist()]
    right, left = _movements(active, deviation[_GAZE].tolist(), openness.tolist())
    values = np.zeros(len(t.BLENDSHAPE_NAMES), np.float32)
    for place, expression in _SINGLE:
        values[place] = 0.5 * (expression(right) + expression(left))
    for right_place, left_place, expression in _SIDED:
        values[right_place], values[left_place] = expression(right), expression(left)
    return values


def _movements(active: Sequence[float], gaze: Sequence[float], openness: Sequence[float]) -> list[dict[str, float]]:
    """Of the right and the left half. active: in the order of `_EACH`. gaze: as `_looks` takes it."""
    halves = []
    for side, eye, looks in zip(_SIDES, openness, _looks(gaze, openness), strict=True):
        m = {a.name: value for (a, own), value in zip(_EACH, active, strict=True) if own in ("", side)}
        m |= zip(("look_down", "look_in", "look_out", "look_up"), looks, strict=True)
        m["openness"] = eye
        m["squint"] *= eye
        m["closed"] = 1.0 - m["parted"]
        m["both_thin"] = min(m["upper_thin"], m["lower_thin"])
        m["rounded"] = min(1.0, 2.0 * m["opened"])
        halves.append(m)
    return halves


def _looks(deviation: Sequence[float], openness: Sequence[float]) -> list[tuple[float, ...]]:
    """Right and left eye looking down, in, out, up.

    deviation: degrees outwards of both eyes, then upwards, from where they rest.
    """
    out_right, out_left, up_right, up_left = deviation
    right, left = (max(share, 1e-3) for share in openness)
    # Both eyes look at one thing: what an eye that closes no longer shows, the other one does. Up and down they
    # always go together, and one alone is read with as much noise as signal.
    across = (right * out_right - left * out_left) / (right + left)
    upwards = (right * up_right + left * up_left) / (right + left)
    down, up = _ramp(-upwards, LOOK_DOWN), _ramp(upwards, LOOK_UP)
    return [
        (down, _ramp(-out, LOOK_IN), _ramp(out, LOOK_OUT), up)
        for out in (right * out_right + (1.0 - right) * across, left * out_left - (1.0 - left) * across)
    ]


def _ramp(degrees: float, full: float) -> float:
    return _unit((degrees - LOOK_DEAD) / (full - LOOK_DEAD))


def _unit(value: float) -> float:
    """Clamped to 0 to 1."""
    return 0.0 if value < 0.0 else 1.0 if value > 1.0 else value


class BlendshapeEstimator:
    """The coefficients of one person, frame by frame. gaze: False where pupils are not looked for."""

    def __init__(self, gaze: bool = True) -> None:
        self.neutral = NeutralFace()
        self._gaze = gaze
        self._deviation, self._turned = np.zeros_like(NEUTRAL), np.zeros(2)  # of the last frame with a pose

    def reset(self) -> None:
        """Forget the person."""
        self.neutral.reset()
        self._deviation, self._turned = np.zeros_like(NEUTRAL), np.zeros(2)

    def update(
        self,
        points: FloatArray | None,
        lids: FloatArray,
        pose: HeadPose | None,
        openness: FloatArray,
        now_s: float,
        learn: bool,
    ) -> FloatArray:
        """(52,) float32 from the (70, 3) normalised head points and the (2, 2) lid heights at media time `now_s`.

        Without points or pose the face stays as it was last seen, but for the blinks. learn: the frame may take part
        in the neutral face.
        """
        if points is not None and pose is not None:
            terms = pose_terms(pose)
            measured = measure(points, lids, terms)
            rest, rest_pose = self.neutral.update(measured, terms[:2], openness, now_s, learn)
            self._deviation, self._turned = measured - rest, terms[:2] - rest_pose
            if not self._gaze:
                self._deviation[_GAZE] = 0.0
        return coefficients(self._deviation, self._turned, openness)
