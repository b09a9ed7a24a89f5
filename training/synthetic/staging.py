"""What a picture is drawn from: surfaces and their materials, lights, and the camera.

Model frame of a head: x to the subject's left, y up, z out of the face, in centimetres. A point v is seen at
``rotation @ (v.x, -v.y, -v.z) + translation`` in the camera frame C of `tracker.types` (x right, y down, z into the
scene, centimetres), so `rotation` is that of `tracker.types.HeadPose`. Colours of textures and tints are sRGB, lights
are linear.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.integer]
Colour = tuple[float, float, float]

WHITE: Colour = (1.0, 1.0, 1.0)
MAX_LIGHTS = 4
MODEL_TO_CAMERA = np.diag([1.0, -1.0, -1.0])


@dataclass(frozen=True, eq=False)
class Mesh:
    """Topology of a surface. Build it once and keep it: the graphics memory's cache goes by the object.

    triangles: (T, 3) int32 indices into the vertices, counter-clockwise seen from outside.
    uv: (U, 2) float32, origin at the bottom left of the texture.
    uv_triangles: (T, 3) int32 indices into `uv`; None where they are the same as `triangles`.
    """

    triangles: IntArray
    uv: FloatArray
    uv_triangles: IntArray | None = None


@dataclass(frozen=True, eq=False)
class Material:
    """How a surface looks.

    texture: (H, W, 3 or 4) uint8 RGB or RGBA, top row first; the cache goes by the object. None: the tint alone.
    tint: multiplies the texture. specular, gloss: strength and exponent of the highlight.
    wrap: how far light reaches round the surface, 0 (hard) to 1: skin lets it through.
    cutout: what has less alpha is not drawn. blend: mixed by alpha, after all opaque parts, in the order given.
    alpha: multiplies the texture's. two_sided: False where the back of the surface is never seen, which is faster.
    casts: whether it throws a shadow.
    """

    texture: npt.NDArray[np.uint8] | None = None
    tint: Colour = WHITE
    specular: float = 0.0
    gloss: float = 24.0
    wrap: float = 0.3
    cutout: float = 0.02
    blend: bool = False
    alpha: float = 1.0
    two_sided: bool = True
    casts: bool = True


@dataclass(frozen=True, eq=False)
class Part:
    """One surface in one picture.

    vertices: (V, 3) model frame, cm. normals: (V, 3) unit; computed where None.
    shade: (V,) multiplies all light (the depth of the mouth); 1 where None.
    """

    mesh: Mesh
    vertices: FloatArray
    material: Material
    normals: FloatArray | None = None
    shade: FloatArray | None = None


@dataclass(frozen=True)
class Light:
    """A distant light. direction: towards it, x right, y UP, z towards the camera; colour: linear RGB."""

    direction: Colour
    colour: Colour


@dataclass(frozen=True)
class Lighting:
    """Ambient light from above and from below (linear RGB) and at most MAX_LIGHTS lights; the first one casts shadows
    of `shadow` strength (0 none, 1 black)."""

    above: Colour
    below: Colour
    lights: tuple[Light, ...] = ()
    shadow: float = 0.0


@dataclass(frozen=True, eq=False)
class Camera:
    """Where the head is and how it is seen: rotation (3, 3), translation (3,) cm of the model's origin, size in px."""

    rotation: FloatArray
    translation: FloatArray
    focal_px: float
    size: int

    def project(self, points: FloatArray) -> FloatArray:
        """(N, 3) in the model frame to (N, 3): x, y in pixels (pixel centres at .5) and the depth in cm."""
        seen = np.asarray(points, np.float64) @ (self.rotation @ MODEL_TO_CAMERA).T + self.translation
        xy = self.focal_px * seen[:, :2] / seen[:, 2:] + self.size / 2
        return np.column_stack([xy, seen[:, 2]])
