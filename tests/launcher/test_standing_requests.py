"""What holds until it is taken back, as the tracker's reports tell it."""

from __future__ import annotations

import pytest

from launcher.standing_requests import StandingRequests
from launcher.statistics import Statistics


def report(state: str, **more: object) -> Statistics:
    figures = {"fps": 30.0, "frames": 1, "dropped": 0, "faces": 1, "source": "demo"}
    return Statistics.from_message({"state": state, **figures, **more})


@pytest.mark.parametrize(
    ("before", "state", "after"),
    [
        (False, "paused", True),
        (True, "tracking", False),
        (True, "opening", True),
        (True, "lost", True),
        (False, "opening", False),
    ],
)
def test_a_report_tells_of_a_pause_while_there_are_frames(before: bool, state: str, after: bool) -> None:
    standing = StandingRequests()
    standing.paused = before
    standing.reported(report(state))
    assert standing.paused is after
    assert standing.commands() == (("pause",) if after else ())


def test_a_report_tells_of_a_muted_mouth_and_an_older_tracker_says_nothing() -> None:
    standing = StandingRequests()
    standing.reported(report("tracking", mouth_muted=True))
    standing.reported(report("tracking"))
    assert standing.commands() == ("mute_mouth",)
    standing.reported(report("tracking", mouth_muted=False))
    assert standing.commands() == ()
