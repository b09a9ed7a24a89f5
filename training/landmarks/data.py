"""Training samples for the landmark networks: crops as the tracker cuts them, their points and coefficients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch.utils.data import IterableDataset

from tracker import topology as t
from tracker.face.crop import CropBox, crop_around, cut, transform
from training import datasets
from training.accessories import let_hair_fall, put_on_glasses, put_on_hat, put_on_mask
from training.augment import degrade, occlude
from training.landmarks import face_sets
from training.landmarks.face_sets import EYELESS, MASKED_EXTRA, MASKED_POINTS, N_COEFFICIENTS, N_POINTS, FaceSet
from training.skin_tone import darken_skin

NEGATIVES = 0.05
"""Share of samples without a face."""
HIDDEN = 0.5
"""Weight of a point under a mask we drew: its place is exact, but nobody sees it."""
MIRROR = np.concatenate([t.MIRROR, t.N_LANDMARKS + t.DENSE_MIRROR])
HIDDEN_POINTS = np.ones(N_POINTS, np.float32)
HIDDEN_POINTS[np.r_[MASKED_POINTS, t.N_LANDMARKS + MASKED_EXTRA]] = HIDDEN
GENTLE, GENTLE_SHARE = 0.6, 0.3
"""Share of samples that a good camera sees of a calm face, and how often the camera's faults are left in them."""
HARSH_TRUST = 0.5
"""What is left of the trust in the coefficients of the others: fine movements are not to be seen there."""
GLASSES, MASKS, HATS, HAIR = 0.14, 0.12, 0.09, 0.09
"""Share of the others on which we draw them."""
OCCLUDED, AT_BORDER, DARKENED = 0.35, 0.15, 0.12
"""Share of the others of which something covers a part, which lie at the frame's edge; of all: whose skin is dark."""
OCCLUDED_TRUST, AT_BORDER_TRUST = 0.5, 0.2
"""What is left of the trust in their coefficients."""
RENDERS = "renders:"
SHARES = {"manual": 0.34, "photographs": 0.44, "portraits": 0.12, "augmented": 0.10}
SHARES_BESIDE_RENDERS = {"manual": 0.48, "photographs": 0.36, "portraits": 0.08, "augmented": 0.08}
RENDERED = 0.5
"""Of the samples with a face, by set, without rendered ones and beside them; these share what `rendered` says."""
LOOK_AGAIN = 400
"""Batches after which rendered sets are read again: they may have grown."""


def jitter(box: CropBox, rng: np.random.Generator, *, gentle: bool = False) -> CropBox:
    """Disturb a crop as a moving face does, now and then as a fresh detection does; gentle: as a calm face does."""
    wild = not gentle and rng.random() < 0.25
    shift = rng.normal(0, 0.07 if wild else 0.02 if gentle else 0.03, 2) * box.side
    scale = np.exp(rng.normal(0, 0.15 if wild else 0.03 if gentle else 0.06))
    roll = rng.uniform(-0.8, 0.8) if wild else rng.normal(0, 0.04 if gentle else 0.09)
    return CropBox((box.centre[0] + shift[0], box.centre[1] + shift[1]), box.side * scale, box.roll + roll)


def cut_at_border(crop: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A face at the frame's edge: what lies beyond repeats the edge, as the tracker's crops do."""
    size = crop.shape[0]
    lost = int(size * rng.uniform(0.05, 0.35))
    side = rng.integers(4)
    crop = crop.copy()
    if side == 0:
        crop[:, :lost] = crop[:, lost : lost + 1]
    elif side == 1:
        crop[:, size - lost :] = crop[:, size - lost - 1 : size - lost]
    elif side == 2:
        crop[:lost] = crop[lost : lost + 1]
    else:
        crop[size - lost :] = crop[size - lost - 1 : size - lost]
    return crop


NOT_A_FACE = -9.0
"""Stands for the points of a sample without a face: only the confidence learns from it."""


class Background:
    """Windows of whole scenes that miss every face."""

    def __init__(self, fold: int) -> None:
        pack, self.boxes = datasets.load_scenes()
        self.pixels, self.index = pack.pixels, pack.indices(fold)

    def sample(self, size: int, rng: np.random.Generator) -> np.ndarray:
        """A (size, size, 3) window."""
        while True:
            i = int(rng.choice(self.index))
            picture = self.pixels[i]
            height, width = picture.shape[:2]
            side = rng.uniform(0.15, 0.8) * min(height, width)
            x, y = rng.uniform(0, width - side), rng.uniform(0, height - side)
            boxes = self.boxes[i]
            # A box enlarged by half on each axis must miss the window.
            apart = (
                (boxes[:, 0] - 0.25 * boxes[:, 2] > x + side)
                | (boxes[:, 0] + 1.25 * boxes[:, 2] < x)
                | (boxes[:, 1] - 0.25 * boxes[:, 3] > y + side)
                | (boxes[:, 1] + 1.25 * boxes[:, 3] < y)
            )
            if apart.all():
                return cut(picture, CropBox((x + side / 2, y + side / 2), side, rng.uniform(-0.5, 0.5)), size)


class Batch(NamedTuple):
    """B samples: images (B, S, S, 3) uint8, points (B, 153, 2) in crop fractions, their weights (B, 153), coefficients
    (B, 52) and the trust in them (B, 52). Points of a sample without a face are NOT_A_FACE."""

    images: torch.Tensor
    points: torch.Tensor
    weights: torch.Tensor
    coefficients: torch.Tensor
    trust: torch.Tensor


Sample = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def load_sets(augmented: str | None, renders: list[str]) -> dict[str, FaceSet]:
    """By the names of SHARES: the training fold's photographs, and the made sets that are named."""
    sets = {
        "manual": face_sets.manual(),
        "photographs": face_sets.photographs(),
        "portraits": face_sets.portraits(),
    }
    if augmented:
        sets["augmented"] = face_sets.augmented(augmented)
    return sets | load_renders(renders)


def load_renders(names: list[str]) -> dict[str, FaceSet]:
    """Each rendered set, usually one family of heads, by its own name; those that have no shard yet are left out."""
    there = [name for name in names if any((datasets.runs_folder() / "synthetic" / name).glob("shard-?????.npz"))]
    return {f"{RENDERS}{name}": face_sets.renders([name]) for name in there}


class FaceSamples(IterableDataset):
    """Endless augmented batches.

    augmented: name of a set of turned photographs in the runs folder. renders: names of rendered sets. rendered: their
    share of the samples with a face.
    """

    def __init__(
        self,
        size: int,
        batch: int,
        seed: int,
        augmented: str | None = None,
        renders: list[str] | None = None,
        rendered: float = RENDERED,
    ) -> None:
        self.size, self.batch, self.seed = size, batch, seed
        self.augmented, self.renders, self.rendered = augmented, renders or [], rendered

    def __iter__(self) -> Iterator[Batch]:
        cv2.setNumThreads(1)
        info = torch.utils.data.get_worker_info()
        rng = np.random.default_rng([self.seed, info.id if info else 0])
        sets = load_sets(self.augmented, self.renders)
        shares = self._shares(sets)
        background = Background(datasets.TRAIN)
        for k in count(1):
            if self.renders and k % LOOK_AGAIN == 0:
                sets |= load_renders(self.renders)
                shares = self._shares(sets)
            chosen = rng.choice(len(shares), self.batch, p=list(shares.values()))
            rows = [self._one(sets, list(shares)[k], background, rng) for k in chosen]
            yield Batch(*(torch.from_numpy(np.stack(part)) for part in zip(*rows, strict=True)))

    def _shares(self, sets: Mapping[str, FaceSet]) -> dict[str, float]:
        names = [name for name in sets if name.startswith(RENDERS)]
        rendered = self.rendered if names else 0.0
        shares = {name: share for name, share in (SHARES_BESIDE_RENDERS if names else SHARES).items() if name in sets}
        total = sum(shares.values())
        photographed = {name: (1 - rendered) * share / total for name, share in shares.items()}
        return photographed | {name: rendered / len(names) for name in names}

    def _one(self, sets: Mapping[str, FaceSet], name: str, background: Background, rng: np.random.Generator) -> Sample:
        faces = sets[name]
        k = int(rng.integers(len(faces)))
        if rng.random() < NEGATIVES:
            return self._negative(faces, background, k, rng)
        picture, points = faces.picture(k), faces.points[k]
        weights, coefficients, trust = faces.weights[k], faces.coefficients[k], faces.trust[k]
        gentle = rng.random() < GENTLE
        box = jitter(crop_around(points[: t.N_LANDMARKS]), rng, gentle=gentle)
        crop = cut(picture, box, self.size)
        points = transform(box.to_crop(self.size), points)
        if rng.random() < 0.5:
            crop = np.ascontiguousarray(crop[:, ::-1])
            points = points[MIRROR] * (-1, 1) + (self.size - 1, 0)
            weights = weights[MIRROR]
            coefficients, trust = coefficients[t.BLENDSHAPE_MIRROR], trust[t.BLENDSHAPE_MIRROR]
        if not name.startswith(RENDERS) and rng.random() < DARKENED:
            crop = darken_skin(crop, points, rng)
        if not gentle:
            crop, weights, trust = self._obstruct(sets, crop, points, weights, trust * np.float32(HARSH_TRUST), rng)
        crop = degrade(np.ascontiguousarray(crop), rng, GENTLE_SHARE if gentle else 1.0)
        return crop, ((points + 0.5) / self.size).astype(np.float32), weights, coefficients, trust

    def _obstruct(
        self,
        sets: Mapping[str, FaceSet],
        crop: np.ndarray,
        points: np.ndarray,
        weights: np.ndarray,
        trust: np.ndarray,
        rng: np.random.Generator,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What people wear and hold before their faces: the crop, and what weights and trust are left."""
        if rng.random() < GLASSES:
            crop = put_on_glasses(crop, points, rng)
        if rng.random() < MASKS:
            crop = put_on_mask(crop, points, self._other(sets, rng), rng)
            weights, trust = weights * HIDDEN_POINTS, np.where(EYELESS, 0, trust).astype(np.float32)
        if rng.random() < HATS:
            crop = put_on_hat(crop, points, self._other(sets, rng), rng)
        if rng.random() < HAIR:
            crop = let_hair_fall(crop, points, rng)
        if rng.random() < OCCLUDED:
            crop = occlude(crop, self._other(sets, rng), rng)
            trust = trust * np.float32(OCCLUDED_TRUST)
        if rng.random() < AT_BORDER:
            crop = cut_at_border(crop, rng)
            trust = trust * np.float32(AT_BORDER_TRUST)
        return crop, weights, trust

    @staticmethod
    def _other(sets: Mapping[str, FaceSet], rng: np.random.Generator) -> np.ndarray:
        """Some other photograph."""
        faces = sets["photographs"]
        return faces.picture(int(rng.integers(len(faces))))

    def _negative(self, faces: FaceSet, background: Background, k: int, rng: np.random.Generator) -> Sample:
        """Background, or a face that lies mostly outside the crop, or one that is covered."""
        kind = rng.random()
        if kind < 0.5:
            crop = background.sample(self.size, rng)
        else:
            picture, box = faces.picture(k), crop_around(faces.points[k, : t.N_LANDMARKS])
            if kind < 0.75:
                away = rng.uniform(0, 2 * np.pi)
                shift = rng.uniform(0.6, 0.9) * box.side * np.array([np.cos(away), np.sin(away)])
                box = CropBox((box.centre[0] + shift[0], box.centre[1] + shift[1]), box.side, box.roll)
                crop = cut(picture, box, self.size)
            else:
                crop = cut(picture, box, self.size)
                low, high = self.size * rng.uniform(0, 0.15), self.size * rng.uniform(0.85, 1)
                cover = background.sample(self.size, rng)
                crop = np.ascontiguousarray(crop)
                crop[int(low) : int(high), int(low) : int(high)] = cover[int(low) : int(high), int(low) : int(high)]
        crop = degrade(np.ascontiguousarray(crop), rng)
        nothing = np.zeros(N_COEFFICIENTS, np.float32)
        return crop, np.full((N_POINTS, 2), NOT_A_FACE, np.float32), np.ones(N_POINTS, np.float32), nothing, nothing
