"""Write tracker/face/head.py: the 70-point reference head, measured on the training fold.

The labels of some ten thousand faces seen from many sides, each posed by its own dense mesh, tell where in
3D each landmark of the average face lies (`training.mesh.FaceMesh.landmarks`). No axis is stretched: depth
falls out of the turned faces and agrees with OpenSeeFace's head to a few percent without any rescaling.
Heights do not (ours are about a sixth smaller), and stay as measured, because a head of wrong proportions
bends the pose of every real face.

    python -m training.make_head
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tracker import topology
from training.mesh import LEFT_IRIS, RIGHT_IRIS, FaceMesh, load_face_mesh

OUTER_EYE_DISTANCE = 0.632  # face units
EYEBALL_DEPTH = 0.385  # of the eye's corner distance, from the middle of its corners into the head
TARGET = Path(__file__).parents[1] / "tracker" / "face" / "head.py"

HEADER = '''"""The reference head: where the 70 points lie on an average, neutral face.

Written by ``python -m training.make_head`` from the training images; edit that instead. Frame M, face units:
x to the subject's right, y up, z out of the face, origin at the nose tip (30), outer eye corners 0.632 apart
(about 9 cm), exactly symmetric. Depth is as measured on faces seen from all sides, not rescaled.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

REFERENCE_HEAD: npt.NDArray[np.float64] = np.array(
    [
'''
FOOTER = '''    ],
    dtype=np.float64,
)
"""(70, 3): 66 landmarks, right and left pupil looking straight ahead, right and left eyeball centre. Read-only."""

REFERENCE_HEAD.flags.writeable = False
'''
GROUPS = {
    0: "jaw, right ear to left ear",
    17: "right brow",
    22: "left brow",
    27: "nose bridge, nasion to tip",
    31: "nose base",
    36: "right eye",
    42: "left eye",
    48: "outer upper lip",
    53: "outer lower lip",
    58: "right mouth corner",
    59: "inner upper lip",
    62: "left mouth corner",
    63: "inner lower lip",
    66: "pupils",
    68: "eyeball centres",
}
ANCHORS = {  # OpenSeeFace's head, for comparison: receivers' translation scales were set with it
    "inner corners apart": (0.262, lambda h: h[39, 0] - h[42, 0]),
    "jaw width": (0.910, lambda h: h[0, 0] - h[16, 0]),
    "mouth corners apart": (0.363, lambda h: h[58, 0] - h[62, 0]),
    "nasion to tip, height": (0.293, lambda h: h[27, 1] - h[30, 1]),
    "chin y": (-0.621, lambda h: h[8, 1]),
    "ear contour z": (-0.764, lambda h: h[0, 2]),
    "outer eye corner z": (-0.285, lambda h: h[36, 2]),
    "inner eye corner z": (-0.234, lambda h: h[39, 2]),
    "eyeball x": (0.258, lambda h: h[68, 0]),
    "eyeball y": (0.276, lambda h: h[68, 1]),
    "eyeball z": (-0.325, lambda h: h[68, 2]),
}


def head_from_mesh(mesh: FaceMesh) -> np.ndarray:
    """(70, 3) in frame M, face units."""
    iris = mesh.mean[[RIGHT_IRIS[0], LEFT_IRIS[0]]]
    points = (np.concatenate([mesh.landmarks, iris]) - mesh.landmarks[topology.NOSE_TIP]) * -1.0
    points *= OUTER_EYE_DISTANCE / np.linalg.norm(points[topology.RIGHT_EYE_OUTER] - points[topology.LEFT_EYE_OUTER])
    landmarks, pupils = points[:66], points[66:]
    eyeballs = np.empty((2, 3))
    for eye, (a, b) in enumerate(
        (
            (landmarks[topology.RIGHT_EYE_OUTER], landmarks[topology.RIGHT_EYE_INNER]),
            (landmarks[topology.LEFT_EYE_OUTER], landmarks[topology.LEFT_EYE_INNER]),
        )
    ):
        along = (pupils[eye, 0] - a[0]) / (b[0] - a[0])
        pupils[eye, 2] = a[2] + along * (b[2] - a[2])
        eyeballs[eye] = (a + b) / 2 - [0, 0, EYEBALL_DEPTH * np.linalg.norm(b - a)]
    head = np.concatenate([landmarks, pupils, eyeballs])
    partner = np.concatenate([topology.MIRROR, [67, 66, 69, 68]])
    head = np.round((head + (head * [-1, 1, 1])[partner]) / 2, 4) + 0.0  # + 0.0: no negative zeros in the table
    return head


def main() -> None:
    head = head_from_mesh(load_face_mesh())
    rows = []
    for index, (x, y, z) in enumerate(head):
        comment = f"  # {index}: {GROUPS[index]}" if index in GROUPS else ""
        rows.append(f"        [{x:.4f}, {y:.4f}, {z:.4f}],{comment}\n")
    TARGET.write_text(HEADER + "".join(rows) + FOOTER, encoding="utf-8")
    print(f"wrote {TARGET}")
    for name, (anchor, measure) in ANCHORS.items():
        print(f"{name:22} {measure(head):7.3f}  OpenSeeFace {anchor:7.3f}")


if __name__ == "__main__":
    main()
