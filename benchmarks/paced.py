"""The program from outside at a camera's pace: processor time and latency of each frame, by model, transport and faces.

Frames come as raw bytes on standard input or as MJPEG over HTTP. The latency runs from a frame's last byte to its
packet. With --peer PYTHON, an environment that has MediaPipe, its face mesh with irises is fed in the same way.
"""

from __future__ import annotations

import bisect
import contextlib
import socket
import struct
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import psutil

from benchmarks.frames import Picture, demo_pictures, empty_pictures, group_pictures
from benchmarks.program import PROGRAM, receiver, running
from benchmarks.report import Report, Spread, arguments, facts
from tracker.face.empty_scene import AFTER_S, KEPT_UP_S
from tracker.face.options import MODELS

WARM_UP_S = 2.0
EMPTY_WARM_UP_S = AFTER_S + KEPT_UP_S + 1.0
"""With nobody there: by then few frames are searched."""
START_LIMIT_S = 60.0
LAST_BYTES = 4096
"""A pipe or socket takes these without waiting for the reader, so that the time of sending them is exact."""
PICTURES = 30
JPEG_QUALITY = 90
BOUNDARY = b"frame"
TIME = struct.Struct("<d")
"""Begins OpenSeeFace's records, and those of `benchmarks.mediapipe_program`: when the frame had arrived."""
PEER = Path(__file__).with_name("mediapipe_program.py")


@dataclass(frozen=True, slots=True)
class Pace:
    """What one measurement feeds. transport: raw or mjpeg."""

    transport: str
    fps: float
    faces: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Per frame: processor milliseconds, of the whole process and of its main thread; latencies; frames, packets."""

    cpu_ms: float
    main_ms: float
    latencies_ms: Sequence[float]
    frames: int
    packets: int


def measure(command: Sequence[str], pace: Pace, pictures: Sequence[Picture]) -> Figures:
    """Run `command`, to which the port to send to and the input are added, and feed it."""
    with receiver() as (listening, port), Feed.of(pace, pictures) as feed:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        arrivals: list[tuple[float, float]] = []
        threading.Thread(target=_receive, args=(listening, arrivals), daemon=True).start()
        stdin = subprocess.PIPE if pace.transport == "raw" else None
        with running(*feed.arguments, "-F", "0", "--port", str(port), program=command, stdin=stdin) as process:
            feed.connect(process)
            # The program may take long to start; what it gets meanwhile is not counted.
            begin = time.perf_counter()
            feed.send(0)
            while pace.faces and not arrivals and time.perf_counter() - begin < START_LIMIT_S:
                time.sleep(1 / pace.fps)
                feed.send(1)
            watched = psutil.Process(process.pid)
            sent: list[float] = []
            due = time.perf_counter()
            warm_s = WARM_UP_S if pace.faces else EMPTY_WARM_UP_S
            warm, count = round(warm_s * pace.fps), round(pace.seconds * pace.fps)
            cpu_before = main_before = 0.0
            for index in range(warm + count):
                if index == warm:
                    cpu_before, main_before = _cpu_s(watched)
                due += 1 / pace.fps
                time.sleep(max(0.0, due - time.perf_counter()))
                sent.append(feed.send(index))
            time.sleep(min(0.5, 2 / pace.fps))
            cpu_after, main_after = _cpu_s(watched)
    latencies = _latencies_ms(sent[warm:], arrivals)
    per_frame = 1e3 / count
    return Figures(
        (cpu_after - cpu_before) * per_frame, (main_after - main_before) * per_frame, latencies, count, len(latencies)
    )


class Feed(ABC):
    """Where the frames go. arguments: what tells the program where they come from."""

    arguments: tuple[str, ...]

    @staticmethod
    @contextlib.contextmanager
    def of(pace: Pace, pictures: Sequence[Picture]) -> Iterator[Feed]:
        """The feed of this transport."""
        if pace.transport == "raw":
            yield RawFeed(pictures)
        else:
            with contextlib.closing(MjpegFeed(pictures)) as feed:
                yield feed

    @abstractmethod
    def connect(self, process: subprocess.Popen[bytes]) -> None:
        """The program runs."""

    @abstractmethod
    def send(self, index: int) -> float:
        """Send the picture number `index`, modulo their number. Returns the wall clock's time at its last bytes."""


class RawFeed(Feed):
    """Raw frames on standard input."""

    def __init__(self, pictures: Sequence[Picture]) -> None:
        height, width = pictures[0].shape[:2]
        self.arguments = ("--raw-rgb", "1", "-W", str(width), "-H", str(height))
        self._frames = [picture.tobytes() for picture in pictures]

    def connect(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        self._pipe = process.stdin

    def send(self, index: int) -> float:
        data = self._frames[index % len(self._frames)]
        self._pipe.write(data[:-LAST_BYTES])
        self._pipe.flush()
        now = time.time()
        self._pipe.write(data[-LAST_BYTES:])
        self._pipe.flush()
        return now


class MjpegFeed(Feed):
    """An MJPEG stream over HTTP, as phones offer it."""

    def __init__(self, pictures: Sequence[Picture]) -> None:
        quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        self._parts = []
        for picture in pictures:
            jpeg = cv2.imencode(".jpg", picture, quality)[1].tobytes()
            head = b"--%s\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % (BOUNDARY, len(jpeg))
            self._parts.append(head + jpeg)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(START_LIMIT_S)
        self.arguments = ("-c", f"http://127.0.0.1:{self._listening.getsockname()[1]}/video")
        self._client: socket.socket | None = None

    def connect(self, process: subprocess.Popen[bytes]) -> None:
        self._client, _ = self._listening.accept()
        self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client.recv(65536)
        kind = b"multipart/x-mixed-replace; boundary=" + BOUNDARY
        self._client.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: " + kind + b"\r\n\r\n")

    def send(self, index: int) -> float:
        assert self._client is not None
        part = self._parts[index % len(self._parts)]
        self._client.sendall(part[:-LAST_BYTES])
        now = time.time()
        self._client.sendall(part[-LAST_BYTES:] + b"\r\n")
        return now

    def close(self) -> None:
        """End the stream."""
        for one in (self._client, self._listening):
            if one is not None:
                one.close()


def _receive(listening: socket.socket, arrivals: list[tuple[float, float]]) -> None:
    """Append each packet's time of its frame and of its arrival, until the socket is closed."""
    with contextlib.suppress(OSError):
        while True:
            data = listening.recv(65535)
            arrivals.append((TIME.unpack_from(data)[0], time.time()))


def _latencies_ms(sent: Sequence[float], arrivals: Sequence[tuple[float, float]]) -> list[float]:
    """Of the frames that have a packet: a packet belongs to the last frame that was sent before its own time."""
    found: dict[int, float] = {}
    for frame, arrived in arrivals:
        last = bisect.bisect_right(sent, frame) - 1
        if last >= 0:
            found.setdefault(last, 1e3 * (arrived - sent[last]))
    return list(found.values())


def _cpu_s(process: psutil.Process) -> tuple[float, float]:
    """Processor seconds so far: of all threads, and of the first one, which tracks and sends."""
    times = process.cpu_times()
    main = [thread.user_time + thread.system_time for thread in process.threads() if thread.id == process.pid]
    return times.user + times.system, sum(main)


def main() -> int:
    parser = arguments(__doc__)
    parser.add_argument("--models", type=int, nargs="+", default=[3, 0, -3], choices=MODELS, help="default 3 0 -3")
    parser.add_argument("--fps", type=float, nargs="+", default=[30.0, 60.0], help="default 30 60")
    parser.add_argument("--transports", nargs="+", default=["raw", "mjpeg"], choices=("raw", "mjpeg"))
    parser.add_argument("--faces", type=int, nargs="+", default=[1], help="0 is nobody, 8 the most (default 1)")
    parser.add_argument("--seconds", type=float, default=10.0, help=f"of each, after {WARM_UP_S:g} (default 10)")
    parser.add_argument("--peer", type=Path, metavar="PYTHON", help="of an environment with MediaPipe")
    options = parser.parse_args()
    report = Report("paced", facts(options.models, cores="all cores; the program itself uses one"))
    programs: dict[str, list[str]] = {
        f"facetracker --model {model}": ["--model", str(model)] for model in options.models
    }
    for faces in options.faces:
        pictures = _pictures(faces)
        for fps in options.fps:
            for transport in options.transports:
                pace = Pace(transport, fps, faces, options.seconds)
                for name, more in programs.items():
                    command = [*PROGRAM, *more, "--faces", str(max(1, faces))]
                    _add(report, name, pace, measure(command, pace, pictures))
                if options.peer is not None and transport == "raw":
                    command = [str(options.peer), str(PEER), "--faces", str(max(1, faces))]
                    _add(report, "MediaPipe FaceMesh + irises", pace, measure(command, pace, pictures))
    report.finish(options.json)
    return 0


def _pictures(faces: int) -> list[Picture]:
    if faces == 0:
        return empty_pictures(PICTURES)
    return demo_pictures(PICTURES) if faces == 1 else group_pictures(PICTURES, faces)


def _add(report: Report, name: str, pace: Pace, figures: Figures) -> None:
    latencies = figures.latencies_ms or [float("nan")]
    spread = Spread.of(latencies)
    report.add(
        program=name,
        **{
            "transport": pace.transport,
            "fps": pace.fps,
            "faces": pace.faces,
            "ms cpu": figures.cpu_ms,
            "main thread": figures.main_ms,
            "% of a core": 0.1 * figures.cpu_ms * pace.fps,
            "latency ms": spread.median,
            "p99": sorted(latencies)[min(len(latencies) - 1, int(0.99 * len(latencies)))],
            "frames": figures.frames,
            "packets": figures.packets,
        },
    )


if __name__ == "__main__":
    sys.exit(main())
