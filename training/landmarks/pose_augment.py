"""Photographs re-rendered with another head pose and other eyelids: `python -m training.landmarks.pose_augment`.

The dense mesh of a picture turns in 3D, the picture is mapped onto it triangle by triangle, and a band of
triangles around the face carries the background along (the idea of 300W-LP: Zhu et al. 2016, "Face Alignment
Across Large Poses"). Lids close by moving the upper lid's rim onto the lower one; the skin above it follows. Mouths
open as they do on average, with a mouth's inside painted in, and purse by drawing in around the lips' middle.
Labels move by the same rules, so they stay exact. Writes pose_augmented-pixels.npy and pose_augmented-labels.npz.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import cv2
import numpy as np

from tracker import topology as t
from tracker.face.crop import CropBox, cut, transform
from training import datasets
from training.landmarks.conventions import load_convention
from training.landmarks.face_sets import N_POINTS, point_weights
from training.mesh import FaceMesh, load_face_mesh

PICTURE_PX = 136
MARGIN = 1.7  # of the picture over the face, so that crops can be jittered later
MOST_YAW = 1.2  # radians from straight ahead, present turn included
TRUST = 0.8  # weight of a re-posed label against an original one


def boundary(triangles: np.ndarray, flat: np.ndarray) -> np.ndarray:
    """The outer rim of the mesh, its points in order (the longest closed chain of edges used once)."""
    edges = {(int(tri[k]), int(tri[(k + 1) % 3])) for tri in triangles for k in range(3)}
    following = {a: b for a, b in edges if (b, a) not in edges}
    chains: list[list[int]] = []
    while following:
        chain = [next(iter(following))]
        while chain[-1] in following:
            chain.append(following.pop(chain[-1]))
        chains.append(chain[:-1])
    return np.array(max(chains, key=lambda chain: float(np.ptp(flat[chain], axis=0).sum())))


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What to do to a face: `turn` (3, 3); how far the right and left eye shut, the mouth opens and purses."""

    turn: np.ndarray
    shut: tuple[float, float] = (0.0, 0.0)
    opening: float = 0.0
    pursing: float = 0.0


class PoseAugmenter:
    """Re-renders one picture after another over one fixed topology."""

    def __init__(self, mesh: FaceMesh) -> None:
        self.mesh = mesh
        fans = [
            np.array([[ring[0], ring[k], ring[k + 1]] for k in range(1, len(ring) - 1)])
            for ring in (mesh.right_eye_ring, mesh.left_eye_ring, mesh.mouth_ring)
        ]
        face = np.concatenate([mesh.triangles, *fans])
        self.rim = boundary(mesh.triangles, mesh.mean[:, :2])
        n = len(self.rim)
        around = np.arange(n)
        after = (around + 1) % n
        first, second = len(mesh.mean) + around, len(mesh.mean) + n + around
        band = [
            np.stack([a, b, c], axis=1)
            for a, b, c in (
                (self.rim, self.rim[after], first),
                (self.rim[after], first[after], first),
                (first, first[after], second),
                (first[after], second[after], second),
            )
        ]
        self.band, self.face = np.concatenate(band), face
        # How deep each landmark lies behind the mesh, in outer-eye distances (the jaw's labels do).
        self.depth = mesh.landmarks[:, 2] - (mesh.weights @ mesh.mean)[:, 2]
        self.lids = [self._lid(ring) for ring in (mesh.right_eye_ring, mesh.left_eye_ring)]

    def _lid(self, ring: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Upper rim (7,), the lower rim's partners (7,), and how each mesh point follows each upper one (478, 7)."""
        upper, lower = ring[1:8], ring[:8:-1]
        mean = self.mesh.mean
        width = np.linalg.norm(mean[ring[0]] - mean[ring[8]])
        distance = np.linalg.norm(mean[:, None, :2] - mean[None, upper, :2], axis=2) / width
        follow = np.exp(-((distance / 0.16) ** 2))
        total = follow.sum(axis=1, keepdims=True)
        follow = follow / np.maximum(total, 1e-9) * np.minimum(total, 1)
        above = (
            mean[:, 1]
            <= np.interp(mean[:, 0], np.sort(mean[upper, 0]), mean[upper, 1][np.argsort(mean[upper, 0])]) + 1e-6
        )
        follow[~above] = 0
        follow[ring] = 0
        follow[upper, np.arange(7)] = 1
        return upper, lower, follow

    def close(self, points: np.ndarray, amounts: tuple[float, float]) -> np.ndarray:
        """(478, 3) displacement that closes the right and left eye by `amounts` (0 as is, 1 shut)."""
        moved = np.zeros_like(points)
        for (upper, lower, follow), amount in zip(self.lids, amounts, strict=True):
            travel = points[lower] - points[upper]
            moved += follow @ (travel * amount * 0.92)
            moved[lower] -= travel * amount * 0.08
        return moved

    def landmark_motion(self, motion: np.ndarray) -> np.ndarray:
        """(66, 3) what a motion of the mesh (478, 3) does to the landmarks; lid points follow the lids' rims only."""
        weights = self.mesh.weights.copy()
        for ring, points in ((self.mesh.right_eye_ring, t.RIGHT_EYE), (self.mesh.left_eye_ring, t.LEFT_EYE)):
            for j in points:
                flat = (self.mesh.weights @ self.mesh.mean)[j, :2]
                near = ring[np.argsort(np.linalg.norm(self.mesh.mean[ring, :2] - flat, axis=1))[:2]]
                weights[j] = 0
                weights[j, near] = 0.5
        return weights @ motion

    def speak(self, points: np.ndarray, opening: float, pursing: float) -> np.ndarray:
        """(478, 3) displacement that opens the mouth (1 = as far as talking people do) and purses it (0 to 1)."""
        mean = self.mesh.mean
        # From the mesh frame to this face: its turn, with the outer-eye distance as the unit.
        turn = np.linalg.lstsq(mean - mean.mean(axis=0), points - points.mean(axis=0), rcond=None)[0]
        away = mean - mean[self.mesh.mouth_ring].mean(axis=0)
        near = np.exp(-np.square(away[:, :2] / (0.28, 0.16)).sum(axis=1))[:, None]
        moved = opening * (self.mesh.open_mouth - mean) - pursing * near * (away * (0.45, 0, 0) + (0, 0, 0.06))
        result: np.ndarray = moved @ turn
        return result

    @staticmethod
    def paint_inside(picture: np.ndarray, ring: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A mouth's inside within `ring` (20, 2) px: dark red, often a row of teeth below the upper lip."""
        light = float(np.clip(picture.mean() / 110, 0.3, 1.4))
        inside = np.zeros(picture.shape[:2], np.uint8)
        cv2.fillPoly(inside, [np.round(ring * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        fill = np.empty_like(picture)
        fill[:] = np.clip(np.array([30, 25, 60]) * light * rng.uniform(0.5, 1.5), 0, 255)
        if rng.random() < 0.7:
            upper, lower = ring[1:10], ring[:10:-1]
            teeth = np.concatenate([upper, (upper + rng.uniform(0.15, 0.45) * (lower - upper))[::-1]])
            tone = np.clip(np.array([175, 190, 200]) * light * rng.uniform(0.6, 1.1), 0, 255)
            cv2.fillPoly(fill, [np.round(teeth * 16).astype(np.int32)], tone.tolist(), cv2.LINE_AA, 4)
        alpha = cv2.GaussianBlur(inside, (3, 3), 0.7).astype(np.float32) / 255
        return cv2.blendLinear(picture, fill, 1 - alpha, alpha)

    def render(
        self, picture: np.ndarray, points: np.ndarray, landmarks: np.ndarray, change: Change, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Picture (S, S, 3) with mesh `points` (478, 3) px after `change`, the new landmarks (66, 2) and mesh."""
        size = picture.shape[0]
        eye = float(np.linalg.norm(landmarks[36] - landmarks[45]))
        pivot = points.mean(axis=0) + (0, 0, 0.55 * eye)
        lids = self.close(points, change.shut)
        mouth = self.speak(points, change.opening, change.pursing)
        new = (points + lids + mouth - pivot) @ change.turn.T + pivot
        solid = self.mesh.weights @ points
        solid[:, 2] += self.depth * eye
        solid[:, :2] = landmarks
        solid += self.landmark_motion(lids) + self.mesh.weights @ mouth
        new_landmarks = ((solid - pivot) @ change.turn.T + pivot)[:, :2]

        centre = points[self.rim, :2].mean(axis=0)
        spokes = points[self.rim, :2] - centre
        reach = 1.3 * size / np.linalg.norm(spokes, axis=1, keepdims=True)
        near, far = centre + 1.45 * spokes, centre + spokes * reach
        shift = (new[self.rim, :2] - points[self.rim, :2]) * 0.6
        source = np.concatenate([points[:, :2], near, far])
        target = np.concatenate([new[:, :2], near + shift, far])
        order = np.argsort(-new[self.face, 2].mean(axis=1), kind="stable")
        triangles = np.concatenate([self.band, self.face[order]])
        mapped = self._map(picture, source[triangles], target[triangles])
        if change.opening > 0:
            mapped = self.paint_inside(mapped, new[self.mesh.mouth_ring, :2], rng)
        return mapped, new_landmarks, new

    @staticmethod
    def _map(picture: np.ndarray, source: np.ndarray, target: np.ndarray) -> np.ndarray:
        """Paint `target` triangles (T, 3, 2) in order with what `source` triangles hold."""
        size = picture.shape[0]
        labels = np.zeros((size, size), np.int32)
        fixed = np.round(target * 16).astype(np.int32)
        for k, corners in enumerate(fixed):
            cv2.fillConvexPoly(labels, corners, k + 1, shift=4)
        ones = np.ones((len(target), 3, 1))
        homogeneous = np.concatenate([target, ones], axis=2)
        flat = np.abs(np.linalg.det(homogeneous)) < 1e-3
        homogeneous[flat] = np.eye(3)
        affine = np.linalg.solve(homogeneous, source)  # (T, 3, 2)
        affine = np.concatenate([np.array([[[1, 0], [0, 1], [0, 0]]]), affine])[labels]
        ys, xs = np.mgrid[:size, :size]
        maps = (xs[..., None] * affine[:, :, 0] + ys[..., None] * affine[:, :, 1] + affine[:, :, 2]).astype(np.float32)
        return cv2.remap(picture, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def rotation(yaw: float, pitch: float) -> np.ndarray:
    """(3, 3) in the mesh frame (x right, y down, z in), radians; + yaw turns to the picture's left, + pitch down."""
    turn_x, _ = cv2.Rodrigues(np.array([pitch, 0.0, 0.0]))
    turn_y, _ = cv2.Rodrigues(np.array([0.0, yaw, 0.0]))
    return np.asarray(turn_y @ turn_x)


def random_change(mesh: np.ndarray, landmarks: np.ndarray, eyes_closed: bool, rng: np.random.Generator) -> Change:
    """Something this face does not do yet."""
    across = mesh[473] - mesh[468]
    now = -np.arctan2(across[2], across[0])  # + when the face looks to the picture's left already, its left eye nearer
    yaw = rng.uniform(-0.75, 0.75) if rng.random() < 0.75 else 0.0
    yaw = float(np.clip(now + yaw, -MOST_YAW, MOST_YAW) - now)
    pitch = rng.uniform(-0.4, 0.4) if rng.random() < 0.6 else 0.0
    shut = (0.0, 0.0)
    if rng.random() < 0.5 and not eyes_closed:
        amount = rng.uniform(0.3, 1.0)
        shut = ((amount, amount), (amount, 0.0), (0.0, amount))[rng.choice(3, p=(0.6, 0.2, 0.2))]
    opening = pursing = 0.0
    gap = np.linalg.norm(landmarks[60] - landmarks[64]) / np.linalg.norm(landmarks[36] - landmarks[45])
    if rng.random() < 0.6 and gap < 0.12:  # an open mouth has an inside already
        opening = rng.uniform(0.15, 1.5)
    if rng.random() < 0.2:
        pursing = rng.uniform(0.2, 1.0)
    return Change(rotation(yaw, pitch), shut, opening, pursing)


def remake(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pictures (count, S, S, 3), points (count, 153, 2) and weights (count, 153), those of `training.landmarks.data`.

    The landmarks come from the turned mesh, so that the jaw follows the visible outline as people draw it.
    """
    rng = np.random.default_rng(seed)
    pack = datasets.load_faces()
    meshes, weights = datasets.load_mesh(pack), point_weights(pack)
    usable = np.flatnonzero(
        (pack.fold == datasets.TRAIN)
        & (pack["disagreement"] < 0.04)
        & (pack["native_px"] > 80)
        & (pack.source != "mask_on")
    )
    augmenter = PoseAugmenter(load_face_mesh())
    pictures = np.empty((count, PICTURE_PX, PICTURE_PX, 3), np.uint8)
    points = np.empty((count, N_POINTS, 2), np.float32)
    trust = np.empty((count, N_POINTS), np.float32)
    convention = load_convention()
    for k, i in enumerate(rng.choice(usable, count)):
        landmarks = pack["lm66"][i]
        low, high = landmarks.min(axis=0), landmarks.max(axis=0)
        middle = 0.5 * (low + high)
        box = CropBox((float(middle[0]), float(middle[1])), float((high - low).max()) * MARGIN, 0.0)
        picture = cut(pack.pixels[i], box, PICTURE_PX)
        scale = PICTURE_PX / box.side
        mesh = np.concatenate([transform(box.to_crop(PICTURE_PX), meshes[i, :, :2]), meshes[i, :, 2:] * scale], axis=1)
        landmarks = transform(box.to_crop(PICTURE_PX), landmarks)
        change = random_change(mesh, landmarks, str(pack.source[i]) == "cew_closed", rng)
        pictures[k], _, mesh = augmenter.render(picture, mesh, landmarks, change, rng)
        landmarks = convention.points(mesh[None])[0]
        points[k] = np.concatenate([landmarks, mesh[t.DENSE_MESH, :2]])
        trust[k] = weights[i] * TRUST
    return pictures, points, trust


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=9000)
    parser.add_argument("--seed", type=int, default=2)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    pictures, points, weights = remake(arguments.count, arguments.seed)
    np.save(datasets.runs_folder() / "pose_augmented-pixels.npy", pictures)
    np.savez(datasets.runs_folder() / "pose_augmented-labels.npz", points=points, weights=weights)


if __name__ == "__main__":
    main()
