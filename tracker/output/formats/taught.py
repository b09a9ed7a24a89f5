"""Names under which receivers know the expressions that the user taught."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from tracker.output.formats import vrm
from tracker.output.subject import AvatarSubject

_PRESETS = (
    # What users write, VRM 0's preset, VRM 1's. VRM 0 has none for surprise, and avatars call theirs this.
    (("joy", "happy"), "Joy", "happy"),
    (("angry", "anger"), "Angry", "angry"),
    (("sorrow", "sad"), "Sorrow", "sad"),
    (("fun", "relaxed"), "Fun", "relaxed"),
    (("surprised", "surprise"), "Surprised", "surprised"),
)
_VRM0 = {word: preset for words, preset, _ in _PRESETS for word in words}
_VRM1 = {word: preset for words, _, preset in _PRESETS for word in words}

PARAMETER_PREFIX = "Taught"
_LONGEST_PARAMETER = 32


def weights(subject: AvatarSubject) -> Mapping[str, float]:
    """How far each taught expression is faded in, 0 to 1, without those at 0."""
    return {} if subject.taught is None else subject.taught.weights


def blend_name(name: str, kind: str) -> str:
    """What an avatar of `kind` (see `tracker.output.formats.vrm`) calls it: a preset, else the user's own name."""
    return (_VRM1 if kind == vrm.VRM1 else _VRM0).get(name.casefold(), name)


def parameter_name(name: str) -> str:
    """The name of VTube Studio's parameter, which has letters and digits alone: ``TaughtJoy``.

    Names of other scripts get a number that stays the same.
    """
    words = name.replace("-", " ").replace("_", " ").split()
    written = PARAMETER_PREFIX + "".join(word[:1].upper() + word[1:] for word in words)
    if written.isascii() and written.isalnum() and len(written) <= _LONGEST_PARAMETER:
        return written
    return f"{PARAMETER_PREFIX}{zlib.crc32(name.encode()):08x}"
