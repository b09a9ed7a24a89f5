"""Training samples for the landmark networks: crops as the tracker cuts them, and their points."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import torch
from torch.utils.data import IterableDataset

from tracker import topology as t
from tracker.face.crop import CropBox, crop_around, cut, transform
from training import packs
from training.accessories import let_hair_fall, put_on_glasses, put_on_hat, put_on_mask
from training.augment import degrade, occlude
from training.landmarks.conventions import load_convention

NEGATIVES = 0.07
"""Share of samples without a face."""
DISAGREEMENT_SCALE = 0.035
"""Annotator disagreement (of the outer-eye distance) at which a label counts half."""
MASKED_POINTS = np.r_[t.JAW[2:15], t.NOSE_TIP, t.NOSE_BASE, np.arange(48, 66)]
UPPER_POINTS = np.setdiff1d(np.arange(t.N_LANDMARKS), MASKED_POINTS)
UPPER_INNER = np.intersect1d(UPPER_POINTS, t.INNER_49)
"""Brows, bridge of the nose and eyes: what a mask leaves free."""
MASKED_EXTRA = np.r_[t.DENSE_OUTER_LIP, t.DENSE_INNER_LIP, np.arange(72, t.N_DENSE)]
HIDDEN = 0.5
"""Weight of a point under a mask we drew: its place is exact, but nobody sees it."""
N_POINTS = t.N_LANDMARKS + t.N_DENSE
MIRROR = np.concatenate([t.MIRROR, t.N_LANDMARKS + t.DENSE_MIRROR])
HIDDEN_POINTS = np.ones(N_POINTS, np.float32)
HIDDEN_POINTS[np.r_[MASKED_POINTS, t.N_LANDMARKS + MASKED_EXTRA]] = HIDDEN
GLASSES, MASKS, HATS, HAIR = 0.07, 0.07, 0.04, 0.04
"""Share of samples on which we draw them."""


def point_weights(pack: packs.Pack) -> np.ndarray:
    """(N, 153) float32: how far each label is to be trusted, the landmarks before the extra points."""
    disagreement = pack["disagreement"].astype(np.float32)
    weights = np.repeat(1 / (1 + (disagreement / DISAGREEMENT_SCALE) ** 2)[:, None], 66, axis=1)
    weights *= np.clip(pack["lm66_conf"].astype(np.float32), 0.2, 1)
    weights[:, t.JAW] *= 0.5  # a contour without marks: annotators slide along it
    weights[:, t.RIGHT_EYE[0] : t.LEFT_EYE[-1] + 1] *= 1.5
    extra = np.repeat(1 / (1 + (disagreement / DISAGREEMENT_SCALE) ** 2)[:, None], t.N_DENSE, axis=1)
    masked = pack.source == "mask_on"
    # The annotators disagree on such pictures about what the mask hides, much less about the rest.
    upper = np.ix_(masked, UPPER_POINTS)
    weights[upper] = np.maximum(weights[upper], 0.5)
    weights[np.ix_(masked, MASKED_POINTS)] *= 0.2
    extra[np.ix_(masked, MASKED_EXTRA)] *= 0.2
    return np.concatenate([weights, extra], axis=1).astype(np.float32)


def all_points(pack: packs.Pack) -> np.ndarray:
    """(N, 153, 2) float32 px: the landmarks, in the convention of all three annotators, then the extra points.

    Where the third annotator has seen the very picture and is not far off, the landmarks also move a third of what
    is left towards its own points: three opinions are better than two.
    """
    mesh = packs.load_mesh(pack)
    landmarks = load_convention().correct(pack["lm66"], mesh)
    third = pack["fan68"].astype(np.float32)
    rows = np.flatnonzero(np.isfinite(third).all(axis=(1, 2)) & (pack.fold == packs.TRAIN))
    apart = third[rows][:, t.IBUG_68] - landmarks[rows]
    eye = np.linalg.norm(landmarks[rows, 45] - landmarks[rows, 36], axis=1)[:, None, None]
    apart = apart / eye - np.median(apart / eye, axis=0)
    near = np.linalg.norm(apart, axis=2, keepdims=True) < 0.08
    inner = np.isin(np.arange(t.N_LANDMARKS), t.INNER_49)[:, None]
    landmarks[rows] += np.where(near & inner, apart / 3, 0) * eye
    return np.concatenate([landmarks, mesh[:, t.DENSE_MESH, :2]], axis=1)


def jitter(box: CropBox, rng: np.random.Generator) -> CropBox:
    """Disturb a crop as a moving face does, now and then as a fresh detection does."""
    wild = rng.random() < 0.25
    shift = rng.normal(0, 0.07 if wild else 0.03, 2) * box.side
    scale = np.exp(rng.normal(0, 0.15 if wild else 0.06))
    roll = rng.uniform(-0.8, 0.8) if wild else rng.normal(0, 0.09)
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
        pack, self.boxes = packs.load_scenes()
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


class Faces:
    """Pictures with points and weights, real ones and those made from them by re-posing."""

    def __init__(self, fold: int, extra: str | None = None) -> None:
        pack = packs.load_faces()
        self.pixels = pack.pixels
        self.index = pack.indices(fold)
        self.points = all_points(pack)
        self.weights = point_weights(pack)
        self.remade = None
        if extra:
            folder = packs.runs_folder()
            self.remade = np.load(folder / f"{extra}-pixels.npy", mmap_mode="r")
            labels = np.load(folder / f"{extra}-labels.npz")
            self.remade_points, self.remade_weights = labels["points"], labels["weights"]

    def __len__(self) -> int:
        return len(self.index) + (0 if self.remade is None else len(self.remade))

    def sample(self, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Picture (H, W, 3), points (153, 2), weights (153,)."""
        if k < len(self.index):
            i = self.index[k]
            return self.pixels[i], self.points[i], self.weights[i]
        assert self.remade is not None
        k -= len(self.index)
        return self.remade[k], self.remade_points[k], self.remade_weights[k]


class FaceSamples(IterableDataset):
    """Endless augmented batches: images (B, S, S, 3) uint8, points (B, 153, 2) crop fractions, weights (B, 153).

    Points are the 66 landmarks, then the extra ones.
    """

    def __init__(self, size: int, batch: int, seed: int, extra: str | None = None) -> None:
        self.size, self.batch, self.seed, self.extra = size, batch, seed, extra

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
        cv2.setNumThreads(1)
        info = torch.utils.data.get_worker_info()
        rng = np.random.default_rng([self.seed, info.id if info else 0])
        faces, background = Faces(packs.TRAIN, self.extra), Background(packs.TRAIN)
        while True:
            order = rng.permutation(len(faces))
            for start in range(0, len(order) - self.batch + 1, self.batch):
                rows = [self._one(faces, background, int(k), rng) for k in order[start : start + self.batch]]
                images, points, weights = (np.stack(part) for part in zip(*rows, strict=True))
                yield torch.from_numpy(images), torch.from_numpy(points), torch.from_numpy(weights)

    def _one(
        self, faces: Faces, background: Background, k: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if rng.random() < NEGATIVES:
            return self._negative(faces, background, k, rng)
        picture, points, weights = faces.sample(k)
        box = jitter(crop_around(points[: t.N_LANDMARKS]), rng)
        crop = cut(picture, box, self.size)
        points = transform(box.to_crop(self.size), points)
        if rng.random() < 0.5:
            crop = np.ascontiguousarray(crop[:, ::-1])
            points = points[MIRROR] * (-1, 1) + (self.size - 1, 0)
            weights = weights[MIRROR]
        if rng.random() < GLASSES:
            crop = put_on_glasses(crop, points, rng)
        if rng.random() < MASKS:
            crop = put_on_mask(crop, points, self._other(faces, rng), rng)
            weights = weights * HIDDEN_POINTS
        if rng.random() < HATS:
            crop = put_on_hat(crop, points, self._other(faces, rng), rng)
        if rng.random() < HAIR:
            crop = let_hair_fall(crop, points, rng)
        if rng.random() < 0.25:
            crop = occlude(crop, self._other(faces, rng), rng)
        if rng.random() < 0.08:
            crop = cut_at_border(crop, rng)
        crop = degrade(np.ascontiguousarray(crop), rng)
        return crop, ((points + 0.5) / self.size).astype(np.float32), weights

    @staticmethod
    def _other(faces: Faces, rng: np.random.Generator) -> np.ndarray:
        """Some other picture."""
        return faces.sample(int(rng.integers(len(faces))))[0]

    def _negative(
        self, faces: Faces, background: Background, k: int, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Background, or a face that lies mostly outside the crop, or one that is covered."""
        kind = rng.random()
        if kind < 0.5:
            crop = background.sample(self.size, rng)
        else:
            picture, points, _ = faces.sample(k)
            box = crop_around(points[: t.N_LANDMARKS])
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
        return crop, np.full((N_POINTS, 2), NOT_A_FACE, np.float32), np.ones(N_POINTS, np.float32)
