"""Random people: descent, sex, age, build and local shapes of MakeHuman's head, and what their skin looks like."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from training.synthetic.makehuman_files import AGES, DESCENTS, SEXES, Assets, build_name, macro_name

AGE_YEARS = {"child": 11.0, "young": 25.0, "old": 85.0}
"""About how old MakeHuman's macro shapes look."""

_DIRECTIONS = (
    "decr|incr|in|out|up|down|concave|convex|compress|uncompress|forward|backward|triangle|square|round|pointed|oval"
    "|diamond|rectangular|triangular|invertedtriangular"
)
_NAME = re.compile(rf"^(?P<side>[lr]-)?(?P<stem>.+?)-(?P<way>{_DIRECTIONS})$")
_ASYMMETRY = re.compile(r"^(?P<stem>asym-.+)-(?P<way>[lr])$")
SHARE_USED = 0.45
SPREAD, LARGEST = 0.36, 1.0
ASYMMETRY_SPREAD = 0.16
_SCALED_DOWN = {"neck": 0.5, "measure": 0.4, "head": 0.7, "mouth": 0.8, "eye": 0.8}
"""Whole-head shapes and those that make a face a caricature are used at these shares."""


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """Who a head is. vertices (n, 3): the neutral base mesh. male: 0 to 1. years: about. descent: shares of African,
    Asian, European."""

    vertices: np.ndarray
    male: float
    years: float
    descent: tuple[float, float, float]


def sample_person(rng: np.random.Generator, assets: Assets) -> Person:
    """A random person, children and all descents among them as often as any."""
    # most people are mainly of one descent
    descent = rng.dirichlet([0.4, 0.28, 0.28])
    male = float(np.clip(rng.normal(0.5, 0.6), 0, 1))
    kind = rng.random()
    years = rng.uniform(7, 18) if kind < 0.18 else rng.uniform(18, 45) if kind < 0.68 else rng.uniform(45, 85)
    weights = np.zeros(len(assets.names), np.float32)
    number = {str(name): k for k, name in enumerate(assets.names)}
    heavy = float(np.clip(rng.normal(0, 0.45), -0.9, 0.9))
    for age, age_share in age_shares(years).items():
        for sex, sex_share in zip(SEXES, (1 - male, male), strict=True):
            share = age_share * sex_share
            for name, part in zip(DESCENTS, descent, strict=True):
                weights[number[macro_name(name, sex, age)]] += share * part
            extreme = "maxweight" if heavy > 0 else "minweight"
            weights[number[build_name(sex, age, "averageweight")]] += share * (1 - abs(heavy))
            weights[number[build_name(sex, age, extreme)]] += share * abs(heavy)
    for names, amount in _local(rng, [str(name) for name in assets.names]):
        for name in names:
            weights[number[name]] += amount * rng.uniform(0.85, 1)
    used = np.flatnonzero(weights)
    moved = np.tensordot(weights[used], assets.shapes[used].astype(np.float32), 1)
    return Person(assets.base + moved, male, float(years), (float(descent[0]), float(descent[1]), float(descent[2])))


def age_shares(years: float) -> dict[str, float]:
    """How much of each macro shape makes somebody of that age; the shares sum to 1."""
    ages = [AGE_YEARS[age] for age in AGES]
    return {age: float(np.interp(years, ages, np.eye(len(AGES))[k])) for k, age in enumerate(AGES)}


def features(names: list[str]) -> dict[str, dict[str, list[str]]]:
    """Local shapes by feature and by direction: both sides of a pair of features belong together."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name in names:
        match = _ASYMMETRY.match(name) or _NAME.match(name)
        if match and not name.startswith(("universal", *DESCENTS)):
            found[match["stem"]][match["way"]].append(name)
    return found


def _local(rng: np.random.Generator, names: list[str]) -> list[tuple[list[str], float]]:
    """Shapes that are used together, and how much."""
    used = []
    for stem, ways in features(names).items():
        if rng.random() > SHARE_USED:
            continue
        chosen = ways[str(rng.choice(sorted(ways)))]
        spread = SPREAD * _SCALED_DOWN.get(stem.split("-")[0], 1.0)
        if stem.startswith("asym"):
            spread = ASYMMETRY_SPREAD
        used.append((chosen, float(np.clip(abs(rng.normal(0, spread)), 0, LARGEST))))
    return used
