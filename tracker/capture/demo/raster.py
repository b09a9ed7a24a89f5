"""A small software rasteriser: textured, shaded triangles, painted from far to near."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
_SUBPIXEL_BITS = 4
_THIN_PX = 1.0  # triangles lower than this are painted before all others and in one colour, because what
# OpenCV fills of them lies mostly outside them: they close gaps, and must not cover their neighbours


def draw_mesh(
    canvas: npt.NDArray[np.uint8],
    pixels: Floats,
    depth: Floats,
    triangles: npt.NDArray[np.int32],
    uv: Floats,
    shade: Floats,
    texture: npt.NDArray[np.uint8],
) -> None:
    """Draw onto `canvas` in place.

    pixels (V, 2), depth (V,), uv (V, 2) texels, shade (V,) brightness; triangles (T, 3) that turn counter-clockwise
    in the picture are seen from behind and left out. texture: BGR, or BGRA for see-through edges.
    """
    pixels = pixels.astype(np.float32)
    corners = pixels[triangles]
    ab, ac = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    seen = np.flatnonzero(area > 0.01)
    thin = area[seen] < _THIN_PX * np.sqrt(np.maximum(np.square(ab[seen]).sum(1), np.square(ac[seen]).sum(1)))
    order = np.lexsort((-depth[triangles[seen]].sum(axis=1), ~thin))
    seen, thin = seen[order], thin[order]
    used = pixels[triangles[seen]].reshape(-1, 2) if len(triangles) < len(pixels) else pixels
    low = np.maximum(np.floor(used.min(axis=0)).astype(int) - 1, 0)
    high = np.minimum(np.ceil(used.max(axis=0)).astype(int) + 2, canvas.shape[1::-1])
    if not len(seen) or (high <= low).any():
        return
    size = high - low
    owner = np.zeros((size[1], size[0]), np.int32)  # 1 + the number of the triangle seen at each pixel
    outlines = np.round((corners[seen] - low) * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    for number, outline in enumerate(outlines, start=1):
        cv2.fillConvexPoly(owner, outline, number, cv2.LINE_8, _SUBPIXEL_BITS)

    values = np.column_stack([uv, shade]).astype(np.float32)[triangles[seen]]
    u, v, brightness = _affine(values, corners[seen, 0] - low, ab[seen], ac[seen], area[seen], thin, owner)
    np.clip(brightness, shade.min(), shade.max(), out=brightness)
    colour = cv2.remap(texture, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.blur((owner > 0).astype(np.float32), (3, 3), borderType=cv2.BORDER_REPLICATE)
    alpha = np.clip(2 * alpha - 1, 0, 1)  # softens the silhouette from inside
    if colour.shape[2] == 4:
        alpha *= colour[:, :, 3] * np.float32(1 / 255)
        colour = np.ascontiguousarray(colour[:, :, :3])
    lit = cv2.multiply(colour, cv2.cvtColor(brightness, cv2.COLOR_GRAY2BGR), dtype=cv2.CV_8U)
    window = canvas[low[1] : high[1], low[0] : high[0]]
    window[:] = cv2.blendLinear(lit, np.ascontiguousarray(window), alpha, 1 - alpha)


def _affine(
    values: Floats,
    origin: Floats,
    ab: Floats,
    ac: Floats,
    area: Floats,
    thin: npt.NDArray[np.bool_],
    owner: npt.NDArray[np.int32],
) -> list[npt.NDArray[np.float32]]:
    """The per-corner values (T, 3, K) spread over the picture: K images, 0 where no triangle is."""
    first, second = values[:, 1] - values[:, 0], values[:, 2] - values[:, 0]
    dx = (first * ac[:, 1:] - second * ab[:, 1:]) / area[:, None]
    dy = (second * ab[:, :1] - first * ac[:, :1]) / area[:, None]
    at_zero = values[:, 0] - dx * origin[:, :1] - dy * origin[:, 1:]
    dx[thin], dy[thin], at_zero[thin] = 0, 0, values[thin].mean(axis=1)

    rows, columns = owner.shape
    x, y = np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32)[:, None]
    images = []
    for k in range(values.shape[2]):
        table = np.zeros((3, len(values) + 1), np.float32)
        table[:, 1:] = dx[:, k], dy[:, k], at_zero[:, k]
        slope_x, slope_y, image = (row.take(owner) for row in table)
        slope_x *= x
        slope_y *= y
        image += slope_x
        image += slope_y
        images.append(image)
    return images
