"""Draw the demo face: average skin on a posed mesh, with eyes, teeth, hair and body of our own.

Everything lives in the *mesh frame* of the head: x right in the picture, y down, z into the head, origin at the
nose tip, in face units. It is frame M turned about, so a head point p is seen at ``rotation @ p + translation``
in the camera frame, as `tracker.types.HeadPose` says. The camera is the one the tracker assumes: focal length =
frame width, principal point in the middle, no distortion.

Because we place every point ourselves, the truth in `DemoTruth` is exact. It is for tests alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tracker import topology
from tracker.capture.demo.body import Body, paint_background
from tracker.capture.demo.parts import draw_eye, draw_mouth
from tracker.capture.demo.raster import draw_mesh
from tracker.rotations import matrix_from_euler

ASSET = Path(__file__).with_name("face.npz")
SHAPE_STEP = 1e-4  # face units per step of the stored shapes
TO_LIGHT = np.array([-0.35, -0.50, -0.80]) / np.linalg.norm([0.35, 0.50, 0.80])  # camera frame
SKULL_CENTRE, SKULL_AXES = np.array([0.0, -0.14, 0.72]), np.array([0.535, 0.715, 0.68])
EYEBALL_RADIUS, IRIS_RADIUS = 0.084, 0.041  # 12 mm and 5.9 mm
EYEBALL_RAISED = 0.012
"""Pupils that look straight ahead stand above the middle of the lids, as people's do."""

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class DemoState:
    """What the demo face does at one moment.

    Angles in degrees with the signs of `tracker.types.HeadPose`; gaze is the eye's turn in the head, with the same
    signs: yaw + looks to the subject's right, pitch + down. Pairs are right, left of the subject.
    blink: 0 open to 1 closed. brows: -1 lowered to 1 raised. mouth_open, smile, pucker: 0 to 1.
    """

    pitch: float = 0.0
    yaw: float = 0.0
    roll: float = 0.0
    translation: tuple[float, float, float] = (0.0, 0.0, 4.6)
    blink: tuple[float, float] = (0.0, 0.0)
    gaze_yaw: tuple[float, float] = (0.0, 0.0)
    gaze_pitch: tuple[float, float] = (0.0, 0.0)
    brows: float = 0.0
    mouth_open: float = 0.0
    smile: float = 0.0
    pucker: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class DemoTruth:
    """What is really in the picture.

    landmarks (66, 2), pupils (2, 2): pixels. openness (2,): lid gap over the open gap, 0 to 1.
    landmarks_3d (66, 3): the same points in frame M, face units, expression included.
    rotation (3, 3), translation (3,): as in HeadPose. state: what was asked for.
    """

    landmarks: Floats
    pupils: Floats
    openness: Floats
    landmarks_3d: Floats
    rotation: Floats
    translation: Floats
    state: DemoState


@dataclass(frozen=True, slots=True, eq=False)
class _Asset:
    """The stored face, scaled to face units, and what follows from it once for all."""

    vertices: Floats
    normals: Floats
    moves: dict[str, Floats]
    arrays: dict[str, np.ndarray]
    eyeballs: Floats
    lids_shut: Floats  # (2, 66, 3) what to add to the landmarks of a fully closed right, left eye


@cache
def _asset() -> _Asset:
    with np.load(ASSET) as stored:
        arrays = {name: stored[name] for name in stored.files}
    for name in ("triangles", "hair_triangles", "mouth_ring", "eye_rings"):
        arrays[name] = arrays[name].astype(np.int32)
    vertices = arrays["vertices"] * SHAPE_STEP
    surface = arrays["landmark_weights"].shape[1]
    moves = {name[5:]: arrays[name] * SHAPE_STEP for name in arrays if name.startswith("move_")}
    eyeballs, lids_shut = np.empty((2, 3)), np.zeros((2, 66, 3))
    for eye, ring in enumerate(arrays["eye_rings"]):
        moves[("blink_right", "blink_left")[eye]] = _closing(vertices[:surface], ring)
        lids = vertices[ring]
        # The lids lie on the eyeball: its front touches the middle of the upper and lower lid's edge.
        middle = (lids.min(axis=0) + lids.max(axis=0)) / 2
        front = lids[[4, 12], 2].mean()
        eyeballs[eye] = middle[0], middle[1] - EYEBALL_RAISED, front + EYEBALL_RADIUS
        # Landmarks lie on the skin beside the lids' edge; on a closed eye they meet in the one line that is left.
        closed = vertices[:surface] + moves[("blink_right", "blink_left")[eye]]
        line = closed[ring[: len(ring) // 2 + 1]]
        line = line[np.argsort(line[:, 0])]
        group = (topology.RIGHT_EYE, topology.LEFT_EYE)[eye][[1, 2, 4, 5]]
        marks = arrays["landmark_weights"][group] @ closed + arrays["landmark_offsets"][group]
        for axis in (1, 2):
            lids_shut[eye, group, axis] = np.interp(marks[:, 0], line[:, 0], line[:, axis]) - marks[:, axis]
    return _Asset(vertices, _normals(vertices), moves, arrays, eyeballs, lids_shut)


def _closing(surface: Floats, ring: npt.NDArray[np.int32]) -> Floats:
    """(P, 3) what closes an eye: its lids meet just above the lower one, and the skin around follows them."""
    half = len(ring) // 2
    upper, lower = ring[1:half], ring[:half:-1]
    meet = surface[lower] + 0.15 * (surface[upper] - surface[lower])
    move = np.zeros_like(surface)
    for edge, reach in ((upper, 0.075), (lower, 0.04)):
        pull = meet - surface[edge]
        away = np.linalg.norm(surface[:, None, :2] - surface[None, edge, :2], axis=2)
        nearest = away.argmin(axis=1)
        side = -1 if edge is upper else 1  # only the skin on the lid's own side of its edge
        beyond = (surface[:, 1] - surface[edge[nearest], 1]) * side >= -1e-6
        share = np.clip(1 - away.min(axis=1) / reach, 0, 1) ** 1.3 * beyond
        fixed = np.isin(np.arange(len(surface)), ring)
        move += np.where(fixed, 0, share)[:, None] * pull[nearest]
        move[edge] = pull
    return move


def _normals(vertices: Floats) -> Floats:
    """(V, 3) unit normals of the skull's ellipsoid: the photographs carry the shade of everything smaller."""
    normals = (vertices - SKULL_CENTRE) / np.square(SKULL_AXES)
    unit: Floats = normals / np.linalg.norm(normals, axis=1, keepdims=True)
    return unit


class DemoRenderer:
    """Draws states at one picture size."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._asset = _asset()
        self._body = Body(self._asset.arrays["atlas"], paint_background(width, height), self.project, TO_LIGHT)
        self._hair_vertices = self._asset.arrays["hair_vertices"] * SHAPE_STEP
        self._hair_normals = _normals(self._hair_vertices)

    def render(self, state: DemoState) -> tuple[npt.NDArray[np.uint8], DemoTruth]:
        """The picture, (H, W, 3) uint8, and the truth about it."""
        asset, arrays = self._asset, self._asset.arrays
        rotation = matrix_from_euler(state.pitch, state.yaw, state.roll)
        translation = np.array(state.translation, np.float64)
        # Lids follow a lowered gaze a little, as they do in life.
        follow = np.clip(np.array(state.gaze_pitch) * 0.012, 0, 0.3)
        closure = 1 - (1 - np.array(state.blink)) * (1 - follow)
        vertices = self._shape(state, closure)
        light = rotation.T @ TO_LIGHT  # into the head's frame
        posed = vertices @ rotation.T + translation
        pixels = self.project(posed)

        canvas = self._body.draw(rotation, translation)
        shade = _shade(asset.normals, light)
        draw_mesh(canvas, pixels, posed[:, 2], arrays["triangles"], arrays["uv"], shade, self._skin(closure))
        pupils = np.empty((2, 2))
        for eye in range(2):
            turn = matrix_from_euler(state.gaze_pitch[eye], state.gaze_yaw[eye], 0)
            iris = self._iris(asset.eyeballs[eye], turn) @ rotation.T + translation
            outline = self.project(iris)
            pupils[eye] = outline[0]
            ring = pixels[arrays["eye_rings"][eye]]
            draw_eye(canvas, ring, outline[1:], outline[0], float(shade[arrays["eye_rings"][eye]].mean()))
        draw_mouth(
            canvas,
            pixels[arrays["mouth_ring"]],
            lambda points: self.project(points @ rotation.T + translation),
            vertices[arrays["mouth_ring"]],
            asset.vertices[arrays["mouth_ring"]],
        )
        hair = self._hair_vertices @ rotation.T + translation
        draw_mesh(
            canvas,
            self.project(hair),
            hair[:, 2],
            arrays["hair_triangles"],
            arrays["hair_uv"],
            _shade(self._hair_normals, light),
            arrays["hair_texture"],
        )

        surface = vertices[: arrays["landmark_weights"].shape[1]]
        landmarks = arrays["landmark_weights"] @ surface + arrays["landmark_offsets"]
        landmarks += np.tensordot(closure, asset.lids_shut, axes=1)
        truth = DemoTruth(
            landmarks=self.project(landmarks @ rotation.T + translation),
            pupils=pupils,
            openness=1 - closure,
            landmarks_3d=-landmarks,
            rotation=rotation,
            translation=translation,
            state=state,
        )
        return canvas, truth

    def project(self, points: Floats) -> Floats:
        """(N, 2) pixels of camera-frame points (N, 3)."""
        return points[:, :2] / points[:, 2:] * self.width + [self.width / 2, self.height / 2]

    def _shape(self, state: DemoState, closure: Floats) -> Floats:
        moves = self._asset.moves
        vertices: Floats = self._asset.vertices.copy()
        surface = vertices[: len(moves["open"])]
        for name, amount in (
            ("open", state.mouth_open),
            ("smile", 1.6 * state.smile),
            ("pucker", 1.6 * state.pucker),
            ("brows_up", 1.2 * max(state.brows, 0.0)),
            ("brows_down", 1.0 * max(-state.brows, 0.0)),
            ("blink_right", float(closure[0])),
            ("blink_left", float(closure[1])),
        ):
            if amount:
                surface += amount * moves[name]
        return vertices

    def _skin(self, closure: Floats) -> npt.NDArray[np.uint8]:
        """The atlas, with the skin of closed lids blended in where eyes close."""
        arrays = self._asset.arrays
        if not closure.any():
            return arrays["atlas"]
        atlas: npt.NDArray[np.uint8] = arrays["atlas"].copy()
        lids = arrays["lids"]
        height, width = lids.shape[:2]
        x, y = arrays["lid_corner"]
        share = arrays["lid_share"] / np.float32(255)
        share[:, : width // 2] *= closure[0]
        share[:, width // 2 :] *= closure[1]
        patch = atlas[y : y + height, x : x + width]
        patch[:] = patch + (lids.astype(np.float32) - patch) * share[:, :, None]
        return atlas

    def _iris(self, eyeball: Floats, turn: Floats) -> Floats:
        """(1 + 24, 3) the iris's centre, then its rim, in the head."""
        around = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        depth = -np.sqrt(EYEBALL_RADIUS**2 - IRIS_RADIUS**2)
        rim = np.column_stack([IRIS_RADIUS * np.cos(around), IRIS_RADIUS * np.sin(around), np.full(24, depth)])
        iris: Floats = np.concatenate([[[0, 0, depth]], rim]) @ turn.T + eyeball
        return iris


def _shade(normals: Floats, light: Floats) -> Floats:
    """(V,) brightness: 1 where the surface faces the camera straight, as the averaged photographs did."""
    return (0.70 + 0.375 * np.clip(normals @ light, 0, None)).astype(np.float32)
