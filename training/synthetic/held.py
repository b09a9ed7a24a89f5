"""People who hold expressions while they talk, look about and turn: what taught expressions are judged by.

    python -m training.synthetic.render --held --family ict --split test --identities 8 --seed 41 --out ict-held-test

Each person shows the neutral face and six expressions, in two sittings: one to record, one to test, with another seat,
other poses, other light and other talk. Persons of the split "test" show `EXPRESSIONS`; those of "train", by whom
settings are chosen and priors fitted, show six of a wider `VOCABULARY`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tracker.face.taught.discriminant import NEUTRAL
from tracker.rotations import euler_from_matrix
from tracker.topology import BLENDSHAPE_NAMES
from training.synthetic import expressions, scene
from training.synthetic.expressions import INDEX, Act
from training.synthetic.shards import encoded, set_folder, shard_file, write_shard
from training.synthetic.staging import Camera
from training.synthetic.studio import Person, Studio
from training.synthetic.truth import Truth

FloatArray = npt.NDArray[np.floating]

EXPRESSIONS: dict[str, dict[str, float]] = {
    NEUTRAL: {},
    "joy": {"mouthSmile": 0.8, "cheekSquint": 0.5, "eyeSquint": 0.3, "mouthUpperUp": 0.2},
    "angry": {"browDown": 0.8, "noseSneer": 0.3, "mouthPress": 0.3, "eyeSquint": 0.3},
    "sorrow": {"browInnerUp": 0.7, "mouthFrown": 0.6, "mouthShrugLower": 0.3},
    "fun": {"mouthSmile": 0.7, "eyeBlink": 0.9, "cheekSquint": 0.5},
    "surprised": {"browInnerUp": 0.7, "browOuterUp": 0.8, "eyeWide": 0.6, "jawOpen": 0.3},
    "smirk": {"mouthSmileLeft": 0.8, "mouthDimpleLeft": 0.4, "browOuterUpRight": 0.3},
}
"""Coefficients of the six expressions and of the neutral face; a name without its side is both sides."""
VOCABULARY: dict[str, dict[str, float]] = {
    **{name: shape for name, shape in EXPRESSIONS.items() if name != NEUTRAL},
    "pout": {"mouthPucker": 0.8, "mouthShrugLower": 0.4, "browDown": 0.3},
    "disgust": {"noseSneer": 0.8, "mouthUpperUp": 0.5, "browDown": 0.4},
    "grimace": {"mouthStretch": 0.8, "mouthLowerDown": 0.5, "eyeSquint": 0.3},
    "shout": {"jawOpen": 0.8, "browDown": 0.5, "mouthUpperUp": 0.4},
    "raised": {"browInnerUp": 0.7, "browOuterUp": 0.7},
    "wink": {"eyeBlinkRight": 0.9, "mouthSmileRight": 0.5, "cheekSquintRight": 0.5},
    "puffed": {"cheekPuff": 0.8, "mouthPress": 0.3},
    "grin": {"mouthSmile": 0.8, "mouthLowerDown": 0.5, "mouthUpperUp": 0.6, "jawOpen": 0.15},
    "tight": {"mouthRollLower": 0.7, "mouthRollUpper": 0.6, "mouthPress": 0.5, "browInnerUp": 0.4},
    "aside": {"mouthLeft": 0.7, "browOuterUpLeft": 0.5},
}
CLEARNESS, STEADINESS = (0.8, 1.15), (0.85, 1.1)
"""How far a person goes in each movement of an expression, and from moment to moment: clearly, as the manual asks."""
HELD_TALK = 0.6
"""Share of the recording's movements that talk has: it is a take of everything a face can do."""
POSE_LIMITS_DEG = (20.0, 28.0, 18.0)
"""Pitch, yaw and roll of somebody before a webcam; rarer poses are drawn again."""
STILLS = 8
"""Of each expression in each sitting."""
LIGHTS = 2
"""Of one sitting: a window, later a lamp."""
_TALK = ("jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthRoll", "mouthShrug", "mouthPress", "mouthLower",
         "mouthUpper", "mouthStretch")  # fmt: skip
TALK = np.array([name.startswith(_TALK) for name in BLENDSHAPE_NAMES])


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """One picture (JPEG bytes) of somebody who shows the expression `name` in the first (0) or second sitting."""

    name: str
    sitting: int
    talking: bool
    jpeg: npt.NDArray[np.uint8]
    truth: Truth


def template(shape: dict[str, float], rng: np.random.Generator) -> FloatArray:
    """(52,) coefficients of one person's way to show an expression."""
    face = np.zeros(len(BLENDSHAPE_NAMES))
    for start, value in shape.items():
        amount = value * rng.uniform(*CLEARNESS)
        for name, place in INDEX.items():
            if name == start or name.removesuffix("Left").removesuffix("Right") == start:
                face[place] = amount
    return face


def talk(rng: np.random.Generator) -> FloatArray:
    """(52,) what one moment of talk adds."""
    frames = expressions.recording()
    moving = np.maximum(0.0, frames[rng.integers(len(frames))] - np.median(frames, axis=0))
    return np.asarray(HELD_TALK * np.where(TALK, moving, 0.0))


def act(face: FloatArray, talking: bool, camera: Camera, middle: FloatArray, rng: np.random.Generator) -> Act:
    """One moment of somebody who holds `face` (52,) and looks at the camera or about."""
    gaze = scene.gaze_to_camera(camera, middle) if rng.random() < 0.5 else rng.normal(0, [10, 6])
    yaw, pitch = np.clip(gaze, [-35, -25], [35, 25])
    shown = rng.uniform(*STEADINESS) * face + (talk(rng) if talking else 0.0)
    return expressions.finished(shown, np.array([[yaw, pitch]] * 2, np.float32))


def sitting(
    studio: Studio, person: Person, faces: dict[str, FloatArray], which: int, rng: np.random.Generator
) -> list[Still]:
    """Every face, `STILLS` times, talking in half of them."""
    stand, about = scene.sample_stand(rng), person.about
    scenes = [(scene.sample_lighting(rng), studio.background(rng)) for _ in range(LIGHTS)]
    out = []
    for name, face in faces.items():
        for k in range(STILLS):
            while True:
                camera = scene.sample_camera(rng, stand, studio.size, about.middle, about.outer_eyes_cm)
                if (np.abs(euler_from_matrix(camera.rotation)) < POSE_LIMITS_DEG).all():
                    break
            lighting, background = scenes[rng.integers(LIGHTS)]
            talking = k % 2 == 1
            doing = act(face, talking, camera, about.middle, rng)
            picture, truth = studio.picture(person, doing, camera, lighting, background, rng, name == NEUTRAL)
            out.append(Still(name, which, talking, encoded(picture.bgr), truth))
    return out


def session(studio: Studio, person: Person, split: str, rng: np.random.Generator) -> list[Still]:
    """Both sittings of one person."""
    shapes = EXPRESSIONS
    if split == "train":
        chosen = rng.permutation(list(VOCABULARY))[: len(EXPRESSIONS) - 1]
        shapes = {NEUTRAL: {}, **{name: VOCABULARY[name] for name in chosen.tolist()}}
    faces = {name: template(shape, rng) for name, shape in shapes.items()}
    return [still for which in range(2) for still in sitting(studio, person, faces, which, rng)]


def write_person(out: str, number: int, stills: list[Still]) -> None:
    """A shard with one person's stills, and beside it their labels."""
    np.savez(
        labels_file(out, number),
        sitting=[still.sitting for still in stills],
        expression=[still.name for still in stills],
        talking=[still.talking for still in stills],
    )
    write_shard(shard_file(out, number), [still.jpeg for still in stills], [still.truth for still in stills])


def labels_file(out: str, number: int) -> Path:
    """Of one person: `expression` (N,) names, `sitting` (N,) 0 or 1 and `talking` (N,) bool."""
    return set_folder(out) / f"held-{number:05d}.npz"
