"""VMC Protocol: head bones and expressions of a VRM avatar."""

from __future__ import annotations

import math
from collections.abc import Sequence

from protocol import vmc
from tracker.output.formats import taught, vrm
from tracker.output.formats.vrm_bones import DEFAULT_BONES, HEAD, LEFT_EYE, NECK, RIGHT_EYE, Bones
from tracker.output.subject import AvatarSubject, Head, OutputFrame
from tracker.rotations import IDENTITY, inverse, multiply, quaternion_from_yaw_pitch, scale_angle

NECK_SHARE = 0.35
"""Default fraction of the head's rotation that the neck takes, if there is one."""
HMD_SERIAL, HMD_HEIGHT_M = "facetracker", 1.5
"""The tracker that an assistant sends: its name, and the height of the head at rest."""

_AT_ORIGIN = (0.0, 0.0, 0.0)


class VmcEncoder:
    """Encodes a frame as OSC bundles. Without a face it only reports that tracking is lost; the avatar keeps its pose.

    expressions: `vrm.VRM0`, `VRM1` or `PERFECT_SYNC`. emotions: whether moods move too. bones: of the avatar; empty
    to send none. neck_share: of the head's turn, 0 to 1; a neck without a share is sent at rest. assistant: also send
    the head as a tracker and a point to look at, to a program that moves the avatar itself.
    """

    def __init__(
        self,
        expressions: str = vrm.VRM0,
        emotions: bool = False,
        bones: Bones = DEFAULT_BONES,
        neck_share: float = NECK_SHARE,
        assistant: bool = False,
        mirror: bool = False,
    ) -> None:
        self._expressions = expressions
        self._emotions = emotions
        self._bones = bones
        self._neck_share = neck_share
        self._assistant = assistant
        self._mirror = mirror
        self._taught: set[str] = set()  # those sent so far: an expression that ends must be sent as 0

    def encode(self, frame: OutputFrame) -> Sequence[bytes]:
        """The bundles; the last one applies the expressions. Raises ValueError for values that cannot be sent."""
        subject = frame.subject_for(self._mirror)
        messages = [vmc.availability(subject is not None), vmc.time(frame.result.media_s)]
        if subject is not None:
            if subject.head is not None:
                messages += self._head(subject, subject.head)
            blends = self._blends(subject)
            messages += vmc.expressions(tuple(blends), blends.values())
        return vmc.bundles(messages)

    def _blends(self, subject: AvatarSubject) -> dict[str, float]:
        """Expressions by name: those of the avatar's kind as measured, then those that the user taught."""
        values = vrm.values(subject, self._expressions, self._emotions)
        blends = dict(zip(vrm.NAMES[self._expressions], values, strict=True))
        shown = {taught.blend_name(name, self._expressions): w for name, w in taught.weights(subject).items()}
        self._taught.update(shown)
        for name in sorted(self._taught):
            blends[name] = max(blends.get(name, 0.0), shown.get(name, 0.0))
        return blends

    def _head(self, subject: AvatarSubject, head: Head) -> list[bytes]:
        right, left = subject.gaze
        neck_rotation = scale_angle(head.quaternion, self._neck_share) if NECK in self._bones else IDENTITY
        rotations = {
            NECK: neck_rotation,
            HEAD: multiply(inverse(neck_rotation), head.quaternion),
            LEFT_EYE: quaternion_from_yaw_pitch(left.yaw, left.pitch),
            RIGHT_EYE: quaternion_from_yaw_pitch(right.yaw, right.pitch),
        }
        messages = []
        if self._bones:
            messages.append(vmc.root(_AT_ORIGIN, IDENTITY))
        for name, bone in self._bones.items():
            parent = bone.parent_rotation
            turned = multiply(multiply(inverse(parent), multiply(rotations[name], parent)), bone.rotation)
            messages.append(vmc.bone(name, bone.position, turned))
        if self._assistant:
            messages.append(vmc.head_mounted_display(HMD_SERIAL, _room_position(head), head.quaternion))
            messages.append(
                vmc.eye_target(_look_target(0.5 * (right.yaw + left.yaw), 0.5 * (right.pitch + left.pitch)))
            )
        return messages


def _room_position(head: Head) -> vmc.Vector:
    """Position of the head in metres, Unity's axes, for an avatar standing at the origin."""
    to_image_right, up, nearer = (0.01 * value for value in head.offset_cm)
    return (-to_image_right, HMD_HEIGHT_M + up, nearer)


def _look_target(yaw_deg: float, pitch_deg: float) -> vmc.Vector:
    """The point looked at, one metre from the head, in Unity's axes."""
    yaw, pitch = math.radians(yaw_deg), math.radians(pitch_deg)
    return (math.sin(yaw) * math.cos(pitch), -math.sin(pitch), math.cos(yaw) * math.cos(pitch))
