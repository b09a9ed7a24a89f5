"""What a further receiver costs: processor time a frame in each format, and its share of a core at 30 frames a second.

Sockets, encoding and the threads of WebSockets are counted, receivers are not: those are processes of their own.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.frames import as_frame, demo_pictures
from benchmarks.report import Report, arguments, facts, pin_to_one_core
from tracker.face.engine import Engine
from tracker.face.options import EngineOptions
from tracker.output.formats.registry import make_senders
from tracker.output.formats.sender import Sender
from tracker.output.formats.vts.session import VtsSender
from tracker.output.formats.vts.tokens import Tokens
from tracker.output.network import NetworkSink
from tracker.output.target import Target, parse_target
from tracker.types import Frame, FrameResult

FPS = 30
PICTURES = 60
PAUSE_S = 0.002  # between frames, for the threads of WebSockets; waiting costs no processor time

# A VTube Studio that says yes to everything, with the parameters that it has itself.
STUDIO = """
import json, sys
from websockets.sync.server import serve
names = ["FaceAngle" + a for a in "XYZ"] + ["FacePosition" + a for a in "XYZ"] + [
    "MouthSmile", "MouthOpen", "Brows", "BrowLeftY", "BrowRightY", "EyeOpenLeft", "EyeOpenRight", "EyeLeftX",
    "EyeLeftY", "EyeRightX", "EyeRightY", "CheekPuff", "TongueOut"]
def answer(connection):
    for text in connection:
        body = json.loads(text)
        data = {"authenticationToken": "t", "authenticated": True, "customParameters": [],
                "defaultParameters": [{"name": name} for name in names]}
        body |= {"messageType": body["messageType"].replace("Request", "Response"), "data": data}
        connection.send(json.dumps(body))
with serve(answer, "127.0.0.1", int(sys.argv[1])) as server:
    server.serve_forever()
"""
PAGE = """
import sys, time
from websockets.sync.client import connect
while True:
    try:
        with connect("ws://127.0.0.1:" + sys.argv[1], proxy=None) as connection:
            for text in connection:
                pass
    except OSError:
        time.sleep(0.05)
"""


def tracked(model: int) -> list[tuple[Frame, FrameResult]]:
    """Frames with their results."""
    engine = Engine(EngineOptions(model=model))
    pictures = demo_pictures(PICTURES)
    found = []
    for index in range(PICTURES):
        frame = as_frame(pictures[index], index)
        found.append((frame, engine.process(frame)))
    engine.close()
    return found


def milliseconds(senders: Sequence[Sender], frames: Sequence[tuple[Frame, FrameResult]], times: int) -> float:
    """Processor time that sending one frame takes, over all threads of this process."""
    sink = NetworkSink(senders)
    for frame, result in frames:
        sink.write(frame, result)
        time.sleep(PAUSE_S)
    begin = time.process_time()
    for turn in range(times):
        frame, result = frames[turn % len(frames)]
        sink.write(frame, result)
        time.sleep(PAUSE_S)
    taken = time.process_time() - begin
    sent = sink.sent
    sink.close()
    if senders and sent < times:
        raise SystemExit(f"only {sent} of {times} frames were sent")
    return 1e3 * taken / times


@contextmanager
def listening(text: str) -> Iterator[Target]:
    """`text` as a target with somebody there who takes what comes."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        target = parse_target(text.format(f"127.0.0.1:{receiver.getsockname()[1]}"))
        script = {"vts": STUDIO, "json+ws": PAGE}.get(target.format)
        process = subprocess.Popen([sys.executable, "-c", script, str(target.port)]) if script else None
        try:
            if process is not None:
                time.sleep(1.0)
            yield target
        finally:
            if process is not None:
                process.kill()
                process.wait()


def senders_to(target: Target, folder: Path) -> list[Sender]:
    """What sends to `target`. A benchmark's permission is not the user's, so it is kept in `folder`."""
    if target.format == "vts":
        return [VtsSender(target, Tokens(folder / "tokens.json"))]
    return make_senders([target])


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--times", type=int, default=1500, help="frames to send in each format (default 1500)")
    parser.add_argument("--model", type=int, default=3, help="that finds the face (default 3)")
    options = parser.parse_args()
    report = Report("receivers", facts([options.model], cores=pin_to_one_core()))
    frames = tracked(options.model)
    idle_ms = milliseconds([], frames, options.times)
    with tempfile.TemporaryDirectory() as folder:
        for text in (
            "osf://{}", "vmc://{}", "vmc://{}?expressions=vrm1", "vmc://{}?expressions=perfectsync",
            "ifacialmocap://{}", "livelink://{}", "opentrack://{}", "json://{}", "json+ws://{}", "vts://{}",
        ):  # fmt: skip
            with listening(text) as target:
                taken = milliseconds(senders_to(target, Path(folder)), frames, options.times)
            report.add(target=text.replace("{}", "..."), bytes=_bytes(text, frames), **_cost(taken - idle_ms))
    report.finish(options.json)


def _cost(taken_ms: float) -> dict[str, float]:
    return {"ms cpu a frame": taken_ms, f"% of a core at {FPS} fps": taken_ms * FPS / 10}


def _bytes(text: str, frames: Sequence[tuple[Frame, FrameResult]]) -> int:
    """Of one frame on the wire; 0 for WebSockets, where JSON's are json's and VTube Studio's differ."""
    if text.startswith(("vts", "json+ws")):
        return 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(0.2)
        sink = NetworkSink(make_senders([parse_target(text.format(f"127.0.0.1:{receiver.getsockname()[1]}"))]))
        sink.write(*frames[-1])
        sink.close()
        size = 0
        try:
            while True:
                size += len(receiver.recv(65535))
        except TimeoutError:
            return size


if __name__ == "__main__":
    main()
