"""What the faces of the renders do: the 52 coefficients and the gaze of one picture.

About half are frames of a real phone's recording, scaled, mixed and mirrored; the rest are sparse and random: single
units, pairs, one-sided and opposed ones. Rules keep them plausible.

Gaze is an angle of each eye in the head's frame; eyeLook* follow from it, 1 being SIDEWAYS_DEG and VERTICAL_DEG.
Those are what the recording's angles and coefficients agree on: 34.3 degrees a unit sideways, 31.8 up and down
(correlation 0.999 and 0.996).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from tracker.topology import BLENDSHAPE_NAMES
from training.datasets import data_folder

FloatArray = npt.NDArray[np.floating]

SIDEWAYS_DEG, VERTICAL_DEG = 34.3, 31.8
GAZE_LIMIT_DEG = (35.0, 25.0)
INDEX = {name: i for i, name in enumerate(BLENDSHAPE_NAMES)}
LOOK = np.array([i for name, i in INDEX.items() if name.startswith("eyeLook")])

SWAPPED = np.array(
    [
        INDEX[name.replace("Left", "?").replace("Right", "Left").replace("?", "Right")]  # sides change places
        for name in BLENDSHAPE_NAMES
    ]
)
"""SWAPPED[i]: the coefficient that i becomes when the face is mirrored."""

PAIRS = sorted({name[:-4] for name in BLENDSHAPE_NAMES if name.endswith("Left") and name[:-4] not in ("jaw", "mouth")})
PAIRS = [name for name in PAIRS if not name.startswith("eyeLook")]
SINGLES = [name for name in BLENDSHAPE_NAMES if not name.endswith(("Left", "Right"))] + [
    "jawLeft",
    "jawRight",
    "mouthLeft",
    "mouthRight",
]

_EXCLUSIVE = (("jawLeft", "jawRight"), ("mouthLeft", "mouthRight"))
_OPPOSED = tuple(
    (f"{first}{side}", f"{second}{side}", most)
    for first, second, most in (
        ("eyeBlink", "eyeWide", 0.0),
        ("eyeSquint", "eyeWide", 0.8),
        ("mouthSmile", "mouthFrown", 0.5),
        ("browDown", "browOuterUp", 1.1),
    )
    for side in ("Left", "Right")
) + tuple(
    (f"{first}{side}", second, most)
    for first, second, most in (
        ("browDown", "browInnerUp", 1.2),
        ("mouthUpperUp", "mouthRollUpper", 0.8),
        ("mouthLowerDown", "mouthRollLower", 0.8),
        ("mouthStretch", "mouthPucker", 1.0),
        ("mouthStretch", "mouthFunnel", 1.1),
        ("mouthSmile", "mouthPucker", 1.1),
    )
    for side in ("Left", "Right")
)


@dataclass(frozen=True, slots=True, eq=False)
class Act:
    """coefficients: (52,) float32; gaze_deg: (2, 2) float32, yaw and pitch of the right and the left eye (+ the
    subject's left, + up)."""

    coefficients: FloatArray
    gaze_deg: FloatArray


def look_coefficients(gaze_deg: FloatArray) -> dict[str, float]:
    """The eight eyeLook* coefficients of eyes turned by `gaze_deg` (2, 2): right, left; yaw, pitch."""
    out: dict[str, float] = {}
    for side, outwards, (yaw, pitch) in zip(("Right", "Left"), (-1, 1), np.asarray(gaze_deg, float), strict=True):
        sideways, up = outwards * yaw / SIDEWAYS_DEG, pitch / VERTICAL_DEG
        out[f"eyeLookOut{side}"], out[f"eyeLookIn{side}"] = max(0.0, sideways), max(0.0, -sideways)
        out[f"eyeLookUp{side}"], out[f"eyeLookDown{side}"] = max(0.0, up), max(0.0, -up)
    return {name: min(1.0, value) for name, value in out.items()}


def plausible(coefficients: FloatArray) -> FloatArray:
    """(52,) the nearest coefficients that a face can make: limited to 0 to 1, what excludes each other resolved."""
    c = np.clip(np.asarray(coefficients, np.float32), 0, 1)
    for a, b in _EXCLUSIVE:
        weaker = INDEX[a] if c[INDEX[a]] < c[INDEX[b]] else INDEX[b]
        c[weaker] = 0
    for a, b, most in _OPPOSED:
        i, j = INDEX[a], INDEX[b]
        if c[i] + c[j] > most and min(c[i], c[j]) > 0:
            weaker, stronger = (i, j) if c[i] < c[j] else (j, i)
            c[weaker] = max(0.0, most - c[stronger])
    if c[INDEX["tongueOut"]] > 0:
        c[INDEX["jawOpen"]] = max(c[INDEX["jawOpen"]], 0.12 + 0.2 * c[INDEX["tongueOut"]])
        c[INDEX["mouthClose"]] = 0
    c[INDEX["mouthClose"]] = min(c[INDEX["mouthClose"]], c[INDEX["jawOpen"]])
    return c


def mirrored(act: Act) -> Act:
    """The same act with the sides of the face swapped."""
    return Act(act.coefficients[SWAPPED], (act.gaze_deg * [-1, 1])[::-1].astype(np.float32))


def finished(coefficients: FloatArray, gaze_deg: FloatArray) -> Act:
    """The act of plausible coefficients whose eyeLook* are those of the gaze."""
    c = plausible(coefficients)
    for name, value in look_coefficients(gaze_deg).items():
        c[INDEX[name]] = value
    return Act(c, np.asarray(gaze_deg, np.float32))


def neutral(rng: np.random.Generator) -> Act:
    """The face at rest, looking somewhere near straight ahead."""
    return finished(np.zeros(len(INDEX)), _two_eyes(rng, *rng.normal(0, [4, 2.5])))


def sample(rng: np.random.Generator, towards_camera: tuple[float, float] | None = None) -> Act:
    """One random act. towards_camera: yaw and pitch (degrees, head's frame) at which the eyes look into the camera."""
    recorded = rng.random() < 0.5
    if recorded:
        coefficients, gaze = _recorded(rng)
    else:
        coefficients, gaze = _sparse(rng), None
    if gaze is None or rng.random() < 0.4:
        gaze = _gaze(rng, towards_camera)
    coefficients = _eye_state(rng, coefficients, recorded)
    act = finished(coefficients, gaze)
    return mirrored(act) if rng.random() < 0.5 else act


@cache
def recording() -> FloatArray:
    """(frames, 52) the phone's recordings in the order of BLENDSHAPE_NAMES."""
    with np.load(data_folder() / "arkit-recording.npz") as stored:
        names = [str(name)[0].lower() + str(name)[1:] for name in stored["names"]]
        frames = np.concatenate([stored["rom_3"], stored["rom_4"]]).astype(np.float32)
    return frames[:, [names.index(name) for name in BLENDSHAPE_NAMES]]


@cache
def _frame_weights() -> FloatArray:
    """Probabilities of the recorded frames: strong expressions, which are rare, are drawn more often."""
    strength = np.delete(recording(), LOOK, axis=1)
    weight = 0.3 + np.square(strength - np.median(strength, axis=0)).sum(axis=1)
    return np.asarray(weight / weight.sum())


def _recorded(rng: np.random.Generator) -> tuple[FloatArray, FloatArray | None]:
    frames, weights = recording(), _frame_weights()
    frame = frames[rng.choice(len(frames), p=weights)].copy()
    if rng.random() < 0.3:  # another face's lower half
        other = frames[rng.choice(len(frames), p=weights)]
        lower = np.array([name.startswith(("mouth", "jaw", "cheekPuff", "tongue")) for name in BLENDSHAPE_NAMES])
        frame[lower] = other[lower]
    rest = np.median(frames, axis=0)
    shift = rng.uniform(0, 1)  # people differ in what is rest
    frame = (frame - shift * np.minimum(rest, frame)) * rng.uniform(0.7, 1.3)
    down = frame[INDEX["eyeLookDownLeft"]] - 0.3  # the recording phone stood low
    up = frame[INDEX["eyeLookUpLeft"]]
    yaw = frame[INDEX["eyeLookOutLeft"]] - frame[INDEX["eyeLookInLeft"]]
    return frame, _two_eyes(rng, yaw * SIDEWAYS_DEG, (up - down) * VERTICAL_DEG)


def _sparse(rng: np.random.Generator) -> FloatArray:
    c = np.zeros(len(INDEX), np.float32)
    groups = PAIRS + SINGLES
    for group in rng.choice(groups, rng.integers(1, 6), replace=False):
        amount = rng.uniform(0.15, 1)
        if group in SINGLES:
            c[INDEX[group]] = amount
            if group == "mouthClose":
                c[INDEX["jawOpen"]] = max(c[INDEX["jawOpen"]], amount * rng.uniform(1, 1.1))
            continue
        left, right = f"{group}Left", f"{group}Right"
        kind = rng.random()
        if kind < 0.6:  # both sides, nearly alike
            c[INDEX[left]], c[INDEX[right]] = amount * rng.uniform(0.85, 1, 2)
        elif kind < 0.85:
            c[INDEX[left if rng.random() < 0.5 else right]] = amount
        else:
            c[INDEX[left]], c[INDEX[right]] = amount, rng.uniform(0, amount)
    return c


def _eye_state(rng: np.random.Generator, coefficients: FloatArray, recorded: bool) -> FloatArray:
    c: FloatArray = coefficients.copy()
    blinks = np.array([INDEX["eyeBlinkRight"], INDEX["eyeBlinkLeft"]])
    kind = rng.random()
    if kind < 0.11:
        c[blinks] = rng.uniform(0.88, 1)
    elif kind < 0.27:
        c[blinks] = rng.uniform(0.2, 0.85) + rng.uniform(-0.06, 0.06, 2)
    elif kind < 0.33:
        c[blinks[rng.integers(2)]] = rng.uniform(0.6, 1)
    elif kind < 0.39:
        c[[INDEX["eyeSquintLeft"], INDEX["eyeSquintRight"]]] = rng.uniform(0.3, 1)
    elif not recorded and kind < 0.6:
        c[blinks] = np.maximum(c[blinks], rng.uniform(0, 0.15))
    return c


def _gaze(rng: np.random.Generator, towards_camera: tuple[float, float] | None) -> FloatArray:
    kind = rng.random()
    if kind < 0.3 and towards_camera is not None:
        yaw, pitch = np.array(towards_camera) + rng.normal(0, 4, 2)
    elif kind < 0.5:
        yaw, pitch = rng.normal(0, [5, 4])
    elif kind < 0.7:  # down: reading, a keyboard, a phone
        yaw, pitch = rng.normal(0, 10), -rng.uniform(5, 27)
    else:
        yaw, pitch = rng.normal(0, [16, 9])
    return _two_eyes(rng, yaw, pitch)


def _two_eyes(rng: np.random.Generator, yaw: float, pitch: float) -> FloatArray:
    """(2, 2) both eyes turned alike but for a little vergence."""
    vergence = abs(rng.normal(0, 2.5))
    sideways, vertical = GAZE_LIMIT_DEG
    pitch = float(np.clip(pitch, -vertical, vertical))
    yaws = np.clip([yaw + vergence / 2, yaw - vergence / 2], -sideways, sideways)
    return np.array([[yaws[0], pitch], [yaws[1], pitch]], np.float32)
