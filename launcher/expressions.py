"""What the tracker's answers about taught expressions say, as lines for a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from protocol.control import Message
from protocol.foreign_json import printable

_POLL_S = 0.5

Ask = Callable[[str], Message]


def answer_lines(command: str, answer: Message, ask: Ask) -> Iterator[str]:
    """Lines about `answer`, while things go on: a recording is followed to its end by asking again."""
    if command == "expression_record":
        yield from _followed(ask)
    elif command == "expression_list":
        yield from described(answer)
    elif command == "expression_train":
        for name, share in answer.get("recall", {}).items():
            yield f"{printable(name)}: {100 * share:.0f} % right"
        yield from mistaken(answer)


def described(state: Message) -> Iterator[str]:
    """A line for each expression, then what is shown and which are mistaken."""
    for each in state["expressions"]:
        recall = "" if each["recall"] is None else f", {100 * each['recall']:.0f} % right"
        enough = "" if each["enough"] else ", too little to learn from"
        yield f"{printable(each['name'])}: {each['seconds']:g} s recorded{enough}{recall}"
    if not state["expressions"]:
        yield "no expression was recorded yet"
    elif not state["trained"]:
        yield "nothing was learnt yet: record another expression, one of them 'neutral'"
    if state["shown"] is not None:
        by_hand = " (chosen by hand)" if state["override"] else ""
        yield f"shown now: {printable(state['shown'])}{by_hand}"
    yield from mistaken(state)


def mistaken(state: Message) -> Iterator[str]:
    """What to do about expressions that are often mistaken for each other."""
    for pair in state["mistaken"]:
        record, other = printable(pair["record"]), printable(pair["taken_for"])
        yield f"{record} and {other} are often mistaken: record {record} again, turning the head"


def _followed(ask: Ask) -> Iterator[str]:
    said = ""
    while (recording := (state := ask("expression_list"))["recording"]) is not None:
        name = printable(recording["name"])
        if not recording["sees_face"]:
            line = f"{name}: waiting for your face"
        elif recording["countdown_s"] > 0:
            line = f"{name}: begins in {recording['countdown_s']:.0f} s"
        else:
            line = f"{name}: hold it, talk and move your head; {recording['seconds'] - recording['recorded_s']:.0f} s"
        if line != said:
            yield line
            said = line
        time.sleep(_POLL_S)
    yield from described(state)
