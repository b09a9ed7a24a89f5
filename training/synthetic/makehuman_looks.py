"""What MakeHuman's heads look like: skin, hair and brows of many colours, irises, teeth, clothes.

Skin: a painted texture of about the right age and sex, tinted to a skin colour drawn for the person; the range from
very dark to very light is filled evenly, and dark textures serve dark skins. Hair and brow textures are turned to
grey first, so that their tint is the colour.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from tracker.errors import SettingsError
from training.synthetic.makehuman_files import BROWS, HAIR, LASHES, TEETH, texture_path
from training.synthetic.staging import Colour

SKINS = {
    # name: (dark, old, male)
    "young_lightskinned_female2": (False, False, False),
    "young_lightskinned_female3": (False, False, False),
    "young_lightskinned_male": (False, False, True),
    "young_lightskinned_male2": (False, False, True),
    "young_lightskinned_male3": (False, False, True),
    "middleage_lightskinned_female2": (False, True, False),
    "middleage_lightskinned_male": (False, True, True),
    "middleage_lightskinned_male2": (False, True, True),
    "young_darkskinned_male": (True, False, True),
    "middleage_darkskinned_male": (True, True, True),
    "old_darkskinned_male": (True, True, True),
}
TEST_SKINS = ("young_lightskinned_female3", "middleage_lightskinned_male2", "middleage_darkskinned_male")
"""Skins of which only persons of the test split are made, so that nothing is known by its skin."""
TEST_HAIR = ("short02",)
TEST_BROWS = ("eyebrow003", "eyebrow010")

HAIR_COLOURS = np.array(
    [
        [0.06, 0.05, 0.05],
        [0.14, 0.09, 0.06],
        [0.28, 0.17, 0.10],
        [0.50, 0.35, 0.20],
        [0.78, 0.62, 0.38],
        [0.52, 0.22, 0.10],
    ]
)
CHEEK_UV_RADIUS = 24
MEDIUM_ITA = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """The choices for one person. Colours are sRGB factors."""

    skin: str
    skin_tint: Colour
    skin_ita: float
    shine: float
    hair: str | None
    hair_mirrored: bool
    hair_colour: Colour
    brow: str
    brow_colour: Colour
    brow_alpha: float
    lashes: str
    lash_alpha: float
    teeth: str
    tooth_tint: Colour
    clothes: np.ndarray


def sample_look(
    rng: np.random.Generator, descent: tuple[float, float, float], male: float, years: float, test: bool
) -> Look:
    """descent: shares of African, Asian, European."""
    ita = skin_ita_for(rng, descent)
    skin = _choose_skin(rng, ita, male, years, test)
    target = skin_colour(rng, ita)
    tint = np.clip(target / cheek_colour(skin), 0.12, 2.2)
    natural = int(
        rng.choice(6, p=[0.2, 0.22, 0.22, 0.14, 0.13, 0.09] if ita > 25 else [0.55, 0.3, 0.1, 0.02, 0.02, 0.01])
    )
    colour = HAIR_COLOURS[natural] * rng.uniform(0.7, 1.35)
    if years > 48:
        colour = colour + (np.array([0.75, 0.75, 0.76]) - colour) * np.clip(rng.normal((years - 48) / 30, 0.25), 0, 1)
    brows = colour * rng.uniform(0.55, 1.0)
    if rng.random() < 0.05:
        colour = rng.uniform(0.1, 0.9, 3)  # dyed
    allowed_hair = [h for h in HAIR if (h in TEST_HAIR) == (test and rng.random() < 0.5)]
    if rng.random() < 0.8:  # its fringe hides an eye
        allowed_hair = [h for h in allowed_hair if h != "bob02"]
    long = [h for h in allowed_hair if h in ("bob02", "braid01")]
    if male < 0.5 and long and rng.random() < 0.5:
        allowed_hair = long
    bald = rng.random() < (0.22 if male > 0.5 else 0.06)
    allowed_brows = [b for b in BROWS if (b in TEST_BROWS) == test and b != "eyebrow006"]
    return Look(
        skin=skin,
        skin_tint=_rgb(tint),
        skin_ita=ita_of(cheek_colour(skin) * tint),
        shine=float(rng.uniform(0.0, 0.16) + 0.1 * (ita < 0) * rng.random()),
        hair=None if bald else str(rng.choice(allowed_hair or list(TEST_HAIR))),
        hair_mirrored=bool(rng.random() < 0.5),
        hair_colour=_rgb(colour),
        brow=str(rng.choice(allowed_brows)),
        brow_colour=_rgb(brows),
        brow_alpha=float(rng.uniform(0.55, 1.0)),
        lashes=str(rng.choice(LASHES)),
        lash_alpha=float(rng.uniform(0.25, 0.7) if male > 0.5 else rng.uniform(0.45, 1.0)),
        teeth=str(rng.choice(TEETH)),
        tooth_tint=_rgb(
            np.array([1, 0.98, 0.9]) * rng.uniform(0.9, 1.3) * (1, *rng.uniform(0.93, 1, 1), rng.uniform(0.8, 1))
        ),
        clothes=paint_clothes(rng),
    )


def paint_clothes(rng: np.random.Generator, size: int = 128) -> np.ndarray:
    """(size, size, 4) uint8 RGBA: cloth as seen from the front, transparent above a round or pointed neckline."""
    y, x = np.mgrid[0:size, 0:size] / size
    colour = rng.uniform(0.05, 0.9, 3) if rng.random() < 0.6 else np.full(3, rng.uniform(0.04, 0.92))
    cloth = np.tile(colour, (size, size, 1))
    if rng.random() < 0.35:
        stripes = np.sin((y if rng.random() < 0.5 else x) * rng.uniform(60, 250)) > rng.uniform(-0.5, 0.5)
        cloth[stripes] = rng.uniform(0.05, 0.95, 3)
    cloth = cloth * (1 + rng.normal(0, 0.05, (size, size, 1)))
    apart = np.abs(x - 0.5) / rng.uniform(0.16, 0.34)
    depth = rng.uniform(0.02, 0.3) * np.clip(1 - apart ** rng.choice([1, 2, 4]), 0, 1)
    alpha = y > rng.uniform(0.05, 0.38) + depth
    return np.dstack([np.clip(cloth * 255, 0, 255), alpha * 255]).astype(np.uint8)


def skin_ita_for(rng: np.random.Generator, descent: tuple[float, float, float]) -> float:
    """Individual typology angle (degrees) of somebody's skin."""
    if rng.random() < 0.2:
        return float(rng.uniform(-62, 66))
    return float(np.clip(np.dot(descent, [-34, 30, 46]) + rng.normal(0, 16), -65, 70))


def skin_colour(rng: np.random.Generator, ita: float) -> np.ndarray:
    """(3,) sRGB of a skin of that typology angle."""
    b = np.interp(ita, [-65, -30, 0, 30, 65], [9, 15, 19, 18, 12]) + rng.normal(0, 1.5)
    a = np.interp(ita, [-65, -30, 0, 30, 65], [6, 10, 12.5, 11, 8]) + rng.normal(0, 1.5)
    lightness = 50 + b * np.tan(np.radians(ita))
    lab = np.array([max(lightness, 18.0), a, b], np.float32).reshape(1, 1, 3)
    return np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB).reshape(3), 0.03, 1)


def ita_of(rgb: np.ndarray) -> float:
    """Individual typology angle of an sRGB colour, degrees (Chardon 1991)."""
    light, _, b = cv2.cvtColor(np.clip(rgb, 0, 1).astype(np.float32).reshape(1, 1, 3), cv2.COLOR_RGB2Lab)[0, 0]
    return float(np.degrees(np.arctan2(light - 50, b)))


@cache
def texture(name: str) -> np.ndarray:
    """(H, W, 3 or 4) uint8 RGB(A) of one of MakeHuman's textures; the same array every time."""
    image = cv2.imread(str(texture_path(name)), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise SettingsError(f"no texture {texture_path(name)}")
    code = cv2.COLOR_BGR2RGB if image.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
    return np.asarray(cv2.cvtColor(image, code))


@cache
def grey_texture(name: str) -> np.ndarray:
    """The same as brightness alone, the brighter parts white; what is transparent is kept."""
    image = texture(name)
    grey = image[..., :3].astype(np.float32).mean(axis=2)
    shown = image[..., 3] > 60 if image.shape[2] == 4 else np.ones(grey.shape, bool)
    low, high = np.percentile(grey[shown], [5, 95])
    grey = 0.45 + 0.55 * np.clip((grey - low) / max(high - low, 1), 0, 1.2)
    alpha = image[..., 3] if image.shape[2] == 4 else np.full(grey.shape, 255, np.uint8)
    return np.dstack([np.clip(grey * 255, 0, 255).astype(np.uint8)] * 3 + [alpha])


@cache
def skin_texture(name: str) -> np.ndarray:
    """(2048, 2048, 3) uint8 RGB."""
    return texture(f"skin_{name}")


CHEEK_UV: list[tuple[float, float]] = []
"""Where the cheeks are in the skins' textures (origin at the bottom left); set by whoever knows the mesh."""


@cache
def cheek_colour(name: str) -> np.ndarray:
    """(3,) sRGB 0 to 1: mean colour of the cheeks of a skin."""
    image = skin_texture(name)
    r = CHEEK_UV_RADIUS
    patches = []
    for u, v in CHEEK_UV:
        x, y = int(u * image.shape[1]), int((1 - v) * image.shape[0])
        patches.append(image[y - r : y + r, x - r : x + r].reshape(-1, 3))
    return np.asarray(np.concatenate(patches).mean(axis=0) / 255)


def _choose_skin(rng: np.random.Generator, ita: float, male: float, years: float, test: bool) -> str:
    dark = ita < MEDIUM_ITA + rng.normal(0, 12)
    allowed = {name: kind for name, kind in SKINS.items() if (name in TEST_SKINS) == test and kind[0] == dark}
    same = [n for n, (_, old, is_male) in allowed.items() if old == (years > 42) and is_male == (male > 0.5)]
    near = [n for n, (_, old, _) in allowed.items() if old == (years > 42)]
    return str(rng.choice(same or near or list(allowed)))


def _rgb(values: np.ndarray) -> Colour:
    r, g, b = (float(v) for v in values)
    return r, g, b
