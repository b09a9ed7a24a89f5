"""The icon, drawn from the page's own: `python icon.py FILE`, a Windows `.ico` or a `.png` of 256 pixels square.

There is one drawing, launcher/web/static/icon.svg; this reads as much of SVG as it uses. Needs OpenCV and NumPy.
"""

from __future__ import annotations

import re
import struct
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from contents import ROOT

DRAWING = ROOT / "launcher" / "web" / "static" / "icon.svg"
SIZES = (16, 20, 24, 32, 40, 48, 64, 256)
"""Pixels. What Windows asks for in lists, the task bar and folders, at 100 to 250 % of scaling."""
OVERSAMPLED = 8
CURVE_STEPS = 24
FRACTION_BITS = 4
NUMBER = r"-?(?:\d+\.?\d*|\.\d+)"

Points = np.ndarray
"""(n, 2) float, x and y in the drawing's own units."""


def shapes(drawing: Path = DRAWING) -> tuple[float, list[tuple[str, Points, float | None]]]:
    """The drawing's width and, from back to front, each shape's colour, outline and stroke width (None: filled).

    Raises ValueError for what is not understood.
    """
    root = ET.fromstring(drawing.read_text(encoding="utf-8"))
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    if (left, top) != (0, 0) or width != height:
        raise ValueError(f"{drawing.name} is not square from 0, 0")
    found: list[tuple[str, Points, float | None]] = []
    for element in root:
        outline = OUTLINES.get(element.tag.partition("}")[2])
        if outline is None:
            raise ValueError(f"{drawing.name} has a {element.tag}")
        if element.get("fill") == "none":
            found.append((element.attrib["stroke"], outline(element), float(element.attrib["stroke-width"])))
        else:
            found.append((element.attrib["fill"], outline(element), None))
    return width, found


def _rectangle(element: ET.Element) -> Points:
    """With rounded corners."""
    width, height, radius = (float(element.attrib[name]) for name in ("width", "height", "rx"))
    corners = ((width - radius, height - radius), (radius, height - radius), (radius, radius), (width - radius, radius))
    turn = np.linspace(0, np.pi / 2, CURVE_STEPS)
    parts = []
    for quarter, corner in enumerate(corners):
        angle = turn + quarter * np.pi / 2
        parts.append(np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius + corner)
    return np.concatenate(parts)


def _circle(element: ET.Element) -> Points:
    angle = np.linspace(0, 2 * np.pi, 4 * CURVE_STEPS, endpoint=False)
    centre = [float(element.attrib["cx"]), float(element.attrib["cy"])]
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) * float(element.attrib["r"]) + centre


def _path(element: ET.Element) -> Points:
    """One outline of cubic curves: the commands M, c, s and z."""
    points: list[Points] = []
    control = here = np.zeros(2)
    for command, pairs in _commands(element.attrib["d"]):
        if command == "M":
            here = pairs[0]
            points.append(pairs[:1])
        elif command != "z":
            for curve in pairs.reshape(-1, 3 if command == "c" else 2, 2):
                first = here + curve[0] if command == "c" else 2 * here - control
                control, end = here + curve[-2], here + curve[-1]
                points.append(_curve(here, first, control, end))
                here = end
    return np.concatenate(points)


def _commands(text: str) -> Iterator[tuple[str, Points]]:
    for command, numbers in re.findall(r"([A-Za-z])([^A-Za-z]*)", text):
        if command not in "Mcsz":
            raise ValueError(f"the path command {command} is not understood")
        yield command, np.array([float(number) for number in re.findall(NUMBER, numbers)]).reshape(-1, 2)


def _curve(start: Points, first: Points, second: Points, end: Points) -> Points:
    """Points on a cubic Bézier curve, without its start."""
    t = np.linspace(0, 1, CURVE_STEPS + 1)[1:, None]
    curve: Points = (1 - t) ** 3 * start + 3 * (1 - t) ** 2 * t * first + 3 * (1 - t) * t**2 * second + t**3 * end
    return curve


OUTLINES = {"rect": _rectangle, "circle": _circle, "path": _path}


def draw(size: int, drawing: Path = DRAWING) -> np.ndarray:
    """(size, size, 4) uint8, blue, green, red, opacity (not multiplied)."""
    width, found = shapes(drawing)
    large = size * OVERSAMPLED
    colour, opacity = np.zeros((size, size, 3)), np.zeros((size, size, 1))
    for tint, points, stroke in found:
        mask = np.zeros((large, large), np.uint8)
        fixed = np.round((points * large / width - 0.5) * 2**FRACTION_BITS).astype(np.int32)
        if stroke is None:
            cv2.fillPoly(mask, [fixed], 255, cv2.LINE_8, FRACTION_BITS)
        else:
            cv2.polylines(mask, [fixed], False, 255, round(stroke * large / width), cv2.LINE_8, FRACTION_BITS)
        cover = cv2.resize(mask, (size, size), interpolation=cv2.INTER_AREA)[..., None] / 255.0
        shade = np.array([int(tint[at : at + 2], 16) for at in (5, 3, 1)], float)
        after = cover + opacity * (1 - cover)
        colour = (shade * cover + colour * opacity * (1 - cover)) / np.maximum(after, 1e-9)
        opacity = after
    return np.round(np.concatenate([colour, opacity * 255], axis=2)).astype(np.uint8)


def png(size: int) -> bytes:
    """The icon as a PNG file."""
    return bytes(cv2.imencode(".png", draw(size))[1])


def ico(sizes: tuple[int, ...] = SIZES) -> bytes:
    """A Windows icon that holds a PNG for each of `sizes`."""
    pictures = [png(size) for size in sizes]
    at = 6 + 16 * len(sizes)
    entries = b""
    for size, picture in zip(sizes, pictures, strict=True):
        entries += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(picture), at)
        at += len(picture)
    return struct.pack("<HHH", 0, 1, len(sizes)) + entries + b"".join(pictures)


def write_icon(folder: Path) -> str:
    """The path of the Windows icon written into `folder`."""
    file = folder / "facetracker.ico"
    file.write_bytes(ico())
    return str(file)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.write_bytes(ico() if target.suffix == ".ico" else png(256))
