"""``facetracker-launcher``: lists cameras, runs and supervises a tracker; without a command, opens the window."""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, TextIO

from launcher import expressions, shortcuts
from launcher.approvals import Approvals
from launcher.errors import LauncherError, UsageError
from launcher.events import Connected, Crashed, Event, Lines, Refused, Restarting, Started, StatisticsCame, Stopped
from launcher.instances import RemoteAccess, RunningLauncher, running_launchers
from launcher.option_list import checked_options, further_arguments, list_options
from launcher.options import TrackerOptions
from launcher.process import TrackerProcess
from launcher.profiles import load_profile, profile_names
from launcher.queries import Camera, list_cameras
from launcher.sharing import shared_receivers
from launcher.signals import stop_signals
from protocol.control import Message
from protocol.control_commands import REMOTE_COMMANDS, Command, Field, Number, Switch, Text
from protocol.foreign_json import printable

PROGRAM = "facetracker-launcher"
NOTHING, NOTHING_RUNS = "no tracker is running", 1
_POLL_S = 0.2
GROUPS = {"expression": "record, learn and choose expressions of your own"}
"""Commands that have commands below them."""


class _Parser(argparse.ArgumentParser):
    """Reports an error as one line, without the usage before it."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see --help)")


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code. An error is one line on standard error."""
    words = sys.argv[1:] if argv is None else argv
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a camera's name must not end the program
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        if words[:1] == ["run"] and not {"-h", "--help"} & set(words[1:2]):
            return _run(words[1:])  # parsed by hand: everything after it is for the tracker
        arguments = _parser().parse_args(words or ["window"])
        action: Callable[[argparse.Namespace], int] = arguments.action
        return action(arguments)
    except LauncherError as error:
        _say(f"error: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=PROGRAM,
        description="Starts, supervises and stops the face tracker. Without a command it opens the window.",
        epilog="Exit codes: 0 success, 1 failure or nothing is running, 2 wrong argument; 'run' returns the tracker's.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    window = commands.add_parser("window", help="open the window in the browser; the default command")
    window.add_argument("--host", default="127.0.0.1", help="address to listen at (default: this machine only)")
    window.add_argument("--port", type=int, default=11580, metavar="N", help="port to listen at, or a free one")
    window.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="a file that only you can read, with a secret that admits browsers as http://HOST:PORT/#SECRET; "
        "FACETRACKER_WINDOW_TOKEN may hold one as well (default: single-use keys)",
    )
    window.add_argument("--no-browser", action="store_true", help="only print the window's address")
    window.add_argument("--another", action="store_true", help="open a second window although one is open")
    window.set_defaults(action=_window)

    listing = commands.add_parser("list", help="list the cameras")
    listing.add_argument("--json", action="store_true", help="print JSON, with modes and stable ids")
    listing.set_defaults(action=_list)

    running = commands.add_parser(
        "run",
        usage=f"{PROGRAM} run [--json] [PROFILE] [the tracker's options]",
        help="run the tracker and restart it when it crashes",
        description="Options after the profile are passed to the tracker unchanged; 'facetracker --help' lists them. "
        f"Profiles: {', '.join(profile_names()) or 'none yet'}.",
    )
    running.add_argument("--json", action="store_true", help="print each event as one JSON object per line")
    running.set_defaults(action=lambda arguments: _run([]))

    status = commands.add_parser("status", help="show what is running")
    status.add_argument("--json", action="store_true", help="print JSON")
    status.set_defaults(action=_status)

    stopping = commands.add_parser("stop", help="stop what is running")
    stopping.set_defaults(action=_stop)

    shortcut = commands.add_parser(
        "shortcuts",
        help="Windows: put the window into the start menu and on the desktop",
        description="Windows: makes or removes shortcuts to the window for this user; they are plain files.",
    )
    shortcut.add_argument(
        "change",
        nargs="?",
        choices=shortcuts.ACTIONS,
        default="add",
        help="add (default): start menu and desktop; autostart: start it at sign-in; remove: all of them",
    )
    shortcut.set_defaults(action=_shortcuts)

    avatar = commands.add_parser("avatar", help="switch the avatar's own expressions on the stage, as its keys do")
    avatar.add_argument("do", choices=("list", "show", "hide", "toggle"), help="'hide' alone hides all")
    avatar.add_argument("name", nargs="?", metavar="NAME", help="of an expression of the avatar")
    avatar.set_defaults(action=_avatar)

    groups: dict[str, Any] = {}
    for command in REMOTE_COMMANDS.values():
        parent, word = commands, command.name
        if command.group:
            if command.group not in groups:
                group = commands.add_parser(command.group, help=GROUPS[command.group])
                groups[command.group] = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
            parent, word = groups[command.group], command.name.removeprefix(f"{command.group}_")
        remote = parent.add_parser(word.replace("_", "-"), help=command.help)
        for field in command.fields:
            _add_field(remote, field)
        remote.set_defaults(action=_send, command=command)
    return parser


def _add_field(parser: argparse.ArgumentParser, field: Field) -> None:
    """The argument that sets `field`."""
    flag = f"--{field.name.replace('_', '-')}"
    if isinstance(field, Switch):
        parser.add_argument(flag, action="store_true", default=None, help=field.help)
    elif isinstance(field, Text):
        parser.add_argument(field.name, nargs="?", metavar=field.name.upper(), help=field.help)
    else:
        metavar = field.metavar if isinstance(field, Number) else "SECONDS"
        parser.add_argument(flag, type=float, metavar=metavar, help=field.help)


def _window(arguments: argparse.Namespace) -> int:
    """Serve the window until it is ended. Raises LauncherError when its libraries are not installed."""
    from launcher.web import main as open_window
    from launcher.web.access_keys import given_token

    token = given_token(arguments.token_file)
    return open_window(arguments.host, arguments.port, token, not arguments.no_browser, another=arguments.another)


def _shortcuts(arguments: argparse.Namespace) -> int:
    verb = "removed" if arguments.change == "remove" else "made"
    for file in shortcuts.change(arguments.change):
        _out(f"{verb} {file}")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    cameras = list_cameras()
    if arguments.json:
        _print_json([dataclasses.asdict(camera) | {"selector": camera.selector} for camera in cameras])
    elif not cameras:
        _out("no camera was found; '-c demo' works without one")
    for camera in () if arguments.json else cameras:
        _out(_described(camera))
    return 0


def _described(camera: Camera) -> str:
    modes = "".join(f"\n    {mode}" for mode in camera.modes)
    return f"{camera.index}: {camera.name} ({camera.backend}){modes}"


def _run(words: Sequence[str]) -> int:
    """Run a tracker in the foreground until it ends or this process is asked to."""
    rest = list(words)
    as_json = rest[:1] == ["--json"]
    if as_json:
        rest.pop(0)
    options = TrackerOptions()
    if rest and not rest[0].startswith("-"):
        options = _from_profile(rest.pop(0))
    if rest[:1] == ["--"]:
        rest.pop(0)
    options = options.replace(extra_args=(*options.extra_args, *rest))

    for sentence in shared_receivers(options):
        _say(sentence)
    stop = _StopFlag()
    with stop_signals(stop.request), TrackerProcess(options) as tracker:
        tracker.subscribe(_print_event if as_json else _print_lines)
        with RemoteAccess(tracker, on_stop=stop.request):
            tracker.start()
            while not stop.requested and not tracker.wait(_POLL_S):
                pass
            exit_code = tracker.stop()
        tracker.flush()
    if exit_code is None or exit_code < 0:
        return 0 if stop.requested else 1
    return exit_code


def _from_profile(name: str) -> TrackerOptions:
    """The options of a profile. Arguments that the form does not show are printed, and in a terminal confirmed.

    Raises LauncherError for a profile that cannot be used, and when the user declines.
    """
    listed = list_options()
    profile = load_profile(name)
    try:
        options = checked_options(profile.options, listed)
    except UsageError as error:
        raise UsageError(f"profile {name!r} cannot be used: {error}") from error
    further = further_arguments(options, listed)
    approvals = Approvals()
    if not approvals.covers(further):
        _say(f"profile {name!r} starts the tracker with {' '.join(map(printable, further))}")
        if sys.stdin is not None and sys.stdin.isatty():
            _print("Start it? [y/N] ", sys.stderr)
            if sys.stdin.readline().strip().lower() not in ("y", "yes"):
                raise UsageError(f"profile {name!r} was not started")
            approvals.add(further)
    return options


class _StopFlag:
    """Set once, polled: a plain attribute, as a signal handler must not wait for a lock."""

    def __init__(self) -> None:
        self.requested = False

    def request(self) -> None:
        self.requested = True


def _print_lines(event: Event) -> None:
    if isinstance(event, Lines):
        for line in event.lines:
            if line.stream == "launcher":
                _say(line.text)
            else:
                _print(line.text, sys.stdout if line.stream == "out" else sys.stderr)
        if event.left_out:
            _say(f"{event.left_out} lines were dropped")


def _print_event(event: Event) -> None:
    """One JSON object for each event."""
    now = round(time.time(), 3)
    if isinstance(event, Lines):
        for line in event.lines:
            came = round(line.unix_time, 3)
            _print_json({"event": "line", "time": came, "stream": line.stream, "text": line.text}, indent=None)
    elif isinstance(event, StatisticsCame):
        _print_json({"event": "statistics", "time": now, **event.statistics.raw}, indent=None)
    else:
        _print_json({"event": _NAMES[type(event)], "time": now, **dataclasses.asdict(event)}, indent=None)


_NAMES: dict[type, str] = {
    Started: "started",
    Connected: "connected",
    Stopped: "stopped",
    Crashed: "crashed",
    Restarting: "restarting",
    Refused: "refused",
}


def _status(arguments: argparse.Namespace) -> int:
    answers, failed = _ask_all("status")
    if arguments.json:
        _print_json([{"launcher": launcher.pid, **answer} for launcher, answer in answers])
    for launcher, answer in () if arguments.json else answers:
        _out(_summary(launcher, answer))
    if not answers and not failed and not arguments.json:
        _out(NOTHING)
    return NOTHING_RUNS if failed or not answers else 0


def _summary(launcher: RunningLauncher, answer: Message) -> str:
    """One line about a launcher's tracker."""
    line = f"launcher {launcher.pid}: {answer['state']}"
    if answer.get("explanation"):
        return f"{line}. {answer['explanation']}"
    statistics = answer.get("statistics")
    if not statistics:
        return line
    latency = statistics.get("latency_ms")
    late = "" if latency is None else f", latency {latency:.1f} ms"
    cpu = statistics.get("cpu_percent")
    busy = "" if cpu is None else f", {cpu:.0f} % of a core"
    return (
        f"{line}, tracker {answer['pid']} {statistics['state']} {statistics['source']}: "
        f"{statistics['fps']:.1f} frames/s, faces {statistics['faces']}{late}{busy}"
    )


def _stop(arguments: argparse.Namespace) -> int:
    answers, failed = _ask_all("stop")
    for launcher, _ in answers:
        _out(f"stopped the tracker of launcher {launcher.pid}")
    if not answers and not failed:
        _out(NOTHING)
    return NOTHING_RUNS if failed or not answers else 0


def _avatar(arguments: argparse.Namespace) -> int:
    """Switch an expression of the avatar in every window."""
    if arguments.name is None and arguments.do in ("show", "toggle"):
        raise UsageError(f"'avatar {arguments.do}' needs the name of an expression; 'avatar list' lists them")
    answers, failed = _ask_all("avatar", do=arguments.do, name=arguments.name)
    if not answers and not failed:
        _out(NOTHING)
    for _, answer in answers:
        for name, is_on in answer["expressions"].items():
            _out(f"{'on ' if is_on else 'off'} {printable(name)}")
    return 0 if answers else NOTHING_RUNS


def _send(arguments: argparse.Namespace) -> int:
    """Send a command of the control channel to every running tracker."""
    command: Command = arguments.command
    values = {field.name: getattr(arguments, field.name) for field in command.fields}
    given = {name: value for name, value in values.items() if value is not None}
    answers, failed = _ask_all(command.name, **given)
    if not answers and not failed:
        _out(NOTHING)
    for launcher, answer in answers:
        for line in expressions.answer_lines(command.name, answer, launcher.ask):
            _out(line)
    return NOTHING_RUNS if failed or not answers else 0


def _ask_all(command: str, **values: Any) -> tuple[list[tuple[RunningLauncher, Message]], bool]:
    """Each launcher's answer, and whether any failed, which is reported."""
    answers, failed = [], False
    for launcher in running_launchers():
        try:
            answers.append((launcher, launcher.ask(command, **values)))
        except LauncherError as error:
            _say(f"error: {error}")
            failed = True
    return answers, failed


def _print_json(value: Any, indent: int | None = 2) -> None:
    _print(json.dumps(value, indent=indent, ensure_ascii=False), sys.stdout)


def _out(text: str) -> None:
    _print(text, sys.stdout)


def _say(text: str) -> None:
    _print(f"{PROGRAM}: {text}", sys.stderr)


def _print(text: str, stream: TextIO | None) -> None:
    """A reader that has gone, or a missing console, must not end the program."""
    with suppress(OSError, ValueError):
        print(text, file=stream, flush=True)


if __name__ == "__main__":
    sys.exit(main())
