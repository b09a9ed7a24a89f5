"""Where the five points of each brow lie on a brow that is a textured strip of mesh."""

from __future__ import annotations

from functools import cache

import numpy as np

from training.synthetic.makehuman_files import Proxy, load_assets
from training.synthetic.makehuman_looks import texture
from training.synthetic.makehuman_points import mean_head

SHOWN = 90
"""Alpha from which a hair of the brow is seen."""
ALONG = (0.07, 0.30, 0.53, 0.76, 0.98)
HEIGHT = 0.92
"""People set brow points near the upper edge: the share of the hairs that lie below."""


@cache
def brow_points(name: str) -> tuple[np.ndarray, np.ndarray]:
    """The landmarks 17 to 26 on the brow of that name: (10, 3) vertices of the proxy and their weights."""
    proxy = load_assets().proxies[name]
    vertices = proxy.fit(mean_head(load_assets()))
    triangle, weights, alpha = _covered(proxy, texture(name))
    at = np.einsum("pk,pkc->pc", weights, vertices[proxy.triangles[triangle]])
    index, shares = np.zeros((10, 3), np.int64), np.zeros((10, 3))
    for side in (0, 1):  # the right brow, then the left one
        own = np.flatnonzero((at[:, 0] < 0) if side == 0 else (at[:, 0] > 0))
        outwards = np.abs(at[own, 0])
        inner, outer = np.percentile(outwards, [1, 99])
        for k, along in enumerate(ALONG if side == 0 else ALONG[::-1]):
            x = outer + along * (inner - outer)  # from the outer end to the inner one
            column = own[np.argsort(np.abs(outwards - x))[: max(20, len(own) // 25)]]
            order = column[np.argsort(at[column, 1])]
            share = np.cumsum(alpha[order]) / alpha[order].sum()
            chosen = order[np.searchsorted(share, HEIGHT)]
            index[5 * side + k], shares[5 * side + k] = proxy.triangles[triangle[chosen]], weights[chosen]
    return index, shares


def _covered(proxy: Proxy, image: np.ndarray, steps: int = 9) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places on the mesh where the texture is opaque: triangle (P,), weights (P, 3), alpha (P,)."""
    grid = np.array([(i, j, steps - i - j) for i in range(steps + 1) for j in range(steps + 1 - i)]) / steps
    uv = np.einsum("gk,tkc->tgc", grid, proxy.uv[proxy.uv_triangles])
    x = (uv[..., 0] * image.shape[1]).astype(int).clip(0, image.shape[1] - 1)
    y = ((1 - uv[..., 1]) * image.shape[0]).astype(int).clip(0, image.shape[0] - 1)
    alpha = image[y, x, 3]
    triangle, place = np.nonzero(alpha > SHOWN)
    return triangle, grid[place], alpha[triangle, place].astype(np.float64)
