"""Programs that stand in for the tracker where it would take too long, or behaves too well."""

from __future__ import annotations

import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from launcher import Event, TrackerProcess

LIMIT_S = 30.0

_FAKE = """
    import json, os, signal, socket, sys, time

    behaviour = next(word for word in sys.argv if word.startswith("do:"))[3:]

    def dial():
        host, port, token = os.environ["FACETRACKER_CONTROL"].split(":", 2)
        talk = socket.create_connection((host, int(port))).makefile("rwb")
        say(talk, type="hello", protocol=1, token=token, pid=os.getpid(), version="9.9")
        return talk

    def say(talk, **message):
        talk.write(json.dumps(message).encode() + b"\\n")
        talk.flush()

    if behaviour == "tell":
        print(json.dumps(sys.argv[1:]))
    elif behaviour == "sleep":
        print("ready", flush=True)
        time.sleep(600)
    elif behaviour == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("ready", flush=True)
        time.sleep(600)
    elif behaviour == "flood":
        for number in range(50_000):
            print(f"line {number}", file=sys.stderr if number % 100 == 0 else sys.stdout)
        print("last", end="")
    elif behaviour == "babble":
        while True:
            print("x" * 100)
    elif behaviour == "endless line":
        sys.stdout.write("x" * 1_000_000 + "\\nafter\\n")
    elif behaviour.startswith("exit "):
        print("facetracker: warning: something first", file=sys.stderr)
        print("facetracker: error: this is why", file=sys.stderr)
        sys.exit(int(behaviour[5:]))
    elif behaviour == "kill itself":
        os.kill(os.getpid(), signal.SIGKILL)
    elif behaviour == "polite":
        talk = dial()
        print("ready", flush=True)
        for line in talk:
            message = json.loads(line)
            say(talk, type="reply", id=message["id"], ok=True)
            if message["command"] == "quit":
                sys.exit(0)
    elif behaviour.startswith("note "):  # what it is asked for, in a file that outlives it; it crashes at "recentre"
        talk = dial()
        for line in talk:
            message = json.loads(line)
            with open(behaviour[5:], "a", encoding="utf-8") as notes:
                notes.write(message["command"] + "\\n")
            if message["command"] == "recentre":
                os._exit(70)
            say(talk, type="reply", id=message["id"], ok=True)
            if message["command"] == "quit":
                sys.exit(0)
    elif behaviour == "odd":
        talk = dial()
        talk.write(b'[1]\\nrubbish\\n{"type":"reply","id":[1]}\\n{"type":"statistics","state":3}\\n')
        for line in talk:
            message = json.loads(line)
            if message["command"] == "recentre":
                say(talk, type="reply", id=message["id"], ok=False, error="not today")
            elif message["command"] == "picture":
                say(talk, type="reply", id=message["id"], ok=True, jpeg="?")
            elif message["command"] == "pause":
                sys.exit(0)
"""


def write_fake(folder: Path, name: str = "fake tracker.py") -> tuple[str, ...]:
    """A program whose option ``do:...`` says how it behaves; its words."""
    script = folder / name
    script.write_text(textwrap.dedent(_FAKE), encoding="utf-8")
    return sys.executable, str(script)


class Events(list[Event]):
    """Remembers all events of a tracker."""

    def __init__(self, tracker: TrackerProcess) -> None:
        super().__init__()
        tracker.subscribe(self.append)

    def wait_for(self, kind: type[Event], count: int = 1) -> Event:
        """The `count`th event of a kind, once it came."""
        until(lambda: sum(isinstance(event, kind) for event in self) >= count)
        return [event for event in self if isinstance(event, kind)][count - 1]

    def kinds(self) -> list[str]:
        """Names of what happened; lines and statistics are left out."""
        names = [type(event).__name__ for event in self]
        return [name for name in names if name not in ("Lines", "StatisticsCame")]


def until(condition: Callable[[], object], limit_s: float = LIMIT_S) -> None:
    """Wait for `condition`; fails when it does not come."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    """Whether process `pid` has ended, be it waited for or not."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def texts(tracker: TrackerProcess, stream: str = "out") -> list[str]:
    """What was printed on one stream."""
    return [line.text for line in tracker.output if line.stream == stream]
