from __future__ import annotations

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.output.results import a_face, a_frame, a_result
from tracker.errors import SettingsError
from tracker.output.preview import display
from tracker.output.preview.display import require_display
from tracker.output.preview.window import TITLE, PreviewWindow


class FakeWindows:
    """OpenCV's window functions without a screen."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        self.visible = 1.0
        self.key = -1
        self.shown: list[np.ndarray] = []

    def namedWindow(self, title: str, flags: int) -> None:
        self.titles.append(title)

    def destroyWindow(self, title: str) -> None:
        self.titles.remove(title)

    def getWindowProperty(self, title: str, which: int) -> float:
        return self.visible

    def imshow(self, title: str, picture: np.ndarray) -> None:
        self.shown.append(picture)

    def waitKey(self, delay_ms: int) -> int:
        return self.key


def write(window: PreviewWindow) -> None:
    window.write(a_frame(), a_result(a_face()))


def test_window_shows_the_drawn_picture_and_leaves_the_frame_alone() -> None:
    windows = FakeWindows()
    window = PreviewWindow(visualize=1, gui=windows)
    frame = a_frame()
    window.write(frame, a_result(a_face()))
    assert not window.wants_to_quit
    assert windows.titles == [TITLE]
    assert np.all(frame.bgr == 90)
    assert np.any(windows.shown[0] != 90)
    window.close()
    window.close()
    assert windows.titles == []


def test_key_q_asks_to_quit() -> None:
    windows = FakeWindows()
    window = PreviewWindow(visualize=1, gui=windows)
    windows.key = ord("x")
    write(window)
    assert not window.wants_to_quit
    windows.key = ord("q")
    window.pump()
    assert window.quit_by_key and window.wants_to_quit


def test_closing_the_window_asks_to_quit_and_does_not_bring_it_back() -> None:
    windows = FakeWindows()
    windows.visible = 0.0  # as before the first picture on some systems
    window = PreviewWindow(visualize=1, gui=windows)
    write(window)
    windows.visible = 1.0
    write(window)
    assert not window.wants_to_quit
    windows.visible = 0.0
    write(window)
    assert window.was_closed and window.wants_to_quit
    write(window)
    assert len(windows.shown) == 2


def test_opencv_without_windows_is_one_clear_line() -> None:
    class Headless(FakeWindows):
        def namedWindow(self, title: str, flags: int) -> None:
            raise cv2.error("The function is not implemented")

    with pytest.raises(SettingsError, match="install opencv-python instead of opencv-python-headless"):
        PreviewWindow(visualize=1, gui=Headless())


def test_no_display_is_one_clear_line() -> None:
    with pytest.raises(SettingsError) as refused:
        require_display({}, "linux")
    assert str(refused.value) == "a preview needs a display: set DISPLAY or omit --visualize"
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_other_systems_always_have_a_display(platform: str) -> None:
    require_display({}, platform)


needs_unix_sockets = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs sockets in the file system")


@needs_unix_sockets
@pytest.mark.parametrize(
    "environment",
    [
        {"DISPLAY": ":4711"},
        {"DISPLAY": "nonsense"},
        {"DISPLAY": "127.0.0.1:59000"},
        {"DISPLAY": "127.0.0.1:70000"},
        {"WAYLAND_DISPLAY": "wayland-9", "XDG_RUNTIME_DIR": "/nonexistent"},
    ],
)
def test_display_that_does_not_answer_is_one_clear_line(environment: dict[str, str]) -> None:
    name = next(iter(environment.values()))
    with pytest.raises(SettingsError, match=f"^a preview needs a display, but {name} does not respond"):
        require_display(environment, "linux")


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not tmp_path: a socket's path may have about 100 characters.
    with tempfile.TemporaryDirectory(prefix="ft") as name:
        yield Path(name)


@needs_unix_sockets
def test_display_that_answers_is_taken(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "_X11_FOLDER", folder)
    with (
        socket.socket(socket.AF_UNIX) as x11,
        socket.socket(socket.AF_UNIX) as wayland,
        socket.socket(socket.AF_INET) as remote,
    ):
        for server, address in ((x11, f"{folder}/X7"), (wayland, f"{folder}/wayland-0"), (remote, ("127.0.0.1", 0))):
            server.bind(address)
            server.listen()
        require_display({"DISPLAY": ":7"}, "linux")
        require_display({"DISPLAY": "unix:7.0"}, "linux")
        require_display({"WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": str(folder)}, "linux")
        number = remote.getsockname()[1] - 6000
        require_display({"DISPLAY": f"127.0.0.1:{number}.0"}, "linux")
