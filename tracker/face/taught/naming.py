"""What an expression may be called. Nothing heavy is imported here: the command line checks names with it."""

from __future__ import annotations

import unicodedata

MAX_NAME_LENGTH = 64
_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"  # part of emoji, and of Persian and Indian words


def checked_name(text: str) -> str:
    """`text` as the name of an expression, of any language. Raises ValueError for one that cannot be shown or typed."""
    name = unicodedata.normalize("NFC", text).strip()
    if not name:
        raise ValueError("an expression needs a name")
    if len(name) > MAX_NAME_LENGTH:
        raise ValueError(f"a name has at most {MAX_NAME_LENGTH} characters, not {len(name)}")
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") and c not in _JOINERS for c in name):
        raise ValueError("a name is one line without control characters")
    return name
