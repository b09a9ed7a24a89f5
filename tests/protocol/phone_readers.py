"""Second readers of what a phone sends, written from the published formats and from what programs in use do.

Independent of our code: standard library alone.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

Vector = tuple[float, ...]


def _words(text: str) -> list[str]:
    return text.split()


# As iFacialMocap's page for developers lists a frame.
IFACIALMOCAP_NAMES = _words(
    "mouthSmile_R eyeLookOut_L mouthUpperUp_L eyeWide_R mouthClose mouthPucker mouthRollLower eyeBlink_R "
    "eyeLookDown_L cheekSquint_R eyeBlink_L tongueOut jawRight eyeLookIn_R cheekSquint_L mouthDimple_L mouthPress_L "
    "eyeSquint_L mouthRight mouthShrugLower eyeLookUp_R eyeLookOut_R mouthPress_R cheekPuff jawForward "
    "mouthLowerDown_L mouthFrown_L mouthShrugUpper browOuterUp_L browInnerUp mouthDimple_R browDown_R mouthUpperUp_R "
    "mouthRollUpper mouthFunnel mouthStretch_R mouthFrown_R eyeLookDown_R jawOpen jawLeft browDown_L mouthSmile_L "
    "noseSneer_R mouthLowerDown_R noseSneer_L eyeWide_L mouthStretch_L browOuterUp_R eyeLookIn_L eyeSquint_R "
    "eyeLookUp_L mouthLeft"
)

# The order in which Unreal numbers them, written down from its enumeration.
LIVE_LINK_NAMES = _words(
    "EyeBlinkLeft EyeLookDownLeft EyeLookInLeft EyeLookOutLeft EyeLookUpLeft EyeSquintLeft EyeWideLeft EyeBlinkRight "
    "EyeLookDownRight EyeLookInRight EyeLookOutRight EyeLookUpRight EyeSquintRight EyeWideRight JawForward JawLeft "
    "JawRight JawOpen MouthClose MouthFunnel MouthPucker MouthLeft MouthRight MouthSmileLeft MouthSmileRight "
    "MouthFrownLeft MouthFrownRight MouthDimpleLeft MouthDimpleRight MouthStretchLeft MouthStretchRight "
    "MouthRollLower MouthRollUpper MouthShrugLower MouthShrugUpper MouthPressLeft MouthPressRight MouthLowerDownLeft "
    "MouthLowerDownRight MouthUpperUpLeft MouthUpperUpRight BrowDownLeft BrowDownRight BrowInnerUp BrowOuterUpLeft "
    "BrowOuterUpRight CheekPuff CheekSquintLeft CheekSquintRight NoseSneerLeft NoseSneerRight TongueOut HeadYaw "
    "HeadPitch HeadRoll LeftEyeYaw LeftEyePitch LeftEyeRoll RightEyeYaw RightEyePitch RightEyeRoll"
)


class Rejected(Exception):
    """A strict reader would drop this frame."""


@dataclass
class PhoneFrame:
    """shapes: 0 to 100. head: three angles and three positions."""

    shapes: dict[str, int] = field(default_factory=dict)
    head: Vector = ()
    right_eye: Vector = ()
    left_eye: Vector = ()


def read_as_warudo(data: bytes) -> PhoneFrame:
    """Spaces go, exactly one ``=`` splits the frame, numbers of shapes are whole."""
    text = data.decode("ascii").replace(" ", "")
    if text.count("=") != 1:
        raise Rejected("not exactly one =")
    shapes, poses = text.split("=")
    frame = PhoneFrame()
    for token in filter(None, shapes.split("|")):
        name, separator, value = token.partition("-")
        if not separator or not value.isdigit():
            raise Rejected(f"{token} has no whole number")
        frame.shapes[name] = int(value)
    _read_poses(poses, frame)
    return frame


def read_as_vseeface(data: bytes) -> PhoneFrame:
    """As VSeeFace and VMagicMirror do: name and number split by every ``-``, 0 to 100, six numbers for the head; the
    last part ends with a bar like the others.
    """
    text = data.decode("ascii")
    halves = text.split("=")
    if len(halves) != 2:
        raise Rejected("not exactly one =")
    if not text.endswith("|"):
        raise Rejected("no bar at the end")
    frame = PhoneFrame()
    for token in halves[0].split("|")[:-1]:
        parts = token.split("-")
        if len(parts) != 2:
            raise Rejected(f"{token} is not name-number")
        value = int(parts[1])
        if not 0 <= value <= 100:
            raise Rejected(f"{token} is out of range")
        frame.shapes[parts[0]] = value
    _read_poses(halves[1], frame)
    return frame


def read_version_2(data: bytes) -> PhoneFrame:
    """The second version, which separates by ``&``."""
    text = data.decode("ascii")
    frame = PhoneFrame()
    shapes, poses = text.split("=")
    for token in filter(None, shapes.split("|")):
        name, value = token.split("&")
        frame.shapes[name] = int(value)
    _read_poses(poses, frame)
    return frame


def read_as_vrchat(data: bytes) -> PhoneFrame:
    """As a module for VRCFaceTracking: asks for version 2, and looks at neither the first part nor the last."""
    frame = PhoneFrame()
    for part in data.decode("ascii").split("|")[1:-1]:
        if "&" in part:
            name, value = part.split("&")
            frame.shapes[name] = int(value)
        elif "#" in part:
            _read_poses(part.removeprefix("="), frame)
        else:
            raise Rejected(f"{part} is cropped")
    return frame


def read_either_separator(data: bytes) -> PhoneFrame:
    """As programs that take both versions: a name ends at whichever separator comes first."""
    frame = PhoneFrame()
    shapes, _, poses = data.decode("ascii").partition("=")
    for token in filter(None, shapes.split("|")):
        place = min(index for index in (token.find("&"), token.find("-")) if index >= 0)
        frame.shapes[token[:place]] = int(token[place + 1 :])
    _read_poses(poses, frame)
    return frame


def read_by_count(data: bytes) -> PhoneFrame:
    """As a reader in C that cuts at one separator after the other: a status, 52 shapes, and whatever comes before =."""
    frame = PhoneFrame()
    rest = data.decode("ascii")
    for _ in range(53):
        name, rest = rest.split("-", 1)
        value, rest = rest.split("|", 1)
        frame.shapes[name] = int(value)
    _last_name, rest = rest.split("-", 1)
    _last_value, rest = rest.split("=", 1)
    _read_poses(rest, frame)
    return frame


def _read_poses(text: str, frame: PhoneFrame) -> None:
    for token in filter(None, text.split("|")):
        name, numbers = token.split("#")
        values = tuple(float(number) for number in numbers.split(","))
        if name == "head" and len(values) == 6:
            frame.head = values
        elif name == "rightEye" and len(values) == 3:
            frame.right_eye = values
        elif name == "leftEye" and len(values) == 3:
            frame.left_eye = values
        else:
            raise Rejected(f"{token} is not understood")


@dataclass
class LiveLinkFrame:
    """values: by Unreal's names; empty where the datagram says that there is no face."""

    device: str
    subject: str
    frame: int
    subframe: float
    rate: tuple[int, int]
    values: dict[str, float]


def read_live_link(data: bytes) -> LiveLinkFrame:
    """Version 6, each length read, nothing left over."""
    if data[0] != 6:
        raise Rejected(f"version {data[0]}")
    place = 1

    def text() -> str:
        nonlocal place
        (length,) = struct.unpack_from(">i", data, place)
        place += 4 + length
        return data[place - length : place].decode()

    device, subject = text(), text()
    frame, subframe, numerator, denominator = struct.unpack_from(">ifii", data, place)
    place += 16
    values: dict[str, float] = {}
    if place < len(data):
        count = data[place]
        numbers = struct.unpack_from(f">{count}f", data, place + 1)
        place += 1 + 4 * count
        values = dict(zip(LIVE_LINK_NAMES, numbers, strict=True))
    if place != len(data):
        raise Rejected(f"{len(data) - place} bytes too many")
    return LiveLinkFrame(device, subject, frame, subframe, (numerator, denominator), values)


def read_live_link_by_offsets(data: bytes) -> tuple[str, list[float]]:
    """As programs in use do: a device id of 36 characters is skipped unread. AvatarSubject and values."""
    (length,) = struct.unpack_from("!i", data, 41)
    end = 45 + length
    if len(data) <= end + 16:
        return data[45:end].decode(), []
    count = struct.unpack_from("!if2ib", data, end)[-1]
    return data[45:end].decode(), list(struct.unpack(f"!{count}f", data[end + 17 :]))
