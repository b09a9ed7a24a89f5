"""Write tracker/capture/demo/face.npz: the average face that the demo source animates.

Shape, skin and expressions are averages over hundreds of faces of the training fold, warped triangle by
triangle onto the average mesh, mirrored and averaged again, so nobody can be recognised. The skull's sides,
ears and hair are ours; the renderer draws eyes, teeth, body and background itself.

    python -m training.make_demo_face
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from tracker import topology
from tracker.face.head import REFERENCE_HEAD
from training.datasets import TRAIN, Pack, load_faces, load_mesh
from training.demo_parts import ear_texture, ears, hair, skull_sides
from training.demo_skin import Layout, average_texture, closed_faces, open_faces
from training.mesh import N_SURFACE, FaceMesh, align, frontal_turn, load_face_mesh, unroll

TARGET = Path(__file__).parents[1] / "tracker" / "capture" / "demo" / "face.npz"
TEXELS_PER_UNIT = 200.0  # a webcam face at 640x360 has 110 to 160 pixels per face unit
MARGIN = 24  # texels of skull around the face
ATLAS_HEIGHT, ATLAS_WIDTH, EAR_WIDTH, EAR_HEIGHT = 268, 372, 40, 72
SHAPE_STEP = 1e-4  # face units per step of the stored int16 shapes


def main() -> None:
    mesh, pack = load_face_mesh(), load_faces()
    meshes = load_mesh(pack)
    units = 0.632 / np.linalg.norm(mesh.landmarks[45] - mesh.landmarks[36])
    face = (mesh.mean[:N_SURFACE] - mesh.landmarks[topology.NOSE_TIP]) * units
    triangles = np.concatenate(
        [mesh.triangles, *(_fill(ring) for ring in (mesh.mouth_ring, mesh.right_eye_ring, mesh.left_eye_ring))]
    )
    uv = unroll((mesh.mean + mesh.open_mouth)[:N_SURFACE] / 2 * units) * TEXELS_PER_UNIT
    symmetric_width = ATLAS_WIDTH - EAR_WIDTH - 4
    uv += [(symmetric_width - 1) / 2, MARGIN + 1 - uv[:, 1].min()]
    layout = Layout.of(uv, triangles, (ATLAS_HEIGHT, symmetric_width))

    seen = average_texture(pack, meshes, open_faces(pack, meshes, mesh), layout)
    shut = average_texture(pack, meshes, closed_faces(pack, meshes), layout)
    skin = _finish(seen, layout)
    lids, lid_share = _closed_lids(skin, _finish(shut, layout), layout, mesh)

    sides = skull_sides(face, uv, _border(triangles), MARGIN)
    left_of_ear = ATLAS_WIDTH - EAR_WIDTH
    shell = ears(len(sides.vertices), (left_of_ear, 0), (EAR_WIDTH, EAR_HEIGHT))
    cheek = skin[layout.triangle >= 0].mean(axis=0)
    atlas = cv2.copyMakeBorder(skin, 0, 0, 0, ATLAS_WIDTH - symmetric_width, cv2.BORDER_REPLICATE)
    atlas[:EAR_HEIGHT, left_of_ear:] = ear_texture((EAR_WIDTH, EAR_HEIGHT), cheek)
    cap, hair_texture = hair()
    top, bottom, left, right = _bounds(lid_share)
    arrays = dict(
        vertices=_steps(np.concatenate([sides.vertices, shell.vertices])),
        uv=np.concatenate([sides.uv, shell.uv]).astype(np.float32),
        triangles=np.concatenate([triangles, sides.triangles, shell.triangles]).astype(np.uint16),
        atlas=_bytes(atlas),
        lids=_bytes(lids[top:bottom, left:right]),
        lid_share=_bytes(lid_share[top:bottom, left:right] * 255),
        lid_corner=np.array([left, top]),
        hair_vertices=_steps(cap.vertices),
        hair_uv=cap.uv.astype(np.float32),
        hair_triangles=cap.triangles.astype(np.uint16),
        hair_texture=hair_texture,
        landmark_weights=mesh.weights[:, :N_SURFACE].astype(np.float32),
        landmark_offsets=(-REFERENCE_HEAD[:66] - mesh.weights[:, :N_SURFACE] @ face).astype(np.float32),
        mouth_ring=mesh.mouth_ring.astype(np.uint16),
        eye_rings=np.stack([mesh.right_eye_ring, mesh.left_eye_ring]).astype(np.uint16),
        **{f"move_{name}": _steps(move * units) for name, move in _moves(pack, meshes, mesh).items()},
    )
    np.savez_compressed(TARGET, **arrays)  # type: ignore[arg-type]  # numpy's stub takes them for its own option
    print(f"wrote {TARGET}, {TARGET.stat().st_size / 1024:.0f} KB")


def _steps(points: np.ndarray) -> np.ndarray:
    return np.round(points / SHAPE_STEP).astype(np.int16)


def _bytes(image: np.ndarray) -> np.ndarray:
    return np.round(image).clip(0, 255).astype(np.uint8)


def _fill(ring: np.ndarray) -> np.ndarray:
    """(T, 3) a strip of triangles across a hole whose ring starts at one corner and runs over the top."""
    half = len(ring) // 2
    upper = ring[: half + 1]
    lower = np.concatenate([ring[:1], ring[:half:-1], ring[half : half + 1]])
    strip = [(upper[i], upper[i + 1], lower[i + 1]) for i in range(half)]
    strip += [(upper[i], lower[i + 1], lower[i]) for i in range(half)]
    return np.array([t for t in strip if len(set(t)) == 3])


def _border(triangles: np.ndarray) -> np.ndarray:
    """The outermost vertices, in the order in which the triangles run along them."""
    edges = {(int(t[k]), int(t[(k + 1) % 3])) for t in triangles for k in range(3)}
    following = {a: b for a, b in edges if (b, a) not in edges}
    loops: list[list[int]] = []
    while following:  # slivers that were left out make tiny loops of their own
        loop = [next(iter(following))]
        while loop[-1] in following:
            loop.append(following.pop(loop[-1]))
        loops.append(loop[:-1])
    return np.array(max(loops, key=len))


def _finish(texture: np.ndarray, layout: Layout) -> np.ndarray:
    """Crisper features, clean skin where the photographs' borders mix with hair and background, grain of skin."""
    covered = cv2.erode((layout.triangle >= 0).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    crisp = texture + 0.9 * (texture - cv2.GaussianBlur(texture, (0, 0), 2.2))
    # Trust the face's middle; what lies beyond its sides, forehead top and chin is grown outward from there.
    x0, y0 = layout.uv.mean(axis=0) + [0, 6]
    y, x = np.mgrid[0 : texture.shape[0], 0 : texture.shape[1]]
    reach = np.cbrt((np.abs(x - x0) / 82) ** 3 + (np.abs(y - y0) / 100) ** 3)
    trust = (np.clip((1.10 - reach) / 0.25, 0, 1) * covered).astype(np.float32)[:, :, None]
    grown = np.zeros_like(texture)
    total = np.full(trust.shape, 1e-9, np.float32)
    for sigma in (4.0, 10.0, 24.0, 60.0):  # the nearest trusted skin counts most
        grown += cv2.GaussianBlur(crisp * trust, (0, 0), sigma) / sigma**2
        total += cv2.GaussianBlur(trust, (0, 0), sigma)[:, :, None] / sigma**2
    grown = cv2.GaussianBlur(grown / total, (0, 0), 3.0)
    rng = np.random.default_rng(11)
    noise = [rng.normal(size=texture.shape[:2]).astype(np.float32) for _ in range(2)]
    grain = cv2.GaussianBlur(noise[0], (0, 0), 0.8) + 2.8 * cv2.GaussianBlur(noise[1], (0, 0), 3.0)
    grain += grain[:, ::-1]
    return (crisp * trust + grown * (1 - trust)) * (1 + 0.010 * grain / grain.std())[:, :, None]


def _closed_lids(seen: np.ndarray, shut: np.ndarray, layout: Layout, mesh: FaceMesh) -> tuple[np.ndarray, np.ndarray]:
    """The skin with closed lids, in the colours of `seen`, and how much of it to use at each texel (0 to 1)."""
    share = np.zeros(seen.shape[:2], np.float32)
    for ring in (mesh.right_eye_ring, mesh.left_eye_ring):
        eye = layout.uv[ring]
        centre, half = (eye.min(axis=0) + eye.max(axis=0)) / 2, np.ptp(eye, axis=0) / 2
        y, x = np.mgrid[0 : seen.shape[0], 0 : seen.shape[1]]
        away = np.hypot((x - centre[0]) / (half[0] * 1.5), (y - centre[1] + half[1] * 0.8) / (half[1] * 4.2))
        share = np.maximum(share, np.clip((1.0 - away) / 0.35, 0, 1).astype(np.float32))
    near = (share > 0.01) & (share < 0.6)
    gain = np.median(seen[near], axis=0) / np.median(shut[near], axis=0)
    return shut * gain, share


def _bounds(mask: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(mask > 0)
    return int(rows.min()), int(rows.max()) + 1, int(columns.min()), int(columns.max()) + 1


def _moves(pack: Pack, meshes: np.ndarray, mesh: FaceMesh) -> dict[str, np.ndarray]:
    """(468, 3) per expression, mesh frame: how the average face with it differs from the neutral one."""
    usable = np.flatnonzero(
        (pack.fold == TRAIN)
        & (pack["disagreement"] < 0.03)
        & (pack["native_px"] > 80)
        & np.isin(pack.source, ("utk", "muxspace", "uda", "mask_off"))
        & (np.abs(frontal_turn(meshes)) < 0.15)
    )
    aligned = align(meshes[usable].astype(np.float64), mesh.mean)
    marks = np.einsum("jp,npk->njk", mesh.weights, aligned)
    gap = np.linalg.norm(marks[:, 60] - marks[:, 64], axis=1)
    width = marks[:, 62, 0] - marks[:, 58, 0]
    corners = marks[:, [50, 55], 1].mean(axis=1) - marks[:, [58, 62], 1].mean(axis=1)
    brows = marks[:, [37, 38, 43, 44], 1].mean(axis=1) - marks[:, 17:27, 1].mean(axis=1)
    neutral = mesh.mean[:N_SURFACE]
    height = neutral[:, 1]
    lower, upper = np.clip((height + 0.22) / 0.15, 0, 1), np.clip((-0.28 - height) / 0.12, 0, 1)

    def move(chosen: np.ndarray, base: np.ndarray, share: np.ndarray) -> np.ndarray:
        change = aligned[chosen].mean(axis=0) - aligned[base].mean(axis=0)
        change = (change + (change * [-1, 1, 1])[mesh.mirror]) / 2
        return change[:N_SURFACE] * share[:, None]

    shut = gap < 0.05
    every = np.ones(len(usable), bool)
    return {
        "open": (mesh.open_mouth[:N_SURFACE] - neutral) * lower[:, None],
        "smile": move(shut & (width > 0.62) & (corners > 0.045), shut, lower),
        "pucker": move((gap < 0.06) & (width < np.quantile(width[gap < 0.06], 0.03)), shut & (width < 0.62), lower),
        "brows_up": move(brows > np.quantile(brows, 0.98), every, upper),
        "brows_down": move(brows < np.quantile(brows, 0.02), every, upper),
    }


if __name__ == "__main__":
    main()
