"""Sets of faces that the landmark networks learn from: pictures, points, coefficients, and how far each is trusted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tracker import topology as t
from training import datasets
from training.landmarks.annotator import scores_and_trust
from training.landmarks.conventions import load_convention

N_POINTS = t.N_LANDMARKS + t.N_DENSE
N_COEFFICIENTS = len(t.BLENDSHAPE_NAMES)
DISAGREEMENT_SCALE = 0.035
"""Annotator disagreement (of the outer-eye distance) at which a label counts half."""
MASKED_POINTS = np.r_[t.JAW[2:15], t.NOSE_TIP, t.NOSE_BASE, np.arange(48, 66)]
UPPER_POINTS = np.setdiff1d(np.arange(t.N_LANDMARKS), MASKED_POINTS)
UPPER_INNER = np.intersect1d(UPPER_POINTS, t.INNER_49)
"""Brows, bridge of the nose and eyes: what a mask leaves free."""
MASKED_EXTRA = np.r_[t.DENSE_OUTER_LIP, t.DENSE_INNER_LIP, np.arange(72, t.N_DENSE)]
EYELESS = np.array([not name.startswith(("eye", "brow")) for name in t.BLENDSHAPE_NAMES])
"""(52,) bool: the coefficients that a mask hides."""
EXTRA_TRUST = 0.7
"""Of the mesh's points, an automatic annotator's, on pictures whose landmarks people set."""
MAPPED_TRUST = 0.6
"""Of landmarks told from the mesh, against those people set."""
HIDDEN_TRUST = 0.4
"""Of a rendered point that something covers."""
RENDERED_TRUST = (0.15, 0.5)
"""Of rendered points by family (`training.synthetic.truth.FAMILIES`): exact, but a vertex is not where people click."""
NEUTRAL_TRUST = 2.5
"""Of the coefficients of a rendered face without expression: what it answers falsely everybody sees."""
RARE_COUNTS = (0.6, 2.0)
"""Least and most that a rendered coefficient counts because it moves much or little in these pictures."""
UNSENT = ("jawForward",)
"""Seen from the front this can hardly be told from a head that is held differently: exported networks say 0."""
UNSENT_TRUST = 0.1
JAW_TRUST = 0.5
"""A contour without marks: annotators slide along it."""
PEOPLES_JAW_TRUST = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class FaceSet:
    """N faces.

    picture: gives picture i, (H, W, 3) uint8 BGR. points (N, 153, 2) float32 px: the landmarks, where people put them,
    then the extra points. weights (N, 153): how far they are to be trusted. coefficients and trust (N, 52): the same
    for the coefficients, 0 where nothing is known.
    """

    picture: Callable[[int], np.ndarray]
    points: np.ndarray
    weights: np.ndarray
    coefficients: np.ndarray
    trust: np.ndarray

    def __len__(self) -> int:
        return len(self.points)


def point_weights(pack: datasets.Pack) -> np.ndarray:
    """(N, 153) float32 for the pack of faces: how far each label is to be trusted."""
    disagreement = pack["disagreement"].astype(np.float32)
    weights = np.repeat(1 / (1 + (disagreement / DISAGREEMENT_SCALE) ** 2)[:, None], N_POINTS, axis=1)
    weights[:, : t.N_LANDMARKS] *= MAPPED_TRUST
    weights[:, t.JAW] *= JAW_TRUST
    weights[:, t.RIGHT_EYE[0] : t.LEFT_EYE[-1] + 1] *= 1.5
    masked = pack.source == "mask_on"
    # The annotators disagree on such pictures about what the mask hides, much less about the rest.
    upper = np.ix_(masked, UPPER_POINTS)
    weights[upper] = np.maximum(weights[upper], 0.5 * MAPPED_TRUST)
    weights[np.ix_(masked, MASKED_POINTS)] *= 0.2
    weights[np.ix_(masked, t.N_LANDMARKS + MASKED_EXTRA)] *= 0.2
    return weights.astype(np.float32)


def photographs(fold: int = datasets.TRAIN) -> FaceSet:
    """The packs of faces; their landmarks are told from the mesh alone."""
    pack = datasets.load_faces()
    rows = pack.indices(fold)
    mesh = datasets.load_mesh(pack)[rows]
    points = np.concatenate([load_convention().points(mesh), mesh[:, t.DENSE_MESH, :2]], axis=1)
    coefficients, trust = scores_and_trust(datasets.load_scores(pack)[rows])
    trust[np.ix_(pack.source[rows] == "mask_on", EYELESS)] = 0
    pixels = pack.pixels
    return FaceSet(lambda i: pixels[rows[i]], points, point_weights(pack)[rows], coefficients, trust)


def manual(fold: int = datasets.TRAIN) -> FaceSet:
    """Faces whose landmarks people set."""
    pack = datasets.load_manual()
    rows = pack.indices(fold)
    mesh = datasets.load_annotated_mesh(pack)[rows]
    extra = mesh[:, t.DENSE_MESH, :2]
    weights = np.ones((len(rows), N_POINTS), np.float32)
    weights[:, t.JAW] = PEOPLES_JAW_TRUST
    weights[:, t.N_LANDMARKS :] = EXTRA_TRUST * np.isfinite(extra[:, :, 0])
    points = np.concatenate([pack["lm68"][rows][:, t.IBUG_68], np.nan_to_num(extra)], axis=1)
    coefficients, trust = scores_and_trust(datasets.load_scores(pack)[rows])
    pixels = pack.pixels
    return FaceSet(lambda i: pixels[rows[i]], points.astype(np.float32), weights, coefficients, trust)


def portraits(fold: int = datasets.TRAIN) -> FaceSet:
    """Frontal portraits. Their hand-set points are loose: they say a little about the eyes' corners, the mesh the
    rest."""
    pack = datasets.load_portraits()
    mesh = datasets.load_annotated_mesh(pack)
    rows = np.flatnonzero((pack.fold == fold) & np.isfinite(mesh[:, 0, 0]))
    mesh = mesh[rows]
    points = np.concatenate([load_convention().points(mesh), mesh[:, t.DENSE_MESH, :2]], axis=1)
    by_hand = pack["lm86"][rows][:, PORTRAIT_CORNERS]
    points[:, LANDMARK_CORNERS] += PORTRAIT_SHARE * (by_hand - points[:, LANDMARK_CORNERS])
    weights = np.full((len(rows), N_POINTS), MAPPED_TRUST, np.float32)
    weights[:, t.JAW] *= JAW_TRUST
    weights[:, t.N_LANDMARKS :] = EXTRA_TRUST
    coefficients, trust = scores_and_trust(datasets.load_scores(pack)[rows])
    pixels = pack.pixels
    return FaceSet(lambda i: pixels[rows[i]], points, weights, coefficients, trust)


PORTRAIT_CORNERS = np.array([42, 46, 54, 50])
LANDMARK_CORNERS = np.array([t.RIGHT_EYE_OUTER, t.RIGHT_EYE_INNER, t.LEFT_EYE_INNER, t.LEFT_EYE_OUTER])
PORTRAIT_SHARE = 0.3


def augmented(name: str) -> FaceSet:
    """Photographs turned by `training.landmarks.pose_augment`: nothing is known of their coefficients."""
    folder = datasets.runs_folder()
    pixels = np.load(folder / f"{name}-pixels.npy", mmap_mode="r")
    with np.load(folder / f"{name}-labels.npz") as labels:
        points, weights = labels["points"], labels["weights"]
    nothing = np.zeros((len(points), N_COEFFICIENTS), np.float32)
    return FaceSet(lambda i: pixels[i], points, weights, nothing, nothing)


def renders(names: list[str]) -> FaceSet:
    """Rendered heads, all of whose labels are exact; `names` as `training.synthetic.render --out` was given them."""
    from training.synthetic.shards import RenderSet

    shards = RenderSet(names)
    weights = np.where(shards["visible"], 1.0, HIDDEN_TRUST).astype(np.float32)
    weights *= np.array(RENDERED_TRUST, np.float32)[shards["family"]][:, None]
    coefficients = np.nan_to_num(shards["coefficients"].astype(np.float32))
    trust = shards["known"] * balance(coefficients, shards["known"])
    trust[shards["neutral"]] *= NEUTRAL_TRUST
    return FaceSet(shards.picture, shards["points"].astype(np.float32), weights, coefficients, trust)


def balance(coefficients: np.ndarray, known: np.ndarray) -> np.ndarray:
    """(52,) float32, 1 on average: what each coefficient should count, given all of them (N, 52) and which are known.

    A squared error over a coefficient's variance is what is missing of its r squared, so that one divided by it makes
    rare and slight movements count as much as those that are always there.
    """
    count = np.maximum(known.sum(axis=0), 1)
    centre = (coefficients * known).sum(axis=0) / count
    variance = (np.square(coefficients - centre) * known).sum(axis=0) / count
    moving = variance > 0
    weights = np.clip(variance[moving].mean() / np.where(moving, variance, 1), *RARE_COUNTS)
    weights[[t.BLENDSHAPE_NAMES.index(name) for name in UNSENT]] = UNSENT_TRUST
    return (weights / weights[moving].mean()).astype(np.float32)
