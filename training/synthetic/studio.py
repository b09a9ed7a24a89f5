"""One picture of one person: an act, a camera, light, a background, and the truth about them; for either family.

A family of heads gives persons; a person gives a head for an act. All else is here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from tracker.topology import DENSE_LEFT_LID, DENSE_RIGHT_LID, JAW, N_DENSE, N_LANDMARKS
from training.synthetic import expressions, scene
from training.synthetic.expressions import Act
from training.synthetic.raster import Picture, Rasteriser
from training.synthetic.staging import MODEL_TO_CAMERA, Camera, Lighting, Part
from training.synthetic.truth import OUTER_EYE_UNITS, UNKNOWN, FloatArray, Truth

OPENNESS_LIMIT = 1.3
OUTLINE_SLACK_CM = 1.5  # the surface falls away steeply where the outline is
LIDS = np.stack([DENSE_RIGHT_LID, DENSE_LEFT_LID])


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """One person doing one act, in the model frame of `raster`, cm.

    parts: what is drawn. landmarks: (66, 3), of which the jaw's 17 are where it is seen from the front.
    jaw_lines: (17, K, 3) surface points from the cheek (first) out to each jaw point (last): the visible outline is
        looked for on them. dense: (87, 3). pupils: (2, 3) right, left of the subject, as drawn.
    """

    parts: list[Part]
    landmarks: FloatArray
    jaw_lines: FloatArray
    dense: FloatArray
    pupils: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class About:
    """What is fixed about one person. neutral_*: from the neutral head.

    nose_tip, middle: (3,) model frame; landmark 30, and the point of the head that is put near the picture's middle
        (the middle of the face, inside the head). outer_eyes_cm: distance of the landmarks 36 and 45.
    lid_gap: (2,) as `lid_gap` gives it. known: (52,) bool. The rest as in `truth.Truth`.
    """

    number: int
    family: int
    known: npt.NDArray[np.bool_]
    nose_tip: FloatArray
    middle: FloatArray
    outer_eyes_cm: float
    lid_gap: FloatArray
    skin_ita: float
    glasses: bool
    age: float = float("nan")
    sex: int = UNKNOWN
    descent: tuple[float, float, float] = field(default=(float("nan"),) * 3)


class Person(Protocol):
    """One identity."""

    about: About

    def head(self, act: Act, rng: np.random.Generator) -> Head:
        """The head doing `act`; `rng` for what may differ from picture to picture."""


class Family(Protocol):
    """A source of persons; `ict.Heads` and `makehuman.Heads`, made with the split ("train" or "test")."""

    def person(self, number: int, rng: np.random.Generator) -> Person:
        """The person of that number; all that is random about it comes from `rng`."""


def lid_gap(dense: FloatArray) -> FloatArray:
    """(2,) mean gap of the lids over the eye's width, right and left eye, of the (87, 3) dense points. Negative where
    the lids overlap."""
    out = np.zeros(2)
    for side, lids in enumerate(dense[LIDS]):
        upper, lower = lids[2:7], lids[14:9:-1]  # from the outer to the inner corner
        out[side] = (upper - lower)[:, 1].mean() / np.linalg.norm(lids[8] - lids[0])
    return out


def visible_outline(jaw_lines: FloatArray, camera: Camera) -> FloatArray:
    """(17, 3) projected points of the jaw's outline as it is seen: on each line the point furthest out.

    From the side the far cheek hides its own jaw, and people then mark where the cheek ends.
    """
    n, k = jaw_lines.shape[:2]
    projected = camera.project(jaw_lines.reshape(-1, 3)).reshape(n, k, 3)
    outwards = (jaw_lines[:, -1] - jaw_lines[:, 0])[:, :2] * [1, -1]  # in the picture of an upright head
    roll = np.arctan2(camera.rotation[1, 0], camera.rotation[0, 0])
    outwards = outwards @ np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
    reach = np.einsum("nkj,nj->nk", projected[:, :, :2], outwards)
    return np.asarray(projected[np.arange(n), reach.argmax(axis=1)])


class Studio:
    """Takes pictures of `size` pixels."""

    def __init__(self, size: int = 256) -> None:
        self.size = size
        self._rasteriser = Rasteriser(size)
        self._backgrounds = scene.Backgrounds(size)

    def background(self, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
        """(size, size, 3) uint8 BGR."""
        return self._backgrounds.sample(rng)

    def session(
        self, person: Person, count: int, rng: np.random.Generator
    ) -> list[tuple[npt.NDArray[np.uint8], Truth]]:
        """`count` pictures (BGR) of one person, the first one neutral, with their truth."""
        stand = scene.sample_stand(rng)
        lighting, background = scene.sample_lighting(rng), self._backgrounds.sample(rng)
        out = []
        for k in range(count):
            if k and rng.random() < 0.7:
                lighting = scene.sample_lighting(rng)
            if k and rng.random() < 0.7:
                background = self._backgrounds.sample(rng)
            about = person.about
            camera = scene.sample_camera(rng, stand, self.size, about.middle, about.outer_eyes_cm, frontal=k == 0)
            if k == 0:
                act = expressions.neutral(rng)
            else:
                act = expressions.sample(rng, scene.gaze_to_camera(camera, about.middle))
            picture, truth = self.picture(person, act, camera, lighting, background, rng, neutral=k == 0)
            out.append((_developed(picture.bgr, rng), truth))
        return out

    def picture(
        self,
        person: Person,
        act: Act,
        camera: Camera,
        lighting: Lighting,
        background: npt.NDArray[np.uint8],
        rng: np.random.Generator,
        neutral: bool = False,
    ) -> tuple[Picture, Truth]:
        """One picture as drawn, and its truth."""
        head, about = person.head(act, rng), person.about
        picture = self._rasteriser.draw(head.parts, camera, lighting, background)
        points = camera.project(np.concatenate([head.landmarks, head.dense]))
        points[JAW] = visible_outline(head.jaw_lines, camera)
        visible = picture.visible(points)
        visible[JAW] = picture.visible(points[JAW], OUTLINE_SLACK_CM)
        units = OUTER_EYE_UNITS / about.outer_eyes_cm
        dense = points[N_LANDMARKS : N_LANDMARKS + N_DENSE]
        truth = Truth(
            coefficients=act.coefficients,
            known=about.known,
            points=points[:, :2].astype(np.float32),
            visible=visible,
            pupils=camera.project(head.pupils)[:, :2].astype(np.float32),
            lids=dense[LIDS, :2].astype(np.float32),
            openness=np.clip(lid_gap(head.dense) / about.lid_gap, 0, OPENNESS_LIMIT),
            gaze_deg=act.gaze_deg,
            rotation=camera.rotation,
            translation=(camera.rotation @ MODEL_TO_CAMERA @ about.nose_tip + camera.translation) * units,
            focal_px=camera.focal_px,
            identity=about.number,
            neutral=neutral,
            skin_ita=about.skin_ita,
            glasses=about.glasses,
            family=about.family,
            age=about.age,
            sex=about.sex,
            descent=about.descent,
        )
        return picture, truth


def _developed(bgr: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """A little of what every camera does; training adds the rest."""
    if rng.random() < 0.5:
        bgr = np.asarray(cv2.GaussianBlur(bgr, (0, 0), rng.uniform(0.3, 0.9)), np.uint8)
    return bgr


def skin_ita(rgb: Sequence[float] | FloatArray) -> float:
    """Individual typology angle in degrees of a skin colour, sRGB 0 to 1 (Chardon 1991): above 55 very light, 28 to 41
    intermediate, 10 to 28 tan, below -30 dark."""
    lab = cv2.cvtColor(np.array(rgb, np.float32).reshape(1, 1, 3), cv2.COLOR_RGB2Lab)[0, 0]
    return float(np.degrees(np.arctan2(lab[0] - 50, lab[2])))
