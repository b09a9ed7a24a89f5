"""ICT-FaceKit's heads as a family of renders: scanned shapes, skins from photographs."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from tracker.topology import JAW
from training.synthetic import eyeball, ict_hair
from training.synthetic.expressions import Act
from training.synthetic.glasses import sample_glasses
from training.synthetic.ict_model import JAW_STEPS, N_SKIN, IctModel
from training.synthetic.ict_skin import SkinPainter
from training.synthetic.staging import Material, Mesh, Part
from training.synthetic.studio import About, Head, lid_gap
from training.synthetic.truth import FAMILIES, N_COEFFICIENTS

FloatArray = npt.NDArray[np.floating]

IDENTITY_SPREAD = 0.85


class Heads:
    """Persons of the split "train" or "test", whose skins come from photographs of different people."""

    def __init__(self, split: str) -> None:
        self.model = IctModel()
        self.painter = SkinPainter(self.model, split)
        self.eye_mesh, self.eye_vertices = eyeball.build()
        self.fall_mesh = ict_hair.fall_mesh()
        self.lash_mesh = _lash_mesh(self.model)
        self.lash_textures = [_lashes(np.random.default_rng(k)) for k in range(6)]

    def person(self, number: int, rng: np.random.Generator) -> IctPerson:
        return IctPerson(self, number, rng)


class IctPerson:
    """One identity: shape, skin, eyes, hair."""

    def __init__(self, heads: Heads, number: int, rng: np.random.Generator) -> None:
        self._heads, model = heads, heads.model
        self._shape = model.shape(rng.normal(0, IDENTITY_SPREAD, 100))
        skin = heads.painter.paint(rng)
        rest = model.expressed(self._shape, np.zeros(N_COEFFICIENTS), np.zeros((2, 2)))
        landmarks = model.points.on(rest)
        centres = np.stack([eye.centre for eye in self._shape.eyes])
        temples = np.abs(rest[:, 1] - centres[:, 1].mean()) < 1.5
        temples &= np.abs(rest[:, 2] - centres[:, 2].mean() + 3) < 1.5
        self._glasses = sample_glasses(rng, landmarks, centres, float(np.abs(rest[temples, 0]).max()))
        self.about = About(
            number=number,
            family=FAMILIES.index("ict"),
            known=model.known,
            nose_tip=landmarks[30],
            middle=landmarks[27:].mean(axis=0) + np.array([0, 0.3, -5.0]),
            outer_eyes_cm=float(np.linalg.norm(landmarks[45] - landmarks[36])),
            lid_gap=lid_gap(model.dense.on(rest)),
            skin_ita=skin.ita,
            glasses=self._glasses is not None,
        )
        gloss, shine = rng.uniform(8, 30), rng.uniform(0.02, 0.16)
        self._face = Material(skin.face, specular=shine, gloss=gloss, wrap=0.35, two_sided=False)
        self._scalp = Material(skin.scalp, specular=shine * 0.5, gloss=gloss, two_sided=False)
        teeth = np.array([0.86, 0.82, 0.74]) * rng.uniform(0.75, 1.08)
        self._teeth = Material(None, _tint(teeth), specular=0.15, gloss=40, casts=False)
        self._gums = Material(
            None, _tint(np.array([0.62, 0.3, 0.29]) * rng.uniform(0.75, 1.1)), specular=0.2, gloss=30, casts=False
        )
        lashes = heads.lash_textures[rng.integers(len(heads.lash_textures))]
        self._lashes = Material(lashes, blend=True, alpha=float(rng.uniform(0.15, 0.9)), casts=False)
        iris = eyeball.sample_iris(rng, float(np.clip(1.2 - skin.colour.mean() * 1.1, 0.3, 1)))
        self._eye = Material(
            eyeball.paint(rng, iris),
            specular=float(rng.uniform(0.5, 1)),
            gloss=90,
            wrap=0.25,
            two_sided=False,
            casts=False,
        )
        self._hair = skin.hair
        self._locks = Material(
            ict_hair.fall_texture(rng, skin.hair.colour), specular=shine * 0.5, gloss=20, cutout=0.35, wrap=0.2
        )

    def head(self, act: Act, rng: np.random.Generator) -> Head:
        heads, model = self._heads, self._heads.model
        vertices = model.expressed(self._shape, act.coefficients, act.gaze_deg)
        landmarks = model.points.on(vertices)
        dense, lines = model.dense.on(vertices), model.jaw_lines.on(vertices)
        vertices[:N_SKIN] += self._hair.offsets
        meshes = model.meshes
        parts = [Part(meshes["Face"], vertices, self._face), Part(meshes["BackHead"], vertices, self._scalp)]
        if self._hair.fall is not None:
            parts.append(Part(heads.fall_mesh, self._hair.fall, self._locks))
        pupils = np.zeros((2, 3))
        for k, eye in enumerate(self._shape.eyes):
            ball = heads.eye_vertices @ eyeball.turned(act.gaze_deg[k]).T * eye.radius + eye.centre
            pupils[k] = ball[0]
            parts.append(Part(heads.eye_mesh, ball, self._eye, shade=self._lid_shade(vertices, ball, k)))
        if (dense[25] - dense[35])[1] > 0.03 or (landmarks[59:62, 1] - landmarks[65:62:-1, 1]).max() > 0.03:
            lips = float(dense[[25, 35], 2].mean())
            shade = np.clip(1.0 - (lips - vertices[:, 2]) / 6.0, 0.03, 1).astype(np.float32)
            parts += [Part(meshes["Teeth"], vertices, self._teeth, shade=shade)]
            parts += [Part(meshes["GumsTongue"], vertices, self._gums, shade=shade)]
        parts.append(Part(heads.lash_mesh, vertices, self._lashes))
        if self._glasses is not None:
            parts += self._glasses.parts()
        return Head(parts, landmarks, lines.reshape(len(JAW), JAW_STEPS, 3), dense, pupils)

    def _lid_shade(self, vertices: FloatArray, ball: FloatArray, k: int) -> FloatArray:
        """(V,) the upper lid's shadow on the eyeball."""
        rim = vertices[self._heads.model.rims[k][0]]
        order = np.argsort(rim[:, 0])
        below = np.interp(ball[:, 0], rim[order, 0], rim[order, 1]) - ball[:, 1]
        corners = np.abs(ball[:, 0] - rim[:, 0].mean()) / np.ptp(rim[:, 0]) * 2
        return np.asarray(np.clip(0.5 + 0.5 * below / 0.4, 0.45, 1) * np.clip(1.25 - 0.4 * corners, 0.6, 1), np.float32)


def _lash_mesh(model: IctModel) -> Mesh:
    """The lashes with a texture that runs along the lid (u) and from the root outwards (v)."""
    triangles = model.meshes["EyeLashes"].triangles
    uv = np.zeros((len(model.neutral), 2), np.float32)
    used = np.unique(triangles)
    rims = model.neutral[np.concatenate([np.concatenate(rim) for rim in model.rims])]
    distance = np.linalg.norm(model.neutral[used][:, None] - rims[None], axis=2).min(axis=1)
    uv[used] = np.column_stack([model.neutral[used, 0] / 4, np.clip((distance - 0.1) / 0.9, 0, 1)])
    return Mesh(triangles, uv)


def _lashes(rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """(64, 512, 4) RGBA: strands that thin out towards their ends (the top row)."""
    ends = rng.uniform(0.3, 0.75, 512) * rng.uniform(0.7, 1.1)
    strands = cv2.GaussianBlur((rng.random((1, 512)) < 0.22).astype(np.float32), (0, 0), 0.7)[0] * 2
    along = np.linspace(1, 0, 64)[:, None]  # 0 at the root
    alpha = np.clip(strands[None] + 0.5 * (along < 0.12), 0, 1) * np.clip(1 - along / ends, 0, 1)
    colour = np.full((64, 512, 3), int(rng.integers(8, 40)))
    return np.dstack([colour, alpha * 255]).astype(np.uint8)


def _tint(values: FloatArray) -> tuple[float, float, float]:
    r, g, b = (float(v) for v in np.clip(values, 0, 1))
    return r, g, b
