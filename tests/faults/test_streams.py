"""Camera phones and network cameras: what they send is tracked, what goes wrong is told with what to try."""

from __future__ import annotations

import contextlib
import itertools
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import pytest

from tests.faults import phone
from tests.faults.phone import ESCAPED, PASSWORD, USER, Phone, RtspCamera
from tests.faults.pictures import Picture, face, jpeg
from tests.faults.program import rows, run
from tracker.capture.clock import FrameClock
from tracker.capture.jpeg_parts import JpegParts, PartsError
from tracker.capture.open import open_source
from tracker.capture.stream import StreamSource
from tracker.capture.stream_address import hint_for, normalised, without_password
from tracker.capture.supervised import ReopeningSource, WatchdogSource
from tracker.errors import CaptureError

LIMIT_S = 20.0


def shade(value: int, width: int = 64, height: int = 48) -> bytes:
    return jpeg(np.full((height, width, 3), value % 256, np.uint8))


@pytest.fixture
def serving() -> Iterator[Callable[..., Phone]]:
    phones: list[Phone] = []

    def serve(**paths: Callable[[Any], None]) -> Phone:
        phones.append(Phone({f"/{path}": answer for path, answer in paths.items()}))
        return phones[-1]

    yield serve
    for each in phones:
        each.close()


def frames(source: StreamSource, count: int) -> list[Any]:
    found = []
    for _ in range(count):
        frame = source.read()
        assert frame is not None
        found.append(frame)
    return found


def changing() -> Callable[[Any], None]:
    """Another picture with each request."""
    numbers = itertools.count()
    return lambda request: phone.reply(request, shade(10 * next(numbers)))


def test_a_snapshot_is_asked_for_again_and_again(serving: Callable[..., Phone]) -> None:
    server = serving(shot=changing())
    source = StreamSource(server.url("/shot"), FrameClock(), fps=50)
    assert source.open().endswith("64x48, a picture, asked for again and again, live")
    found = frames(source, 8)
    source.close()
    assert len({int(frame.bgr[0, 0, 0]) for frame in found}) >= 6
    assert [frame.index for frame in found] == list(range(8))


def test_a_picture_that_never_changes_is_asked_for_seldom(serving: Callable[..., Phone]) -> None:
    server = serving(shot=lambda request: phone.reply(request, shade(7)))
    source = StreamSource(server.url("/shot"), FrameClock(), fps=200)
    source.open()
    frames(source, 120)
    source.close()
    assert 20 < len(server.asked) < 60


@pytest.mark.parametrize("kind", ["png", "webp", "bmp"])
def test_other_pictures_are_snapshots_as_well(serving: Callable[..., Phone], kind: str) -> None:
    data = cv2.imencode(f".{kind}", np.full((48, 64, 3), 9, np.uint8))[1].tobytes()
    server = serving(shot=lambda request: phone.reply(request, data, f"image/{kind}"))
    source = StreamSource(server.url("/shot"), FrameClock())
    source.open()
    assert frames(source, 2)[1].bgr.shape == (48, 64, 3)
    source.close()


STREAMS: dict[str, dict[str, Any]] = {
    "plain": {},
    "without lengths": {"with_length": False},
    "dashes in the header": {"announced": "--frame"},
    "quoted": {"announced": '"frame"'},
    "without a boundary in the header": {"announced": ""},
    "an odd boundary": {"boundary": "==Sv_x-1.2=", "announced": '"==Sv_x-1.2="'},
}


@pytest.mark.parametrize("kind", STREAMS)
def test_streams_of_pictures_are_read_however_they_are_written(serving: Callable[..., Phone], kind: str) -> None:
    server = serving(video=phone.mjpeg(map(shade, range(0, 250, 10)), then="stall", **STREAMS[kind]))
    source = StreamSource(server.url("/video"), FrameClock())
    assert source.open().endswith("64x48, MJPEG over HTTP, live")
    shades = [int(frame.bgr[0, 0, 0]) for frame in frames(source, 6)]
    source.close()
    assert shades == sorted(set(shades))


def test_damaged_pictures_of_a_stream_are_left_out(serving: Callable[..., Phone]) -> None:
    parts = [shade(10), b"garbage", b"", shade(20)[:100], shade(30), b"\xff\xd8\xff" + bytes(50), shade(40), shade(50)]
    server = serving(video=phone.mjpeg(iter(parts), then="stall", interval_s=0.05))
    source = StreamSource(server.url("/video"), FrameClock())
    source.open()
    shades = [int(frame.bgr[0, 0, 0]) for frame in frames(source, 3)]
    source.close()
    assert set(shades) <= {10, 20, 30, 40, 50} and 30 in shades


def both_ways(count: int) -> Iterator[bytes]:
    return iter([shade(50)] * count + [shade(90, 48, 64)] * count + [shade(130, 128, 96)] * count)


def test_a_stream_that_turns_is_seen_in_its_new_shape(serving: Callable[..., Phone]) -> None:
    server = serving(video=phone.mjpeg(both_ways(4), then="stall", interval_s=0.05))
    source = StreamSource(server.url("/video"), FrameClock())
    source.open()
    shapes: list[tuple[int, ...]] = []
    while len(set(shapes)) < 3:
        shapes += [frame.bgr.shape for frame in frames(source, 1)]
    source.close()
    assert list(dict.fromkeys(shapes)) == [(48, 64, 3), (64, 48, 3), (96, 128, 3)]


def test_a_face_is_followed_through_a_turn_of_the_phone(serving: Callable[..., Phone], tmp_path: Any) -> None:
    across, upright = jpeg(face(640, 360)), jpeg(face(360, 640))
    server = serving(video=phone.mjpeg(iter([across] * 15 + [upright] * 400), interval_s=0.03))
    log, video = tmp_path / "log.csv", tmp_path / "a.avi"
    more = ["--log-data", str(log), "--video-out", str(video), "--frames", "30"]
    run("-c", server.url("/video"), *more).assert_clean()
    found = rows(log)
    assert {(row["Width"], row["Height"]) for row in found} == {("640", "360"), ("360", "640")}
    for row in found[-5:]:
        xs = [float(row[f"Landmark[{point}].X"]) for point in range(66)]
        ys = [float(row[f"Landmark[{point}].Y"]) for point in range(66)]
        assert 0.6 < (max(xs) - min(xs)) / (max(ys) - min(ys)) < 1.4  # not stretched
    assert cv2.VideoCapture(str(video)).get(cv2.CAP_PROP_FRAME_WIDTH) == 640


@pytest.mark.parametrize("guard", [phone.with_basic, phone.with_digest])
@pytest.mark.parametrize("kind", ["shot", "video"])
def test_user_and_password_let_in_and_are_not_shown(
    serving: Callable[..., Phone], guard: Callable[[Any], Any], kind: str
) -> None:
    answers = {"shot": changing(), "video": phone.mjpeg(map(shade, range(200)), then="stall")}
    server = serving(**{kind: guard(answers[kind])})
    source = StreamSource(server.url(f"/{kind}", f"{USER}:{ESCAPED}@"), FrameClock())
    line = source.open()
    frames(source, 3)
    source.close()
    for secret in (PASSWORD, ESCAPED):
        assert secret not in line + source.name
    assert ":***@" in line


REFUSALS: dict[str, tuple[Callable[[Any], None], str]] = {
    "no password": (phone.with_basic(changing()), "it wants a user and a password"),
    "forbidden": (lambda request: request.send_error(403), "does not let this computer in"),
    "missing": (lambda request: request.send_error(404), "nothing at this path; try the addresses"),
    "failure": (lambda request: request.send_error(500), "answers with status 500"),
    "a page": (lambda request: phone.reply(request, b"<html>", "text/html; charset=utf-8"), "is a web page"),
    "no picture": (lambda request: phone.reply(request, b"hello"), "gives no picture that can be decoded"),
    "no pictures": (phone.mjpeg(iter([b"hello"] * 20)), "gives no picture that can be decoded"),
    "an end": (phone.mjpeg(iter([])), "the other side hung up"),
    "endless redirects": (
        lambda request: phone.reply(request, b"", status=302, Location=request.path), "answers with status 302",
    ),
    "a redirect to a file": (
        lambda request: phone.reply(request, b"", status=302, Location="file:///etc/passwd"), "answers with status 302",
    ),
    "a huge part": (
        lambda request: phone.reply(
            request, b"--frame\r\nContent-Length: 99999999999\r\n\r\n", "multipart/x-mixed-replace; boundary=frame"
        ),
        "a picture of 99999999999 bytes",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSALS)
def test_what_is_wrong_is_told_with_what_to_try(serving: Callable[..., Phone], kind: str) -> None:
    answer, told = REFUSALS[kind]
    with pytest.raises(CaptureError) as refused:
        StreamSource(serving(x=answer).url("/x"), FrameClock()).open()
    assert told in str(refused.value) and "\n" not in str(refused.value)


def test_a_wrong_password_is_told_without_it(serving: Callable[..., Phone]) -> None:
    server = serving(x=phone.with_digest(changing()))
    with pytest.raises(CaptureError, match="the user or password is wrong") as refused:
        StreamSource(server.url("/x", f"{USER}:wrong-one@"), FrameClock()).open()
    assert "wrong-one" not in str(refused.value)


def test_a_server_that_answers_nothing_is_told_in_time() -> None:
    listening, port = phone.silent_port()
    with listening, pytest.raises(CaptureError, match="no answer in time"):
        StreamSource(f"http://127.0.0.1:{port}/video", FrameClock(), open_timeout_s=0.3).open()


def test_another_protocol_is_told(serving: Callable[..., Phone]) -> None:
    server = serving(x=changing())
    with pytest.raises(CaptureError, match="does not speak TLS"):
        StreamSource(server.url("/x", scheme="https"), FrameClock()).open()
    with pytest.raises(CaptureError, match="does not speak RTSP"):
        StreamSource(server.url("/x", scheme="rtsp"), FrameClock(), open_timeout_s=2).open()


@pytest.mark.parametrize("then", ["hang up", "stall"])
def test_a_stream_that_ends_or_stalls_is_opened_again(
    serving: Callable[..., Phone], then: str, caplog: pytest.LogCaptureFixture
) -> None:
    pictures = [map(shade, range(0, 30, 10)), map(shade, range(100, 250, 10))]
    server = serving(video=lambda request: phone.mjpeg(pictures.pop(0), then=then)(request))
    clock = FrameClock()
    make = lambda: StreamSource(server.url("/video"), clock, read_timeout_s=0.5)  # noqa: E731
    source = ReopeningSource(WatchdogSource(make))
    with caplog.at_level(logging.INFO):
        source.open()
        shades: list[int] = []
        while not shades or shades[-1] < 100:
            frame = source.read()
            assert frame is not None
            shades.append(int(frame.bgr[0, 0, 0]))
    source.close()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_a_source_that_waits_is_closed_soon(serving: Callable[..., Phone]) -> None:
    server = serving(video=phone.mjpeg(map(shade, range(3)), then="stall"))
    source = open_source(server.url("/video"))
    source.open()
    ended = threading.Event()

    def read() -> None:
        while source.read() is not None:
            pass
        ended.set()

    threading.Thread(target=read, daemon=True).start()
    time.sleep(0.2)
    source.close()
    assert ended.wait(LIMIT_S)


def sized(width: int, height: int, value: int = 90) -> bytes:
    picture: Picture = np.full((height, width, 3), value, np.uint8)
    picture[: height // 2] = 200
    return cv2.imencode(".jpg", picture)[1].tobytes()


@contextlib.contextmanager
def rtsp(password: str | None = None, then: str = "stall", count: int = 200) -> Iterator[RtspCamera]:
    camera = RtspCamera(lambda: iter([sized(320, 240)] * count), password, then)
    try:
        yield camera
    finally:
        camera.close()


def test_rtsp_is_read() -> None:
    with rtsp() as camera:
        source = StreamSource(camera.url(), FrameClock())
        assert "320x240" in source.open()
        assert frames(source, 5)[-1].bgr.shape == (240, 320, 3)
        source.close()


def test_rtsp_with_a_password() -> None:
    with rtsp("secret-7") as camera:
        source = StreamSource(camera.url(f"{USER}:secret-7@").replace("rtsp:", "RTSP:"), FrameClock())
        assert "secret-7" not in source.open() + source.name
        frames(source, 3)
        source.close()


@pytest.mark.parametrize(
    ("credentials", "path", "told"),
    [
        ("", "/live", "it wants a user and a password; write rtsp://USER:PASSWORD@"),
        (f"{USER}:wrong-one@", "/live", "the user or password is wrong"),
        (f"{USER}:secret-7@", "/other", "wrong|no stream at this path"),
    ],
)
def test_what_is_wrong_with_rtsp_is_told(credentials: str, path: str, told: str) -> None:
    with rtsp("secret-7") as camera, pytest.raises(CaptureError) as refused:
        StreamSource(camera.url(credentials, path), FrameClock(), open_timeout_s=5).open()
    assert re.search(told, str(refused.value))
    assert "secret-7" not in str(refused.value) and "wrong-one" not in str(refused.value)


def test_rtsp_that_stalls_is_lost_in_time() -> None:
    with rtsp(count=20) as camera:
        source = StreamSource(camera.url(), FrameClock(), open_timeout_s=2, read_timeout_s=0.5)
        source.open()
        with pytest.raises(CaptureError, match="stopped"):
            frames(source, 100)
        source.close()


@pytest.mark.parametrize("scheme", ["HTTP", "Http", "hTTp"])
def test_schemes_are_read_in_any_case(serving: Callable[..., Phone], scheme: str) -> None:
    source = StreamSource(serving(shot=changing()).url("/shot", scheme=scheme), FrameClock())
    source.open()
    source.close()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("192.168.1.5:8080/video", "http://192.168.1.5:8080/video"),
        ("192.168.1.5/shot.jpg", "http://192.168.1.5/shot.jpg"),
        ("phone.local:8080", "http://phone.local:8080"),
        ("localhost:8080/video", "http://localhost:8080/video"),
        ("[fe80::1]:8080/video", "http://[fe80::1]:8080/video"),
        ("192.168.1.9:554/live", "rtsp://192.168.1.9:554/live"),
        ("http:/192.168.1.5/video", "http://192.168.1.5/video"),
        ("RTSP:192.168.1.5/live", "rtsp://192.168.1.5/live"),
    ],
)
def test_a_missing_scheme_is_hinted_at(written: str, meant: str) -> None:
    with pytest.raises(CaptureError, match="write") as refused:
        open_source(written)
    assert meant in str(refused.value)


@pytest.mark.parametrize("text", ["Logitech C920", "usb-0000:00:14.0-1", "video0", "HD Webcam: 1080p", "C:\\a.b", "0"])
def test_cameras_are_no_addresses(text: str) -> None:
    assert hint_for(text) is None


@pytest.mark.parametrize(
    "url", ["ftp://a/b", "http://", "http://a:99999/", "http://a:b/", "camera://0", "http://[::1/"]
)
def test_what_is_no_address_is_told_at_once(url: str) -> None:
    with pytest.raises(CaptureError, match="address"):
        normalised(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://me:pw@h/live", "rtsp://me:***@h/live"),
        ("rtsp://me:p@w@h/live", "rtsp://me:***@h/live"),
        ("rtsp://me:p/w@h/live", "rtsp://me:***@h/live"),
        ("http://h/snap.cgi?user=a&pwd=secret&x=1", "http://h/snap.cgi?user=a&pwd=***&x=1"),
        ("rtsp://h/user=admin&password=secret&channel=1", "rtsp://h/user=admin&password=***&channel=1"),
        ("http://h:8080/a@2x.jpg", "http://h:8080/a@2x.jpg"),
    ],
)
def test_secrets_are_not_shown(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_parts_come_out_whole_however_they_arrive() -> None:
    pictures = [bytes([number]) * (50 + number) for number in range(1, 9)]
    whole = b"".join(b"--b\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(picture), picture) for picture in pictures)
    for step in (1, 2, 7, 64, len(whole)):
        parts = JpegParts(b"b")
        found = [part for at in range(0, len(whole), step) for part in parts.feed(whole[at : at + step])]
        assert found == pictures


@pytest.mark.parametrize("data", [b"--b\r\n" + b"x" * 100_000, b"--b\r\nContent-Length: 999999999999\r\n\r\n"])
def test_parts_that_never_begin_are_given_up(data: bytes) -> None:
    with pytest.raises(PartsError):
        JpegParts(b"b").feed(data)
