"""JSON that others wrote, read into values that cannot hurt: bounded in size, depth and digits, finite, whole text.

Profiles, avatars, control lines, manifests and answers from the network all come through here, so that none of them
can end a thread with an error that nobody expects (`RecursionError`, `OverflowError`) or bring a value that spreads
(``NaN``, a lone surrogate). This file needs nothing but Python.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

MAX_BYTES = 1 << 20
MAX_DEPTH = 64
"""Objects and lists within each other. glTF, the deepest kind that is read here, needs about fifteen."""
MAX_DIGITS, MAX_REAL_CHARACTERS = 40, 120
"""Of a whole number, and of one with a point: some writers spell out the fifty digits of a binary fraction."""
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_SURROGATES = re.compile("[\ud800-\udfff]")
_LARGEST_NUMBER = 1e300
"""Beyond this, sums and products of two values leave what a double can hold."""


class ForeignJsonError(ValueError):
    """The text is not JSON, or not JSON within the limits; the message says which, in a few words."""


def parse_json(
    data: bytes | str, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH, repair_text: bool = False
) -> Any:
    """The value in `data`, which is UTF-8 (a byte order mark may come first).

    repair_text: put U+FFFD where text is not valid Unicode, instead of refusing the whole; for files in which
    somebody's name or a comment is not what is looked for.

    Raises ForeignJsonError for anything else: longer than `max_bytes`, deeper than `max_depth`, a number that is not
    finite or has too many digits, half a character.
    """
    if len(data) > max_bytes:
        raise ForeignJsonError(f"longer than {max_bytes} bytes")
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig", "replace" if repair_text else "strict")
    except UnicodeDecodeError:
        raise ForeignJsonError("not valid UTF-8") from None
    try:
        value = json.loads(text, parse_int=_integer, parse_float=_real, parse_constant=_refuse_constant)
    except ForeignJsonError:
        raise
    except RecursionError:
        raise ForeignJsonError(f"nested deeper than {max_depth}") from None
    except ValueError as error:
        raise ForeignJsonError(f"not JSON: {printable(str(error), 100)}") from None
    return _checked(value, max_depth, repair_text)


def dump_json(value: Any) -> str:
    """ASCII text that `parse_json` takes: names that are not valid Unicode, as files may have, are repaired.

    Raises ValueError for a number that is not finite.
    """
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    if "\\ud" not in text:
        return text
    whole = _SURROGATES.sub(REPLACEMENT, json.dumps(value, allow_nan=False, ensure_ascii=False))
    return json.dumps(json.loads(whole), separators=(",", ":"))


def parse_object(data: bytes | str, **limits: Any) -> dict[str, Any]:
    """`parse_json` where only an object makes sense. Raises ForeignJsonError for a list, a text or a number."""
    value = parse_json(data, **limits)
    if not isinstance(value, dict):
        raise ForeignJsonError("JSON but not an object")
    return value


def real(value: object, lowest: float = -_LARGEST_NUMBER, highest: float = _LARGEST_NUMBER) -> float:
    """`value` as a float. Raises ForeignJsonError for another type (also for true and false) and out of range."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ForeignJsonError(f"a number is expected, not {_shown(value)}")
    if not lowest <= value <= highest:  # False for NaN; integers of any length compare without overflow
        raise ForeignJsonError(f"a number from {lowest:g} to {highest:g} is expected, not {_shown(value)}")
    return float(value)


def integer(value: object, lowest: int = -(1 << 63), highest: int = (1 << 63) - 1) -> int:
    """`value` as an int. Raises ForeignJsonError for another type (also for true, false and 1.0) and out of range."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ForeignJsonError(f"a whole number is expected, not {_shown(value)}")
    if not lowest <= value <= highest:
        raise ForeignJsonError(f"a whole number from {lowest} to {highest} is expected, not {_shown(value)}")
    return value


def text(value: object, max_length: int = 1000) -> str:
    """`value` as a str of at most `max_length` characters. Raises ForeignJsonError for anything else."""
    if not isinstance(value, str):
        raise ForeignJsonError(f"a text is expected, not {_shown(value)}")
    if len(value) > max_length:
        raise ForeignJsonError(f"a text of {len(value)} characters is longer than {max_length}")
    return value


def mapping(value: object) -> dict[str, Any]:
    """`value` as an object. Raises ForeignJsonError for anything else."""
    if not isinstance(value, dict):
        raise ForeignJsonError(f"an object is expected, not {_shown(value)}")
    return value


def sequence(value: object, max_length: int = 1 << 20) -> list[Any]:
    """`value` as a list of at most `max_length`. Raises ForeignJsonError for anything else."""
    if not isinstance(value, list):
        raise ForeignJsonError(f"a list is expected, not {_shown(value)}")
    if len(value) > max_length:
        raise ForeignJsonError(f"a list of {len(value)} is longer than {max_length}")
    return value


def field(content: Mapping[str, Any], name: str) -> Any:
    """What `content` has under `name`. Raises ForeignJsonError when it has nothing there."""
    try:
        return content[name]
    except KeyError:
        raise ForeignJsonError(f"{name!r} is missing") from None


def printable(foreign: object, limit: int = 200) -> str:
    """`foreign` text as one line that may be shown: no control or formatting characters, at most `limit` characters."""
    shown = "".join(_shown_character(character) for character in str(foreign)[: 4 * limit]).strip()
    return shown if len(shown) <= limit else shown[: limit - 3] + "..."


def _shown_character(character: str) -> str:
    # Cc controls, Cf formats (direction overrides), Cs surrogates, Co private, Zl and Zp line and paragraph ends.
    kind = unicodedata.category(character)
    if kind in ("Zl", "Zp") or character in "\t\n\r\v\f\x85":
        return " "
    return REPLACEMENT if kind in ("Cc", "Cf", "Cs", "Co") else character


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ForeignJsonError(f"a number of {len(digits)} digits")
    return int(digits)


def _real(digits: str) -> float:
    if len(digits) > MAX_REAL_CHARACTERS:
        raise ForeignJsonError(f"a number of {len(digits)} digits")
    value = float(digits)
    if not math.isfinite(value):
        raise ForeignJsonError(f"the number {digits[:20]} is too large")
    return value


def _refuse_constant(name: str) -> float:
    raise ForeignJsonError(f"{name} is not a number")


def _checked(value: Any, max_depth: int, repair_text: bool) -> Any:
    """`value` with every text whole. Raises ForeignJsonError where it is nested too deeply. Does not recurse."""
    if isinstance(value, str):
        return _whole(value, repair_text)
    level: list[Any] = [value]
    for _depth in range(max_depth + 1):
        deeper: list[Any] = []
        for container in level:
            if isinstance(container, dict):
                _check_texts(container, repair_text)
                deeper += [item for item in container.values() if isinstance(item, dict | list)]
            elif isinstance(container, list):
                for index, item in enumerate(container):
                    if isinstance(item, str):
                        container[index] = _whole(item, repair_text)
                    elif isinstance(item, dict | list):
                        deeper.append(item)
        if not deeper:
            return value
        level = deeper
    raise ForeignJsonError(f"nested deeper than {max_depth}")


def _check_texts(container: dict[str, Any], repair_text: bool) -> None:
    for name, item in list(container.items()):
        if isinstance(item, str):
            container[name] = _whole(item, repair_text)
        if not name.isascii() and (whole := _whole(name, repair_text)) != name:
            container[whole] = container.pop(name)


def _whole(string: str, repair_text: bool) -> str:
    if string.isascii() or not _SURROGATES.search(string):
        return string
    if not repair_text:
        raise ForeignJsonError("a text holds half a character")
    return _SURROGATES.sub(REPLACEMENT, string)


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**MAX_DIGITS:
        return "a number of very many digits"
    return printable(repr(value), 40)
