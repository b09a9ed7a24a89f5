"""What was asked of the tracker and holds until it is taken back, whichever process is the tracker meanwhile."""

from __future__ import annotations

from launcher.statistics import Statistics

_HOLDS = {"pause": ("paused", True), "resume": ("paused", False)}
_HOLDS |= {"mute_mouth": ("mouth_muted", True), "unmute_mouth": ("mouth_muted", False)}


class StandingRequests:
    """Whether the user wants nothing sent, and the mouth held closed.

    A streamer pauses for privacy: a tracker that is started again after a crash has to be told again. For any thread.
    """

    def __init__(self) -> None:
        self.paused = False
        self.mouth_muted = False

    def executed(self, command: str) -> None:
        """The tracker did what `command` says."""
        if command in _HOLDS:
            setattr(self, *_HOLDS[command])

    def unanswered(self, command: str) -> None:
        """The tracker may have done it or not; in doubt less is sent."""
        if command in _HOLDS and _HOLDS[command][1]:
            self.executed(command)

    def reported(self, statistics: Statistics) -> None:
        """The tracker tells how it is; without frames (``opening``, ``lost``) not whether it is paused."""
        if statistics.state in ("paused", "tracking"):
            self.paused = statistics.state == "paused"
        self.mouth_muted = bool(statistics.raw.get("mouth_muted", self.mouth_muted))

    def commands(self) -> tuple[str, ...]:
        """What a new tracker has to be told."""
        return tuple(name for name, (what, wanted) in _HOLDS.items() if wanted and getattr(self, what))

    def forget(self) -> None:
        """The user starts anew."""
        self.paused = self.mouth_muted = False
