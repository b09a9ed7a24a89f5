"""What the faces of the renders do: the 52 coefficients and the gaze of one picture.

Two fifths are frames of a real phone's recording, scaled, mixed and mirrored; a quarter are whole faces that people
make (`MADE`) at their full strength, which neither the recording nor chance shows often; the rest are sparse and
random: single units, pairs, one-sided and opposed ones. Rules keep them plausible.

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

RECORDED, MADE_UP = 0.4, 0.25
"""Shares of the acts that are frames of the recording, and that are one of `MADE`."""
MADE: tuple[dict[str, tuple[float, float]], ...] = (
    {"mouthPucker": (0.7, 1)},  # a kiss
    {"mouthPucker": (0.6, 1), "mouthFunnel": (0.3, 0.9)},  # a whistle
    {"mouthFunnel": (0.6, 1), "jawOpen": (0.1, 0.5)},  # "oh"
    {"cheekPuff": (0.7, 1), "mouthPress": (0, 0.6)},
    {"cheekPuff": (0.6, 1), "mouthPucker": (0.3, 0.9)},  # blowing
    {"mouthRollLower": (0.5, 1), "mouthRollUpper": (0.5, 1), "mouthPress": (0, 0.8)},  # lips drawn in
    {"mouthRollLower": (0.7, 1)},  # biting the lower lip
    {"mouthPress": (0.6, 1), "mouthShrugLower": (0, 0.5)},
    {"mouthFrown": (0.7, 1), "mouthShrugLower": (0, 0.8), "browInnerUp": (0, 0.9)},  # sad
    {"mouthShrugLower": (0.6, 1), "mouthShrugUpper": (0.3, 1), "mouthFrown": (0, 0.7)},
    {"mouthUpperUp": (0.5, 1), "mouthLowerDown": (0.5, 1), "jawOpen": (0, 0.15)},  # teeth without a smile
    {"jawOpen": (0.4, 0.9), "mouthUpperUp": (0.3, 0.8), "mouthLowerDown": (0.3, 0.9), "browDown": (0.5, 1)},  # a shout
    {"jawOpen": (0.5, 1), "browDown": (0.4, 1), "mouthStretch": (0.2, 0.8), "eyeSquint": (0, 0.8)},
    {"noseSneer": (0.6, 1), "mouthUpperUp": (0.2, 0.8), "browDown": (0.2, 0.9)},  # disgust
    {"mouthStretch": (0.5, 1), "mouthLowerDown": (0.2, 0.8), "eyeWide": (0.4, 1), "browInnerUp": (0.3, 1)},  # fear
    {"browInnerUp": (0.6, 1), "browOuterUp": (0.6, 1), "eyeWide": (0, 1), "jawOpen": (0, 0.6)},  # surprise
    {"mouthSmile": (0.6, 1), "cheekSquint": (0.2, 0.8), "mouthUpperUp": (0.1, 0.6), "mouthLowerDown": (0, 0.5)},
    {"mouthSmile": (0.5, 1), "mouthPress": (0, 0.5)},  # a smile with closed lips
    {"mouthSmile": (0.6, 1), "jawOpen": (0.2, 0.7), "cheekSquint": (0.2, 0.9), "eyeSquint": (0, 0.8)},  # a laugh
    {"mouthDimple": (0.5, 1), "mouthSmile": (0, 0.4)},
    {"tongueOut": (0.5, 1), "jawOpen": (0.2, 0.7)},
    {"tongueOut": (0.4, 1), "mouthSmile": (0.2, 0.8)},
)
"""What faces do as a whole: ranges of their units, both sides' for the name of a pair."""


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
    kind = rng.random()
    recorded = kind < RECORDED
    gaze: FloatArray | None = None
    if recorded:
        coefficients, gaze = _recorded(rng)
    elif kind < RECORDED + MADE_UP:
        coefficients = _made(rng)
    else:
        coefficients = _sparse(rng)
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


@cache
def _rest() -> FloatArray:
    """(52,) what the recorded face does most of the time."""
    return np.asarray(np.median(recording(), axis=0))


def _recorded(rng: np.random.Generator) -> tuple[FloatArray, FloatArray | None]:
    frames, weights = recording(), _frame_weights()
    frame = frames[rng.choice(len(frames), p=weights)].copy()
    if rng.random() < 0.3:  # another face's lower half
        other = frames[rng.choice(len(frames), p=weights)]
        lower = np.array([name.startswith(("mouth", "jaw", "cheekPuff", "tongue")) for name in BLENDSHAPE_NAMES])
        frame[lower] = other[lower]
    rest = _rest()
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


def _made(rng: np.random.Generator) -> FloatArray:
    """One of `MADE`, sometimes with one side weaker or brows of its own."""
    c = np.zeros(len(INDEX), np.float32)
    one_sided = rng.uniform(0.2, 1) if rng.random() < 0.2 else 1.0
    for group, (low, high) in MADE[rng.integers(len(MADE))].items():
        amount = rng.uniform(low, high)
        if group in PAIRS:
            c[INDEX[f"{group}Left"]] = amount * rng.uniform(0.9, 1)
            c[INDEX[f"{group}Right"]] = amount * rng.uniform(0.9, 1) * one_sided
        else:
            c[INDEX[group]] = amount
    if rng.random() < 0.3:
        for group in rng.choice(("browInnerUp", "browDown", "browOuterUp", "noseSneer", "jawForward"), 1):
            for name in (group, f"{group}Left", f"{group}Right"):
                if name in INDEX:
                    c[INDEX[name]] = max(c[INDEX[name]], rng.uniform(0.2, 1))
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
