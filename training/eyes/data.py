"""Upright eye crops with known pupil, lids and openness.

A crop is centred midway between the corners, its x axis along the corner line, and covers 1.6 x 1.2 eye widths;
left eyes are mirrored, so that the outer corner is always at image left. In training the corners are those of a
careless landmark network, lids are closed by warping the picture, and glasses and reflections are laid over it.
What poor light and poor cameras do to it comes later, each time it is learnt from (`training.eyes.views`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from training.datasets import Pack, load_eyes
from training.eyes.dark_glasses import behind_dark_glasses
from training.eyes.irises import INNER, IRIS, LOWER, OUTER, UPPER, lid_curves, move_iris, stretched_rows
from training.photometric import Picture, through_jpeg

Floats = npt.NDArray[np.floating]

SPAN = (1.6, 1.2)
"""Width and height of a crop, eye widths."""
WIDE = 1.2
"""Examples show so many times more each way, so that crops of several sizes can be cut from them (`views`)."""
WIDE_SIZE = (88, 66)
"""Width and height of an example's picture; a little finer than the finest network's crop."""
MIDDLE = slice(2, 5)
"""The three facing pairs between which the lid gap is measured."""
CLOSED_GAP, OPEN_GAP = 0.08, 0.18
"""Unlabelled eyes with a smaller or larger gap (in eye widths) count as closed or open."""
LOOKING_ELSEWHERE = 0.5
"""Share of the open eyes whose iris is moved."""
LOOKING_GAP = 0.15
"""Smallest lid gap (in eye widths) of an eye whose iris can be moved."""
PLACES = (-0.27, 0.27), (-0.2, 0.12)
"""Where moved irises go, from the corners' middle, across and down, in eye widths."""
SURELY_OPEN_GAP = 0.22
"""Photographed eyes with a larger lid gap (in eye widths) are not closing."""
PHOTOGRAPHED_OPENNESS = 0.2
"""Weight of a photographed eye's openness, whose own open gap is not known."""
GLASSES, DARK_GLASSES = 0.3, 0.06
"""Share of the eyes that have a rim or a reflection laid over them, and that are seen through dark glasses."""
THROUGH_JPEG, JPEG_QUALITIES = 0.12, (25, 90)
"""Share of the pictures that come through a codec, and its quality."""
SEEN_BELOW, HIDDEN_ABOVE = 0.6, 0.9
"""Opacity of dark glasses up to which an eye is seen through them, and from which it is not."""
# The eye-state pictures come without corners: an eye as wide as this share of the picture, in its middle.
EYE_STATE_SHARE = 0.55


def lid_gap(contour: Floats) -> Floats:
    """Lid gap over eye width: (..., 16, 2) points in pixels -> (...)."""
    across = contour[..., INNER, :] - contour[..., OUTER, :]
    width = np.linalg.norm(across, axis=-1)
    gap = (contour[..., LOWER[MIDDLE], :] - contour[..., UPPER[MIDDLE], :]).mean(axis=-2)
    normal = np.stack([-across[..., 1], across[..., 0]], axis=-1) / np.maximum(width, 1e-6)[..., None]
    # Where the outer corner is at image right (subject's left), the normal points up.
    side = np.sign(across[..., 0])
    return ((gap * normal).sum(axis=-1) * side / np.maximum(width, 1e-6)).astype(np.float32)


def crop_matrix(outer: Floats, inner: Floats, size: tuple[int, int], wide: float = 1.0) -> Floats:
    """(2, 3), picture to crop of `size` (width, height); mirrored where the outer corner is at image right.

    wide: how many times more than a crop is to be seen.
    """
    across = inner - outer
    flip = across[0] < 0
    scale = size[0] / (wide * SPAN[0] * float(np.hypot(*across)))
    along = across / float(np.hypot(*across)) * scale
    down = np.array([-along[1], along[0]]) * (-1 if flip else 1)
    linear = np.stack([along, down])
    centre = (outer + inner) / 2
    middle = np.array(size, np.float32) / 2
    # Pixel centres are at half-integers of the crop's extent, at integers of warpAffine.
    return np.column_stack([linear, middle - linear @ (centre + 0.5) - 0.5 + linear @ (0.5, 0.5)]).astype(np.float32)


@dataclass
class Truth:
    """One eye in its picture. points (21, 2) px or NaN; outer and inner corner; gap over eye width (NaN unknown).

    closed: 1, 0, or -1 where unknown. pupil_known: whether the pupil is to be learnt.
    """

    outer: Floats
    inner: Floats
    points: Floats
    gap: float
    closed: int
    pupil_known: bool


class EyeSet:
    """The eyes pack as crops."""

    def __init__(self, *, without: tuple[str, ...] = ()) -> None:
        self.pack: Pack = load_eyes()
        self.points = self.pack["points"].astype(np.float32)
        self.side = self.pack["side"]
        self.closed = self.pack["closed"]
        self.gap = lid_gap(self.points[:, :16])
        self.used = ~np.isin(self.pack.source, without)

    def truth(self, i: int, rng: np.random.Generator | None = None) -> Truth:
        """What is known of eye `i`. rng: chooses the unknown side and size of `eye_state` pictures."""
        points, closed, gap = self.points[i], int(self.closed[i]), float(self.gap[i])
        if np.isnan(points[0, 0]):
            height, width = self.pack.pixels.shape[i]
            half = EYE_STATE_SHARE * width / 2 * (float(np.exp(rng.normal(0, 0.12))) if rng else 1.0)
            if rng is not None and rng.random() < 0.5:
                half = -half
            centre = np.array([width / 2, height / 2], np.float32)
            reach = np.array([half, 0], np.float32)
            return Truth(centre - reach, centre + reach, points, 0.0 if closed else np.nan, closed, False)
        if closed == 1:
            gap = 0.0
        elif closed < 0:
            closed = 1 if gap < CLOSED_GAP else 0 if gap > OPEN_GAP else -1
        return Truth(points[OUTER], points[INNER], points, gap, closed, closed != 1 and gap > CLOSED_GAP)

    def crop(self, i: int, size: tuple[int, int]) -> tuple[Picture, Floats]:
        """Eye `i` cut out by its true corners, as at run time, and the matrix."""
        truth = self.truth(i)
        matrix = crop_matrix(truth.outer, truth.inner, size)
        return warp_crop(self.pack.pixels[i], matrix, size, averaged=True), matrix


class Weights(NamedTuple):
    """How much each part of an example teaches; 0 where it is unknown.

    gap: -1 where it is only known to be open. confidence: whether the pupil can be judged.
    """

    pupil: float = 0.0
    lids: float = 0.0
    gap: float = 0.0
    closed: float = 0.0
    confidence: float = 0.0
    gaze: float = 0.0
    openness: float = 0.0
    blink: float = 0.0
    seen: float = 0.0


@dataclass
class Example:
    """An eye's picture, WIDE_SIZE, and what to learn from it. Points are fractions of the picture.

    gaze: (4,) degrees, as `training.eyes.network` has them. openness, blink, seen: 0 to 1.
    """

    picture: Picture
    pupil: Floats
    lids: Floats
    gap: float
    closed: float
    weights: Weights
    gaze: Floats = field(default_factory=lambda: np.zeros(4, np.float32))
    openness: float = 1.0
    blink: float = 0.0
    seen: float = 1.0


def example(eyes: EyeSet, i: int, rng: np.random.Generator) -> Example:
    """Eye `i` as a landmark network might crop it."""
    truth = eyes.truth(i, rng)
    picture, points, lowered = eyes.pack.pixels[i], truth.points, 0.0
    if truth.pupil_known and truth.gap > LOOKING_GAP and rng.random() < LOOKING_ELSEWHERE:
        picture, points, lowered = _looking_elsewhere(picture, points, rng)
    outer, inner = truth.outer.copy(), truth.inner.copy()
    scale = _shrink(float(np.hypot(*(inner - outer))), rng)
    if scale < 1:
        height, width = picture.shape[:2]
        small = (max(8, round(width * scale)), max(8, round(height * scale)))
        picture = cv2.resize(picture, small, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        ratio = np.array([small[0] / width, small[1] / height], np.float32)
        points, outer, inner = ((value + 0.5) * ratio - 0.5 for value in (points, outer, inner))

    width_px = float(np.hypot(*(inner - outer)))
    if rng.random() < 0.5:  # mirrored, the other eye of another person
        picture = np.ascontiguousarray(picture[:, ::-1])
        turn = np.array([-1, 1], np.float32)
        shift = np.array([picture.shape[1] - 1, 0], np.float32)
        points, outer, inner = (value * turn + shift for value in (points, outer, inner))
    sigma = 0.02 if rng.random() < 0.3 else 0.045
    corners = np.stack([outer, inner]) + rng.normal(0, sigma * width_px, (2, 2)) + rng.normal(0, 0.02 * width_px, 2)
    middle, half = corners.mean(axis=0), (corners[1] - corners[0]) / 2 * np.exp(rng.normal(0, 0.06))
    matrix = crop_matrix((middle - half).astype(np.float32), (middle + half).astype(np.float32), WIDE_SIZE, WIDE)

    closed, pupil_known = truth.closed, truth.pupil_known
    gap = float(lid_gap(points[:16])) if pupil_known else truth.gap  # a moved iris may have raised the lid
    crop = warp_crop(picture, matrix, WIDE_SIZE, averaged=False)
    points = points @ matrix[:, :2].T + matrix[:, 2]
    hidden = 0.0
    share = lowered
    if truth.pupil_known and gap > 0.15 and rng.random() < 0.4:
        share = float(rng.uniform(max(0.1, lowered), 1.0)) if rng.random() < 0.75 else 1.0
    if share:
        crop, points, hidden = close_lids(crop, points, share)
        gap *= 1 - share
        closed = 1 if gap < CLOSED_GAP * 0.6 else 0 if gap > OPEN_GAP else -1
        pupil_known = gap > CLOSED_GAP and hidden < 0.75
    blink, blink_known = _blink(truth, share, lowered)
    fraction = (points + 0.5) / np.array(WIDE_SIZE, np.float32)
    has_points = bool(np.isfinite(points[0, 0]))
    on_pupil = 1.0 - hidden if pupil_known else 0.0
    weights = Weights(
        pupil=on_pupil,
        lids=1.0 if has_points else 0.0,
        gap=1.0 if np.isfinite(gap) else -1.0,
        closed=float(closed >= 0),
        confidence=float(on_pupil > 0 or closed == 1),
        openness=PHOTOGRAPHED_OPENNESS if blink_known and not lowered else 0.0,
        blink=float(blink_known),
        seen=1.0,
    )
    known = np.nan_to_num(fraction).astype(np.float32)
    made = Example(
        crop, known[IRIS], known[:16], float(np.nan_to_num(gap)), float(max(closed, 0)), weights,
        openness=1.0 - share if closed != 1 else 0.0, blink=blink,
    )  # fmt: skip
    return behind_glasses(made, rng)


def _blink(truth: Truth, share: float, lowered: float) -> tuple[float, bool]:
    """How far a photographed eye is closing, and whether that is known. share: of its gap that was closed, `lowered` of
    it because it looks down."""
    if truth.closed == 1:
        return 1.0, True
    wide = truth.gap > SURELY_OPEN_GAP or (not np.isfinite(truth.gap) and truth.closed == 0)
    return max(0.0, share - lowered) / max(1.0 - lowered, 1e-3), wide


def behind_glasses(made: Example, rng: np.random.Generator) -> Example:
    """The example, now and then behind glasses; behind dark ones its lids and gaze are not to be learnt."""
    if rng.random() < GLASSES:
        made = replace(made, picture=_glasses(made.picture, rng))
    if rng.random() < DARK_GLASSES:
        picture, opacity = behind_dark_glasses(made.picture, rng)
        made = replace(made, picture=picture)
        if opacity >= SEEN_BELOW:
            hidden = 1.0 if opacity > HIDDEN_ABOVE else 0.0
            made = replace(made, weights=Weights(confidence=hidden, seen=hidden), seen=0.0)
    if rng.random() < THROUGH_JPEG:
        made = replace(made, picture=through_jpeg(made.picture, int(rng.integers(*JPEG_QUALITIES))))
    return made


def _looking_elsewhere(picture: Picture, points: Floats, rng: np.random.Generator) -> tuple[Picture, Floats, float]:
    """The eye with its iris somewhere else: the picture, its points, and the share of the gap the lid should close.

    The upper lid follows the iris, up at once, down as `close_lids` does it later.
    """
    middle = (points[OUTER] + points[INNER]) / 2
    across = float(np.hypot(*(points[INNER] - points[OUTER])))
    to = middle + across * np.array([rng.uniform(*reach) for reach in PLACES], np.float32)
    down = float(to[1] - points[IRIS, 1]) / across
    raised = float(rng.uniform(0, 0.35)) * min(1.0, -down / 0.1) if down < 0 else 0.0
    upper, lower = (curve[int(np.clip(to[0], 0, len(curve) - 1))] for curve in lid_curves(points, picture.shape[1]))
    to[1] = np.clip(to[1], upper - raised * (lower - upper), lower)  # nobody's pupil leaves the opening
    moved = move_iris(picture, points, (to - points[IRIS]).astype(np.float32), raised, rng)
    if moved is None:
        return picture, points, 0.0
    gap = float(lid_gap(points[:16]))
    follows = float(np.clip(rng.uniform(0.2, 1.0) * down / gap, 0, 0.75))
    return *moved, follows


def _shrink(width_px: float, rng: np.random.Generator) -> float:
    """How much smaller the picture's camera saw the eye; all sources end at like sizes."""
    at_most = min(width_px, 1.2 * WIDE_SIZE[0] / (WIDE * SPAN[0]))
    target = float(np.exp(rng.uniform(np.log(9), np.log(at_most)))) if rng.random() < 0.6 else at_most
    return min(1.0, target / width_px)


def warp_crop(picture: Picture, matrix: Floats, size: tuple[int, int], *, averaged: bool) -> Picture:
    """The crop that `matrix` (2, 3) cuts out. averaged: without aliasing where it shrinks."""
    scale = float(np.hypot(*matrix[:, 0]))
    if averaged and scale < 0.6:
        height, width = picture.shape[:2]
        small = (max(1, round(width * scale)), max(1, round(height * scale)))
        picture = cv2.resize(picture, small, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        ratio = np.array([width / small[0], height / small[1]], np.float32)
        linear = matrix[:, :2] * ratio
        matrix = np.column_stack([linear, matrix[:, 2] + matrix[:, :2] @ (0.5 * ratio - 0.5)])
    return cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)


def close_lids(crop: Picture, points: Floats, share: float) -> tuple[Picture, Floats, float]:
    """Draw the upper lid (and a little the lower) over `share` of the gap, stretching the skin above it.

    points: (21, 2) crop pixels. Returns the crop, its points (the iris stays) and how much of the iris's
    height became hidden, 0 to 1.
    """
    height, width = crop.shape[:2]
    upper, lower = lid_curves(points, width)
    gap = lower - upper
    down, up = 0.88 * share * gap, 0.12 * share * gap  # the lower lid rises a little
    eye_width = float(np.hypot(*(points[INNER] - points[OUTER])))
    reach = 0.35 * eye_width  # skin this far from a lid's edge is stretched
    columns, y = (grid.astype(np.float32) for grid in np.meshgrid(np.arange(width), np.arange(height)))
    from_above = stretched_rows(height, upper - reach, upper, upper + down)
    from_below = stretched_rows(height, lower + 0.6 * reach, lower, lower - up)
    rows = np.where(y < upper + down, from_above, from_below)
    moved = cv2.remap(crop, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    points = points.copy()
    facing = points[LOWER, 1] - points[UPPER, 1]
    points[UPPER, 1] += 0.88 * share * np.maximum(facing, 0)
    points[LOWER, 1] -= 0.12 * share * np.maximum(facing, 0)
    radius = float(np.linalg.norm(points[IRIS + 1 :] - points[IRIS], axis=1).mean())
    lid = float(np.interp(points[IRIS, 0], np.arange(width), upper + down))
    hidden = float(np.clip((lid - (points[IRIS, 1] - radius)) / max(2 * radius, 1e-3), 0, 1))
    return moved.astype(np.uint8, copy=False), points, hidden


def _glasses(crop: Picture, rng: np.random.Generator) -> Picture:
    """A frame's rim, a bright reflection, or a veil of reflected light."""
    height, width = crop.shape[:2]
    crop = crop.copy()
    if rng.random() < 0.65:
        centre = (int(width * rng.normal(0.5, 0.08)), int(height * rng.normal(0.55, 0.08)))
        axes = (int(width * rng.uniform(0.42, 0.7)), int(height * rng.uniform(0.33, 0.65)))
        colour = (rng.integers(0, 70, 3) if rng.random() < 0.75 else rng.integers(60, 230, 3)).tolist()
        thick = max(1, int(width / 48 * rng.uniform(0.8, 4)))
        tilt = float(rng.normal(0, 6))
        if rng.random() < 0.5:
            cv2.ellipse(crop, centre, axes, tilt, 0, 360, colour, thick, cv2.LINE_AA)
        else:
            box = cv2.boxPoints((centre, (2 * axes[0], 2 * axes[1]), tilt)).astype(np.int32)
            cv2.polylines(crop, [box], True, colour, thick, cv2.LINE_AA)
    glare = rng.random()
    if glare < 0.5:
        light = np.zeros((height, width), np.float32)
        at = (int(width * rng.uniform(0.1, 0.9)), int(height * rng.uniform(0.1, 0.9)))
        if glare < 0.3:
            axes = (int(width * rng.uniform(0.01, 0.14)) + 1, int(height * rng.uniform(0.01, 0.2)) + 1)
            cv2.ellipse(light, at, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1, cv2.LINE_AA)
        else:
            to = (int(at[0] + width * rng.normal(0, 0.6)), int(at[1] + height * rng.normal(0, 0.6)))
            cv2.line(light, at, to, 1.0, max(1, int(width * rng.uniform(0.02, 0.2))), cv2.LINE_AA)
        light = cv2.GaussianBlur(light, (0, 0), width / 48 * rng.uniform(0.3, 2)) * rng.uniform(0.25, 1)
        tint = rng.uniform(150, 255, 3) if rng.random() < 0.3 else np.full(3, 245.0)
        crop = (crop + light[:, :, None] * (tint - crop)).clip(0, 255).astype(np.uint8)
    return crop
