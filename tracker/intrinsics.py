"""The pinhole camera model shared by pose estimation, drawing and training."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MIN_DEPTH = 1e-3
"""Points nearer than this, or behind the camera, are projected as if at this depth (face units)."""


@dataclass(frozen=True, slots=True)
class CameraIntrinsics:
    """A pinhole camera without distortion: square pixels, principal point at the image centre.

    width, height: image size in pixels. focal_px: focal length in pixels.
    """

    width: int
    height: int
    focal_px: float

    @classmethod
    def from_fov(cls, width: int, height: int, fov_deg: float) -> CameraIntrinsics:
        """Derive the focal length from the horizontal field of view in degrees."""
        return cls(width, height, width / (2 * math.tan(math.radians(fov_deg) / 2)))

    @property
    def centre(self) -> tuple[float, float]:
        """The principal point in pixels."""
        # Pixel centres have integer coordinates, so the centre of W pixels is (W - 1) / 2.
        return (self.width - 1) / 2, (self.height - 1) / 2

    def matrix(self) -> npt.NDArray[np.float64]:
        """The (3, 3) intrinsic matrix."""
        x, y = self.centre
        return np.array([[self.focal_px, 0, x], [0, self.focal_px, y], [0, 0, 1]])

    def project(self, points: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """Project (N, 3) points of the camera frame to (N, 2) pixels."""
        image: npt.NDArray[np.floating] = (
            points[:, :2] * self.focal_px / np.maximum(points[:, 2:], MIN_DEPTH) + self.centre
        )
        return image
