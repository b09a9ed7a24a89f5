"""The command line: OpenSeeFace's options, its abbreviations, and the argument lists of real launchers."""

from __future__ import annotations

import configparser
import subprocess
import sys
from pathlib import Path

import pytest

from tracker.app.options import GROUPS, OPENSEEFACE, OURS
from tracker.app.parsing import build_parser, canonical, openseeface_prefixes, parse
from tracker.errors import SettingsError
from tracker.version import VERSION

VSEEFACE = (
    r"--ip 127.0.0.1 --port 11574 --model-dir ..\models\ --capture 0 --silent 1 -W 1920 -H 1080 -F 30 -D 0 "
    "--max-threads 1 --model 4 --gaze-tracking 1 --discard-after 0 --scan-every 0 --log-output FILE "
    "--no-3d-adapt 1 --max-feature-updates 900"
)
LAUNCHERS = {
    "VSeeFace": (VSEEFACE, {"port": 11574, "width": 1920, "dcap": 0, "model": 4, "scan_every": 0, "silent": True}),
    "VSeeFace, tracker on another computer": (
        "-c 0 -W 1280 -H 720 --discard-after 0 --scan-every 0 --no-3d-adapt 1 --max-feature-updates 900",
        {"capture": "0", "width": 1280, "height": 720, "discard_after": 0, "no_3d_adapt": True},
    ),
    "OpenSeeLauncher": (
        r"--ip 127.0.0.1 --port 11573 --model-dir models\ --capture 1 --silent 1 --max-threads 1",
        {"ip": "127.0.0.1", "capture": "1", "max_threads": 1, "model_dir": "models\\"},
    ),
    "OpenSeeLauncher, cameras": ("--list-cameras 2", {"list_cameras": 2}),
    "OpenSeeLauncher, benchmark": ("--benchmark 1 --priority 4 --max-threads 2", {"benchmark": True, "priority": 4}),
    "vpuppr": (
        "--capture 2 --fps 12 --visualize 0 --silent 1 --pnp-points 0 --discard-after 0 --scan-every 0 "
        "--no-3d-adapt 1 --max-feature-updates 900 --ip 127.0.0.1 --port 11573 --model 3",
        {"capture": "2", "fps": 12, "visualize": 0, "pnp_points": 0, "model": 3},
    ),
    "vpuppr 0.8": (
        "-c /dev/video0 -F 12 -v 0 -s 1 -P 1 --discard-after 0 --scan-every 0 --no-3d-adapt 1 "
        "--max-feature-updates 900 --ip 127.0.0.1 --port 11573",
        {"capture": "/dev/video0", "pnp_points": 1, "visualize": 0, "silent": True},
    ),
    "openseeface-gd": (
        "--ip 127.0.0.1 --port 11573 --list-cameras 0 --width 640 --height 360 --fps 24 --capture 0 "
        "--mirror-input true --max-threads 1 --threshold 0.6 --detection-threshold 0.6 --visualize 0 --pnp-points 0 "
        "--silent 0 --faces 1 --scan-retinaface 0 --scan-every 3 --discard-after 10 --max-feature-updates 900 "
        "--no-3d-adapt 1 --try-hard 0 --video-out out.avi --video-scale 1 --video-fps 24 --raw-rgb 0 "
        "--log-data log.csv --log-output log.txt --model 3 --model-dir models --gaze-tracking 1 --face-id-offset 0 "
        "--repeat-video 0 --dump-points points.txt --benchmark 0 --list-dcaps 0 --dcap 0 --blackmagic 0 "
        "--use-dshowcapture 1 --blackmagic-options none --priority 2",
        {"mirror_input": True, "benchmark": False, "list_cameras": 0, "video_fps": 24.0, "threshold": 0.6},
    ),
    "Z-Ray Facetracker": (
        "-W 1280 -H 720 -c 0 --discard-after 0 --scan-every 0 --no-3d-adapt 1 --max-feature-updates 900 -s 1 "
        "-p 11573 -i 0.0.0.0 --model 1",
        {"ip": "0.0.0.0", "port": 11573, "model": 1, "fps": 24},
    ),
    "run.bat": (
        "-c 0 -F 30 -D -1 -v 3 -P 1 --discard-after 0 --scan-every 0 --no-3d-adapt 1 --max-feature-updates 900",
        {"dcap": -1, "visualize": 3},
    ),
    "OpenSeeFaceWrapper.sh": (
        "-c 0 -W 640 -H 480 --discard-after 0 --scan-every 0 --no-3d-adapt 1 --max-feature-updates 900 -s 1 "
        "--port 20202",
        {"height": 480, "port": 20202},
    ),
}

OPENSEEFACE_DEFAULTS = {
    "width": 640, "height": 360, "fps": 24, "capture": "0", "mirror_input": False, "max_threads": 1,
    "threshold": None, "detection_threshold": 0.6, "visualize": 0, "pnp_points": 0, "silent": False, "faces": 1,
    "scan_retinaface": False, "scan_every": 3, "discard_after": 10, "max_feature_updates": 900, "no_3d_adapt": True,
    "try_hard": False, "video_out": None, "video_scale": 1, "video_fps": 24.0, "raw_rgb": 0, "log_data": "",
    "log_output": "", "model": 3, "model_dir": None, "gaze_tracking": True, "face_id_offset": 0,
    "repeat_video": False, "dump_points": "", "benchmark": False, "list_cameras": 0, "list_dcaps": None,
    "dcap": None, "blackmagic": 0, "use_dshowcapture": True, "blackmagic_options": None, "priority": None,
}  # fmt: skip

# Written down from OpenSeeFace's own parser, not taken from our table.
OPENSEEFACE_LONG = [
    "help", "ip", "port", "width", "height", "fps", "capture", "mirror-input", "max-threads", "threshold",
    "detection-threshold", "visualize", "pnp-points", "silent", "faces", "scan-retinaface", "scan-every",
    "discard-after", "max-feature-updates", "no-3d-adapt", "try-hard", "video-out", "video-scale", "video-fps",
    "raw-rgb", "log-data", "log-output", "model", "model-dir", "gaze-tracking", "face-id-offset", "repeat-video",
    "dump-points", "benchmark",
]  # fmt: skip
OPENSEEFACE_WINDOWS = [
    "list-cameras", "list-dcaps", "dcap", "blackmagic", "use-dshowcapture", "blackmagic-options", "priority",
]  # fmt: skip
OPENSEEFACE_SHORT = [f"-{letter}" for letter in "hiplaWHDBFcMmtdvPs"]


def _unambiguous(names: list[str]) -> list[tuple[str, str]]:
    pairs = []
    for name in names:
        for length in range(1, len(name)):
            prefix = name[:length]
            if prefix not in names and [n for n in names if n.startswith(prefix)] == [name]:
                pairs.append((f"--{prefix}", f"--{name}"))
    return pairs


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_the_argument_list_of_a_launcher_is_understood(launcher: str) -> None:
    line, expected = LAUNCHERS[launcher]
    values = vars(parse(line.split()))
    assert {name: values[name] for name in expected} == expected


@pytest.mark.parametrize("name", OPENSEEFACE_DEFAULTS)
def test_defaults_are_openseefaces(name: str) -> None:
    assert vars(parse([]))[name] == OPENSEEFACE_DEFAULTS[name]


def test_every_option_of_openseeface_exists_in_both_spellings() -> None:
    known = {flag for option in OPENSEEFACE for flag in option.flags} | {"-h", "--help"}
    wanted = {f"--{name}" for name in OPENSEEFACE_LONG + OPENSEEFACE_WINDOWS} | set(OPENSEEFACE_SHORT)
    assert known == wanted


@pytest.mark.parametrize(
    ("prefix", "meaning"),
    dict.fromkeys(_unambiguous(OPENSEEFACE_LONG) + _unambiguous(OPENSEEFACE_LONG + OPENSEEFACE_WINDOWS)),
)
def test_an_abbreviation_that_openseeface_understands_keeps_its_meaning(prefix: str, meaning: str) -> None:
    assert canonical([prefix, "1"])[0] == meaning


def test_no_abbreviation_is_claimed_that_openseeface_does_not_understand() -> None:
    on_some_system = _unambiguous(OPENSEEFACE_LONG) + _unambiguous(OPENSEEFACE_LONG + OPENSEEFACE_WINDOWS)
    assert openseeface_prefixes() == dict(on_some_system)


@pytest.mark.parametrize("ours", [option.flags[0] for option in OURS])
def test_our_own_options_are_never_taken_for_an_abbreviation(ours: str) -> None:
    assert ours not in openseeface_prefixes()


@pytest.mark.parametrize(
    ("line", "mirrored"),
    [
        ("", False),
        ("-M", True),
        ("--mirror-input", True),
        ("--mirror-input true", True),
        ("--mirror-input True -c 1", True),
        ("--mirror-input=true", True),
        ("--mir 1", True),
        ("--mirror-input false", False),
        ("--mirror-input=0", False),
        ("-M -c 1", True),
        ("-Ms1", True),  # short options in one word
    ],
)
def test_mirroring_is_a_bare_flag_or_takes_a_word(line: str, mirrored: bool) -> None:
    assert parse(line.split()).mirror_input is mirrored


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("-D -1", "dcap", -1),
        ("-a -1", "list_dcaps", -1),
        ("--model -2", "model", -2),
        ("--model=-3", "model", -3),
        ("--exposure -6", "exposure", -6.0),
        ("--exposure auto", "exposure", "auto"),
        ("--powerline 50", "powerline", 50),
        ("--powerline off", "powerline", 0),
        ("--silent 2", "silent", True),
        ("-c demo", "capture", "demo"),
        ("--scan-e 0", "scan_every", 0),
        ("--smoothing 0", "smoothing", 0.0),
    ],
)
def test_values_are_read_as_meant(line: str, name: str, value: object) -> None:
    assert vars(parse(line.split()))[name] == value


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--model 5", "argument --model: there is no model '5'; choose from -3, -2, -1, 0, 1, 2, 3, 4 (see --help)"),
        ("--model x", "argument --model: there is no model 'x'; choose from -3, -2, -1, 0, 1, 2, 3, 4 (see --help)"),
        ("--port 0", "argument -p/--port: must be 1 to 65535, got 0 (see --help)"),
        ("-p 70000", "argument -p/--port: must be 1 to 65535, got 70000 (see --help)"),
        ("--faces 40", "argument --faces: must be 1 to 36, got 40 (see --help)"),
        ("--faces 0", "argument --faces: must be 1 to 36, got 0 (see --help)"),
        ("--video-scale 5", "argument --video-scale: must be 1 to 4, got 5 (see --help)"),
        ("--priority 6", "argument --priority: must be 0 to 5, got 6 (see --help)"),
        ("--frames 0", "argument --frames: must be 1 or more, got 0 (see --help)"),
        ("--width wide", "argument -W/--width: 'wide' is not a whole number (see --help)"),
        ("--smoothing nan", "argument --smoothing: 'nan' is not a number (see --help)"),
        ("--silent maybe", "argument -s/--silent: 'maybe' is neither 0 nor 1 (see --help)"),
        ("--powerline 55", "argument --powerline: '55' is none of off, 50, 60, auto (see --help)"),
        ("--frobnicate 1", "unrecognized arguments: --frobnicate 1 (see --help)"),
    ],
)
def test_a_wrong_value_is_told_in_one_line(line: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(line.split())
    assert str(caught.value) == message


def test_an_empty_host_is_refused() -> None:
    with pytest.raises(SettingsError, match="argument -i/--ip: the host is empty"):
        parse(["--ip", ""])


def test_help_shows_every_option_in_its_group(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--help"])
    text = capsys.readouterr().out
    assert ended.value.code == 0
    for title, options in GROUPS:
        assert f"\n{title}:\n" in text
        for option in options:
            assert option.flags[-1] in text


def test_every_option_without_effect_says_so() -> None:
    compatibility = next(options for title, options in GROUPS if title == "accepted for OpenSeeFace compatibility")
    assert all(option.details["help"].startswith("has no effect") for option in compatibility)


def test_no_two_options_write_the_same_value() -> None:
    names = [action.dest for action in build_parser()._actions]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("option", ["--help", "--version", "--port 0", "--list-formats", "--target foo://a"])
def test_nothing_heavy_is_imported_to_answer(option: str) -> None:
    code = (
        "import sys\n"
        "from tracker.app.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'cv2', 'onnxruntime', 'tqdm', 'psutil'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *option.split()], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_version_is_the_packages() -> None:
    config = configparser.ConfigParser()
    config.read(Path(__file__).resolve().parents[2] / "setup.cfg", encoding="utf-8")
    assert config["metadata"]["version"] in (VERSION, "attr: tracker.version.VERSION")
