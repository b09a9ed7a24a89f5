"""Where the head stands, how it is lit and what is behind it: everything in a picture but the head."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tracker.rotations import matrix_from_euler
from training.datasets import TRAIN, data_folder
from training.synthetic.staging import MODEL_TO_CAMERA, Camera, Colour, Light, Lighting

FloatArray = npt.NDArray[np.floating]
Picture = npt.NDArray[np.uint8]

ROOM_STEP = 4  # every fourth picture is enough, and takes a second to decode
YAW_LIMIT, PITCH_LIMIT, ROLL_LIMIT = 60.0, 40.0, 40.0


@dataclass(frozen=True, slots=True)
class Stand:
    """How one person sits before the camera: degrees of the usual pose, distance in cm and the share of the picture's
    side that the outer eye corners span when seen from the front."""

    pitch: float
    yaw: float
    distance_cm: float
    eye_share: float


def sample_stand(rng: np.random.Generator) -> Stand:
    distance = float(np.exp(rng.uniform(np.log(32), np.log(130))))
    return Stand(float(rng.normal(0, 6)), float(rng.normal(0, 6)), distance, float(rng.uniform(0.26, 0.40)))


def sample_camera(
    rng: np.random.Generator, stand: Stand, size: int, anchor: FloatArray, outer_eyes_cm: float, frontal: bool = False
) -> Camera:
    """A camera before which the point `anchor` of the head (model frame, the middle of the face) is near the middle.

    frontal: a pose near the usual one, for the neutral picture.
    """
    if frontal:
        pitch, yaw, roll = stand.pitch + rng.normal(0, 3), stand.yaw + rng.normal(0, 4), rng.normal(0, 2)
    elif rng.random() < 0.72:
        pitch, yaw, roll = stand.pitch + rng.normal(0, 8), stand.yaw + rng.normal(0, 12), rng.normal(0, 6)
    else:
        limits = np.array([PITCH_LIMIT, YAW_LIMIT, ROLL_LIMIT])
        pitch, yaw, roll = rng.uniform(-1, 1, 3) * limits
        shrink = np.sqrt(np.square([pitch, yaw, roll] / limits).sum() / 1.2)  # all extremes at once are rare
        pitch, yaw, roll = np.array([pitch, yaw, roll]) / max(1.0, shrink)
    rotation = matrix_from_euler(
        float(np.clip(pitch, -PITCH_LIMIT, PITCH_LIMIT)),
        float(np.clip(yaw, -YAW_LIMIT, YAW_LIMIT)),
        float(np.clip(roll, -ROLL_LIMIT, ROLL_LIMIT)),
    )
    distance = stand.distance_cm * rng.uniform(0.9, 1.1)
    focal = size * stand.eye_share * rng.uniform(0.93, 1.07) * distance / outer_eyes_cm
    place = np.clip(rng.normal(0, 0.035, 2), -0.08, 0.08) * size
    middle = np.array([place[0] * distance / focal, place[1] * distance / focal, distance])
    return Camera(rotation, middle - rotation @ MODEL_TO_CAMERA @ anchor, float(focal), size)


def gaze_to_camera(camera: Camera, eyes: FloatArray) -> tuple[float, float]:
    """Yaw and pitch in the head's frame (degrees, + subject's left, + up) from the point `eyes` to the camera."""
    seen = camera.rotation @ MODEL_TO_CAMERA @ eyes + camera.translation
    x, y, z = MODEL_TO_CAMERA @ camera.rotation.T @ -seen
    return float(np.degrees(np.arctan2(x, z))), float(np.degrees(np.arctan2(y, np.hypot(x, z))))


def sample_lighting(rng: np.random.Generator) -> Lighting:
    """Rooms, lamps, windows; now and then one coloured lamp, hard light from one side, from behind, or hardly any."""
    kind = rng.choice(["soft", "lamp", "side", "back", "dark", "coloured"], p=[0.34, 0.26, 0.16, 0.08, 0.08, 0.08])
    warm = _tint(rng, 0.12)
    ambient = {"soft": (0.45, 0.95), "lamp": (0.2, 0.55), "side": (0.05, 0.35), "back": (0.2, 0.5), "dark": (0.02, 0.1)}
    low, high = ambient.get(kind, (0.03, 0.2))
    above = warm * rng.uniform(low, high)
    below = above * _tint(rng, 0.08) * rng.uniform(0.45, 0.95)
    lights: list[Light] = []
    if kind == "soft":
        lights += [_light(rng, 0.15, 0.5, spread=0.7) for _ in range(rng.integers(1, 4))]
    elif kind == "lamp":
        lights += [_light(rng, 0.5, 0.95, spread=0.6)] + [_light(rng, 0.05, 0.3) for _ in range(rng.integers(0, 3))]
    elif kind == "side":
        side = rng.choice([-1, 1])
        lights += [
            _light(rng, 0.6, 1.3, towards=(side * rng.uniform(0.8, 1), rng.normal(0.2, 0.3), rng.uniform(0, 0.5)))
        ]
        lights += [_light(rng, 0.05, 0.3) for _ in range(rng.integers(0, 2))]
    elif kind == "back":
        lights += [_light(rng, 0.8, 1.6, towards=(rng.normal(0, 0.8), rng.normal(0.5, 0.3), -0.7)) for _ in range(2)]
        lights += [_light(rng, 0.05, 0.35)]
    elif kind == "dark":
        lights += [_light(rng, 0.05, 0.25, towards=(rng.normal(0, 0.5), rng.normal(-0.2, 0.4), 1.0))]
    else:
        hue = np.zeros(3)
        hue[rng.integers(3)] = 1
        hue[rng.integers(3)] += rng.uniform(0, 0.8)
        lights += [_light(rng, 0.4, 1.1, colour=np.clip(hue + 0.12, 0, 1)), _light(rng, 0.1, 0.5)]
    shadow = float(rng.uniform(0.4, 0.95)) if kind in ("lamp", "side", "coloured") and rng.random() < 0.6 else 0.0
    # cameras set their exposure by what they see
    frontal = (above + below).mean() / 2
    frontal += sum(float(np.mean(light.colour)) * max(0.0, light.direction[2]) for light in lights)
    exposure = rng.uniform(0.5, 1.05) / frontal if kind != "dark" else min(1.0, 0.3 / frontal)
    if kind == "back":
        exposure = min(exposure, 1.3)
    brightest = max(float(np.mean(light.colour)) for light in lights)
    exposure = min(exposure, 1.25 / brightest)
    lights = [Light(light.direction, _colour(np.array(light.colour) * exposure)) for light in lights]
    return Lighting(_colour(above * exposure), _colour(below * exposure), tuple(lights), shadow)


def _light(
    rng: np.random.Generator,
    low: float,
    high: float,
    towards: tuple[float, float, float] | None = None,
    colour: FloatArray | None = None,
    spread: float = 0.9,
) -> Light:
    direction = np.array(towards) if towards is not None else rng.normal(0, spread, 3) + [0, 0.35, 0]
    if towards is None:
        direction[2] = abs(direction[2]) + 0.35
    direction = direction / np.linalg.norm(direction)
    return Light(_colour(direction), _colour((_tint(rng, 0.12) if colour is None else colour) * rng.uniform(low, high)))


def _tint(rng: np.random.Generator, spread: float) -> FloatArray:
    temperature = rng.normal(0, spread)
    tint = 1 + np.array([temperature, rng.normal(0, spread * 0.2), -temperature])
    return np.asarray(np.clip(tint, 0.3, 1.7))


def _colour(values: FloatArray) -> Colour:
    r, g, b = (float(v) for v in values)
    return r, g, b


class Backgrounds:
    """What is behind the heads: noise, gradients, and windows of training photographs without faces in them."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._rooms: list[tuple[Picture, FloatArray]] = []
        with np.load(data_folder() / "scenes-0.npz") as pack:
            encoded, starts, boxes, firsts = (pack[key] for key in ("image", "offset", "boxes", "box_offset"))
            for i in np.flatnonzero(pack["fold"] == TRAIN)[::ROOM_STEP]:
                room = cv2.imdecode(encoded[starts[i] : starts[i + 1]], cv2.IMREAD_COLOR)
                self._rooms.append((np.asarray(room, np.uint8), boxes[firsts[i] : firsts[i + 1]].astype(np.float32)))

    def sample(self, rng: np.random.Generator) -> Picture:
        """(S, S, 3) uint8 BGR."""
        picture = self._room(rng) if rng.random() < 0.75 else self._pattern(rng)
        if rng.random() < 0.55:  # out of focus
            picture = _blurred(picture, rng.uniform(0.5, 0.02 * self._size))
        return np.asarray(np.clip(picture * rng.uniform(0.35, 1.15), 0, 255), np.uint8)

    def _room(self, rng: np.random.Generator) -> Picture:
        faceless, tries = False, 0
        while not faceless and tries < 6:
            tries += 1
            room, boxes = self._rooms[rng.integers(len(self._rooms))]
            height, width = room.shape[:2]
            side = int(rng.uniform(0.25, 0.8) * min(height, width))
            x, y = rng.integers(0, width - side + 1), rng.integers(0, height - side + 1)
            apart = (
                (boxes[:, 0] > x + side)
                | (boxes[:, 0] + boxes[:, 2] < x)
                | (boxes[:, 1] > y + side)
                | (boxes[:, 1] + boxes[:, 3] < y)
            )
            faceless = bool(apart.all())
        window = room[y : y + side, x : x + side]
        window = window[:, ::-1] if rng.random() < 0.5 else window
        if not faceless:  # a face far out of focus is none
            window = _blurred(window, 0.12 * side)
        return _stretched(window, self._size)

    def _pattern(self, rng: np.random.Generator) -> Picture:
        cells = int(rng.integers(2, 12))
        noise = rng.uniform(0, 255, (cells, cells, 3)).astype(np.float32)
        if rng.random() < 0.7:  # nearly one colour
            noise = noise.mean(axis=(0, 1)) + (noise - 127) * rng.uniform(0.02, 0.4)
        mode = cv2.INTER_CUBIC if rng.random() < 0.85 else cv2.INTER_NEAREST
        return _stretched(noise, self._size, mode)


def _blurred(picture: Picture, sigma: float) -> Picture:
    step = int(sigma / 3)
    if step < 2:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)
    # far out of focus: the same from a smaller picture, in a fraction of the time
    height, width = picture.shape[:2]
    small = cv2.resize(picture, (-(-width // step), -(-height // step)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(cv2.GaussianBlur(small, (0, 0), sigma / step), (width, height)), np.uint8)


def _stretched(picture: npt.NDArray[np.generic], size: int, mode: int = cv2.INTER_LINEAR) -> Picture:
    return np.asarray(np.clip(cv2.resize(np.asarray(picture), (size, size), interpolation=mode), 0, 255), np.uint8)
