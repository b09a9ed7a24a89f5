"""Where another launcher's tracker sends, told from its arguments as the tracker understands them."""

from __future__ import annotations

import os
import re

import pytest

from launcher import sharing
from launcher.options import Receiver, TrackerOptions
from launcher.sharing import DEFAULT_PORTS, shared_receivers
from tracker.app.parsing import parse
from tracker.app.settings import settings_from
from tracker.output.formats.table import FORMATS

HERE = "127.0.0.1"


def shared(words: list[str], ours: set[tuple[str, int]], monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, int]]:
    """Which of our receivers a running tracker with the arguments `words` sends to as well."""

    class Other:
        pid = os.getpid() + 1

        def ask(self, command: str) -> dict[str, object]:
            return {"state": "running", "arguments": words}

    monkeypatch.setattr(sharing, "running_launchers", lambda folder: (Other(),))
    sentences = shared_receivers(TrackerOptions(receivers=[Receiver(host, port) for host, port in ours]))
    found = [re.search(r"sends to (\S+):(\d+);", sentence) for sentence in sentences]
    return {(match[1], int(match[2])) for match in found if match is not None}


def test_the_ports_of_formats_are_the_trackers() -> None:
    assert {format.name: format.port for format in FORMATS.values()} == DEFAULT_PORTS


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["-p", "22222"],
        ["-p22222"],
        ["--port=22222"],
        ["--port", "22222", "--ip", "10.0.0.9"],
        ["-i10.0.0.9"],
        ["--ip=::1"],
        ["--po", "22222"],
        ["-c", "0", "-P", "1", "--pnp-points=2", "--profile=x", "-p", "1", "-p", "22222"],
        ["--target=vmc://127.0.0.1"],
        ["--target", "VMC://10.0.0.9/?fps=30"],
        ["--target=json://[::1]", "--target=osf://10.0.0.9"],
        ["--target=10.0.0.9:4000", "--port=22222"],
        ["--target=[::1]:4000", "--ip", "10.0.0.9"],
    ],
)
def test_receivers_are_those_that_the_tracker_has(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    targets = {(target.host, target.port) for target in settings_from(parse(words)).output.targets}
    others = {(HERE, 11573), (HERE, 22222), (HERE, 39539), ("::1", 11573), ("10.0.0.9", 11573)} - targets
    assert shared(words, targets | others, monkeypatch) == targets


@pytest.mark.parametrize(
    "words", [["--target=novel://127.0.0.1"], ["--target"], ["-p", "none"], ["--target=127.0.0.1"], ["-p", "70000"]]
)
def test_an_unknown_receiver_is_not_taken_for_the_default_one(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shared(words, {(HERE, port) for port in DEFAULT_PORTS.values()}, monkeypatch) == set()


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("osf://LOCALHOST:11573", (HERE, 11573)),
        ("localhost.example:11573", ("localhost.example", 11573)),
        ("[0:0::0001]:4000", ("::1", 4000)),
    ],
)
def test_one_address_may_be_written_in_several_ways(
    target: str, place: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shared([f"--target={target}"], {place, ("127.0.0.1.example", 11573)}, monkeypatch) == {place}
