"""Whole heads of every age, sex and descent: MakeHuman's mesh with the 52 face units.

Everything that hangs on the base mesh (teeth, tongue, brows, hair) is fitted once for a person. It follows linearly,
so for one picture the shapes of base mesh and proxies are summed alike, in milliseconds. Eyeballs turn, and the lids
follow the gaze by the units eyeLook* (`makehuman_eyes`).

    python -m training.synthetic.render --family makehuman ...
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from tracker import topology as t
from training.synthetic import eyeball, makehuman_looks
from training.synthetic.expressions import Act
from training.synthetic.glasses import sample_glasses
from training.synthetic.makehuman_brows import brow_points
from training.synthetic.makehuman_eyes import BLINK, LID_ROWS, Eyeball, Lids
from training.synthetic.makehuman_files import Assets, Proxy, load_assets
from training.synthetic.makehuman_identity import Person as Someone
from training.synthetic.makehuman_identity import sample_person
from training.synthetic.makehuman_looks import Look, grey_texture, sample_look, skin_texture, texture
from training.synthetic.makehuman_paint import LIFT_CM, FacePaint
from training.synthetic.makehuman_points import (
    CANTHUS_ROW,
    INNER_LIP_ROWS,
    LIP_MEETING_ROW,
    SURFACE_POINTS,
    PointMap,
    at_columns,
    load_points,
    mean_head,
    outer_lip,
)
from training.synthetic.makehuman_points import LID_ROWS as EDGE_ROWS
from training.synthetic.raster import vertex_normals
from training.synthetic.staging import Material, Mesh, Part
from training.synthetic.studio import About, Head, lid_gap
from training.synthetic.truth import FAMILIES

FloatArray = np.ndarray

CLOTH_TOP_CM, CLOTH_BOTTOM_CM, CLOTH_WIDTH_CM = 61.5, 45.0, 50.0
CLOTH_CM = 0.35
"""Where clothes may reach to on the mean head, and how far they stand off."""
IRIS_SHARE = 0.86
"""MakeHuman's eyeballs are larger than people's: so much smaller is the iris, as an angle, for its real size."""
CAVITY_ROW, CAVITY_SHARE = 13, 0.2
"""Rows of the mouth's grid from this one on are walls of the cavity, which is made so much narrower."""
LASH_NEIGHBOURS = 3
LANDMARK_CORNER_ROW = 4
"""Of the mouth's grid: annotators set the landmarks of its corners a little outside of where the lips meet."""


class Heads:
    """All that persons share: meshes, shapes, textures. test: persons of the test split, with looks of their own."""

    def __init__(self, split: str) -> None:
        self.test = split == "test"
        self.assets = load_assets()
        self.points = load_points()
        assets = self.assets
        makehuman_looks.CHEEK_UV[:] = _cheek_uv(assets, self.points)
        self.skin_mesh = Mesh(assets.triangles, assets.uv, assets.uv_triangles)
        mean = mean_head(assets)
        self.cloth_mesh = _cloth_mesh(assets, mean)
        mesh, self.eye_vertices = eyeball.build()
        self.eye_meshes = (mesh, replace(mesh))  # one each: the graphics memory goes by the mesh
        self.skin_shade = _mouth_shade(assets, self.points, mean)
        self.paint = FacePaint(assets, self.points)

    def person(self, number: int, rng: np.random.Generator) -> Person:
        """Somebody new; all that is random about them comes from `rng`."""
        someone = sample_person(rng, self.assets)
        look = sample_look(rng, someone.descent, someone.male, someone.years, self.test)
        return Person(self, number, someone, look, rng)

    @cache  # noqa: B019  (there are as many as there are proxies, for as long as the family is used)
    def proxy_mesh(self, name: str) -> Mesh:
        proxy = self.assets.proxies[name]
        return Mesh(proxy.triangles, proxy.uv, proxy.uv_triangles)

    @cache  # noqa: B019
    def proxy_units(self, name: str) -> FloatArray:
        """(52, V, 3) what each face unit does to a proxy."""
        proxy = self.assets.proxies[name]
        return np.stack([proxy.follow(unit) for unit in self.assets.units]).astype(np.float32)


class Person:
    """One identity, as `studio.Person`."""

    def __init__(self, family: Heads, number: int, someone: Someone, look: Look, rng: np.random.Generator) -> None:
        self._family, self._look = family, look
        assets, points = family.assets, family.points
        self._base = someone.vertices.astype(np.float32)
        _narrow_cavity(self._base, points.mouth)
        self._eyeballs = [_eyeball(assets.proxies["high-poly"], self._base, side) for side in (0, 1)]
        self._lids = []
        for side in (0, 1):
            blinked = self._base + assets.units[BLINK[side]]
            self._lids.append(Lids.of(self._base, blinked, points.eyes[side], self._eyeballs[side]))
        names = ["tongue01", look.teeth, look.lashes, look.brow] + ([look.hair] if look.hair else [])
        self._rest = {name: assets.proxies[name].fit(self._base) for name in names}
        if look.hair and look.hair_mirrored:  # most styles fall over the same eye
            middle = float(self._base[:, 0].mean())
            self._rest[look.hair][:, 0] = 2 * middle - self._rest[look.hair][:, 0]
        self._lash_margin = self._bind_lashes()
        darkness = float(np.clip(0.6 - look.skin_ita / 60, 0, 0.98))
        iris = eyeball.sample_iris(rng, darkness)
        iris = replace(iris, radius_deg=iris.radius_deg * IRIS_SHARE, pupil_deg=iris.pupil_deg * IRIS_SHARE)
        self._eye_texture = eyeball.paint(rng, iris)
        self._eye_shine = float(rng.uniform(0.4, 1.2))
        self._materials = _materials(look, self._eye_texture, self._eye_shine)
        painted = family.paint.paint(rng, someone.male, someone.years, np.array(look.brow_colour))
        if painted is not None:
            self._materials["paint"] = Material(painted, specular=look.shine * 0.5, blend=True, two_sided=False)

        vertices, surfaces = self._shaped(np.zeros(len(t.BLENDSHAPE_NAMES), np.float32), np.zeros((2, 2)))
        landmarks, extra = self._landmarks(vertices, surfaces[look.brow])
        eyes = landmarks[[t.RIGHT_EYE_OUTER, t.LEFT_EYE_OUTER]]
        nose_tip = landmarks[t.NOSE_TIP]
        centres = np.stack([ball.centre for ball in self._eyeballs])
        temples = np.abs(vertices[:, 1] - centres[:, 1].mean()) < 1.5
        temples &= np.abs(vertices[:, 2] - centres[:, 2].mean() + 3) < 1.5
        half_width = float(np.abs(vertices[temples, 0]).max())
        self._glasses = sample_glasses(rng, landmarks, centres, half_width)
        self.about = About(
            number=number,
            family=FAMILIES.index("makehuman"),
            known=np.ones(len(t.BLENDSHAPE_NAMES), bool),
            nose_tip=nose_tip,
            middle=np.array([nose_tip[0], nose_tip[1], eyes[:, 2].mean() - 2.0]),
            outer_eyes_cm=float(np.linalg.norm(eyes[0] - eyes[1])),
            lid_gap=lid_gap(extra),
            skin_ita=look.skin_ita,
            glasses=self._glasses is not None,
            age=someone.years,
            sex=int(someone.male > 0.5),
            descent=someone.descent,
        )

    def head(self, act: Act, rng: np.random.Generator) -> Head:
        """The head doing `act`."""
        family, look = self._family, self._look
        vertices, surfaces = self._shaped(act.coefficients, act.gaze_deg)
        landmarks, extra = self._landmarks(vertices, surfaces[look.brow])
        points = family.points
        jaw = np.einsum("jskc,jsk->jsc", vertices[points.jaw_index], points.jaw_weights)
        landmarks[t.JAW] = jaw[:, -1]
        parts = [Part(family.skin_mesh, vertices, self._materials["skin"], shade=family.skin_shade)]
        pupils = np.zeros((2, 3))
        for side, ball in enumerate(self._eyeballs):
            matrix = eyeball.turned(act.gaze_deg[side])
            about = (family.eye_vertices * ball.radius) @ matrix.T
            pupils[side] = ball.centre + about[0]
            at = (about + ball.centre).astype(np.float32)
            upper = vertices[points.eyes[side][CANTHUS_ROW, 3:11]]
            shade = 1 - 0.45 * np.exp(-np.maximum(upper[:, 1].mean() - at[:, 1], 0) / 0.16)
            normals = (about / np.linalg.norm(about, axis=1, keepdims=True)).astype(np.float32)
            parts.append(Part(family.eye_meshes[side], at, self._materials["eye"], normals, shade.astype(np.float32)))
        lips = float(vertices[points.mouth[INNER_LIP_ROWS[-1]], 2].max())
        for name in (look.teeth, "tongue01"):
            inside = np.clip(1.0 + (surfaces[name][:, 2] - lips) / 3.2, 0.12, 0.9).astype(np.float32)
            parts.append(Part(family.proxy_mesh(name), surfaces[name], self._materials[name], shade=inside))
        cloth = family.cloth_mesh
        normals = vertex_normals(vertices, cloth.triangles)
        parts.append(Part(cloth, vertices + CLOTH_CM * normals, self._materials["clothes"], normals))
        if look.hair:
            parts.append(Part(family.proxy_mesh(look.hair), surfaces[look.hair], self._materials["hair"]))
        if "paint" in self._materials:
            normals = vertex_normals(vertices, family.skin_mesh.triangles)
            parts.append(Part(family.paint.mesh, vertices + LIFT_CM * normals, self._materials["paint"], normals))
        parts.append(Part(family.proxy_mesh(look.brow), surfaces[look.brow], self._materials["brow"]))
        parts.append(Part(family.proxy_mesh(look.lashes), surfaces[look.lashes], self._materials["lashes"]))
        if self._glasses:
            parts += self._glasses.parts()
        return Head(parts, landmarks, jaw, extra, pupils)

    def _shaped(self, coefficients: FloatArray, gaze_deg: FloatArray) -> tuple[FloatArray, dict[str, FloatArray]]:
        """Base mesh (n, 3) and proxies of this person with these coefficients (52,) and gaze (2, 2)."""
        assets = self._family.assets
        used = np.flatnonzero(coefficients)
        amounts = coefficients[used].astype(np.float32)
        vertices = self._base + np.tensordot(amounts, assets.units[used], 1)
        linear = vertices.copy()
        for side, lids in enumerate(self._lids):
            lids.settle(vertices, float(coefficients[BLINK[side]]), float(gaze_deg[side, 1]))
        surfaces = {
            name: rest + np.tensordot(amounts, self._family.proxy_units(name)[used], 1)
            for name, rest in self._rest.items()
        }
        margin, index, weights = self._lash_margin
        moved = (vertices - linear)[margin]
        surfaces[self._look.lashes] += np.einsum("vk,vkc->vc", weights, moved[index])
        return vertices, surfaces

    def _bind_lashes(self) -> tuple[np.ndarray, np.ndarray, FloatArray]:
        """Edge of all lids (M,), and of each lash vertex the nearest of these (V, 3) with weights: they move alike."""
        margin = self._family.points.eyes[:, LID_ROWS][:, 9].ravel()
        lash = self._rest[self._look.lashes]
        distance = np.linalg.norm(lash[:, None] - self._base[margin][None], axis=2)
        index = np.argsort(distance, axis=1)[:, :LASH_NEIGHBOURS]
        weights = 1 / (np.take_along_axis(distance, index, 1) + 0.02)
        return margin, index, (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)

    def _landmarks(self, vertices: FloatArray, brow: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(66, 3), the jaw not filled in, and (87, 3)."""
        return place_points(self._family.points, vertices, brow, self._look.brow)


def place_points(
    points: PointMap, vertices: FloatArray, brow: FloatArray, brow_name: str
) -> tuple[FloatArray, FloatArray]:
    """The 66 landmarks (66, 3), without the jaw's, and the dense points (87, 3) of a head.

    vertices: (n, 3) base mesh; brow: (V, 3) the brow proxy of that name.
    """
    everything = np.zeros((t.N_LANDMARKS + t.N_DENSE, 3))
    landmarks, extra = everything[: t.N_LANDMARKS], everything[t.N_LANDMARKS :]
    everything[SURFACE_POINTS] = np.einsum("pkc,pk->pc", vertices[points.surface_index], points.surface_weights)
    index, weights = brow_points(brow_name)
    landmarks[17:27] = np.einsum("pkc,pk->pc", brow[index], weights)
    for side, (dense, sparse) in enumerate(
        ((t.DENSE_RIGHT_LID, t.RIGHT_EYE), (t.DENSE_LEFT_LID, t.LEFT_EYE[[3, 2, 1, 0, 5, 4]]))
    ):
        edge = lid_edge(vertices[points.eyes[side]], points.inner_corner)
        extra[dense] = at_columns(edge, points.lid_columns)
        landmarks[sparse] = at_columns(edge, points.eye_columns)
    mouth = vertices[points.mouth]
    outer = outer_lip(mouth, points.left_corner)
    inner = inner_lip(mouth, points.left_corner)
    extra[t.DENSE_OUTER_LIP] = at_columns(outer, points.outer_columns)
    extra[t.DENSE_INNER_LIP] = at_columns(inner, points.inner_columns)
    corners = mouth[LANDMARK_CORNER_ROW]
    lips = np.concatenate([at_columns(outer, points.outer_landmarks), at_columns(inner, points.inner_landmarks)])
    of_lips = t.IBUG_68 >= 48
    landmarks[of_lips] = lips[t.IBUG_68[of_lips] - 48]
    landmarks[[t.RIGHT_MOUTH_CORNER, t.LEFT_MOUTH_CORNER]] = corners[[0, points.left_corner]]
    return landmarks, extra


def lid_edge(eye: FloatArray, inner_corner: int) -> FloatArray:
    """(C, 3) the edge of the opening of an eye's grid (rows, C, 3): of each column the row that reaches farthest in."""
    return _opening(eye[list(EDGE_ROWS)], inner_corner, eye[CANTHUS_ROW])


def inner_lip(mouth: FloatArray, left_corner: int) -> FloatArray:
    """(C, 3) the edge of the opening of the mouth's grid (rows, C, 3), at the corners where the lips meet."""
    return _opening(mouth[list(INNER_LIP_ROWS)], left_corner, mouth[LIP_MEETING_ROW])


def _opening(rows: FloatArray, opposite: int, corners: FloatArray) -> FloatArray:
    """(C, 3) of rows (R, C, 3): the lowest place of each column of the upper part (0 to `opposite`), the highest of the
    lower part. Where both overlap, pressed together, the line between them is in the middle."""
    height = rows[..., 1]
    columns = np.arange(rows.shape[1])
    upper, lower = columns[1:opposite], columns[:opposite:-1]
    edge = corners.copy()
    edge[upper] = rows[height[:, upper].argmin(axis=0), upper]
    edge[lower] = rows[height[:, lower].argmax(axis=0), lower]
    if edge[0, 0] > edge[opposite, 0]:  # the left eye starts at its outer corner
        upper, lower = upper[::-1], lower[::-1]
    below = np.interp(edge[upper, 0], edge[lower, 0], edge[lower, 1])
    above = np.interp(edge[lower, 0], edge[upper, 0], edge[upper, 1])
    edge[upper, 1] += np.maximum(below - edge[upper, 1], 0) / 2
    edge[lower, 1] -= np.maximum(edge[lower, 1] - above, 0) / 2
    return edge


def _materials(look: Look, eye_texture: np.ndarray, eye_shine: float) -> dict[str, Material]:
    out = {
        "skin": Material(skin_texture(look.skin), look.skin_tint, look.shine, 22.0, 0.35, two_sided=False),
        "eye": Material(eye_texture, specular=eye_shine, gloss=90.0, wrap=0.25, two_sided=False),
        look.teeth: Material(texture("teeth"), look.tooth_tint, 0.3, 40.0, cutout=0.3, two_sided=False),
        "tongue01": Material(texture("tongue"), (0.95, 0.75, 0.72), 0.2, 30.0, two_sided=False),
        "clothes": Material(look.clothes, wrap=0.2, cutout=0.5),
        "brow": Material(grey_texture(look.brow), look.brow_colour, cutout=0.04, blend=True, alpha=look.brow_alpha),
        "lashes": Material(texture(look.lashes), (0.6, 0.5, 0.5), cutout=0.04, blend=True, alpha=look.lash_alpha),
    }
    if look.hair:
        out["hair"] = Material(grey_texture(f"hair_{look.hair}"), look.hair_colour, 0.12, 14.0, cutout=0.4)
    return out


def _eyeball(proxy: Proxy, base: FloatArray, side: int) -> Eyeball:
    """The right (0) or left (1) eyeball of somebody."""
    vertices = proxy.fit(base)
    transparent = proxy.uv[proxy.uv_triangles].reshape(len(proxy.triangles), 3, 2)[..., 0].min(axis=1) > 0.8
    cornea = np.zeros(len(vertices), bool)
    cornea[proxy.triangles[transparent]] = True
    own = proxy.fit(load_assets().base)[:, 0] * (1 if side else -1) > 0
    return Eyeball.of(vertices[own & ~cornea])


def _cloth_mesh(assets: Assets, mean: FloatArray) -> Mesh:
    """The bust below the chin, its texture laid on from the front."""
    chosen = assets.triangles[mean[assets.triangles][..., 1].max(axis=1) < CLOTH_TOP_CM]
    u = mean[:, 0] / CLOTH_WIDTH_CM + 0.5
    v = (mean[:, 1] - CLOTH_BOTTOM_CM) / (CLOTH_TOP_CM - CLOTH_BOTTOM_CM)
    return Mesh(np.ascontiguousarray(chosen), np.column_stack([u, v]).astype(np.float32))


def _mouth_shade(assets: Assets, points: PointMap, mean: FloatArray) -> FloatArray:
    """(n,) how much light reaches the skin: less inside the mouth and the nostrils' depths."""
    shade = np.ones(len(mean), np.float32)
    cavity = points.mouth[INNER_LIP_ROWS[-1] + 1 :]
    for k, row in enumerate(cavity):
        shade[row] = max(0.75 - 0.13 * k, 0.06)
    deep = np.unique(cavity[4:])
    inside = _enclosed(assets.quads, cavity[-1], points.mouth[: INNER_LIP_ROWS[-1]])
    shade[inside] = 0.06
    shade[deep] = np.minimum(shade[deep], 0.1)
    for eye in points.eyes:
        for k, row in enumerate(eye[13:]):
            shade[row] = max(0.6 - 0.2 * k, 0.1)
    return shade


def _narrow_cavity(vertices: FloatArray, mouth: np.ndarray) -> None:
    """Draw the walls of the mouth's cavity inwards, in place: some units push them through the cheeks."""
    for k, row in enumerate(mouth[CAVITY_ROW:]):
        share = CAVITY_SHARE * min(1.0, (k + 1) / 3)
        middle = vertices[row].mean(axis=0)
        vertices[row] += share * (middle - vertices[row])


def _enclosed(quads: np.ndarray, start: np.ndarray, border: np.ndarray) -> np.ndarray:
    """Vertices reached from `start` without crossing `border`."""
    reached = np.zeros(int(quads.max()) + 1, bool)
    reached[start] = True
    closed = np.zeros(len(reached), bool)
    closed[border] = True
    while True:
        touched = reached[quads].any(axis=1) & ~closed[quads].any(axis=1)
        grown = reached.copy()
        grown[quads[touched]] = True
        if (grown == reached).all():
            return np.flatnonzero(reached)
        reached = grown


def _cheek_uv(assets: Assets, points: PointMap) -> list[tuple[float, float]]:
    """Where the cheekbones' points are in the skins' textures."""
    out = []
    for point in (145, 148):
        row = int(np.flatnonzero(point == SURFACE_POINTS)[0])
        triangle = points.surface_index[row]
        k = int(np.flatnonzero((assets.triangles == triangle).all(axis=1))[0])
        u, v = points.surface_weights[row] @ assets.uv[assets.uv_triangles[k]]
        out.append((float(u), float(v)))
    return out
