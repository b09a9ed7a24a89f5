"""Textured triangles to a picture: one OpenGL rasteriser for every family of heads.

It needs an OpenGL 3.3 context without a display: EGL, for which Mesa's software renderer will do
(Debian: libegl1 and libgl1-mesa-dri).

Colours of textures and tints are sRGB, lights are linear; gamma is taken as 2, which is within a grey level or two of
sRGB and far cheaper.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import moderngl
import numba
import numpy as np
import numpy.typing as npt

from training.synthetic.staging import (
    MAX_LIGHTS,
    MODEL_TO_CAMERA,
    Camera,
    FloatArray,
    IntArray,
    Light,
    Lighting,
    Material,
    Mesh,
    Part,
)

MIPMAP_PX = 512  # smaller textures are hardly reduced in a picture, and reducing them takes longer than drawing
NEAR_CM, FAR_CM = 4.0, 1000.0


@dataclass(frozen=True, eq=False)
class Picture:
    """bgr: (S, S, 3) uint8. depth: (D, D) float32 cm as drawn, D being S times the supersampling; infinite where
    nothing was drawn."""

    bgr: npt.NDArray[np.uint8]
    depth: npt.NDArray[np.float32]

    def visible(self, projected: FloatArray, slack_cm: float = 0.4) -> npt.NDArray[np.bool_]:
        """(N,) whether points as `Camera.project` gives them are inside the picture and less than `slack_cm` behind
        what was drawn there."""
        scale = self.depth.shape[0] / self.bgr.shape[0]
        xy = np.floor(projected[:, :2] * scale).astype(int)
        inside = ((xy >= 0) & (xy < self.depth.shape[0])).all(axis=1)
        x, y = xy.clip(0, self.depth.shape[0] - 1).T
        return np.asarray(inside & (projected[:, 2] < self.depth[y, x] + slack_cm))


class Rasteriser:
    """Draws pictures of `size` pixels, `supersample` times larger in both directions before they are reduced.

    Raises RuntimeError where no OpenGL context can be made.
    """

    def __init__(self, size: int = 256, supersample: float = 1.5, shadow_size: int = 320) -> None:
        create: Any = moderngl.create_context  # its annotations lack the backend's options
        try:
            self._context: Any = create(standalone=True, backend="egl")
        except Exception as error:  # the bindings raise plain Exception
            raise RuntimeError(f"no OpenGL without a display (EGL): {error}") from None
        self._context.front_face = "cw"  # pictures are drawn with their rows downwards
        self.size = size
        self._drawn = round(size * supersample)
        self._program: Any = self._context.program(vertex_shader=_VERTEX, fragment_shader=_FRAGMENT)
        self._backdrop = self._context.program(vertex_shader=_BACKDROP_VERTEX, fragment_shader=_BACKDROP_FRAGMENT)
        self._caster = self._context.program(
            vertex_shader=_SHADOW_VERTEX, fragment_shader="#version 330\nvoid main() {}"
        )
        self._colour = self._context.texture((self._drawn, self._drawn), 4)
        self._depth = self._context.depth_texture((self._drawn, self._drawn))
        self._target = self._context.framebuffer([self._colour], self._depth)
        self._shadow = self._context.depth_texture((shadow_size, shadow_size))
        self._shadow.compare_func = "<="
        self._shadow.repeat_x = self._shadow.repeat_y = False
        self._shadow_target = self._context.framebuffer([], self._shadow)
        corners = np.array([[-1, -1], [1, -1], [-1, 1], [1, 1]], np.float32)
        self._backdrop_corners = self._context.vertex_array(
            self._backdrop, [(self._context.buffer(corners.tobytes()), "2f", "corner")]
        )
        self._meshes: weakref.WeakKeyDictionary[Mesh, list[_Uploaded]] = weakref.WeakKeyDictionary()
        self._textures: dict[int, Any] = {}
        self._white = self._context.texture((1, 1), 4, b"\xff" * 4)

    def draw(
        self, parts: Sequence[Part], camera: Camera, lighting: Lighting, background: npt.NDArray[np.uint8]
    ) -> Picture:
        """The picture of `parts` before `background` ((H, W, 3) uint8 BGR, stretched over the picture)."""
        if camera.size != self.size:
            raise ValueError(f"the camera's picture has {camera.size} px, the rasteriser's {self.size}")
        context: Any = self._context
        program: Any = self._program
        uploaded = self._upload(parts)
        turn = camera.rotation @ MODEL_TO_CAMERA
        program["turn"].write(turn.T.astype("f4").tobytes())
        program["shift"] = tuple(camera.translation)
        program["zoom"] = 2 * camera.focal_px / camera.size
        program["above"], program["below"] = lighting.above, lighting.below
        lights = list(lighting.lights)[:MAX_LIGHTS]
        program["count"] = len(lights)
        lights += [Light((0.0, 0.0, 1.0), (0.0, 0.0, 0.0))] * (MAX_LIGHTS - len(lights))
        program["directions"].write(np.array([light.direction for light in lights], "f4").tobytes())
        program["colours"].write(np.array([light.colour for light in lights], "f4").tobytes())
        program["shadow_strength"] = lighting.shadow
        if lighting.shadow > 0:
            self._cast(parts, uploaded, turn, lights[0])

        self._target.use()
        self._target.clear(depth=1.0)
        context.disable(moderngl.DEPTH_TEST | moderngl.BLEND | moderngl.CULL_FACE)
        backdrop = context.texture(background.shape[1::-1], 3, np.ascontiguousarray(background[:, :, ::-1]).tobytes())
        backdrop.use(0)
        self._backdrop_corners.render(moderngl.TRIANGLE_STRIP)
        backdrop.release()
        context.enable(moderngl.DEPTH_TEST)
        self._shadow.use(1)
        program["shadow_map"] = 1
        opaque = [i for i, part in enumerate(parts) if not part.material.blend]
        blended = [i for i, part in enumerate(parts) if part.material.blend]
        for i in opaque:
            self._render(parts[i].material, uploaded[i])
        if blended:
            context.enable(moderngl.BLEND)
            context.blend_func = moderngl.SRC_ALPHA, moderngl.ONE_MINUS_SRC_ALPHA
            self._target.depth_mask = False  # what is half transparent hides no points
            for i in blended:
                self._render(parts[i].material, uploaded[i])
            self._target.depth_mask = True
        return self._read()

    def _read(self) -> Picture:
        n = self._drawn
        rgba = np.frombuffer(self._target.read(components=4), np.uint8).reshape(n, n, 4)
        stored = np.frombuffer(self._depth.read(), np.float32).reshape(n, n)
        bgr = cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGR)
        if n != self.size:
            bgr = cv2.resize(bgr, (self.size, self.size), interpolation=cv2.INTER_AREA)
        return Picture(np.asarray(bgr), _linear_depth(stored))

    def _render(self, material: Material, uploaded: _Uploaded) -> None:
        program = self._program
        program["tint"] = material.tint
        program["specular"], program["gloss"], program["wrap"] = material.specular, material.gloss, material.wrap
        program["cutout"], program["alpha"] = material.cutout, material.alpha
        self._texture(material.texture).use(0)
        program["skin"] = 0
        if material.two_sided:
            self._context.disable(moderngl.CULL_FACE)
        else:
            self._context.enable(moderngl.CULL_FACE)
        uploaded.array.render(moderngl.TRIANGLES)

    def _cast(self, parts: Sequence[Part], uploaded: list[_Uploaded], turn: FloatArray, light: Light) -> None:
        """Draw the depth as the first light sees it."""
        towards = np.array(light.direction) * [1, -1, -1]  # in the camera frame
        towards = towards / np.linalg.norm(towards)
        helper = np.array([0.0, 1.0, 0.0]) if abs(towards[1]) < 0.9 else np.array([1.0, 0.0, 0.0])
        right = np.cross(helper, towards)
        right /= np.linalg.norm(right)
        axes = np.stack([right, np.cross(towards, right), -towards]) @ turn  # model to light
        solid = [i for i, part in enumerate(parts) if part.material.casts and not part.material.blend]
        shared = {id(parts[i].vertices): parts[i].vertices for i in solid}  # parts may have vertices in common
        bounds = np.stack([_bounds(np.asarray(vertices), axes) for vertices in shared.values()])
        low, high = bounds[:, 0].min(axis=0), bounds[:, 1].max(axis=0)
        scale, middle = 2 / (high - low + 1e-3), (high + low) / 2
        # model -> light's clip space
        matrix = axes * scale[:, None] * 0.98
        offset = -middle * scale * 0.98
        for target in (self._caster, self._program):
            target["to_light"].write(matrix.T.astype("f4").tobytes())
            target["light_offset"] = tuple(offset)
        self._program["shadow_bias"] = float(0.25 * scale[2])  # 2.5 mm in clip units of depth
        self._shadow_target.use()
        self._shadow_target.clear(depth=1.0)
        self._context.enable(moderngl.DEPTH_TEST)
        self._context.disable(moderngl.BLEND | moderngl.CULL_FACE)
        for i in solid:
            uploaded[i].caster.render(moderngl.TRIANGLES)

    def _upload(self, parts: Sequence[Part]) -> list[_Uploaded]:
        used: dict[Mesh, int] = {}  # a mesh may occur more than once in a picture
        out = []
        for part in parts:
            copies = self._meshes.setdefault(part.mesh, [])
            k = used.get(part.mesh, 0)
            if k == len(copies):
                copies.append(_Uploaded(self._context, self._program, self._caster, part.mesh))
            used[part.mesh] = k + 1
            copies[k].write(part)
            out.append(copies[k])
        return out

    def _texture(self, image: npt.NDArray[np.uint8] | None) -> Any:
        if image is None:
            return self._white
        key = id(image)
        texture = self._textures.get(key)
        if texture is None:
            channels = image.shape[2]
            data = np.ascontiguousarray(image[::-1])  # the first row of a texture is its lowest
            texture = self._context.texture((image.shape[1], image.shape[0]), channels, data.tobytes(), alignment=1)
            if max(image.shape[:2]) > MIPMAP_PX:
                texture.build_mipmaps()
                texture.filter = moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR
            self._textures[key] = texture
            weakref.finalize(image, self._forget, key)
        return texture

    def _forget(self, key: int) -> None:
        self._textures.pop(key).release()


class _Uploaded:
    """A mesh in graphics memory: its vertices doubled along the seams of its texture."""

    def __init__(self, context: Any, program: Any, caster: Any, mesh: Mesh) -> None:
        triangles = np.ascontiguousarray(mesh.triangles, np.int32)
        corners = triangles if mesh.uv_triangles is None else np.asarray(mesh.uv_triangles)
        pairs = np.stack([triangles.ravel(), corners.ravel()], axis=1)
        unique, inverse = np.unique(pairs, axis=0, return_inverse=True)
        self._triangles = triangles
        self._source = np.ascontiguousarray(unique[:, 0], np.int32)
        self._vertices = np.zeros((len(unique), 7), np.float32)
        self._buffer = context.buffer(reserve=self._vertices.nbytes, dynamic=True)
        uv = context.buffer(np.ascontiguousarray(np.asarray(mesh.uv)[unique[:, 1]], np.float32).tobytes())
        index = context.buffer(inverse.ravel().astype(np.int32).tobytes())
        self.array = context.vertex_array(
            program, [(self._buffer, "3f 3f 1f", "position", "normal", "shade"), (uv, "2f", "uv")], index
        )
        self.caster = context.vertex_array(caster, [(self._buffer, "3f 16x", "position")], index)
        self._owned = [self.array, self.caster, index, uv, self._buffer]
        weakref.finalize(mesh, _release, self._owned)

    def write(self, part: Part) -> None:
        vertices = np.ascontiguousarray(part.vertices, np.float32)
        normals = part.normals if part.normals is not None else vertex_normals(vertices, self._triangles)
        shade = np.ones(len(vertices), np.float32) if part.shade is None else part.shade
        _interleave(
            vertices,
            np.ascontiguousarray(normals, np.float32),
            np.ascontiguousarray(shade, np.float32),
            self._source,
            self._vertices,
        )
        self._buffer.write(self._vertices)


def _release(owned: list[Any]) -> None:
    for thing in owned:
        thing.release()


@numba.njit(cache=True, fastmath=True)
def vertex_normals(vertices: FloatArray, triangles: IntArray) -> FloatArray:
    """(V, 3) unit normals of the vertices, the triangles around them weighted by area."""
    out = np.zeros_like(vertices)
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ex, ey, ez = vertices[b, 0] - vertices[a, 0], vertices[b, 1] - vertices[a, 1], vertices[b, 2] - vertices[a, 2]
        fx, fy, fz = vertices[c, 0] - vertices[a, 0], vertices[c, 1] - vertices[a, 1], vertices[c, 2] - vertices[a, 2]
        nx, ny, nz = ey * fz - ez * fy, ez * fx - ex * fz, ex * fy - ey * fx
        for i in (a, b, c):
            out[i, 0] += nx
            out[i, 1] += ny
            out[i, 2] += nz
    for i in range(out.shape[0]):
        length = np.sqrt(out[i, 0] ** 2 + out[i, 1] ** 2 + out[i, 2] ** 2) + 1e-12
        out[i, 0] /= length
        out[i, 1] /= length
        out[i, 2] /= length
    return out


@numba.njit(cache=True)
def _bounds(vertices: FloatArray, axes: FloatArray) -> FloatArray:
    """(2, 3) the least and the greatest of the vertices (V, 3) along each of the axes (3, 3), its rows."""
    out = np.empty((2, 3))
    out[0], out[1] = np.inf, -np.inf
    for i in range(vertices.shape[0]):
        for k in range(3):
            along = vertices[i, 0] * axes[k, 0] + vertices[i, 1] * axes[k, 1] + vertices[i, 2] * axes[k, 2]
            out[0, k] = min(out[0, k], along)
            out[1, k] = max(out[1, k], along)
    return out


@numba.njit(cache=True)
def _interleave(
    vertices: FloatArray, normals: FloatArray, shade: FloatArray, source: IntArray, out: FloatArray
) -> None:
    for g in range(source.shape[0]):
        i = source[g]
        for k in range(3):
            out[g, k] = vertices[i, k]
            out[g, 3 + k] = normals[i, k]
        out[g, 6] = shade[i]


@numba.njit(cache=True, fastmath=True)
def _linear_depth(stored: FloatArray) -> FloatArray:
    out = np.empty_like(stored)
    for y in range(stored.shape[0]):
        for x in range(stored.shape[1]):
            d = stored[y, x]
            out[y, x] = np.inf if d >= 1 else NEAR_CM * FAR_CM / (FAR_CM - d * (FAR_CM - NEAR_CM))
    return out


_VERTEX = f"""#version 330
in vec3 position; in vec3 normal; in vec2 uv; in float shade;
uniform mat3 turn; uniform vec3 shift; uniform float zoom; uniform mat3 to_light; uniform vec3 light_offset;
out vec3 facing; out vec3 seen; out vec2 place; out float reached; out vec3 from_light;
void main() {{
    vec3 p = turn * position + shift;
    // rows of the picture run downwards in memory, so y is not flipped
    float most = {FAR_CM:.1f}, least = {NEAR_CM:.1f};
    gl_Position = vec4(zoom * p.xy, (p.z * (most + least) - 2.0 * most * least) / (most - least), p.z);
    facing = (turn * normal) * vec3(1, -1, -1);
    seen = p * vec3(1, -1, -1);
    place = uv; reached = shade;
    from_light = (to_light * position + light_offset) * 0.5 + 0.5;
}}"""

_FRAGMENT = """#version 330
in vec3 facing; in vec3 seen; in vec2 place; in float reached; in vec3 from_light;
out vec4 colour;
uniform sampler2D skin; uniform vec3 tint; uniform float specular, gloss, wrap, cutout, alpha;
uniform vec3 above, below; uniform vec3 directions[4]; uniform vec3 colours[4]; uniform int count;
uniform sampler2DShadow shadow_map; uniform float shadow_strength, shadow_bias;
void main() {
    vec4 base = texture(skin, place);
    if (base.a * alpha < cutout) discard;
    vec3 n = normalize(facing), view = normalize(-seen);
    if (!gl_FrontFacing) n = -n;
    vec3 albedo = base.rgb * tint; albedo *= albedo;
    vec3 light = mix(below, above, n.y * 0.5 + 0.5), shine = vec3(0);
    for (int i = 0; i < count; i++) {
        float k = max((dot(n, directions[i]) + wrap) / (1.0 + wrap), 0.0);
        float s = 0.0;
        if (specular > 0.0) s = specular * pow(max(dot(n, normalize(directions[i] + view)), 0.0), gloss);
        if (i == 0 && shadow_strength > 0.0) {
            vec3 q = from_light - vec3(0, 0, shadow_bias);
            vec3 aside = vec3(0.003, 0.003, 0);
            float open = texture(shadow_map, q - aside) + texture(shadow_map, q + aside);
            float kept = 1.0 - shadow_strength * (1.0 - open * 0.5);
            k *= kept; s *= kept;
        }
        light += colours[i] * k; shine += colours[i] * s;
    }
    colour = vec4(sqrt(clamp(albedo * light * reached + shine * reached, 0.0, 1.0)), base.a * alpha);
}"""

_BACKDROP_VERTEX = """#version 330
in vec2 corner; out vec2 place;
void main() { place = corner * 0.5 + 0.5; gl_Position = vec4(corner, 0, 1); }"""

_BACKDROP_FRAGMENT = """#version 330
in vec2 place; out vec4 colour; uniform sampler2D skin;
void main() { colour = vec4(texture(skin, place).rgb, 1); }"""

_SHADOW_VERTEX = """#version 330
in vec3 position; uniform mat3 to_light; uniform vec3 light_offset;
void main() { gl_Position = vec4(to_light * position + light_offset, 1); }"""
