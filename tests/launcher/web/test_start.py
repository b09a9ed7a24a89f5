"""How the window begins, and what it says when it cannot."""

from __future__ import annotations

import configparser
import importlib.util
import io
import logging
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from packaging.requirements import Requirement

from launcher import web as window
from launcher.errors import LauncherError, UsageError
from tests.receiver import ROOT


def without(name: str) -> Callable[..., Any]:
    """`find_spec` on a machine that lacks the package `name`."""
    there = importlib.util.find_spec("sys")
    return lambda wanted: None if wanted == name else there


@pytest.mark.parametrize("name", ["nicegui", "starlette", "uvicorn", "websockets"])
def test_a_missing_extra_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(window.importlib.util, "find_spec", without(name))
    with pytest.raises(LauncherError, match=rf"needs {name}: run 'pip install \"{name}>=[\d.]+"):
        window.main()


def test_the_libraries_of_the_window_are_those_of_its_extra() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    extra = setup["options.extras_require"]["launcher"].split("\n")
    assert [Requirement(line) for line in extra if line] == [*map(Requirement, window.REQUIREMENTS.values())]


def test_importing_the_window_needs_no_extra() -> None:
    code = (
        "import sys; sys.modules.update(dict.fromkeys(('nicegui', 'starlette', 'uvicorn', 'websockets')));"
        " import launcher.web"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_three_js_is_where_it_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    server = pytest.importorskip("launcher.web.server", reason="the window needs the extra 'launcher'")
    text = server.three_js().read_text(encoding="utf-8")
    assert "GLTFLoader" in text
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LauncherError, match="3D library was not found"):
        server.three_js()


def test_a_taken_port_is_given_way_to() -> None:
    server = pytest.importorskip("launcher.web.server", reason="the window needs the extra 'launcher'")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with server.listen("127.0.0.1", port) as listening:
            assert listening.getsockname()[0] == "127.0.0.1"
            assert listening.getsockname()[1] != port


def test_hosts_and_ports_that_cannot_be_are_said() -> None:
    server = pytest.importorskip("launcher.web.server", reason="the window needs the extra 'launcher'")
    with pytest.raises(LauncherError, match="cannot be resolved"):
        server.listen("no such host", 0)
    with pytest.raises(LauncherError, match=r"cannot listen on 192\.0\.2\.1"):
        server.listen("192.0.2.1", 0)
    with pytest.raises(UsageError, match="port must be between 0 and 65535"):
        window.main(port=65536)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:1/"),
        ("::1", "http://[::1]:1/"),
        ("0.0.0.0", "http://127.0.0.1:1/"),
        ("::", "http://[::1]:1/"),
        ("192.168.0.7", "http://192.168.0.7:1/"),
    ],
)
def test_the_address_can_be_opened_on_this_machine(host: str, expected: str) -> None:
    assert window._address(host, 1) == expected


@pytest.mark.parametrize("debug", ["0", "1"])
def test_what_fails_inside_is_one_line_unless_more_is_wanted(monkeypatch: pytest.MonkeyPatch, debug: str) -> None:
    monkeypatch.setenv("FACETRACKER_DEBUG", debug)
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(window._OneLine("facetracker-launcher: %(message)s"))
    log = logging.Logger("test")
    log.addHandler(handler)
    try:
        raise ValueError("two\nlines")
    except ValueError:
        log.exception("it failed")
    assert out.getvalue().startswith("facetracker-launcher: it failed")
    assert "ValueError" in out.getvalue()
    assert ("Traceback" in out.getvalue()) == (debug == "1")
    assert (out.getvalue().count("\n") == 1) == (debug == "0")
