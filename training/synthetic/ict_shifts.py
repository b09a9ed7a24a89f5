"""Where annotators put their points on ICT-FaceKit's head, compared with the vertices that its authors name.

Measured with a landmark network as the go-between: its median offset from the points of frontal renders, less its
median offset from the points that people set on frontal photographs (the training fold of the manual pack, 404 faces);
for the dense points, which are the mesh annotator's own, the offset from the renders alone. Per cent of the distance of
the outer eye corners, x to the picture's right, y down, on an upright face. Points of the subject's right and of the
middle; the left mirrors them. Standard error about 0.3; what is below 1 was left out.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tracker.topology import DENSE_MIRROR, MIRROR, N_DENSE, N_LANDMARKS

_LANDMARKS = {
    3: (-0.4, 1.9),
    4: (-2.4, -1.3),
    5: (-4.6, -4.1),
    6: (-1.6, -1.3),
    7: (-1.1, 3.1),
    8: (0.0, 1.6),
    17: (-1.1, 1.8),
    19: (1.2, 0.7),
    20: (-0.3, 2.0),
    21: (-1.0, 4.1),
    29: (0.0, 1.5),
    30: (0.0, 1.3),
    31: (-0.5, -3.3),
    32: (-0.6, -2.1),
    37: (3.2, -1.2),
    39: (-1.4, -0.2),
    40: (-1.6, 0.8),
    41: (1.9, 1.0),
    48: (2.0, 0.4),
    49: (1.5, 0.7),
    50: (0.0, 1.7),
    53: (-2.6, 1.2),
    54: (-4.3, 1.0),
    58: (-0.3, -1.0),
    59: (4.8, -0.8),
    63: (-5.5, 1.1),
}
_DENSE = {
    2: (1.5, -0.9),
    3: (2.0, -0.0),
    4: (3.3, 0.0),
    5: (0.0, 1.5),
    11: (1.1, -2.2),
    12: (1.0, -1.5),
    13: (1.3, -0.8),
    20: (-1.4, 0.3),
    21: (-1.3, -0.5),
    23: (-1.6, -1.3),
    24: (0.1, -1.5),
    25: (0.0, -1.6),
    31: (1.4, -0.1),
    32: (1.3, 0.2),
    33: (2.0, 0.3),
    43: (-1.0, -0.4),
    44: (2.6, -1.0),
    45: (4.3, -0.5),
    46: (4.1, 0.4),
    48: (1.1, -1.3),
    51: (1.9, -0.7),
    74: (5.3, -1.6),
    78: (-0.5, 1.3),
    79: (0.4, 2.9),
    80: (1.1, 2.3),
    84: (0.0, -7.7),
    85: (0.0, -9.5),
    86: (0.0, -1.4),
}


def _both_sides(
    half: dict[int, tuple[float, float]], mirror: npt.NDArray[np.intp], count: int
) -> npt.NDArray[np.float64]:
    out = np.zeros((count, 2))
    for point, shift in half.items():
        out[mirror[point]] = -shift[0], shift[1]
        out[point] = shift
    return out / 100


LANDMARK_SHIFT = _both_sides(_LANDMARKS, MIRROR, N_LANDMARKS)
"""(66, 2) in outer-eye distances."""

DENSE_SHIFT = _both_sides(_DENSE, DENSE_MIRROR, N_DENSE)
"""(87, 2) in outer-eye distances."""
