"""What a receiver of each format sees, all in the same words: by independent readers, from bytes."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass

from tests.protocol.osc_reader import by_name, read_bundle
from tests.protocol.phone_readers import PhoneFrame, read_as_vseeface, read_as_warudo, read_live_link
from tests.protocol.unity_reader import inverse, multiply, read, rotate, turn_degrees

_UNITY_FRONTAL = (-math.sqrt(0.5), -math.sqrt(0.5), 0.0, 0.0)


@dataclass(frozen=True)
class Seen:
    """yaw: degrees to the subject's right; pitch: down; roll: top to the subject's left. look: of the eyes, likewise.

    squint: how much further to the right the right eye looks than the left. Blinks and mouth: 0 to 1.
    None: the format does not say.
    """

    yaw: float
    pitch: float
    roll: float
    look_right: float | None = None
    look_down: float | None = None
    right_blink: float | None = None
    left_blink: float | None = None
    mouth_open: float | None = None
    squint: float | None = None


def by_openseeface(data: bytes) -> Seen:
    """As Unity's components: the angles are about the avatar's axes, from the frontal pose."""
    reading = read(data)
    x, y, z, w = reading.raw_quaternion
    pitch, yaw, roll = turn_degrees(multiply((-y, -x, z, w), inverse(_UNITY_FRONTAL)))
    looks = [rotate(gaze, (0.0, 0.0, 1.0)) for gaze in (reading.right_gaze, reading.left_gaze)]
    # The vertical sign is the one that receivers know: see the tests of that reader.
    right = sum(math.degrees(math.atan2(look[0], look[2])) for look in looks) / 2
    down = sum(math.degrees(math.asin(look[1])) for look in looks) / 2
    return Seen(
        yaw, pitch, roll, right, down, 1 - reading.right_eye_open, 1 - reading.left_eye_open, reading.features[12]
    )


def by_vmc(bundles: list[bytes]) -> Seen:
    """python-osc, then as an avatar in Unity moves: the neck carries the head."""
    messages = [message for data in bundles for message in read_bundle(data)]
    bones = {name: tuple(params[3:]) for name, params in by_name(messages, "/VMC/Ext/Bone/Pos").items()}
    blends = {name: value for name, (value,) in by_name(messages, "/VMC/Ext/Blend/Val").items()}
    pitch, yaw, roll = turn_degrees(multiply(bones["Neck"], bones["Head"]))
    looks = [turn_degrees(bones[name]) for name in ("RightEye", "LeftEye")]
    right, down = (sum(look[axis] for look in looks) / 2 for axis in (1, 0))
    mouth = blends["A"] if "A" in blends else blends["aa"] if "aa" in blends else blends["JawOpen"]
    blinks = [
        next(blends[name] for name in names if name in blends)
        for names in (("Blink_R", "blinkRight", "EyeBlinkRight"), ("Blink_L", "blinkLeft", "EyeBlinkLeft"))
    ]
    return Seen(yaw, pitch, roll, right, down, *blinks, mouth, looks[0][1] - looks[1][1])


def by_ifacialmocap(data: bytes) -> Seen:
    """Both strict parsers must agree; angles in ARKit's axes, where turning and tipping are to the other side."""
    frame: PhoneFrame = read_as_warudo(data)
    assert frame == read_as_vseeface(data)
    rx, ry, rz = frame.head[:3]
    eyes = (frame.right_eye, frame.left_eye)
    return Seen(
        -ry, rx, -rz,
        -sum(eye[1] for eye in eyes) / 2, sum(eye[0] for eye in eyes) / 2,
        frame.shapes["eyeBlink_R"] / 100, frame.shapes["eyeBlink_L"] / 100, frame.shapes["jawOpen"] / 100,
        frame.left_eye[1] - frame.right_eye[1],
    )  # fmt: skip


def by_live_link(data: bytes) -> Seen:
    values = read_live_link(data).values
    degrees = {name: math.degrees(value) for name, value in values.items()}
    return Seen(
        degrees["HeadYaw"], degrees["HeadPitch"], degrees["HeadRoll"],
        (degrees["LeftEyeYaw"] + degrees["RightEyeYaw"]) / 2, (degrees["LeftEyePitch"] + degrees["RightEyePitch"]) / 2,
        values["EyeBlinkRight"], values["EyeBlinkLeft"], values["JawOpen"],
        degrees["RightEyeYaw"] - degrees["LeftEyeYaw"],
    )  # fmt: skip


def by_opentrack(data: bytes) -> Seen:
    _, _, _, yaw, pitch_up, roll = struct.unpack("<6d", data)
    return Seen(yaw, -pitch_up, roll)


def by_json(data: bytes) -> Seen:
    """The first face."""
    face = json.loads(data)["faces"][0]
    head, eyes = face["head"], face["eyes"]
    return Seen(
        head["yaw"], head["pitch"], head["roll"],
        (eyes["right"]["yaw"] + eyes["left"]["yaw"]) / 2, (eyes["right"]["pitch"] + eyes["left"]["pitch"]) / 2,
        1 - eyes["right"]["open"], 1 - eyes["left"]["open"], face["features"]["mouth_open"],
        eyes["right"]["yaw"] - eyes["left"]["yaw"],
    )  # fmt: skip
