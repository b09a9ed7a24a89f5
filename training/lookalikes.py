"""Things that are taken for faces, drawn: hands, avatars, anime and emoji faces, screens and cards that show them.

Pictures are (H, W, 3) uint8 BGR. They were judged by looking at contact sheets; every call draws another one.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from training.photometric import Picture, grains

Rng = np.random.Generator
Colour = list[float]

SKINS = (
    (215, 225, 250),
    (180, 205, 245),
    (150, 185, 230),
    (115, 155, 210),
    (80, 115, 175),
    (60, 85, 135),
    (45, 55, 90),
)
"""Skin from light to dark, blue, green, red."""


def lookalike(size: int, under: Picture, rng: Rng) -> Picture:
    """One of these, `size` pixels wide and high, over the picture `under`."""
    kind = rng.random()
    picture = np.asarray(cv2.resize(under, (size, size), interpolation=cv2.INTER_AREA), np.uint8).copy()
    if kind < 0.45:
        picture = hand(picture, rng)
    elif kind < 0.85:
        picture = avatar(picture, rng)
        if rng.random() < 0.4:
            picture = on_screen(picture, rng)
    else:
        picture = emoji(picture, rng)
    return picture


def _varied(colour: tuple[float, ...], rng: Rng, spread: float = 0.1) -> Colour:
    return np.clip(np.array(colour) * rng.normal(1, spread, 3), 0, 255).tolist()


def _any(rng: Rng) -> Colour:
    return rng.integers(0, 256, 3).astype(float).tolist()


def _darker(colour: Colour, by: float) -> Colour:
    return [float(value * by) for value in colour]


def _polygon(picture: Picture, points: np.ndarray, colour: Colour) -> None:
    cv2.fillPoly(picture, [np.round(points * 16).astype(np.int32)], colour, cv2.LINE_AA, 4)


def _ellipse(picture: Picture, centre: np.ndarray, axes: tuple[float, float], turn: float, colour: Colour) -> None:
    fixed = tuple(int(v * 16) for v in centre)
    cv2.ellipse(picture, fixed, tuple(max(int(v * 16), 8) for v in axes), turn, 0, 360, colour, -1, cv2.LINE_AA, 4)


def _limb(picture: Picture, joints: list[np.ndarray], width: float, skin: Colour) -> None:
    """A finger or an arm: thick lines with a shaded rim, and creases at the joints."""
    rim, lit = _darker(skin, 0.68), skin
    fixed = [tuple(int(v * 16) for v in joint) for joint in joints]
    for colour, thick in ((rim, width), (lit, width * 0.84), (_lighter(skin), width * 0.3)):
        for a, b in pairwise(fixed):
            cv2.line(picture, a, b, colour, max(1, round(thick)), cv2.LINE_AA, 4)
    for joint, last in zip(joints[1:-1], joints, strict=False):
        along = joint - last
        across = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-3) * width * 0.35
        ends = [tuple(int(v * 16) for v in joint + side * across) for side in (1, -1)]
        cv2.line(picture, ends[0], ends[1], _darker(skin, 0.78), max(1, round(width * 0.08)), cv2.LINE_AA, 4)


def _lighter(colour: Colour) -> Colour:
    return [float(min(255, value * 1.08 + 6)) for value in colour]


def hand(picture: Picture, rng: Rng) -> Picture:
    """A hand of some skin over `picture`: open, folded or half closed, from the palm or the back."""
    size = picture.shape[0]
    skin = _varied(SKINS[int(rng.integers(len(SKINS)))], rng)
    palm = np.array([size * rng.uniform(0.4, 0.6), size * rng.uniform(0.5, 0.65)])
    half = size * rng.uniform(0.17, 0.3)
    curl = float(rng.choice([0.0, rng.uniform(0.2, 0.8), 1.0], p=[0.3, 0.3, 0.4]))
    width = half * rng.uniform(0.4, 0.52)
    turn = rng.normal(0, 0.25)
    _limb(picture, [palm + [0, half * 0.6], palm + np.array([rng.normal(0, 0.3), 2.6]) * half], half * 1.5, skin)
    _ellipse(picture, palm, (half * 1.04, half * 1.16), 0, _darker(skin, 0.72))
    _ellipse(picture, palm, (half, half * 1.1), 0, skin)
    spread = rng.uniform(0.03, 0.2)
    for k in range(4):
        at = (k - 1.5) / 1.5
        root = palm + half * np.array([0.72 * at, -0.75 + 0.15 * at * at])
        angle = turn + at * spread * (1 - 0.6 * curl)
        way = np.array([np.sin(angle), -np.cos(angle)])
        length = half * (1.25 - 0.22 * at * at) * rng.uniform(0.9, 1.1)
        knuckle = root + way * length * (0.42 - 0.1 * curl)
        bent = 1 - 2 * curl
        middle = knuckle + way * length * 0.36 * bent
        tip = middle + way * length * 0.3 * bent
        _limb(picture, [root, knuckle, middle, tip], width, skin)
        if rng.random() < 0.5:
            nail = _lighter(_varied(tuple(skin), rng, 0.06)) if rng.random() < 0.8 else _any(rng)
            _ellipse(picture, tip, (width * 0.26, width * 0.34), np.degrees(angle), nail)
    side = float(rng.choice([-1, 1]))
    base = palm + half * np.array([0.85 * side, 0.35])
    folded = rng.random() < 0.3 + 0.5 * curl
    reach = np.array([-0.9 * side, -0.35]) if folded else np.array([0.75 * side, -0.7])
    _limb(picture, [base, base + 0.55 * half * reach, base + half * reach * rng.uniform(0.9, 1.2)], width * 1.1, skin)
    for _ in range(int(rng.integers(0, 4))):  # lines of the palm
        a = palm + half * rng.uniform(-0.7, 0.7, 2)
        b = a + half * rng.uniform(-0.6, 0.6, 2)
        cv2.line(picture, tuple(np.int32(a)), tuple(np.int32(b)), _darker(skin, 0.82), max(1, size // 90), cv2.LINE_AA)
    shade = (
        np.float32(1) + np.float32(rng.normal(0, 0.25)) * np.linspace(-0.5, 0.5, size, dtype=np.float32)[:, None, None]
    )
    out = np.clip(picture * shade + grains(picture.shape, rng.uniform(0, 5), rng), 0, 255).astype(np.uint8)
    turned = cv2.getRotationMatrix2D((size / 2, size / 2), float(rng.uniform(-180, 180)), 1.0)
    out = np.asarray(cv2.warpAffine(out, turned, (size, size), borderMode=cv2.BORDER_REFLECT), np.uint8)
    return np.asarray(cv2.GaussianBlur(out, (0, 0), rng.uniform(0.3, 1.6)), np.uint8)


def avatar(picture: Picture, rng: Rng) -> Picture:
    """An anime face over `picture`: large eyes, hair in strands, a hint of a nose, hardly any shading."""
    size = picture.shape[0]
    skin = _varied(SKINS[int(rng.choice(len(SKINS), p=[0.35, 0.3, 0.12, 0.08, 0.06, 0.05, 0.04]))], rng, 0.05)
    hair, line = _any(rng), _darker(skin, rng.uniform(0.2, 0.7))
    middle = np.array([size / 2, size * rng.uniform(0.48, 0.56)])
    half, tall = size * rng.uniform(0.24, 0.32), size * rng.uniform(0.3, 0.36)
    look = rng.normal(0, 0.12) * half  # turned a little to a side
    if rng.random() < 0.5:
        picture[:] = _any(rng)
    _ellipse(picture, middle - [0, 0.1 * tall], (half * rng.uniform(1.15, 1.5), tall * rng.uniform(1.1, 1.4)), 0, hair)
    _limb(picture, [middle + [0, 0.7 * tall], middle + [0, 1.5 * tall]], half * 0.6, skin)
    _polygon(picture, middle + np.array([[-1.4, 2.2], [-0.9, 1.35], [0.9, 1.35], [1.4, 2.2]]) * [half, tall], _any(rng))
    angle = np.linspace(0, np.pi, 24)
    point = rng.uniform(0.55, 1.0)
    jaw = np.stack([np.cos(angle) * np.abs(np.cos(angle)) ** (1 - point) * half, np.sin(angle) ** point * tall], 1)
    crown = np.stack([-np.cos(angle) * half, -np.sin(angle) * 0.8 * tall], 1)
    _polygon(picture, middle + np.concatenate([jaw, crown]), skin)
    gap, big = rng.uniform(0.4, 0.55) * half, rng.uniform(0.2, 0.36)
    iris, white = _any(rng), [250.0, 250.0, 250.0]
    closed = rng.random() < 0.1
    for side in (-1, 1):
        eye = middle + np.array([side * gap + look, 0.1 * tall])
        if closed:
            fixed = tuple(np.int32(eye))
            cv2.ellipse(
                picture,
                fixed,
                (int(big * half), int(big * half * 0.5)),
                0,
                0,
                180,
                line,
                max(1, size // 60),
                cv2.LINE_AA,
            )
        else:
            _ellipse(
                picture, eye - [0, big * half * 0.12], (big * half * 1.05, big * half * 1.3), 0, _darker(line, 0.4)
            )
            _ellipse(picture, eye, (big * half, big * half * 1.2), 0, white)
            _ellipse(picture, eye + [0.1 * look, 0], (big * half * 0.74, big * half * 1.1), 0, iris)
            _ellipse(picture, eye + [0.1 * look, 0], (big * half * 0.36, big * half * 0.6), 0, _darker(iris, 0.25))
            _ellipse(
                picture, eye - np.array([0.22, 0.4]) * big * half, (big * half * 0.24, big * half * 0.28), 0, white
            )
        brow = eye - [0, big * half * rng.uniform(1.6, 2.2)]
        slant = side * rng.normal(0, 0.1) * half
        ends = [tuple(np.int32(brow + [dx * big * half, s * slant])) for dx, s in ((-1, -0.5), (1, 0.5))]
        cv2.line(picture, ends[0], ends[1], _darker(hair, 0.6), max(1, size // 70), cv2.LINE_AA)
    mouth = middle + np.array([look, 0.58 * tall])
    if rng.random() < 0.4:
        _ellipse(picture, mouth, (0.2 * half, rng.uniform(0.05, 0.22) * half), 0, [70.0, 60.0, 160.0])
    else:
        axes = (max(1, int(0.18 * half)), max(1, int(rng.uniform(0.02, 0.12) * half)))
        cv2.ellipse(picture, tuple(np.int32(mouth)), axes, 0, 0, 180, line, max(1, size // 80), cv2.LINE_AA)
    if rng.random() < 0.6:
        nose = middle + np.array([1.2 * look, 0.36 * tall])
        cv2.line(
            picture, tuple(np.int32(nose)), tuple(np.int32(nose + [0.03 * half, 0.05 * tall])), line, 1, cv2.LINE_AA
        )
    edge = middle[1] - tall * rng.uniform(0.1, 0.35)
    for x in np.linspace(-1.05, 1.05, int(rng.integers(4, 10))):
        wide = half * rng.uniform(0.15, 0.35)
        root = middle + np.array([x * half, -0.85 * tall])
        tip = np.array([root[0] + rng.normal(0, 0.1) * half, edge + abs(x) ** 3 * tall * rng.uniform(0.2, 0.9)])
        shade = _darker(hair, rng.uniform(0.75, 1.0))
        _polygon(picture, np.stack([root + [-wide, 0], root + [wide, 0], tip]), shade)
    return picture


def emoji(picture: Picture, rng: Rng) -> Picture:
    """A disc with two dots and a mouth over `picture`, or a plush toy's or a robot's face."""
    size = picture.shape[0]
    middle, radius = np.array([size / 2, size / 2]), size * rng.uniform(0.25, 0.4)
    skin = [60.0, 210.0, 250.0] if rng.random() < 0.5 else _any(rng)
    if rng.random() < 0.4:  # ears
        for side in (-1, 1):
            _ellipse(
                picture,
                middle + [side * 0.75 * radius, -0.8 * radius],
                (0.4 * radius, 0.4 * radius),
                0,
                _darker(skin, 0.9),
            )
    if rng.random() < 0.75:
        _ellipse(picture, middle, (radius, radius * rng.uniform(0.85, 1.1)), 0, skin)
    else:
        cv2.rectangle(picture, tuple(np.int32(middle - radius)), tuple(np.int32(middle + radius)), skin, -1)
    dark = _darker(_any(rng), 0.3)
    for side in (-1, 1):
        eye = middle + np.array([side * rng.uniform(0.3, 0.42), -0.25]) * radius
        _ellipse(picture, eye, (rng.uniform(0.08, 0.2) * radius, rng.uniform(0.08, 0.24) * radius), 0, dark)
    if rng.random() < 0.5:
        _ellipse(picture, middle + [0, 0.1 * radius], (0.14 * radius, 0.1 * radius), 0, dark)
    axes = (int(rng.uniform(0.2, 0.6) * radius) + 1, int(rng.uniform(0.05, 0.4) * radius) + 1)
    down = 180.0 if rng.random() < 0.75 else -180.0
    mouth = tuple(np.int32(middle + [0, 0.35 * radius]))
    cv2.ellipse(picture, mouth, axes, 0, 0, down, dark, max(1, size // 40), cv2.LINE_AA)
    return picture


def on_screen(picture: Picture, rng: Rng) -> Picture:
    """`picture` shown on a monitor or a telephone: its frame, its glow, its rows, a reflection."""
    size = picture.shape[0]
    rim = max(2, round(size * rng.uniform(0.03, 0.08)))
    inner = (size - 2 * rim, size - 2 * rim)
    out = np.empty_like(picture)
    out[:] = np.clip(rng.normal(30, 15), 0, 90) if rng.random() < 0.8 else 220
    shown = np.clip(cv2.resize(picture, inner).astype(np.float32) * rng.uniform(0.7, 1.3) + rng.uniform(0, 30), 0, 255)
    if rng.random() < 0.5:
        shown[:: int(rng.integers(2, 4))] *= np.float32(rng.uniform(0.75, 0.95))
    if rng.random() < 0.4:
        ramp = np.linspace(0, 1, inner[0], dtype=np.float32)
        shown += (60 * np.exp(-(((ramp - rng.random()) / 0.15) ** 2)))[None, :, None]
    out[rim : size - rim, rim : size - rim] = np.clip(shown, 0, 255)
    return out
