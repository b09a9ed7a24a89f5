"""VTube Studio's parameters, derived from the subject."""

from __future__ import annotations

from tracker.output.formats.scales import ARKIT_NAMES, LOOK_ACROSS_DEG, LOOK_UP_DEG, signed_unit, unit
from tracker.output.subject import AvatarSubject


def own_values(subject: AvatarSubject) -> dict[str, float]:
    """VTube Studio's default parameters by name, for a model that moves like `subject`.

    Signs are Live2D's: positive X is to the right of the screen, where the model's left is, positive Y is up, and
    positive Z tilts the head to the right of the screen. Smile and brows are 0.5 when neutral.
    """
    expression = subject.expression
    right, left = subject.gaze
    brows = (expression.eyebrow_updown_l, expression.eyebrow_updown_r)
    corners_down = 0.5 * (expression.mouth_corner_updown_l + expression.mouth_corner_updown_r)
    values = {
        "MouthOpen": unit(expression.mouth_open),
        "MouthSmile": unit(0.5 - 0.5 * corners_down),
        "Brows": unit(0.5 + 0.25 * sum(brows)),
        "BrowLeftY": unit(0.5 + 0.5 * brows[0]),
        "BrowRightY": unit(0.5 + 0.5 * brows[1]),
        "EyeOpenLeft": subject.openness[1],
        "EyeOpenRight": subject.openness[0],
        "EyeLeftX": signed_unit(-left.yaw / LOOK_ACROSS_DEG),
        "EyeLeftY": signed_unit(-left.pitch / LOOK_UP_DEG),
        "EyeRightX": signed_unit(-right.yaw / LOOK_ACROSS_DEG),
        "EyeRightY": signed_unit(-right.pitch / LOOK_UP_DEG),
    }
    if subject.head is not None:
        angles, lean = subject.head.angles, subject.head.offset_cm
        values |= {
            "FaceAngleX": -angles.yaw,
            "FaceAngleY": -angles.pitch,
            "FaceAngleZ": angles.roll,
            "FacePositionX": lean[0],
            "FacePositionY": lean[1],
            "FacePositionZ": lean[2],
        }
    return values


def arkit_values(subject: AvatarSubject) -> dict[str, float]:
    """ARKit's blendshapes as parameters; empty when they were not estimated."""
    return dict(zip(ARKIT_NAMES, subject.blendshapes, strict=True)) if subject.blendshapes is not None else {}
