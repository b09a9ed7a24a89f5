"""How strongly each part of the face moves what is sent: ranges, curves and smoothing, and a mouth that is muted.

Applied once, before the result goes to the senders, so that every format shows it. Logs and the library interface keep
what was measured. Settings are named by ARKit's coefficients; OpenSeeFace's features and the openness of the eyes
follow the coefficient that tells of the same movement.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from protocol.foreign_json import ForeignJsonError, parse_json
from tracker.topology import BLENDSHAPE_NAMES
from tracker.types import Expression, Face, FrameResult

MUTE_S = 0.15
"""How long the mouth takes to close when it is muted, and to come back."""
FORGET_S = 1.0
"""A face that was away for so long is not smoothed with what it was before."""
MAX_TEXT = 16384

FloatArray = npt.NDArray[np.float64]

_LIMITS = {
    "from": (0.0, 1.0),
    "to": (0.01, 2.0),
    "low": (0.0, 1.0),
    "high": (0.0, 1.0),
    "curve": (0.1, 10.0),
    "smoothing": (0.0, 2.0),
}


@dataclass(frozen=True, slots=True)
class Response:
    """What becomes of one coefficient.

    start, end: the measured range that is stretched to 0 to 1. low, high: what is sent at its ends. curve: an
    exponent; above 1 is gentle at first. smoothing: time constant in seconds.
    """

    start: float = 0.0
    end: float = 1.0
    low: float = 0.0
    high: float = 1.0
    curve: float = 1.0
    smoothing: float = 0.0


_KEYS = dict(zip(_LIMITS, (field.name for field in fields(Response)), strict=True))
PLAIN = Response()
Settings = Mapping[str, Response]


def read_settings(value: object) -> dict[str, Response]:
    """The settings in `value`: coefficient -> object with some of from, to, low, high, curve, smoothing.

    Raises ValueError, with what is wrong in words, for anything else.
    """
    if not isinstance(value, dict):
        raise ValueError("sensitivity must be an object of coefficients")
    return {name: _response(name, entry) for name, entry in value.items()}


def parse_settings(text: str) -> dict[str, Response]:
    """The same from JSON text; an empty one has no settings. Raises ValueError."""
    if not text.strip():
        return {}
    if len(text) > MAX_TEXT:
        raise ValueError(f"sensitivity must have at most {MAX_TEXT} characters")
    try:
        return read_settings(parse_json(text))
    except ForeignJsonError as error:
        raise ValueError(f"sensitivity cannot be read: {error}") from None


def written(settings: Settings) -> str:
    """`settings` as the text that `parse_settings` reads."""
    named = {
        name: {key: value for key, value in zip(_KEYS, astuple(response), strict=True) if value != _default(key)}
        for name, response in settings.items()
    }
    return json.dumps({name: entry for name, entry in named.items() if entry}, separators=(",", ":"))


def _default(key: str) -> float:
    value: float = getattr(PLAIN, _KEYS[key])
    return value


def _response(name: object, entry: object) -> Response:
    if name not in BLENDSHAPE_NAMES:
        raise ValueError(f"there is no coefficient {str(name)[:40]!r}")
    if not isinstance(entry, dict) or not set(entry) <= set(_KEYS):
        raise ValueError(f"{name} must be an object of {', '.join(_KEYS)}")
    for key, value in entry.items():
        low, high = _LIMITS[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise ValueError(f"{name}: {key!r} must be a number between {low:g} and {high:g}")
    response = Response(**{_KEYS[key]: float(value) for key, value in entry.items()})
    if response.end - response.start < 0.01:
        raise ValueError(f"{name}: 'to' must be greater than 'from'")
    return response


# Each feature's positive and negative half tells of the same as a coefficient; the halves that nothing tells of stay.
_FEATURE_HALVES: dict[str, tuple[str | None, str | None]] = {
    "eye_l": ("eyeWideLeft", "eyeBlinkLeft"),
    "eye_r": ("eyeWideRight", "eyeBlinkRight"),
    "eyebrow_updown_l": ("browOuterUpLeft", "browDownLeft"),
    "eyebrow_updown_r": ("browOuterUpRight", "browDownRight"),
    "mouth_corner_updown_l": ("mouthFrownLeft", "mouthSmileLeft"),
    "mouth_corner_updown_r": ("mouthFrownRight", "mouthSmileRight"),
    "mouth_corner_inout_l": ("mouthStretchLeft", "mouthPucker"),
    "mouth_corner_inout_r": ("mouthStretchRight", "mouthPucker"),
    "mouth_open": ("jawOpen", None),
    "mouth_wide": ("mouthStretchLeft", "mouthPucker"),
}
_FEATURES = tuple(field.name for field in fields(Expression))
_MOUTH = np.array([name.startswith(("mouth", "jaw", "tongue", "cheekPuff")) for name in BLENDSHAPE_NAMES])
_MOUTH_FEATURES = np.array([name.startswith("mouth") for name in _FEATURES])
_BLINKS = (BLENDSHAPE_NAMES.index("eyeBlinkRight"), BLENDSHAPE_NAMES.index("eyeBlinkLeft"))


class _Curves:
    """Responses of many values at once."""

    def __init__(self, responses: list[Response]) -> None:
        table = np.array([astuple(response) for response in responses], np.float64).reshape(-1, 6)
        self._start, self._end, self._low, self._high, self._curve, self.smoothing = table.T
        self._changes = np.array([response != PLAIN for response in responses])

    def apply(self, values: FloatArray) -> FloatArray:
        """What becomes of `values`; those without a setting of their own stay as they are."""
        share = np.clip((values - self._start) / (self._end - self._start), 0.0, 1.0) ** self._curve
        return np.where(self._changes, self._low + share * (self._high - self._low), values)


class _Plan:
    """All that is done to a face with some settings."""

    def __init__(self, settings: Settings) -> None:
        def of(name: str | None) -> Response:
            return settings.get(name, PLAIN) if name is not None else PLAIN

        halves = [_FEATURE_HALVES.get(name, (None, None)) for name in _FEATURES]
        self.coefficients = _Curves([of(name) for name in BLENDSHAPE_NAMES])
        self.blinks = _Curves([of(BLENDSHAPE_NAMES[index]) for index in _BLINKS])
        self.positive = _Curves([of(positive) for positive, _ in halves])
        self.negative = _Curves([of(negative) for _, negative in halves])
        smoothing = [self.coefficients.smoothing, self.blinks.smoothing]
        self.smoothing = np.concatenate([*smoothing, np.maximum(self.positive.smoothing, self.negative.smoothing)])

    def apply(self, coefficients: FloatArray, blinks: FloatArray, features: FloatArray) -> FloatArray:
        """(68,): the coefficients, blinks of the right and the left eye, features."""
        halves = self.positive.apply(np.maximum(features, 0.0)) - self.negative.apply(np.maximum(-features, 0.0))
        return np.concatenate([self.coefficients.apply(coefficients), self.blinks.apply(blinks), halves])


_MUTED = np.concatenate([_MOUTH, [False, False], _MOUTH_FEATURES])


class Sensitivity:
    """Applies settings to results. `set` and `mute_mouth` may be called from any thread, `apply` from one."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._lock = threading.Lock()
        self._plan: _Plan | None = None
        self._mouth_muted = False
        self._mouth = 1.0  # how much of the mouth is sent now
        self._last_s: float | None = None
        self._smoothed: dict[int, tuple[float, FloatArray]] = {}
        self.set(settings or {})

    @property
    def mouth_muted(self) -> bool:
        """Whether the mouth is held closed."""
        return self._mouth_muted

    def set(self, settings: Settings) -> None:
        """Use `settings` from the next result on."""
        plan = _Plan(settings) if any(response != PLAIN for response in settings.values()) else None
        with self._lock:
            self._plan = plan
            self._smoothed.clear()

    def mute_mouth(self, muted: bool) -> None:
        """Hold the mouth closed, or let it go."""
        self._mouth_muted = muted

    def apply(self, result: FrameResult) -> FrameResult:
        """`result` as it should be sent. Results must come in the order of their media time."""
        step_s = 0.0 if self._last_s is None else max(0.0, result.media_s - self._last_s)
        self._last_s = result.media_s
        change = step_s / MUTE_S
        self._mouth = max(0.0, self._mouth - change) if self._mouth_muted else min(1.0, self._mouth + change)
        with self._lock:
            plan = self._plan
            if plan is None and self._mouth == 1.0:
                return result
            return replace(result, faces=tuple(self._changed(face, plan, result.media_s) for face in result.faces))

    def _changed(self, face: Face, plan: _Plan | None, now_s: float) -> Face:
        coefficients = np.zeros(len(BLENDSHAPE_NAMES)) if face.blendshapes is None else face.blendshapes.astype(float)
        blinks = 1.0 - face.eyes.openness.astype(float)
        features = np.array(face.expression.as_tuple())
        values = np.concatenate([coefficients, blinks, features])
        if plan is not None:
            values = self._smooth(face.face_id, plan.apply(coefficients, blinks, features), plan.smoothing, now_s)
        values = np.where(_MUTED, values * self._mouth, values)
        n = len(BLENDSHAPE_NAMES)
        return replace(
            face,
            eyes=replace(face.eyes, openness=(1.0 - values[n : n + 2]).astype(np.float32)),
            expression=Expression(*values[n + 2 :].tolist()),
            blendshapes=None if face.blendshapes is None else values[:n].astype(np.float32),
            measured=face.blendshapes,
        )

    def _smooth(self, face_id: int, values: FloatArray, smoothing: FloatArray, now_s: float) -> FloatArray:
        before_s, before = self._smoothed.get(face_id, (-math.inf, values))
        if 0.0 <= now_s - before_s <= FORGET_S:
            share = 1.0 - np.exp(-(now_s - before_s) / np.maximum(smoothing, 1e-9))
            values = before + (values - before) * share
        self._smoothed[face_id] = now_s, values
        return values
