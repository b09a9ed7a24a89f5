"""Pictures with known faces for the detector: real scenes, faces pasted elsewhere, and pictures without any.

A face's box is the box around its 66 landmarks. Other faces in a scene are known only as boxes of another
convention and with errors, so they are left out of the loss. Faces are pasted with soft and hard edges, and so
are pieces without faces, lest the network learn edges.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from tracker import topology
from tracker.face.light import is_unusual, level
from training.clutter import clutter
from training.datasets import TRAIN, load_scenes
from training.detector.heads import Heads, middle_and_height
from training.hard_light import hard_light
from training.lookalikes import lookalike
from training.night import night
from training.photometric import Picture, degrade

Floats = npt.NDArray[np.float32]

# A box of the scenes' automatic detector -> the box around the landmarks: shift of the centre and size, as
# shares of its width and height. Medians over fold 0's main faces.
RELATION = (-0.0016, 0.084, 0.81, 0.53)
SMALLEST_PX = 8.5
"""Lower faces (in pixels of the network's input) count neither as faces nor as background."""
SMALL_SHARE, SMALL_PX = 0.3, (9.5, 20.0)
"""So many of the faces have a height in this range: 8 % of a 16:9 frame's height are 11.5 px."""
VISIBLE_SHARE = 0.45
HARD_LIGHT_SHARE, NIGHT_SHARE = 0.26, 0.2
LEVELLED_SHARE = 0.25
"""Of the pictures in hard light, so many are levelled as the tracker's second look has them."""
VISIBLE_CONTRAST = 2.0
"""Standard deviation of a face's brightness, in grey levels, below which hard light has hidden it."""
LOOKALIKE_SHARE, LOOKALIKE_PX = 0.4, 96
"""Of the pieces without a face that are pasted, this share are drawn hands, avatars and the like."""


@dataclass
class Sample:
    """faces: (n, 6) x, y, width, height px, cos and sin of the roll (NaN: unknown). ignored: (m, 4) boxes."""

    picture: Picture
    faces: list[tuple[float, ...]] = field(default_factory=list)
    ignored: list[tuple[float, ...]] = field(default_factory=list)


def landmark_convention(box: Floats) -> Floats:
    """An automatic detector's box (x, y, width, height) as the box around the landmarks would be."""
    x, y, width, height = box
    dx, dy, across, down = RELATION
    centre_x, centre_y = x + width * (0.5 + dx), y + height * (0.5 + dy)
    return np.array(
        [centre_x - across * width / 2, centre_y - down * height / 2, across * width, down * height], np.float32
    )


def other_faces(main: Floats, boxes: Floats) -> list[Floats]:
    """Boxes (landmark convention) of the faces that are not the main one."""
    if not np.isfinite(main[0]):
        return [landmark_convention(box) for box in boxes]
    centre = main[:2] + main[2:] / 2
    inside = np.all((boxes[:, :2] < centre) & (centre < boxes[:, :2] + boxes[:, 2:]), axis=1)
    return [landmark_convention(box) for box in boxes[~inside]]


def free_window(
    shape: tuple[int, int], boxes: Floats, rng: np.random.Generator, aspect: float, smallest: float = 32.0
) -> tuple[int, int, int, int] | None:
    """A random window x, y, width, height inside a picture of `shape` that misses every box enlarged by half."""
    height, width = shape
    low = boxes[:, :2] - 0.25 * boxes[:, 2:]
    high = boxes[:, :2] + 1.25 * boxes[:, 2:]
    largest = min(height, width / aspect)
    if largest < smallest:
        return None
    for _ in range(12):
        down = float(np.exp(rng.uniform(np.log(smallest), np.log(largest))))
        across = down * aspect
        x, y = rng.uniform(0, width - across), rng.uniform(0, height - down)
        overlaps = (low[:, 0] < x + across) & (high[:, 0] > x) & (low[:, 1] < y + down) & (high[:, 1] > y)
        if not overlaps.any():
            return int(x), int(y), max(int(across), 1), max(int(down), 1)
    return None


def move_picture(picture: Picture, matrix: Floats, size: tuple[int, int], border: int, value: float = 0) -> Picture:
    """warpAffine that averages when it shrinks. matrix: (2, 3), picture to output; size: width, height."""
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < 0.6:
        height, width = picture.shape[:2]
        small = (max(1, round(width * scale)), max(1, round(height * scale)))
        picture = cv2.resize(picture, small, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        matrix = matrix.copy()
        matrix[:, 0] *= width / small[0]
        matrix[:, 1] *= height / small[1]
    moved = cv2.warpAffine(picture, matrix, size, borderMode=border, borderValue=(value, value, value))
    return moved.astype(np.uint8, copy=False)


def _similarity(centre: tuple[float, float], to: tuple[float, float], scale: float, angle: float) -> Floats:
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    x = to[0] - cos * centre[0] + sin * centre[1]
    y = to[1] - sin * centre[0] - cos * centre[1]
    return np.array([[cos, -sin, x], [sin, cos, y]], np.float32)


def _masks() -> list[Floats]:
    """Soft shapes to paste through, 64 x 64, 0 to 1."""
    y, x = np.mgrid[-1:1:64j, -1:1:64j].astype(np.float32)
    shapes = []
    for across, down, lift, power, edge in (
        (0.80, 0.95, 0.0, 2, 0.15), (0.7, 0.8, -0.05, 2, 0.3), (0.9, 0.9, 0.0, 2.5, 0.1), (0.95, 0.95, 0.0, 6, 0.08),
        (0.8, 0.8, 0.0, 4, 0.25), (0.97, 0.97, 0.0, 20, 0.03), (0.75, 0.9, 0.0, 2, 0.04),
    ):  # fmt: skip
        radius = (np.abs(x / across) ** power + np.abs((y - lift) / down) ** power) ** (1 / power)
        shapes.append(np.clip((1 - radius) / edge + 0.5, 0, 1).astype(np.float32))
    return shapes


class Scenery:
    """Makes samples from fold 0 of the scenes and faces packs."""

    def __init__(self) -> None:
        self.scenes, boxes = load_scenes()
        self.boxes = boxes
        self.main = self.scenes["main_box"].astype(np.float32)
        train = self.scenes.indices(TRAIN)
        self.with_face = train[np.isfinite(self.main[train, 0])]
        self.empty = train[[not np.isfinite(self.main[i, 0]) and not len(boxes[i]) for i in train]]
        self.heads = Heads()
        masked = self.scenes.source[self.with_face] == "mask"
        self.scene_chance = np.where(masked, 2.0, 1.0) / np.where(masked, 2.0, 1.0).sum()
        self.masks = _masks()

    def sample(self, height: int, width: int, rng: np.random.Generator) -> Sample:
        """One random picture of the given size."""
        kind = rng.random()
        if kind < 0.36:
            sample = self._scene(height, width, rng)
        elif kind < 0.74:
            sample = self._composite(height, width, rng)
        elif kind < 0.80:
            sample = self._mosaic(height, width, rng)
        elif kind < 0.86:
            sample = self._close_up(height, width, rng)
        else:
            sample = self._without_face(height, width, rng)
        if rng.random() < 0.5:
            flip(sample)
        light = rng.random()
        if light < HARD_LIGHT_SHARE + NIGHT_SHARE:
            is_night = light < NIGHT_SHARE
            boxes = [*sample.faces, *sample.ignored]
            sample.picture = night(sample.picture, rng) if is_night else hard_light(sample.picture, boxes, rng)
            _ignore_the_invisible(sample)
            if rng.random() < LEVELLED_SHARE and is_unusual(sample.picture):
                sample.picture = level(sample.picture)
        else:
            sample.picture = degrade(sample.picture, rng, blur_px=0.8)
        return sample

    def background(self, height: int, width: int, rng: np.random.Generator) -> Picture:
        """A picture without a face: a piece of an empty scene, a piece beside a face, or made up."""
        kind = rng.random()
        if kind < 0.12:
            return _made_up(height, width, rng)
        picture = None
        if kind < 0.75:
            for _ in range(4):
                i = int(rng.choice(self.with_face))
                boxes = np.concatenate([self.boxes[i], self.main[i : i + 1]])
                shape = self.scenes.pixels[i].shape[:2]
                window = free_window(shape, boxes, rng, width / height * float(np.exp(rng.normal(0, 0.3))))
                if window is not None:
                    x, y, across, down = window
                    picture = self.scenes.pixels[i][y : y + down, x : x + across]
                    break
        if picture is None:
            whole = self.scenes.pixels[int(rng.choice(self.empty))]
            window = free_window(whole.shape[:2], np.zeros((0, 4), np.float32), rng, width / height)
            x, y, across, down = window or (0, 0, whole.shape[1], whole.shape[0])
            picture = whole[y : y + down, x : x + across]
        if rng.random() < 0.5:
            picture = picture[:, ::-1]
        if rng.random() < 0.15:
            picture = picture[::-1]
        method = cv2.INTER_AREA if picture.shape[1] > width else cv2.INTER_LINEAR
        return cv2.resize(picture, (width, height), interpolation=method).astype(np.uint8, copy=False)

    def _scene(self, height: int, width: int, rng: np.random.Generator, into: Sample | None = None) -> Sample:
        """A real scene, scaled, shifted and slightly rolled; what it leaves free is filled."""
        i = int(rng.choice(self.with_face, p=self.scene_chance))
        picture, main = self.scenes.pixels[i], self.main[i]
        target = _face_height(1.1 * height, rng)
        scale = target / main[3]
        angle = float(rng.normal(0, 0.1 if rng.random() < 0.75 else 0.4))
        centre = (main[0] + main[2] / 2, main[1] + main[3] / 2)
        matrix = _similarity(centre, (rng.uniform(0.02, 0.98) * width, rng.uniform(0.05, 0.95) * height), scale, angle)
        fill = rng.random()
        if fill < 0.3:
            moved = move_picture(picture, matrix, (width, height), cv2.BORDER_REPLICATE)
        elif fill < 0.55:
            moved = move_picture(picture, matrix, (width, height), cv2.BORDER_CONSTANT, float(rng.integers(0, 256)))
        else:
            moved = move_picture(picture, matrix, (width, height), cv2.BORDER_CONSTANT)
            whole = np.full(picture.shape[:2], 255, np.uint8)
            inside = cv2.warpAffine(whole, matrix, (width, height), flags=cv2.INTER_NEAREST)
            moved = np.where(inside[:, :, None] > 0, moved, self.background(height, width, rng))
        sample = Sample(moved)
        box = _moved_box(main, matrix)
        _add(sample, (*box, np.nan, np.nan))
        for other in other_faces(main, self.boxes[i]):
            sample.ignored.append(_moved_box(other, matrix))
        if rng.random() < 0.15:
            self._paste_face(sample, rng)
        return sample

    def _composite(self, height: int, width: int, rng: np.random.Generator) -> Sample:
        sample = Sample(self.background(height, width, rng))
        for _ in range(int(rng.integers(0, 3)) if rng.random() < 0.6 else 0):
            self._paste_piece(sample, rng)
        for _ in range(int(rng.integers(1, 6))):
            self._paste_face(sample, rng)
        if rng.random() < 0.2:
            _occlude(sample.picture, sample.faces, rng)
        return sample

    def _mosaic(self, height: int, width: int, rng: np.random.Generator) -> Sample:
        """Four scenes side by side."""
        column, row = int(width * rng.uniform(0.3, 0.7)), int(height * rng.uniform(0.3, 0.7))
        whole = Sample(np.zeros((height, width, 3), np.uint8))
        for x, y, across, down in (
            (0, 0, column, row),
            (column, 0, width - column, row),
            (0, row, column, height - row),
            (column, row, width - column, height - row),
        ):
            part = self._scene(down, across, rng)
            whole.picture[y : y + down, x : x + across] = part.picture
            whole.faces += [(face[0] + x, face[1] + y, *face[2:]) for face in part.faces]
            whole.ignored += [(box[0] + x, box[1] + y, *box[2:]) for box in part.ignored]
        return whole

    def _close_up(self, height: int, width: int, rng: np.random.Generator) -> Sample:
        """A face crop that fills much of the frame, its own surroundings stretched over the rest."""
        head, points = self.head(rng)
        centre, down = middle_and_height(points)
        scale = float(rng.uniform(0.55, 1.25)) * height / down
        angle = float(rng.normal(0, 0.25))
        matrix = _similarity(centre, (rng.uniform(0.15, 0.85) * width, rng.uniform(0.3, 0.7) * height), scale, angle)
        sample = Sample(move_picture(head, matrix, (width, height), cv2.BORDER_REPLICATE))
        _add(sample, _moved_face(points, matrix))
        return sample

    def _without_face(self, height: int, width: int, rng: np.random.Generator) -> Sample:
        sample = Sample(self.background(height, width, rng))
        for _ in range(int(rng.integers(0, 3))):
            self._paste_piece(sample, rng)
        return sample

    def head(self, rng: np.random.Generator) -> tuple[Picture, Floats]:
        """A head and its 66 points."""
        return self.heads.draw(rng, self.background(64, 64, rng))

    def _paste_face(self, sample: Sample, rng: np.random.Generator) -> None:
        height, width = sample.picture.shape[:2]
        head, points = self.head(rng)
        centre, down = middle_and_height(points)
        target = _face_height(0.8 * height, rng)
        angle = float(rng.normal(0, 0.2) if rng.random() < 0.6 else rng.uniform(-1, 1))
        to = (rng.uniform(0, 1) * width, rng.uniform(0, 1) * height)
        matrix = _similarity(centre, to, target / down, angle)
        box = _moved_face(points, matrix)
        if any(_covers(box, other) for other in (*sample.faces, *sample.ignored)):
            return
        self._paste(sample.picture, head, matrix, rng)
        _add(sample, box)

    def _paste_piece(self, sample: Sample, rng: np.random.Generator) -> None:
        """Something that is no face, pasted as faces are."""
        height, width = sample.picture.shape[:2]
        piece = self.background(LOOKALIKE_PX, LOOKALIKE_PX, rng)
        if rng.random() < LOOKALIKE_SHARE:
            piece = (lookalike if rng.random() < 0.7 else clutter)(LOOKALIKE_PX, piece, rng)
        scale = float(np.exp(rng.uniform(np.log(16), np.log(height)))) / LOOKALIKE_PX
        to = (rng.uniform(0, 1) * width, rng.uniform(0, 1) * height)
        middle = (LOOKALIKE_PX / 2, LOOKALIKE_PX / 2)
        self._paste(sample.picture, piece, _similarity(middle, to, scale, float(rng.normal(0, 0.3))), rng)

    def _paste(self, picture: Picture, piece: Picture, matrix: Floats, rng: np.random.Generator) -> None:
        height, width = piece.shape[:2]
        corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], np.float32) @ matrix[:, :2].T
        corners += matrix[:, 2]
        x0, y0 = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int)
        x1, y1 = np.minimum(np.ceil(corners.max(axis=0)), picture.shape[1::-1]).astype(int)
        if x1 <= x0 or y1 <= y0:
            return
        matrix = matrix.copy()
        matrix[:, 2] -= (x0, y0)
        size = (int(x1 - x0), int(y1 - y0))
        moved = move_picture(piece, matrix, size, cv2.BORDER_REPLICATE)
        mask = self.masks[int(rng.integers(len(self.masks)))]
        on_mask = matrix.copy()
        on_mask[:, 0] *= width / 64
        on_mask[:, 1] *= height / 64
        alpha = cv2.warpAffine(mask, on_mask, size, borderValue=0)[:, :, None]
        under = picture[y0:y1, x0:x1]
        under += (alpha * (moved.astype(np.float32) - under)).astype(np.int16).astype(np.uint8)


def _face_height(largest: float, rng: np.random.Generator) -> float:
    """The height in pixels at which a face is shown, as many small as large ones, and some more small ones."""
    low, high = SMALL_PX if rng.random() < SMALL_SHARE else (1.15 * SMALLEST_PX, largest)
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def flip(sample: Sample) -> None:
    """Mirror a sample left to right, in place."""
    width = sample.picture.shape[1]
    sample.picture = np.ascontiguousarray(sample.picture[:, ::-1])
    # The eye line runs from the subject's right eye to the left; mirroring exchanges them.
    sample.faces = [(width - x - w, y, w, h, cos, -sin) for x, y, w, h, cos, sin in sample.faces]
    sample.ignored = [(width - x - w, y, w, h) for x, y, w, h in sample.ignored]


def _moved_face(points: Floats, matrix: Floats) -> tuple[float, ...]:
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    low, high = moved.min(axis=0), moved.max(axis=0)
    line = moved[topology.LEFT_EYE_OUTER] - moved[topology.RIGHT_EYE_OUTER]
    line = line / max(float(np.hypot(*line)), 1e-6)
    return (*low.tolist(), *(high - low).tolist(), *line.tolist())


def _moved_box(box: Floats, matrix: Floats) -> tuple[float, ...]:
    """The box around the ellipse inside `box` after the matrix."""
    centre = matrix[:, :2] @ (box[:2] + box[2:] / 2) + matrix[:, 2]
    size = np.hypot(matrix[:, 0] * box[2], matrix[:, 1] * box[3])
    return (*(centre - size / 2).tolist(), *size.tolist())


def _covers(new: tuple[float, ...], old: tuple[float, ...]) -> bool:
    """Whether the crop around the `new` box, pasted, would hide a tenth of the `old` one, or sit inside it."""
    reach = 0.3 * max(new[2], new[3])
    across = min(new[0] + new[2] + reach, old[0] + old[2]) - max(new[0] - reach, old[0])
    down = min(new[1] + new[3] + reach, old[1] + old[3]) - max(new[1] - reach, old[1])
    return max(across, 0.0) * max(down, 0.0) > 0.1 * min(old[2] * old[3], new[2] * new[3])


def _add(sample: Sample, face: tuple[float, ...]) -> None:
    """Put a face into the sample, or among the ignored when it is too small or hardly in the picture."""
    height, width = sample.picture.shape[:2]
    x, y, w, h = face[:4]
    seen = max(min(x + w, width) - max(x, 0), 0) * max(min(y + h, height) - max(y, 0), 0) / (w * h)
    if seen >= VISIBLE_SHARE and h >= SMALLEST_PX and 0 <= x + w / 2 < width and 0 <= y + h / 2 < height:
        sample.faces.append(face)
    elif seen > 0:
        sample.ignored.append(face[:4])


def _ignore_the_invisible(sample: Sample) -> None:
    """Faces of which the light leaves nothing are neither faces nor background: silhouettes must not be learnt."""
    grey = cv2.blur(np.asarray(cv2.cvtColor(sample.picture, cv2.COLOR_BGR2GRAY), np.float32), (3, 3))
    seen = []
    for face in sample.faces:
        x, y, w, h = (max(round(value), 0) for value in face[:4])
        inside = grey[y + h // 5 : y + h, x + w // 6 : x + w - w // 6]
        if inside.size and float(inside.std()) > VISIBLE_CONTRAST:
            seen.append(face)
        else:
            sample.ignored.append(face[:4])
    sample.faces = seen


def _occlude(picture: Picture, faces: list[tuple[float, ...]], rng: np.random.Generator) -> None:
    """A hand, cup or microphone in front of one face: a filled ellipse of some colour over a part of it."""
    if not faces:
        return
    x, y, w, h = faces[int(rng.integers(len(faces)))][:4]
    centre = (int(x + rng.uniform(-0.1, 1.1) * w), int(y + rng.uniform(0.4, 1.2) * h))
    axes = (int(w * rng.uniform(0.1, 0.3)) + 1, int(h * rng.uniform(0.1, 0.3)) + 1)
    colour = rng.integers(0, 256, 3).tolist()
    cv2.ellipse(picture, centre, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA)


def _made_up(height: int, width: int, rng: np.random.Generator) -> Picture:
    """Gradients, noise of random coarseness, and a few ellipses, boxes and lines."""
    coarse = rng.integers(0, 256, (int(rng.integers(2, 24)), int(rng.integers(2, 24)), 3), dtype=np.uint8)
    method = cv2.INTER_NEAREST if rng.random() < 0.2 else cv2.INTER_CUBIC
    picture = cv2.resize(coarse, (width, height), interpolation=method).astype(np.uint8, copy=False)
    picture = (picture * rng.uniform(0.1, 1) + rng.uniform(0, 80)).clip(0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(0, 8))):
        colour = rng.integers(0, 256, 3).tolist()
        a = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        b = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        shape = rng.random()
        if shape < 0.5:
            axes = (int(rng.integers(2, height // 2)), int(rng.integers(2, height // 2)))
            cv2.ellipse(picture, a, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA)
        elif shape < 0.75:
            cv2.rectangle(picture, a, b, colour, -1)
        else:
            cv2.line(picture, a, b, colour, int(rng.integers(1, 8)), cv2.LINE_AA)
    return picture
