"""Light in which cameras show faces badly: single-colour lamps, darkness, glare, a window behind the head.

`training.photometric` has what any picture may meet; these are rarer and far stronger, and each says what it is, so
that the evaluation can use them one by one.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from training.photometric import Picture, grains, through_jpeg

Rng = np.random.Generator

CASTS = {
    "red": (0.15, 0.15, 1.0),
    "green": (0.15, 1.0, 0.2),
    "blue": (1.0, 0.25, 0.1),
    "cyan": (1.0, 0.8, 0.1),
    "magenta": (1.0, 0.15, 0.9),
    "amber": (0.05, 0.5, 1.0),
}
"""What lamps of one colour leave of the three channels, blue, green, red."""


def coloured(picture: Picture, colour: Sequence[float], own: float = 0.0) -> Picture:
    """The picture under a lamp of `colour` (blue, green, red; 1 = all of the light).

    own: how much of their own colour things keep; 0 is a grey picture tinted.
    """
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.float32)[:, :, None]
    mixed = own * picture + (1 - own) * grey
    return np.clip(mixed * np.asarray(colour, np.float32), 0, 255).astype(np.uint8)


def dark(picture: Picture, light: float, noise: float, rng: Rng, gain: float = 1.0) -> Picture:
    """A share `light` of the light, with a sensor's `noise` in grey levels, then amplified by `gain`."""
    left = picture * np.float32(light)
    shot = np.sqrt(left / 24) + noise
    noisy = left + grains(picture.shape, 1.0, rng) * shot
    return np.clip(np.round(np.clip(noisy, 0, 255)) * gain, 0, 255).astype(np.uint8)


def overexposed(picture: Picture, gain: float, veil: float) -> Picture:
    """`gain` times the light and `veil` grey levels of glare, clipped."""
    return np.clip(picture * np.float32(gain) + veil, 0, 255).astype(np.uint8)


def backlit(picture: Picture, boxes: Sequence[Sequence[float]], shade: float, sky: float, rng: Rng) -> Picture:
    """A window behind the people: heads and shoulders around the face `boxes` (x, y, width, height) keep the share
    `shade` of the light, the rest is lifted towards `sky` grey levels; noise comes last."""
    height, width = picture.shape[:2]
    people = np.zeros((height, width), np.uint8)
    for x, y, w, h in (box[:4] for box in boxes):
        middle, top = (round(x + w / 2), round(y + h * 0.35)), round(y + 1.05 * h)
        cv2.ellipse(people, middle, (round(0.62 * w) + 1, round(0.95 * h) + 1), 0, 0, 360, 255, -1)
        cv2.ellipse(
            people, (middle[0], top + round(1.6 * h)), (round(1.5 * w) + 1, round(1.7 * h) + 1), 0, 0, 360, 255, -1
        )
    soft = max(0.6, 0.02 * max((box[3] for box in boxes), default=1.0))
    mask = cv2.GaussianBlur(people, (0, 0), soft).astype(np.float32)[:, :, None] / 255
    behind = picture * np.float32(1 - sky / 300) + sky
    veil = rng.uniform(0, 14)
    lit = picture * np.float32(shade) + veil
    out = mask * lit + (1 - mask) * behind + grains(picture.shape, rng.uniform(0.5, 3), rng)
    return np.clip(out, 0, 255).astype(np.uint8)


def lamp(rng: Rng) -> np.ndarray:
    """(3,) the colour of a random lamp: blue, green, red, the strongest 1."""
    colour = rng.uniform(0, 1, 3) ** 2
    if rng.random() < 0.5:
        colour = np.array(list(CASTS.values()))[int(rng.integers(len(CASTS)))] * rng.uniform(0.8, 1.25, 3)
    return np.clip(colour / colour.max(), 0.02, 1).astype(np.float32)


def hard_light(picture: Picture, boxes: Sequence[Sequence[float]], rng: Rng) -> Picture:
    """One of these at random. boxes: the faces in the picture, for light from behind."""
    kind = rng.random()
    if kind < 0.4:
        light = float(np.exp(rng.uniform(np.log(0.04), np.log(0.3))))
        gain = float(np.exp(rng.uniform(0, np.log(0.6 / light)))) if rng.random() < 0.4 else 1.0
        if rng.random() < 0.25:
            picture = coloured(picture, lamp(rng), float(rng.uniform(0, 1)))
        picture = dark(picture, light, float(rng.uniform(0.5, 3)), rng, gain)
    elif kind < 0.72:
        colour = lamp(rng)
        if rng.random() < 0.3:  # a second lamp from the other side
            ramp = np.linspace(0, 1, picture.shape[1], dtype=np.float32)[None, :, None] ** np.float32(
                rng.uniform(0.5, 2)
            )
            colour = ramp * colour + (1 - ramp) * lamp(rng)
        grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.float32)[:, :, None]
        own = np.float32(rng.uniform(0, 1) if rng.random() < 0.5 else 0.0)
        lit = (own * picture + (1 - own) * grey) * colour * np.float32(np.exp(rng.normal(0, 0.4)))
        picture = np.clip(lit + grains(picture.shape, rng.uniform(0.3, 4), rng), 0, 255).astype(np.uint8)
    elif kind < 0.88 and boxes:
        picture = backlit(picture, boxes, float(rng.uniform(0.12, 0.5)), float(rng.uniform(120, 300)), rng)
    else:
        picture = overexposed(picture, float(rng.uniform(1.3, 3.5)), float(rng.uniform(0, 70)))
    if rng.random() < 0.15:
        picture = through_jpeg(picture, int(rng.integers(25, 90)))
    return picture
