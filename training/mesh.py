"""The average dense face mesh, how the 66 landmarks hang on it, and our own triangles over it.

Everything is measured on the training fold: which mesh points mirror each other, which ones surround
the mouth and the eyes, and where on the surface each of the 66 landmarks lies. Nothing is copied from
the mesh's origin but the order of its points.

Mesh frame: x right in the picture, y down, z into the head, so the subject's right has negative x;
the origin is the centre of the points and the outer eye corners (landmarks 36 and 45) are 1 apart.

    python -m training.mesh        # builds the cache in the runs folder and prints what it found
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from scipy.optimize import linear_sum_assignment, nnls
from scipy.spatial import Delaunay, cKDTree

from tracker import topology
from training.datasets import TRAIN, Pack, load_faces, load_mesh, runs_folder

N_MESH = 478
N_SURFACE = 468  # the points after these are the irises: five per eye, centre first, the subject's right eye first
RIGHT_IRIS, LEFT_IRIS = np.arange(468, 473), np.arange(473, 478)
SEED = 20260101


@dataclass(frozen=True, slots=True, eq=False)
class FaceMesh:
    """The average face.

    mean: (478, 3) lips closed, eyes open, exactly symmetric. open_mouth: (478, 3) the same with the mouth open.
    mirror: (478,) the point each point becomes under a left-right flip.
    weights: (66, 478) rows sum to 1, not negative; weights @ mesh = the 66 landmarks.
    landmarks: (66, 3) where the labels of faces seen from all sides put the landmarks of the average face:
        `weights @ mean` but for the jaw, whose labels lie deeper in the head than the mesh does.
    triangles: (T, 3) over the surface points, mouth and eyes left open, wound alike.
    mouth_ring (20,), right_eye_ring, left_eye_ring (16,): the edges of those holes in order, starting at
    the outer corner (the mouth: the subject's right) and running over the upper lid or lip.
    """

    mean: np.ndarray
    open_mouth: np.ndarray
    mirror: np.ndarray
    weights: np.ndarray
    landmarks: np.ndarray
    triangles: np.ndarray
    mouth_ring: np.ndarray
    right_eye_ring: np.ndarray
    left_eye_ring: np.ndarray


def mean_shape() -> np.ndarray:
    """(478, 3) the neutral average face in the mesh frame."""
    return load_face_mesh().mean


def landmark_weights() -> np.ndarray:
    """(66, 478) what turns a mesh into the 66 landmarks, in 2D as in 3D."""
    return load_face_mesh().weights


@cache
def load_face_mesh() -> FaceMesh:
    """The average face from the cache in the runs folder, measured first where there is none."""
    file = runs_folder() / "face-mesh.npz"
    if not file.exists():
        unfinished = file.with_suffix(".part.npz")  # several trainings may start at once
        np.savez(unfinished, **asdict(_measure()))
        unfinished.replace(file)
    with np.load(file) as stored:
        return FaceMesh(**{name: stored[name] for name in stored.files})


def align(meshes: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(N, P, 3) turned, scaled (never mirrored) and moved onto `target` (P, 3) in the least-squares sense."""
    target_centre = target.mean(axis=0)
    centred = meshes - meshes.mean(axis=1, keepdims=True)
    u, singular, vt = np.linalg.svd(np.einsum("npi,pj->nij", centred, target - target_centre))
    handed = np.linalg.det(u @ vt)
    u[:, :, 2] *= handed[:, None]
    scale = (singular[:, 0] + singular[:, 1] + handed * singular[:, 2]) / np.square(centred).sum(axis=(1, 2))
    return scale[:, None, None] * (centred @ (u @ vt)) + target_centre


def frontal_turn(meshes: np.ndarray) -> np.ndarray:
    """(N,) how far each mesh is turned sideways: sine of the yaw, 0 = frontal, + = to the picture's left."""
    across = meshes[:, RIGHT_IRIS[0]] - meshes[:, LEFT_IRIS[0]]
    return across[:, 2] / np.linalg.norm(across, axis=1)


def _measure() -> FaceMesh:
    pack = load_faces()
    every = load_mesh(pack)
    chosen = np.flatnonzero(
        (pack.fold == TRAIN)
        & (pack["disagreement"] < 0.025)
        & (pack["native_px"] > 100)
        & np.isin(pack.source, ("utk", "muxspace", "uda", "mask_off"))
    )
    meshes = every[chosen]
    landmarks = pack["lm66"][chosen]
    eye_distance = np.linalg.norm(landmarks[:, 45] - landmarks[:, 36], axis=1)
    gap = np.linalg.norm(landmarks[:, 60] - landmarks[:, 64], axis=1) / eye_distance
    frontal = np.abs(frontal_turn(meshes)) < 0.15

    mean = _procrustes_mean(meshes[frontal & (gap < 0.03)])
    mirror = _mirror_map(mean)
    mean = _symmetric(mean, mirror)
    weights = _landmark_weights(meshes, landmarks, mirror)
    corners = weights[[36, 45]] @ mean
    mean = (mean - mean.mean(axis=0)) / np.linalg.norm(corners[1] - corners[0])

    open_mouth = align(_procrustes_mean(meshes[frontal & (gap > 0.25)])[None], mean)[0]
    open_mouth = _symmetric(open_mouth, mirror)
    open_mouth = align(open_mouth[None], mean)[0]
    parted = (mean + open_mouth) / 2
    triangles = _triangulate(parted[:N_SURFACE], mirror)
    flat = parted[:, :2]
    points = (weights @ parted)[:, :2]
    holes = [
        # The landmarks lie on the eye's inner corner, outside its outer one and outside the lips' inner edge.
        _hole(flat, triangles, points[[58, 59, 60, 61, 62, 63, 64, 65]], inset=(0.15, 0.15)),
        _hole(flat, triangles, points[topology.RIGHT_EYE], inset=(0.1, 0.02)),
        _hole(flat, triangles, points[topology.LEFT_EYE], inset=(0.02, 0.1)),
    ]
    rings = [_ring(flat, triangles[hole]) for hole in holes]
    rings[2] = mirror[rings[1]]
    triangles = np.delete(triangles, np.concatenate(holes), axis=0)
    sides = _landmarks_from_all_sides(meshes, landmarks, mean, weights)
    sides = (sides + (sides * [-1, 1, 1])[topology.MIRROR]) / 2
    return FaceMesh(mean, open_mouth, mirror, weights, sides, triangles, *rings)


def _procrustes_mean(meshes: np.ndarray) -> np.ndarray:
    mean = meshes[0].astype(np.float64)
    for _ in range(5):
        mean = align(meshes.astype(np.float64), mean).mean(axis=0)
    return align(mean[None], meshes.mean(axis=0, dtype=np.float64))[0]  # back to how the faces stood on average


def _mirror_map(mean: np.ndarray) -> np.ndarray:
    """(478,) each point's partner: the nearest point of the mirrored mean, one partner each."""
    centred = mean - mean.mean(axis=0)
    flipped = centred * [-1, 1, 1]  # good enough to begin with: the average face looks almost straight ahead
    for _ in range(5):
        partner = linear_sum_assignment(np.square(centred[:, None] - flipped[None]).sum(axis=2))[1]
        flipped[partner] = align((centred * [-1, 1, 1])[partner][None], centred)[0]
    if not np.array_equal(partner[partner], np.arange(N_MESH)):
        raise RuntimeError("the mirror map is not its own inverse: the mean shape is not symmetric enough")
    return partner


def _symmetric(mean: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """The mean made exactly symmetric about x = 0, pitch kept."""
    flipped = (mean * [-1, 1, 1])[mirror]
    mean = (mean + align(flipped[None], mean)[0]) / 2
    across = (mean[mirror] - mean)[mean[:, 0] < mean[mirror][:, 0]].sum(axis=0)
    x = across / np.linalg.norm(across)
    z = np.cross(x, [0.0, 1.0, 0.0])
    z /= np.linalg.norm(z)
    turned = (mean - mean.mean(axis=0)) @ np.stack([x, np.cross(z, x), z], axis=1)
    return (turned + (turned * [-1, 1, 1])[mirror]) / 2


def _landmark_weights(meshes: np.ndarray, landmarks: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """(66, 478) fitted in the picture plane on faces of all poses, each landmark on its 12 nearest mesh points."""
    rng = np.random.default_rng(SEED)
    sample = rng.choice(len(meshes), min(3000, len(meshes)), replace=False)
    flat = meshes[sample, :, :2].astype(np.float64)
    target = landmarks[sample].astype(np.float64)
    scale = np.linalg.norm(target[:, 45] - target[:, 36], axis=1)[:, None, None]
    weights = np.zeros((topology.N_LANDMARKS, N_MESH))
    for j in range(topology.N_LANDMARKS):
        offset = (flat[:, :N_SURFACE] - target[:, j : j + 1]) / scale
        near = np.argsort(np.square(offset).sum(axis=2).mean(axis=0))[:12]
        rows = offset[:, near].transpose(0, 2, 1).reshape(-1, len(near))
        total_one = np.full((1, len(near)), 1e3)
        weights[j, near], _ = nnls(np.concatenate([rows, total_one]), np.append(np.zeros(len(rows)), 1e3))
    weights = (weights + weights[topology.MIRROR][:, mirror]) / 2
    weights[weights < 0.01] = 0
    return weights / weights.sum(axis=1, keepdims=True)


def _landmarks_from_all_sides(
    meshes: np.ndarray, landmarks: np.ndarray, mean: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """(66, 3) the points which, posed as each image's mesh is, fall on the labels best (least squares).

    Only what the pose explains is taken from the labels; expression and identity stay with the mesh.
    """
    centre = meshes.mean(axis=1, keepdims=True)
    to_mean = align(meshes.astype(np.float64), mean)
    aligned = to_mean - to_mean.mean(axis=1, keepdims=True)
    # Each image's turn and scale, mesh frame to pixels.
    pose = np.linalg.solve(
        np.einsum("npi,npj->nij", aligned, aligned), np.einsum("npi,npj->nij", aligned, meshes - centre)
    )[:, :, :2]
    residual = landmarks - np.einsum("jp,npk->njk", weights, meshes[:, :, :2])
    scale = np.linalg.norm(landmarks[:, 45] - landmarks[:, 36], axis=1)[:, None, None]
    normal = np.einsum("nik,njk->ij", pose / scale, pose / scale)
    moved = np.einsum("nik,njk->ji", pose / scale, residual / scale)
    return weights @ mean + np.linalg.solve(normal, moved.T).T


def unroll(surface: np.ndarray) -> np.ndarray:
    """(P, 2) the face laid flat: arc around the head's vertical axis, and height."""
    axis_z = surface[:, 2].max() + 0.1
    angle = np.arctan2(surface[:, 0], axis_z - surface[:, 2])
    radius = np.hypot(surface[:, 0], axis_z - surface[:, 2]).mean()
    return np.stack([angle * radius, surface[:, 1]], axis=1)


def _triangulate(surface: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """(T, 3) Delaunay over the unrolled face, mirrored from the subject's right half so that both halves agree.

    Parted lips keep the mouth's inner edges apart without folding the lower lip; unrolling around the head's
    vertical axis keeps the cheeks' sides wide.
    """
    unrolled = unroll(surface)
    triangles = Delaunay(unrolled).simplices
    corners = unrolled[triangles]
    ab, ac = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    triangles = np.where(area[:, None] > 0, triangles, triangles[:, ::-1])[np.abs(area) > 1e-5]
    x = unrolled[triangles, 0]
    right = triangles[(x < 1e-6).all(axis=1)]
    across = triangles[(x < -1e-6).any(axis=1) & (x > 1e-6).any(axis=1)]
    return np.concatenate([right, mirror[right][:, ::-1], across])


def _hole(flat: np.ndarray, triangles: np.ndarray, contour: np.ndarray, inset: tuple[float, float]) -> np.ndarray:
    """Indices of the triangles that span the hole inside `contour` (landmarks in order): they hold no skin.

    The hole ends within `inset` (fractions of the contour's width) of the contour's corners, picture left and right.
    """
    centre = contour.mean(axis=0)
    closed = np.concatenate([contour, contour[:1]])
    outline = np.concatenate([np.linspace(a, b, 9)[:-1] for a, b in pairwise(closed)])
    samples = np.concatenate([centre + (outline - centre) * shrink for shrink in np.linspace(0.05, 0.7, 12)])
    right, left = contour[0], contour[len(contour) // 2]
    samples = np.concatenate([samples, right + np.linspace(inset[0], 1 - inset[1], 50)[:, None] * (left - right)])
    a, b, c = (flat[triangles[:, k]] for k in range(3))

    def side(p: np.ndarray, q: np.ndarray) -> np.ndarray:
        edge, to = q - p, samples[:, None] - p
        return edge[:, 0] * to[..., 1] - edge[:, 1] * to[..., 0]

    inside = (side(a, b) >= 0) & (side(b, c) >= 0) & (side(c, a) >= 0)
    ring = np.unique(triangles[inside.any(axis=0)])
    return np.flatnonzero(np.isin(triangles, ring).all(axis=1))


def _ring(flat: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The hole's edge in order, from the corner on the picture's left over the top."""
    following = {}
    edges = {(int(t[k]), int(t[(k + 1) % 3])) for t in hole for k in range(3)}
    for start, stop in edges:
        if (stop, start) not in edges:
            following[start] = stop
    first = min(following, key=lambda point: flat[point, 0])
    ring = [first]
    while following[ring[-1]] != first:
        ring.append(following[ring[-1]])
    if flat[ring[1], 1] > flat[ring[-1], 1]:
        ring = [first, *ring[:0:-1]]
    return np.array(ring)


def fit_error(pack: Pack, weights: np.ndarray) -> np.ndarray:
    """(66,) mean distance of weights @ mesh from the labels on the training fold, over the outer-eye distance."""
    chosen = np.flatnonzero((pack.fold == TRAIN) & (pack["disagreement"] < 0.025) & (pack["native_px"] > 100))
    landmarks = pack["lm66"][chosen]
    found = weights @ load_mesh(pack)[chosen][:, :, :2]
    scale = np.linalg.norm(landmarks[:, 45] - landmarks[:, 36], axis=1)
    return (np.linalg.norm(found - landmarks, axis=2) / scale[:, None]).mean(axis=0)


def main() -> None:
    mesh = load_face_mesh()
    error = 100 * fit_error(load_faces(), mesh.weights)
    nearest = cKDTree(mesh.mean * [-1, 1, 1]).query(mesh.mean)[0]
    print(f"{len(mesh.triangles)} triangles; rings {len(mesh.mouth_ring)} mouth, {len(mesh.right_eye_ring)} per eye")
    print(f"symmetric to {nearest.max():.1e}; landmarks off by {error.mean():.2f} % of the outer-eye distance,")
    print(f"jaw {error[:17].mean():.2f} %, inner 49 {error[17:].mean():.2f} %, worst point {error.max():.2f} %")


if __name__ == "__main__":
    main()
