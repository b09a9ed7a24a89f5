"""The table of options: every one of OpenSeeFace with its meaning and default, and our own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tracker.app import option_types as to
from tracker.face.options import DEFAULT_FOV_DEG
from tracker.output.formats.table import FORMATS
from tracker.version import VERSION

MAX_FACES = 36
"""One more record of 1785 bytes no longer fits into a UDP datagram."""


@dataclass(frozen=True, slots=True)
class Option:
    """flags: one or two spellings. details: what argparse's `add_argument` is told."""

    flags: tuple[str, ...]
    details: dict[str, Any]


def option(flags: str, text: str, **details: Any) -> Option:
    """A row of the table. flags: separated by a space. The help shows `text` and a default that says something."""
    default = details.get("default")
    if default not in (None, "", []) and default != DEFAULT_FOV_DEG:
        text = f"{text} (default: {int(default) if isinstance(default, bool) else default})"
    return Option(tuple(flags.split()), {**details, "help": text})


OUTPUT: tuple[Option, ...] = (
    option("-i --ip", "where to send the results (default: 127.0.0.1)", type=to.host, metavar="HOST"),
    option("-p --port", "the port to send to (default: 11573)", type=to.whole(1, 65535), metavar="N"),
    option(
        "-v --visualize",
        "show a window: 1 with the points, 2 with face ids as well, 3 with confidence, 4 with point numbers; q ends it",
        type=to.whole(0),
        default=0,
        metavar="N",
    ),
    option(
        "-P --pnp-points",
        "draw the fitted head in window and video: 1 the points the pose is made from, 2 all",
        type=to.whole(0),
        default=0,
        metavar="N",
    ),
    option("-s --silent", "1 prints nothing while all goes well", type=to.switch, default=False, metavar="0|1"),
    option(
        "--face-id-offset",
        "added to each face's number",
        type=to.whole(-(2**31), 2**31 - 1 - MAX_FACES),
        default=0,
        metavar="N",
    ),
    option("--video-out", "write the picture with what was found drawn into it, as lossless AVI", metavar="FILE"),
    option("--video-scale", "enlarge that video", type=to.whole(1, 4), default=1, metavar="1-4"),
    option("--video-fps", "that video's frame rate", type=to.number(0.1, 1000.0), default=24.0, metavar="N"),
    option("--log-data", "write a row of numbers for each face in each frame, as CSV", default="", metavar="FILE"),
    option("--log-output", "copy everything printed into this file", default="", metavar="FILE"),
    option("--dump-points", "write the 70 points of the head model at the end", default="", metavar="FILE"),
)

INPUT: tuple[Option, ...] = (
    option(
        "-c --capture",
        "a camera's number, name or part of it; a video, picture, device or URL; or 'demo', a built-in animated face",
        default="0",
        metavar="WHAT",
    ),
    option(
        "-l --list-cameras",
        "list the cameras and end: 1 numbered, 2 names only, 3 everything as JSON",
        type=to.whole(0),
        default=0,
        metavar="1|2|3",
    ),
    option(
        "-a --list-dcaps", "list what camera N (-1: each camera) can deliver and end", type=to.whole(-1), metavar="N"
    ),
    option(
        "-W --width",
        "width to ask of the camera; width of raw frames and of the demo",
        type=to.whole(1),
        default=640,
        metavar="N",
    ),
    option("-H --height", "height, likewise", type=to.whole(1), default=360, metavar="N"),
    option(
        "-F --fps",
        "frames per second to ask of the camera and to process at most; 0 = as they come",
        type=to.whole(0),
        default=24,
        metavar="N",
    ),
    option(
        "-D --dcap", "use capability N of --list-dcaps; -1 = the camera's own default", type=to.whole(-1), metavar="N"
    ),
    option("-M --mirror-input", "flip the picture left to right before tracking", action="store_true"),
    option(
        "--raw-rgb",
        "1 reads raw frames of width x height x 3 bytes (blue, green, red) from standard input",
        type=to.whole(0),
        default=0,
        metavar="0|1",
    ),
    option("--repeat-video", "1 starts a file again at its end", type=to.switch, default=False, metavar="0|1"),
)

TRACKING: tuple[Option, ...] = (
    option(
        "--model", "-3 (fastest) to 3 (best), 4 = 3 with finer eyes, for winks", type=to.model, default=3, metavar="N"
    ),
    option("--model-dir", "folder of the networks (default: those that came with the program)", metavar="DIR"),
    option("--faces", "track at most so many faces", type=to.whole(1, MAX_FACES), default=1, metavar="N"),
    option(
        "-t --threshold",
        "landmark confidence a face needs (default: the model's own, 0.6 or 0.87)",
        type=to.number(0.0, 1.0),
        metavar="X",
    ),
    option("-d --detection-threshold", "score a new face needs", type=to.number(0.0, 1.0), default=0.6, metavar="X"),
    option("--scan-every", "frames between looks for further faces", type=to.whole(0), default=3, metavar="N"),
    option(
        "--scan-retinaface",
        "1 looks for further faces with the high-resolution detector",
        type=to.switch,
        default=False,
        metavar="0|1",
    ),
    option(
        "--discard-after", "frames a lost face is looked for where it was", type=to.whole(0), default=10, metavar="N"
    ),
    option("--try-hard", "1 tries everything to find a face", type=to.switch, default=False, metavar="0|1"),
    option("--gaze-tracking", "0 does not look for the pupils", type=to.switch, default=True, metavar="0|1"),
    option("--no-3d-adapt", "0 slowly fits the head model to the user", type=to.switch, default=True, metavar="0|1"),
    option(
        "--max-feature-updates",
        "after so long the range of each expression stays as it is; 0 = never, but start anew when the face is lost",
        type=to.whole(0),
        default=900,
        metavar="SECONDS",
    ),
)

PROGRAM: tuple[Option, ...] = (
    option("-m --max-threads", "processor threads to use", type=to.whole(1), default=1, metavar="N"),
    option(
        "--priority",
        "process priority: idle, below normal, normal, above normal, high, real-time",
        type=to.whole(0, 5),
        metavar="0-5",
    ),
    option(
        "--benchmark",
        "1 prints frames per second of models 3, 2, 1, 0, -1, -2, -3, a line each, and ends",
        type=to.switch,
        default=False,
        metavar="0|1",
    ),
)

OURS: tuple[Option, ...] = (
    option(
        "--target",
        "send to this receiver as well (may be repeated; replaces the default receiver unless --ip or --port is "
        f"given); formats are {', '.join(FORMATS)}; HOST:PORT alone is osf",
        type=to.target,
        action="append",
        default=[],
        metavar="FORMAT://HOST:PORT",
    ),
    option(
        "--list-formats",
        "print what --target can send, with default ports and switches, as JSON and end",
        action="store_true",
    ),
    option("--dformat", "pixel format to ask of the camera, for instance MJPG or YUYV", metavar="FOURCC"),
    option("--exposure", "the camera's exposure, in its own unit", type=to.automatic_or_number, metavar="N|auto"),
    option("--gain", "the camera's gain, in its own unit", type=to.number(), metavar="N"),
    option("--focus", "the camera's focus, in its own unit", type=to.automatic_or_number, metavar="N|auto"),
    option("--powerline", "mains frequency, against flicker", type=to.mains_frequency, metavar="off|50|60|auto"),
    option(
        "--fov",
        "the camera's horizontal field of view (default: 53.1)",
        type=to.number(5.0, 170.0),
        default=DEFAULT_FOV_DEG,
        metavar="DEGREES",
    ),
    option(
        "--smoothing", "0 = off; larger is steadier and slower", type=to.number(0.0, 100.0), default=1.0, metavar="X"
    ),
    option(
        "--profile",
        "keep your neutral face and the range of each expression between runs under this name",
        metavar="NAME",
    ),
    option("--frames", "end after N frames", type=to.whole(1), metavar="N"),
    option(
        "--give-up",
        "end when a lost camera stays away so long (default: wait for ever)",
        type=to.number(0.0),
        metavar="SECONDS",
    ),
    option("--parent-pid", "end when this process ends", type=to.whole(1), metavar="PID"),
    option(
        "--verbose-frames",
        "print OpenSeeFace's lines for each frame instead of one status line a second",
        action="store_true",
    ),
    option("--version", "print the version and end", action="version", version=f"facetracker {VERSION}"),
)

COMPATIBILITY: tuple[Option, ...] = (
    option(
        "-B --blackmagic",
        "has no effect: Blackmagic devices are opened like any camera the system lists",
        type=to.whole(0),
        default=0,
        metavar="0|1",
    ),
    option("--blackmagic-options", "has no effect, as there is no Blackmagic library to pass it to", metavar="TEXT"),
    option(
        "--use-dshowcapture",
        "has no effect: cameras are always opened through OpenCV, on Windows by DirectShow or Media Foundation",
        type=to.switch,
        default=True,
        metavar="0|1",
    ),
)

GROUPS = (
    ("input", INPUT),
    ("tracking", TRACKING),
    ("output", OUTPUT),
    ("program", PROGRAM),
    ("beyond OpenSeeFace", OURS),
    ("accepted for OpenSeeFace compatibility", COMPATIBILITY),
)

OPENSEEFACE = OUTPUT + INPUT + TRACKING + PROGRAM + COMPATIBILITY
"""What OpenSeeFace has."""
WINDOWS_ONLY = {
    "--list-cameras", "--list-dcaps", "--dcap", "--blackmagic", "--blackmagic-options", "--use-dshowcapture",
    "--priority",
}  # fmt: skip
"""What OpenSeeFace has on Windows alone. Here they exist on every system."""
