"""Records an expression from the command line, for hands that are not at the keyboard: ``--record-expression``."""

from __future__ import annotations

import logging
import math
import threading
from typing import Any

from tracker.app.shutdown import StopRequest
from tracker.app.taught_file import TaughtKeeper
from tracker.errors import FacetrackerError
from tracker.face.taught.library import TaughtExpressions

logger = logging.getLogger(__name__)

COUNTDOWN_S = 3.0
_POLL_S = 0.1


class HandsFreeRecording:
    """One recording, which ends the program when it is complete."""

    def __init__(
        self, taught: TaughtExpressions, keeper: TaughtKeeper, stop: StopRequest, name: str, seconds: float
    ) -> None:
        self._taught, self._keeper, self._stop = taught, keeper, stop
        self._name, self._seconds = name, seconds

    def start(self, countdown: bool) -> None:
        """Begin with the first face, after a countdown. Raises FacetrackerError when there is no room for the name."""
        try:
            self._name = self._taught.start(self._name, self._seconds, COUNTDOWN_S if countdown else 0.0)
        except ValueError as error:
            raise FacetrackerError(str(error)) from None
        self._taught.on_recorded = self._recorded
        threading.Thread(target=self._announce, name="countdown", daemon=True).start()

    def report(self) -> None:
        """Say what came of it. Raises FacetrackerError when nothing was recorded."""
        added = self._taught.recorded_samples
        if not added:
            raise FacetrackerError(f"nothing was recorded of {self._name!r}: there was no face, or too little time")
        state = self._taught.state()
        logger.info("recorded %r: %d samples", self._name, added)
        for pair in state["mistaken"]:
            logger.info("%s", mistaken_sentence(pair))
        if not state["trained"]:
            logger.info("record another expression as well: telling them apart takes two, one of them 'neutral'")

    def _recorded(self) -> None:
        self._keeper.recorded()
        self._stop.request(f"recorded {self._name!r}")

    def _announce(self) -> None:
        """Print the seconds as they pass."""
        said = ""
        while not self._stop.requested and (recording := self._taught.state()["recording"]) is not None:
            line = _progress(recording)
            if line != said:
                logger.info("%s", line)
                said = line
            threading.Event().wait(_POLL_S)


def _progress(recording: dict[str, Any]) -> str:
    if not recording["sees_face"]:
        return f"recording {recording['name']!r} begins when your face is seen"
    if recording["countdown_s"] > 0:
        return f"recording {recording['name']!r} in {math.ceil(recording['countdown_s'])} ..."
    left = recording["seconds"] - recording["recorded_s"]
    return f"recording {recording['name']!r}: hold it, talk and move your head; {math.ceil(left)} s left"


def mistaken_sentence(pair: dict[str, Any]) -> str:
    """What to do about two expressions that are often mistaken."""
    record, other = pair["record"], pair["taken_for"]
    return f"{record} and {other} are often mistaken: record {record} again, turning the head"
