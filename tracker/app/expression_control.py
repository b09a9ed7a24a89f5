"""The commands of the control channel that concern taught expressions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tracker.app.command_error import CommandError
from tracker.errors import ModelError
from tracker.face.taught.library import LONGEST_S, TaughtExpressions, mistaken

logger = logging.getLogger(__name__)


class ExpressionControl:
    """For other threads than the tracking one. Each command raises CommandError when it fails.

    keep: called when there is something to keep on the disk; returns at once.
    """

    def __init__(self, taught: TaughtExpressions | None, keep: Callable[[], object] = lambda: None) -> None:
        self._taught = taught or TaughtExpressions()
        self._keep = keep

    def expression_record(self, name: str = "", seconds: float = LONGEST_S, countdown_s: float = 0.0) -> dict[str, Any]:
        """Record `name` from the next frame with a face on, after a countdown."""
        with _refusals():
            name = self._taught.start(name, seconds or LONGEST_S, countdown_s)
        logger.info("recording the expression %r", name)
        return {"name": name}

    def expression_stop(self) -> dict[str, Any]:
        """End the recording before its time, keep its samples and learn from them."""
        name = self._taught.stop()
        if name is not None:
            self._taught.on_recorded()
        return {"name": name}

    def expression_train(self) -> dict[str, Any]:
        """Learn from all recordings."""
        with _refusals():
            report = self._taught.train()
        self._keep()
        return {"recall": dict(report.recall), "mistaken": mistaken(report)}

    def expression_clear(self, name: str = "") -> dict[str, Any]:
        """Forget the recordings of `name`, and learn anew from the others where enough are left."""
        with _refusals():
            name = self._taught.clear(name)
        logger.info("the expression %r was cleared", name)
        self._taught.on_recorded()
        return {"name": name}

    def expression_list(self) -> dict[str, Any]:
        """What was taught and what is shown."""
        return self._taught.state()

    def expression_enable(self, off: bool = False, threshold: float | None = None, hold_s: float | None = None) -> None:
        """Whether expressions are recognised, and how sure and how long one must be seen."""
        self._taught.enable(not off, threshold, hold_s)
        self._keep()

    def expression_override(self, name: str = "") -> dict[str, Any]:
        """Show `name` whatever the face does; without a name the face decides again."""
        with _refusals():
            return {"name": self._taught.override(name or None)}


@contextmanager
def _refusals() -> Iterator[None]:
    """What such an error says is the reply to the command."""
    try:
        yield
    except (ValueError, ModelError) as error:
        raise CommandError(str(error)) from None
