"""Where the coefficients' measures start from: `python -m training.blendshape_prior` prints what
tracker/face/blendshape_measures.py states, and `--check` what becomes of it on photographs held out.

Measured with the packaged landmark network, because its points, not the labels, are what the tracker measures.

Neutral and spread: median and robust standard deviation over near-frontal photographs with closed lips (by the dense
mesh). Pose: least squares on people with several photographs, each person's mean taken out, both sides of the face
together. The check: faces by how far the mesh's inner lips are apart, and the coefficients that should or should not
answer to that.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tracker import topology as t
from tracker.face.blendshape_measures import LIDS, MEASURES, NAMES, NEUTRAL, POSE, measure, pose_terms
from tracker.face.blendshapes import coefficients
from training import datasets
from training.tracked import tracked_faces

MAX_DISAGREEMENT, MIN_NATIVE_PX = 0.06, 80
FRONTAL_SINE = float(np.sin(np.radians(15)))
CLOSED_LIPS = 0.02
"""Gap of the mesh's inner lips over its outer-eye distance under which a mouth counts as closed."""
UPPER_INNER_LIP, LOWER_INNER_LIP, MESH_EYES = 13, 14, (33, 263)
MIN_PHOTOGRAPHS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """raw (N, M): measures with the pose left in; terms (N, 4); gap (N,): of the mesh's lips; person (N,) of str."""

    raw: np.ndarray
    terms: np.ndarray
    gap: np.ndarray
    person: np.ndarray

    @property
    def frontal(self) -> np.ndarray:
        """(N,) bool."""
        return np.abs(self.terms[:, :2]).max(axis=1) < FRONTAL_SINE


def collect(fold: int) -> Faces:
    """Every usable face of a fold, read as the tracker would read it."""
    pack = datasets.load_faces()
    good = (pack.fold == fold) & (pack["disagreement"] < MAX_DISAGREEMENT) & (pack["native_px"] > MIN_NATIVE_PX)
    chosen = np.flatnonzero(good & (pack.source != "mask_on") & (pack.source != "cew_closed"))
    mesh = datasets.load_mesh(pack)[chosen]
    gap = np.linalg.norm(mesh[:, UPPER_INNER_LIP] - mesh[:, LOWER_INNER_LIP], axis=1)
    gap /= np.linalg.norm(mesh[:, MESH_EYES[0]] - mesh[:, MESH_EYES[1]], axis=1)
    rows, terms, kept = [], [], []
    for face in tracked_faces(pack, chosen):
        rows.append(measure(face.points, face.lids, np.zeros(4)))
        terms.append(pose_terms(face.pose))
        kept.append(face.place)
    return Faces(np.array(rows), np.array(terms), gap[kept], pack["person"][chosen[kept]])


def pose_effect(faces: Faces) -> np.ndarray:
    """(M, 4) what the pose's terms add to each measure; the same, mirrored, for both sides."""
    _, who, count = np.unique(faces.person, return_inverse=True, return_counts=True)
    several = (count[who] >= MIN_PHOTOGRAPHS) & (faces.person != "")
    who = who[several]

    def own_mean_out(values: np.ndarray) -> np.ndarray:
        sums = np.zeros((len(count), values.shape[1]))
        np.add.at(sums, who, values)
        return values - (sums / count[:, None])[who]

    mirrored_terms = faces.terms * [1, -1, 1, 1]
    terms, mirrored_terms = own_mean_out(faces.terms[several]), own_mean_out(mirrored_terms[several])
    raw = own_mean_out(faces.raw[several])
    effect = np.zeros((raw.shape[1], 4))
    place = 0
    for one in (*MEASURES, *LIDS):
        if one.sided:
            values = np.concatenate([raw[:, place], raw[:, place + 1]])
        else:
            odd = one.axis == 0 and set(t.MIRROR[list(one.plus)]) == set(one.plus)  # a place, not a width
            values = np.concatenate([raw[:, place], -raw[:, place] if odd else raw[:, place]])
        fitted = np.linalg.lstsq(np.concatenate([terms, mirrored_terms]), values, rcond=None)[0]
        effect[place] = fitted
        if one.sided:
            effect[place + 1] = fitted * [1, -1, 1, 1]
        place += 2 if one.sided else 1
    return effect


def print_prior(faces: Faces) -> None:
    effect = pose_effect(faces)
    freed = faces.raw - faces.terms @ effect.T
    neutral = freed[faces.frontal & (faces.gap < CLOSED_LIPS)]
    low, middle, high = np.percentile(neutral, [16, 50, 84], axis=0)
    print(f"{len(freed)} faces, {len(neutral)} of them frontal with closed lips")
    for k, name in enumerate(NAMES):
        pose = "  ".join(f"{value:6.2f}" for value in effect[k])
        reach = "  ".join(f"{value:6.2f}" for value in np.percentile(freed[:, k] - middle[k], [1, 5, 50, 95, 99]))
        print(f"{name:22s} {middle[k]:7.2f} spread {(high[k] - low[k]) / 2:5.2f}  pose {pose}  1 5 50 95 99 % {reach}")


def print_check(faces: Faces) -> None:
    """How the coefficients, from the average neutral face, answer to the lips of faces not used above."""
    deviation = faces.raw - faces.terms @ POSE.T - NEUTRAL
    values = np.array(
        [coefficients(one, terms[:2], np.ones(2)) for one, terms in zip(deviation, faces.terms, strict=True)]
    )
    edges = (0.0, CLOSED_LIPS, 0.06, 0.12, 0.2, 0.3, np.inf)
    groups = [faces.frontal & (faces.gap >= a) & (faces.gap < b) for a, b in pairwise(edges)]
    print("median and 90th percentile by the gap of the mesh's lips over the outer-eye distance")
    print(f"{'':22s}" + "".join(f"{f'{a:.2f} to {b:.2f}':>16s}" for a, b in pairwise(edges)))
    print(f"{'photographs':22s}" + "".join(f"{group.sum():16d}" for group in groups))
    for k, name in enumerate(t.BLENDSHAPE_NAMES):
        shown = [np.percentile(values[group, k], [50, 90]) for group in groups]
        print(f"{name:22s}" + "".join(f"{f'{a:.2f}  {b:.2f}':>16s}" for a, b in shown))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="the coefficients of fold 1 instead of the prior")
    if parser.parse_args().check:
        print_check(collect(datasets.VALIDATION))
    else:
        print_prior(collect(datasets.TRAIN))


if __name__ == "__main__":
    main()
