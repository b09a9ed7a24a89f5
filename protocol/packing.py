"""Numbers into bytes, with one kind of error for all that do not fit."""

from __future__ import annotations

import math
import struct


def packed(form: struct.Struct, what: str, *values: float | bytes) -> bytes:
    """`values` in the binary `form`. what: they are, for the message.

    Raises ValueError for a number that is not finite, or too large for its field: `struct` itself has three kinds of
    errors for these, and packs infinities.
    """
    if not all(math.isfinite(value) for value in values if isinstance(value, int | float)):
        raise ValueError(f"{what} is not finite")
    try:
        return form.pack(*values)
    except (OverflowError, struct.error):
        raise ValueError(f"{what} is too large to be sent") from None
