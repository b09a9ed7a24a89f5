"""Expressions of VRM avatars, derived from the subject."""

from __future__ import annotations

from tracker.output.formats.scales import ARKIT_NAMES, LOOK_ACROSS_DEG, LOOK_UP_DEG, coefficients, unit
from tracker.output.subject import AvatarSubject

VRM0, VRM1, PERFECT_SYNC = "vrm0", "vrm1", "perfectsync"

PARTED = 0.25
"""Mouth opening above which a wide mouth is the vowel I and not a smile."""

# One order of expressions; each set of names follows it.
_VRM0_NAMES = (
    *("A", "I", "U", "E", "O", "Blink", "Blink_L", "Blink_R"),
    *("LookUp", "LookDown", "LookLeft", "LookRight"),
    *("Joy", "Angry", "Sorrow", "Fun"),
)
_VRM1_NAMES = (
    *("aa", "ih", "ou", "ee", "oh", "blink", "blinkLeft", "blinkRight"),
    *("lookUp", "lookDown", "lookLeft", "lookRight"),
    *("happy", "angry", "sad", "relaxed"),
)
NAMES = {VRM0: _VRM0_NAMES, VRM1: _VRM1_NAMES, PERFECT_SYNC: ARKIT_NAMES}
"""Expression names by kind of avatar. Only one kind is ever sent: an avatar that has both would move twice."""


def values(subject: AvatarSubject, kind: str, emotions: bool) -> tuple[float, ...]:
    """The expressions of `kind`, 0 to 1, in the order of `NAMES`. emotions: False sets those of moods to 0.

    Raises ValueError when `kind` needs blendshapes that were not estimated.
    """
    return coefficients(subject) if kind == PERFECT_SYNC else _presets(subject, emotions)


def _presets(subject: AvatarSubject, emotions: bool) -> tuple[float, ...]:
    expression = subject.expression
    opened = unit(expression.mouth_open)
    wide, narrow = unit(expression.mouth_wide), unit(-expression.mouth_wide)
    closed_right, closed_left = (1.0 - openness for openness in subject.openness)
    across = 0.5 * (subject.gaze[0].yaw + subject.gaze[1].yaw) / LOOK_ACROSS_DEG
    down = 0.5 * (subject.gaze[0].pitch + subject.gaze[1].pitch) / LOOK_UP_DEG
    corners_down = 0.5 * (expression.mouth_corner_updown_l + expression.mouth_corner_updown_r)
    brows_up = 0.5 * (expression.eyebrow_updown_l + expression.eyebrow_updown_r)
    mood = float(emotions)
    return (
        opened * (1.0 - wide - narrow),  # the five vowels sum to at most 1
        min(opened / PARTED, 1.0) * (1.0 - opened) * wide,
        (1.0 - opened) * narrow,
        opened * wide,
        opened * narrow,
        0.0,  # both eyes: each is sent separately, and an avatar would add them up
        closed_left,
        closed_right,
        unit(-down),
        unit(down),
        unit(-across),
        unit(across),
        mood * unit(-corners_down),
        mood * unit(-brows_up),
        mood * unit(corners_down),
        0.0,  # fun cannot be distinguished from joy
    )
