"""A tracker for the window that finds the cameras it is told of and shows the taught expression it is told to."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.receiver import ROOT

_SCRIPT = """
    import json, os, pathlib, socket, sys, time

    folder, tracker = pathlib.Path(sys.argv[1]), sys.argv[2]
    arguments = sys.argv[3:]

    def read(name, otherwise):
        path = folder / name
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else otherwise

    def note(name, value):
        with open(folder / name, "a", encoding="utf-8") as file:
            file.write(json.dumps(value) + "\\n")

    if "--list-cameras" in arguments:
        while not (folder / "cameras.json").exists():
            time.sleep(0.02)
        print(json.dumps(read("cameras.json", [])))
        sys.exit()
    if any(word.startswith("--list-") for word in arguments):
        os.execv(sys.executable, [sys.executable, tracker, *arguments])
    note("starts", arguments)
    host, port, token = os.environ["FACETRACKER_CONTROL"].split(":", 2)
    talk = socket.create_connection((host, int(port))).makefile("rwb")

    def say(**message):
        talk.write(json.dumps(message).encode() + b"\\n")
        talk.flush()

    say(type="hello", protocol=1, token=token, pid=os.getpid(), version="9.9")
    for line in talk:
        message = json.loads(line)
        command = message["command"]
        note("commands", command)
        more = {}
        if command == "expression_list":
            more = dict(
                enabled=True, trained=True, threshold=0.8, hold_s=0.1, expressions=[], mistaken=[], recording=None,
                shown=read("shown.json", None), override=None,
            )
        say(type="reply", id=message["id"], ok=True, **more)
        if command == "quit":
            sys.exit(0)
"""


@dataclass(frozen=True)
class ScriptedTracker:
    """Its files. program: the words that start it; its options are the real tracker's."""

    folder: Path
    program: tuple[str, ...]

    def find(self, cameras: Sequence[Mapping[str, Any]]) -> None:
        """Let it list these cameras; until then, looking for them goes on."""
        self._write("cameras.json", list(cameras))

    def show(self, name: str | None) -> None:
        """The taught expression that it shows from now on."""
        self._write("shown.json", name)

    @property
    def commands(self) -> list[str]:
        """The names of the commands that it was sent."""
        return self._noted("commands")

    @property
    def starts(self) -> list[list[str]]:
        """The arguments of each start."""
        return self._noted("starts")

    def _write(self, name: str, value: object) -> None:
        part = self.folder / f"{name}.part"
        part.write_text(json.dumps(value), encoding="utf-8")
        part.replace(self.folder / name)

    def _noted(self, name: str) -> list[Any]:
        path = self.folder / name
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def scripted_tracker(folder: Path) -> ScriptedTracker:
    """One that keeps what it is told, and what it was asked, in `folder`."""
    folder.mkdir(exist_ok=True)
    script = folder / "tracker.py"
    script.write_text(textwrap.dedent(_SCRIPT), encoding="utf-8")
    program = (sys.executable, str(script), str(folder), str(ROOT / "facetracker.py"))
    return ScriptedTracker(folder, program)
