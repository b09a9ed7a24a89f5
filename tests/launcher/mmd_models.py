"""Writes small models of MikuMikuDance for tests, as PMX 2.0 and as PMD: a head with a strand of hair, and a picture.

Lengths are MMD's; the models look along -z, as all of them do. Each morph moves the face's vertices by its own amount.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence

MORPHS = ("まばたき", "ウィンク２", "ｳｨﾝｸ２右", "あ", "い", "う", "え", "お", "上", "下", "にやり", "涙")
"""Blink, the two winks, five vowels, brows up and down, a smile, and tears, which nothing drives."""

# name, place, parent
BONES: tuple[tuple[str, tuple[float, float, float], int], ...] = (
    ("センター", (0.0, 8.0, 0.0), -1),
    ("上半身", (0.0, 11.0, 0.0), 0),
    ("首", (0.0, 15.0, 0.0), 1),
    ("頭", (0.0, 16.0, 0.0), 2),
    ("左目", (0.4, 17.0, -0.8), 3),
    ("右目", (-0.4, 17.0, -0.8), 3),
    ("髪1", (0.0, 18.0, 1.2), 3),
    ("髪2", (0.0, 16.0, 1.4), 6),
    ("髪3", (0.0, 14.0, 1.4), 7),
    ("左腕", (1.5, 14.0, 0.0), 1),
    ("左ひじ", (4.0, 13.0, 0.0), 9),
    ("右腕", (-1.5, 14.0, 0.0), 1),
    ("右ひじ", (-4.0, 13.0, 0.0), 11),
    ("鼻", (0.0, 16.0, -1.4), 3),
)
HEAD, HAIR = 3, (6, 7, 8)
EYES = (4, 5)
BODY = {"torso": (1, (0.0, 12.0, 0.0), (1.6, 3.0, 0.9)), "head": (HEAD, (0.0, 17.2, 0.0), (1.3, 1.5, 1.2)),
        "hair": (7, (0.0, 15.5, 1.5), (0.9, 2.6, 0.12)), "arm_l": (9, (2.8, 13.4, 0.0), (1.4, 0.3, 0.3)),
        "arm_r": (11, (-2.8, 13.4, 0.0), (1.4, 0.3, 0.3)),
        "eye_l": (EYES[0], (0.45, 17.3, -1.2), (0.25, 0.28, 0.08)),
        "eye_r": (EYES[1], (-0.45, 17.3, -1.2), (0.25, 0.28, 0.08)),
        "lid_l": (HEAD, (0.45, 17.65, -1.26), (0.3, 0.04, 0.06)),
        "lid_r": (HEAD, (-0.45, 17.65, -1.26), (0.3, 0.04, 0.06)),
        "mouth": (HEAD, (0.0, 16.5, -1.2), (0.35, 0.05, 0.06))}  # fmt: skip
MATERIALS: tuple[tuple[str, tuple[float, float, float], bool], ...] = (
    ("torso", (0.3, 0.4, 0.7), False),
    ("head", (0.95, 0.8, 0.7), True),
    ("hair", (0.25, 0.2, 0.3), False),
    ("arm_l", (0.3, 0.4, 0.7), False),
    ("arm_r", (0.3, 0.4, 0.7), False),
    ("eye_l", (0.25, 0.1, 0.35), False),
    ("eye_r", (0.25, 0.1, 0.35), False),
    ("lid_l", (0.95, 0.8, 0.7), True),
    ("lid_r", (0.95, 0.8, 0.7), True),
    ("mouth", (0.5, 0.1, 0.15), False),
)
DOWN = {"まばたき": {"lid_l": 0.7, "lid_r": 0.7}, "ウィンク２": {"lid_l": 0.7}, "ｳｨﾝｸ２右": {"lid_r": 0.7},
        "あ": {"mouth": 0.6}, "お": {"mouth": 0.4}}  # fmt: skip
"""How far a morph moves the lower edge of a part down, besides what it does to the head."""
TEXTURE = "tex/肌.png"
CORNERS = [(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
TRIANGLES = (0, 1, 3, 0, 3, 2, 4, 6, 7, 4, 7, 5, 0, 4, 5, 0, 5, 1, 2, 3, 7, 2, 7, 6, 0, 2, 6, 0, 6, 4, 1, 5, 7, 1, 7, 3)


def png(color: tuple[int, int, int] = (255, 255, 255)) -> bytes:
    """A picture of two by two pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes(color) * 2 for _ in range(2))
    header = struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def tga(color: tuple[int, int, int] = (255, 255, 255)) -> bytes:
    """The same as a run-length coded TGA."""
    red, green, blue = color
    return struct.pack("<BBBHHBHHHHBB", 0, 0, 10, 0, 0, 0, 0, 0, 2, 2, 24, 0) + bytes([0x83, blue, green, red])


def zipped(files: dict[str, bytes]) -> bytes:
    """An archive of `files` by their paths."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return packed.getvalue()


def _vertices() -> list[tuple[tuple[float, ...], tuple[float, ...], tuple[float, float], int]]:
    """Place, normal, UV and bone of each vertex."""
    made = []
    for name, _, _ in MATERIALS:
        bone, centre, size = BODY[name]
        for corner in CORNERS:
            place = tuple(c + s * k for c, s, k in zip(centre, size, corner, strict=True))
            normal = tuple(k / 3**0.5 for k in corner)
            made.append((place, normal, ((corner[0] + 1) / 2, (1 - corner[1]) / 2), bone))
    return made


def _part(part: str) -> range:
    start = 8 * [name for name, _, _ in MATERIALS].index(part)
    return range(start, start + 8)


def _moved() -> list[int]:
    """The vertices that morphs move."""
    return [vertex for part in ("head", "lid_l", "lid_r", "mouth") for vertex in _part(part)]


def _shifts(name: str) -> dict[int, float]:
    """How far up the morph `name` moves each of them."""
    shifts = dict.fromkeys(_part("head"), 0.01 * (MORPHS.index(name) + 1))
    for part, distance in DOWN.get(name, {}).items():
        shifts |= {vertex: -distance for vertex, (_, y, _) in zip(_part(part), CORNERS, strict=True) if y < 0}
    return shifts


def pmx(texture: str = TEXTURE, version: float = 2.0, morphs: Sequence[str] = MORPHS) -> bytes:
    """A PMX file whose head has the picture `texture`, a toon ramp and an outline."""
    out = io.BytesIO()

    def text(value: str) -> None:
        data = value.encode("utf-16-le")
        out.write(struct.pack("<i", len(data)) + data)

    def put(layout: str, *values: float) -> None:
        out.write(struct.pack("<" + layout, *values))

    out.write(b"PMX " + struct.pack("<fB8B", version, 8, 0, 0, 1, 1, 1, 1, 1, 1))
    for value in ("立方体さん", "Cube-san", "", ""):
        text(value)
    vertices = _vertices()
    put("i", len(vertices))
    for place, normal, uv, bone in vertices:
        put("3f3f2f", *place, *normal, *uv)
        put("Bbf", 0, bone, 1.0)
    put("i", 36 * len(MATERIALS))
    for i in range(len(MATERIALS)):
        out.write(bytes(8 * i + corner for corner in TRIANGLES))
    put("i", 1)
    text(texture)
    put("i", len(MATERIALS))
    for name, color, has_texture in MATERIALS:
        text(name)
        text(name)
        put("4f3ff3f", *color, 1.0, 0.0, 0.0, 0.0, 5.0, *(c * 0.5 for c in color))
        put("B4ff", 0x10, 0.1, 0.1, 0.1, 1.0, 1.0)
        put("bbBBB", 0 if has_texture else -1, -1, 0, 1, 1)
        text("")
        put("i", 36)
    put("i", len(BONES))
    for name, place, parent in BONES:
        text(name)
        text("")
        put("3fbiH", *place, parent, 0, 0x1A)
        put("3f", 0.0, 1.0, 0.0)
    put("i", len(morphs))
    for name in morphs:
        text(name)
        text("")
        put("BBi", 4, 1, len(_shifts(name)))
        for vertex, shift in _shifts(name).items():
            put("B3f", vertex, 0.0, shift, 0.0)
    put("i", 0)
    bodies = [(HEAD, 0, 1.2, (0.0, 17.0, 0.0))] + [(bone, 1, 0.2, BONES[bone][1]) for bone in HAIR]
    put("i", len(bodies))
    for bone, mode, radius, place in bodies:
        text("")
        text("")
        put("bBHB3f3f3f5fB", bone, 0, 0xFFFF, 0, radius, 0, 0, *place, 0, 0, 0, 1, 0.5, 0.5, 0, 0.5, mode)
    put("i", 0)
    return out.getvalue()


def pmd(texture: str = "skin.tga") -> bytes:
    """The same as a PMD file."""
    out = io.BytesIO()

    def put(layout: str, *values: float) -> None:
        out.write(struct.pack("<" + layout, *values))

    def text(value: str, width: int) -> None:
        out.write(value.encode("shift_jis").ljust(width, b"\0"))

    out.write(b"Pmd" + struct.pack("<f", 1.0))
    text("立方体さん", 20)
    text("", 256)
    vertices = _vertices()
    put("I", len(vertices))
    for place, normal, uv, bone in vertices:
        put("3f3f2fHHBB", *place, *normal, *uv, bone, 0, 100, 0)
    put("I", 36 * len(MATERIALS))
    for i in range(len(MATERIALS)):
        put("36H", *(8 * i + corner for corner in TRIANGLES))
    put("I", len(MATERIALS))
    for _, color, has_texture in MATERIALS:
        put("4ff3f3fbBI", *color, 1.0, 5.0, 0, 0, 0, *(c * 0.5 for c in color), 0, 1, 36)
        text(texture if has_texture else "", 20)
    put("H", len(BONES))
    for name, place, parent in BONES:
        text(name, 20)
        put("HHBH3f", parent & 0xFFFF, 0, 0, 0, *place)
    put("H", 0)
    put("H", len(MORPHS) + 1)
    face = _moved()
    text("base", 20)
    put("IB", len(face), 0)
    for vertex in face:
        put("I3f", vertex, *vertices[vertex][0])
    for name in MORPHS:
        text(name, 20)
        put("IB", len(_shifts(name)), 4)
        for vertex, shift in _shifts(name).items():
            put("I3f", face.index(vertex), 0.0, shift, 0.0)
    put("B", 0)
    put("B", 0)
    put("I", 0)
    put("B", 0)
    for i in range(10):
        text(f"toon{i + 1:02}.bmp", 100)
    put("I", len(HAIR))
    for bone in HAIR:
        text("", 20)
        put("hBHB3f3f3f5fB", bone, 0, 0xFFFF, 0, 0.2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0.5, 0.5, 0, 0.5, 1)
    put("I", 0)
    return out.getvalue()
