from __future__ import annotations

import http.server
import logging
import threading
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest

from tracker.capture.clock import FrameClock
from tracker.capture.stream import StreamSource
from tracker.capture.stream_address import is_url, without_password
from tracker.capture.supervised import ReopeningSource, WatchdogSource
from tracker.errors import CaptureError


class MjpegServer:
    """MJPEG over HTTP on the loopback; each connection behaves as the next of `plans` says:
    how many pictures, how wide, and whether it then hangs up or falls silent."""

    def __init__(self, *plans: tuple[int, int, str]) -> None:
        self.plans = list(plans)
        self.let_go = threading.Event()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                pass

            def do_GET(self) -> None:
                if not owner.plans:
                    self.send_error(404)
                    return
                count, width, then = owner.plans.pop(0)
                jpeg = cv2.imencode(".jpg", np.full((48, width, 3), 128, np.uint8))[1].tobytes()
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                head = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg)
                try:
                    for _ in range(count):
                        self.wfile.write(head + jpeg + b"\r\n")
                        owner.let_go.wait(0.005)
                except OSError:
                    return  # the client went first
                if then == "stall":
                    owner.let_go.wait(30)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/video"

    def stop(self) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def serve() -> Iterator[Any]:
    servers: list[MjpegServer] = []

    def start(*plans: tuple[int, int, str]) -> MjpegServer:
        servers.append(MjpegServer(*plans))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def test_mjpeg_over_http_comes_as_live_frames(serve: Any) -> None:
    server = serve((8, 64, "stall"))
    source: Any = StreamSource(server.url, FrameClock())
    assert source.open() == f"{server.url}: 64x48, MJPEG over HTTP, live"
    frames = [source.read() for _ in range(5)]
    source.close()
    assert source.is_live
    assert [frame.index for frame in frames] == list(range(5))
    assert frames[0].bgr.shape == (48, 64, 3)
    assert abs(int(frames[0].bgr[20, 20, 0]) - 128) <= 2


@pytest.mark.parametrize("then", ["hang up", "stall"])
def test_a_stream_that_ends_or_falls_silent_is_lost(serve: Any, then: str) -> None:
    source: Any = StreamSource(serve((6, 64, then)).url, FrameClock(), read_timeout_s=0.3)
    source.open()
    with pytest.raises(CaptureError, match="/video stopped"):
        for _ in range(10):
            source.read()
    source.close()


def test_a_lost_stream_is_opened_again_with_another_size(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    server = serve((6, 64, "stall"), (6, 128, "hang up"))
    frame_clock = FrameClock()
    source: Any = ReopeningSource(WatchdogSource(lambda: StreamSource(server.url, frame_clock, read_timeout_s=0.3)))
    source.open()
    with caplog.at_level(logging.INFO):
        widths = []
        while 128 not in widths:
            widths.append(source.read().width)
    source.close()
    assert set(widths) == {64, 128}
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_closing_during_a_silence_returns_soon(serve: Any) -> None:
    server = serve((3, 64, "stall"))
    source: Any = ReopeningSource(
        WatchdogSource(lambda: StreamSource(server.url, FrameClock(), read_timeout_s=1.0), release_s=0.01)
    )
    source.open()
    results: list[object] = []

    def read_to_the_end() -> None:
        while (frame := source.read()) is not None:
            results.append(frame)
        results.append("end")

    reader = threading.Thread(target=read_to_the_end, daemon=True)
    reader.start()
    reader.join(0.1)
    source.close()
    reader.join(2.5)
    assert results[-1] == "end"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/video", "rtsp://127.0.0.1:9/video"])
def test_nobody_there_is_one_clear_error_without_the_password(url: str) -> None:
    with_password = url.replace("//", "//me:secret@")
    with pytest.raises(CaptureError) as caught:
        StreamSource(with_password, FrameClock(), open_timeout_s=2).open()
    shown = url.replace("//", "//me:***@")
    assert str(caught.value).startswith(f"{shown} cannot be opened")
    assert "nobody answers at" in str(caught.value) and "secret" not in str(caught.value)


def test_a_path_that_is_not_there_is_told(serve: Any) -> None:
    with pytest.raises(CaptureError, match="nothing at this path"):
        StreamSource(serve().url, FrameClock(), open_timeout_s=2).open()


def test_a_recording_behind_a_url_is_played_at_its_own_speed_and_ends(fake_capture: Any, make_picture: Any) -> None:
    capture = fake_capture([make_picture()] * 6, fps=100, frame_count=6)
    source: Any = StreamSource("rtmp://host/clip.mp4", FrameClock(), opener=lambda *_: capture)
    assert source.open().endswith("recording")
    frames = [source.read() for _ in range(5)]
    assert source.read() is None
    assert frames[-1].media_s - frames[0].media_s >= 0.035


@pytest.mark.parametrize(
    ("text", "url"),
    [("http://a/b", True), ("rtsp://a", True), ("RTMP://a", True), ("C:\\a.mp4", False), ("a//b", False), ("0", False)],
)
def test_what_is_a_url(text: str, url: bool) -> None:
    assert is_url(text) is url


def test_only_the_password_is_hidden() -> None:
    assert without_password("rtsp://me:pw@host:554/a:b@c") == "rtsp://me:***@host:554/a:b@c"
    assert without_password("http://host:80/me:pw@x") == "http://host:80/me:pw@x"
