"""Write tracker/face/head.py: the 70-point reference head, fitted to renders whose pose is known exactly.

The points lie where, posed as each render is, they fall on its exact landmarks: least squares over thousands of faces
at rest, both families of heads alike, seen from many sides. The problem is linear, as pose and camera are known.
Nothing is stretched. The rendered heads' eyeballs are larger than people's, so the eyes are people's.

    python -m training.make_head --renders ict-a makehuman-a
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tracker import topology
from training.synthetic.shards import RenderSet
from training.synthetic.truth import FAMILIES, OUTER_EYE_UNITS

Arrays = dict[str, np.ndarray]
TARGET = Path(__file__).parents[1] / "tracker" / "face" / "head.py"
PUPIL_UP = 0.072
"""How far the pupil lies above the line of the eye's corners, in their distance: median of 315 portraits of people who
look into the camera (fold 0), read by model 3. Gaze is unbiased at rest by it."""
PUPIL_RADIUS = 0.385
"""Distance of the pupil from the eye's centre of rotation, likewise: some 10 mm, an eye being 26 mm wide. The centre
lies 13.5 mm behind the cornea (Fry and Hill 1962, "The center of rotation of the eye"), the pupil seen about 3 mm."""
MAX_TURN_DEG = 40.0
"""Poses beyond this are left out: an outline slides along the head."""

HEADER = '''"""The reference head: where the 70 points lie on an average, neutral face.

Written by ``python -m training.make_head``; edit that instead. Frame M, face units: x to the subject's right, y up,
z out of the face, origin at the nose tip (30), outer eye corners 0.632 apart (about 9 cm), exactly symmetric. Fitted to
renders of ICT-FaceKit's and MakeHuman's heads with known poses.
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


@dataclass(frozen=True, eq=False)
class Views:
    """Known poses: rotation (N, 3, 3), translation (N, 3) as `tracker.types.HeadPose`; focal (N,), centre (2,) px."""

    rotation: np.ndarray
    translation: np.ndarray
    focal: np.ndarray
    centre: np.ndarray

    def equations(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(N, 2, 3) and (N, 2): the linear equations rows @ m = right for the point seen at `pixels` (N, 2).

        With c = rotation @ -m + translation, seen at u: (u - centre) / focal * c_z = c_xy. Divided by the distance, so
        that residuals are image lengths and near faces do not count more.
        """
        slopes = (pixels - self.centre) / self.focal[:, None]
        across = slopes[:, :, None] * self.rotation[:, 2:3] - self.rotation[:, :2]
        right = slopes * self.translation[:, 2:] - self.translation[:, :2]
        return across / self.translation[:, 2, None, None], right / self.translation[:, 2, None]


def views_of(renders: Arrays, chosen: np.ndarray, size: int) -> Views:
    centre = np.full(2, (size - 1) / 2)
    rotation = renders["rotation"][chosen].astype(np.float64)
    return Views(rotation, renders["translation"][chosen].astype(np.float64), renders["focal_px"][chosen], centre)


def fit_points(renders: Arrays, size: int) -> np.ndarray:
    """(66, 3) the head of one family, frame M."""
    turn = np.degrees(np.arccos(np.clip(renders["rotation"][:, 2, 2], -1, 1)))
    chosen = np.flatnonzero(renders["neutral"] & (turn < MAX_TURN_DEG))
    views = views_of(renders, chosen, size)
    head = np.empty((topology.N_LANDMARKS, 3))
    for k in range(topology.N_LANDMARKS):
        rows, right = views.equations(renders["points"][chosen, k].astype(np.float64))
        head[k] = np.linalg.lstsq(rows.reshape(-1, 3), right.ravel(), rcond=None)[0]
    return head


def mean_head(renders: Arrays, size: int) -> np.ndarray:
    """(70, 3) the average of the families, symmetric."""
    heads = []
    for family in range(len(FAMILIES)):
        own = renders["family"] == family
        if not own.any():
            continue
        part = {key: values[own] for key, values in renders.items()}
        points = fit_points(part, size)
        head = points - points[topology.NOSE_TIP]
        apart = np.linalg.norm(head[topology.RIGHT_EYE_OUTER] - head[topology.LEFT_EYE_OUTER])
        heads.append(head * (OUTER_EYE_UNITS / apart))
    head = _aligned_mean(heads)
    head = (head + (head * [-1, 1, 1])[topology.MIRROR]) / 2
    head = np.concatenate([head, _eyes(head)])
    return np.round(head, 4) + 0.0  # + 0.0: no negative zeros in the table


def _eyes(head: np.ndarray) -> np.ndarray:
    """(4, 3) pupils that look straight ahead and eyeball centres, right and left."""
    pupils = []
    for corners in (topology.RIGHT_EYE[[0, 3]], topology.LEFT_EYE[[0, 3]]):
        outer, inner = head[corners]
        width = np.linalg.norm(outer - inner)
        pupils.append((outer + inner) / 2 + [0.0, PUPIL_UP * width, 0.0])
    back = PUPIL_RADIUS * np.linalg.norm(head[topology.RIGHT_EYE_OUTER] - head[topology.RIGHT_EYE_INNER])
    return np.concatenate([pupils, np.array(pupils) - [0.0, 0.0, back]])


def _aligned_mean(heads: list[np.ndarray]) -> np.ndarray:
    """The mean of the families' heads, each nodded until its rigid points fit the mean best.

    What "straight ahead" means is each family's own choice; they differ by some ten degrees.
    """
    heads = [head.copy() for head in heads]
    for _ in range(20):
        mean = np.mean(heads, axis=0)
        for k, head in enumerate(heads):
            at, to = head[topology.RIGID_POINTS][:, 1:], mean[topology.RIGID_POINTS][:, 1:]
            at, to = at - at.mean(axis=0), to - to.mean(axis=0)
            angle = np.arctan2((at[:, 0] * to[:, 1] - at[:, 1] * to[:, 0]).sum(), (at * to).sum())
            turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
            heads[k] = np.concatenate([head[:, :1], head[:, 1:] @ turn], axis=1)
    return np.mean(heads, axis=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--renders", nargs="+", required=True, help="names of rendered training sets, both families")
    parser.add_argument("--dry-run", action="store_true", help="print, but leave tracker/face/head.py as it is")
    arguments = parser.parse_args()
    renders = RenderSet(arguments.renders)
    head = mean_head(renders.arrays, renders.picture(0).shape[0])
    rows = []
    for index, (x, y, z) in enumerate(head):
        comment = f"  # {index}: {GROUPS[index]}" if index in GROUPS else ""
        rows.append(f"        [{x:.4f}, {y:.4f}, {z:.4f}],{comment}\n")
    if not arguments.dry_run:
        TARGET.write_text(HEADER + "".join(rows) + FOOTER, encoding="utf-8")
        print(f"wrote {TARGET}")
    for name, (anchor, measure) in ANCHORS.items():
        print(f"{name:22} {measure(head):7.3f}  OpenSeeFace {anchor:7.3f}")


if __name__ == "__main__":
    main()
