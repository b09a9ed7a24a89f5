"""Draws results onto an image, for the preview window and the annotated video."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from tracker import topology as t
from tracker.intrinsics import CameraIntrinsics
from tracker.types import Face, FloatArray, FrameResult, HeadPose

Image = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]  # blue, green, red

POINTS, IDS, CONFIDENCE, NUMBERS = 1, 2, 3, 4
"""What each level of --visualize adds."""

_LINE: Colour = (235, 225, 190)
_SURE: Colour = (120, 230, 90)
_UNSURE: Colour = (60, 90, 255)
_PUPIL: Colour = (255, 190, 0)
_GAZE: Colour = (0, 220, 255)
_MODEL: Colour = (0, 235, 255)
_TEXT: Colour = (255, 255, 255)
_SHADOW: Colour = (25, 25, 25)
_AXES: tuple[Colour, Colour, Colour] = ((80, 80, 255), (90, 220, 90), (255, 140, 80))  # right, up, out of the face

# Open and closed polylines through the landmarks.
_OPEN_LINES = (t.JAW, t.RIGHT_BROW, t.LEFT_BROW, t.NOSE_BRIDGE, t.NOSE_BASE)
_CLOSED_LINES = (
    t.RIGHT_EYE,
    t.LEFT_EYE,
    np.array([t.RIGHT_MOUTH_CORNER, *t.OUTER_UPPER_LIP, t.LEFT_MOUTH_CORNER, *t.OUTER_LOWER_LIP]),
    np.array([t.RIGHT_MOUTH_CORNER, *t.INNER_UPPER_LIP, t.LEFT_MOUTH_CORNER, *t.INNER_LOWER_LIP]),
)

_AXIS_LENGTH = 0.35  # face units; about half the width between the outer eye corners
_GAZE_REACH = 4.0  # the gaze line's length in eyeball radii
_EYE_CLOSED = 0.3  # below this openness the pupil is not drawn, since it is not visible
_SHIFT = 4  # OpenCV takes sub-pixel coordinates in units of 1/16 pixel
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_faces(image: Image, result: FrameResult, visualize_level: int, pnp_level: int = 0) -> None:
    """Draw every face of `result` onto `image` (H, W, 3), which must be writable.

    visualize_level: 1 points, lines and gaze; 2 also the box with the id and the head's axes; 3 also the
        confidences; 4 also the number of each point. pnp_level: 1 also the head model's rigid points where the pose
        puts them, more: all 66.
    """
    for face in result.faces:
        _draw_face(image, result.camera, face, visualize_level, pnp_level)


def _draw_face(image: Image, camera: CameraIntrinsics, face: Face, level: int, pnp_level: int) -> None:
    xy = face.landmarks.xy
    # Sizes scale with the face, so that a distant face is not covered by its own points.
    x0, y0 = xy.min(axis=0)
    x1, y1 = xy.max(axis=0)
    unit = float(np.clip(max(x1 - x0, y1 - y0) / 220.0, 0.5, 3.0))
    thin = max(1, round(unit))

    for indices in _OPEN_LINES:
        _polyline(image, xy[indices], False, _LINE, thin)
    for indices in _CLOSED_LINES:
        _polyline(image, xy[indices], True, _LINE, thin)
    for point, confidence in zip(xy, face.landmarks.confidence.tolist(), strict=True):
        _dot(image, point, 2.2 * unit, _blend(_UNSURE, _SURE, confidence))
    _draw_eyes(image, face, unit, thin)

    if face.pose is not None and face.points_3d is not None:
        if face.gaze is not None:
            _draw_gaze(image, camera, face, face.pose, face.points_3d, face.gaze, thin)
        if level >= IDS:
            _draw_axes(image, camera, face.pose, max(2, thin))
        if pnp_level > 0:
            chosen = np.arange(t.N_LANDMARKS) if pnp_level > 1 else t.RIGID_POINTS
            for point in camera.project(face.pose.to_camera(face.points_3d[chosen])):
                _ring(image, point, 3.2 * unit, _MODEL, thin)
    if level >= NUMBERS:
        for number, point in enumerate(np.concatenate((xy, face.eyes.pupils))):
            beside = point + 2.0 * unit * np.array([1.0, -1.0])
            _text(image, str(number), beside, 0.3 * max(unit, 1.0), _GAZE)
    if level >= IDS:
        pad = 10.0 * unit
        _corners(image, (x0 - pad, y0 - pad, x1 + pad, y1 + pad), _TEXT, thin)
        above = max(y0 - 1.8 * pad, 16.0 * unit)  # or just inside the edge of the image, if the face touches it
        _text(image, _label(face, level), (x0 - pad, above), 0.5 * max(unit, 0.9), _TEXT)


def _label(face: Face, level: int) -> str:
    label = f"face {face.face_id}"
    if level >= CONFIDENCE:
        label += f"  {face.landmarks.mean_confidence:.2f}"
        label += "  no pose" if face.pose is None else f"  fit {face.pose.error_px:.1f} px"
    return label


def _draw_eyes(image: Image, face: Face, unit: float, thin: int) -> None:
    for eye in range(2):
        if face.eyes.openness[eye] >= _EYE_CLOSED:
            _ring(image, face.eyes.pupils[eye], 4.5 * unit, _PUPIL, thin)
            _dot(image, face.eyes.pupils[eye], 1.4 * unit, _PUPIL)


def _draw_gaze(
    image: Image,
    camera: CameraIntrinsics,
    face: Face,
    pose: HeadPose,
    points_3d: FloatArray,
    gaze: FloatArray,
    thin: int,
) -> None:
    """A line from the pupil of each open eye along the projected gaze."""
    pupils = points_3d[[t.RIGHT_PUPIL, t.LEFT_PUPIL]]
    from_here = camera.project(pose.to_camera(pupils))
    to_there = camera.project(pose.to_camera(pupils + _GAZE_REACH * gaze))
    for eye in range(2):
        if face.eyes.openness[eye] >= _EYE_CLOSED:
            start = face.eyes.pupils[eye].astype(np.float64)
            _polyline(image, np.array([start, start + to_there[eye] - from_here[eye]]), False, _GAZE, thin)


def _draw_axes(image: Image, camera: CameraIntrinsics, pose: HeadPose, thickness: int) -> None:
    """The axes of the head frame from the nose tip: red to the subject's right, green up, blue out of the face."""
    origin, *tips = camera.project(pose.to_camera(np.vstack((np.zeros(3), _AXIS_LENGTH * np.eye(3)))))
    # The axis that points at the viewer is drawn last.
    toward_viewer = pose.rotation[2]
    for axis in np.argsort(toward_viewer):
        _polyline(image, np.array([origin, tips[axis]]), False, _AXES[axis], thickness)


def _polyline(image: Image, points: npt.NDArray[Any], closed: bool, colour: Colour, thickness: int) -> None:
    cv2.polylines(image, [_fixed(points)], closed, colour, thickness, cv2.LINE_AA, _SHIFT)


def _dot(image: Image, centre: npt.NDArray[Any], radius: float, colour: Colour) -> None:
    cv2.circle(image, _place(centre), _radius(radius), colour, cv2.FILLED, cv2.LINE_AA, _SHIFT)


def _ring(image: Image, centre: npt.NDArray[Any], radius: float, colour: Colour, thickness: int) -> None:
    cv2.circle(image, _place(centre), _radius(radius), colour, thickness, cv2.LINE_AA, _SHIFT)


def _corners(image: Image, box: tuple[float, float, float, float], colour: Colour, thickness: int) -> None:
    """The four corners of `box` (left, top, right, bottom), which hide less than a full frame."""
    x0, y0, x1, y1 = box
    arm = 0.12 * min(x1 - x0, y1 - y0)
    for x, toward_x in ((x0, arm), (x1, -arm)):
        for y, toward_y in ((y0, arm), (y1, -arm)):
            corner = np.array([(x + toward_x, y), (x, y), (x, y + toward_y)])
            _polyline(image, corner, False, colour, thickness)


def _text(image: Image, text: str, place: Any, scale: float, colour: Colour) -> None:
    """Text with a shadow, readable on any background. OpenCV 5 widens bold text, so an outline is not possible."""
    x, y = (round(float(value)) for value in _inside(np.asarray(place)))
    for dx, dy in ((1, 1), (-1, 1), (1, -1)):
        cv2.putText(image, text, (x + dx, y + dy), _FONT, scale, _SHADOW, 1, cv2.LINE_AA)
    cv2.putText(image, text, (x, y), _FONT, scale, colour, 1, cv2.LINE_AA)


def _blend(low: Colour, high: Colour, share: float) -> Colour:
    share = min(max(share, 0.0), 1.0)
    blue, green, red = (round(a + (b - a) * share) for a, b in zip(low, high, strict=True))
    return blue, green, red


def _inside(points: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Clamp coordinates so that fixed-point arithmetic cannot overflow; points that far out are invisible anyway."""
    clipped: npt.NDArray[np.float64] = np.clip(points, -20_000.0, 20_000.0)
    return clipped


def _fixed(points: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    return np.round(_inside(points) * (1 << _SHIFT)).astype(np.int32).reshape(-1, 1, 2)


def _place(point: npt.NDArray[Any]) -> tuple[int, int]:
    x, y = _fixed(point)[0, 0].tolist()
    return x, y


def _radius(radius: float) -> int:
    return max(1, round(radius * (1 << _SHIFT)))
