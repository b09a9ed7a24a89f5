"""The command line: OpenSeeFace's options, its abbreviations, and the argument lists of real launchers."""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from launcher.options import TrackerOptions
from tracker.app import options
from tracker.app.cli import main
from tracker.app.options import WITHOUT_EFFECT, all_options, describe_options
from tracker.app.parsing import build_parser, canonical, openseeface_prefixes, parse
from tracker.errors import SettingsError
from tracker.face.acceptance import FLOOR_SHARE
from tracker.face.options import EngineOptions
from tracker.option import FormField, Group, Origin, from_arguments
from tracker.option import option as declare
from tracker.option_types import Integer
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
        {"capture": "0", "width": 1280, "height": 720, "discard_after": 0, "adapt_3d": False},
    ),
    "OpenSeeLauncher": (
        r"--ip 127.0.0.1 --port 11573 --model-dir models\ --capture 1 --silent 1 --max-threads 1",
        {"ip": "127.0.0.1", "capture": "1", "max_threads": 1, "model_dir": Path("models\\")},
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
        {"mirror": True, "benchmark": False, "list_cameras": 0, "video_fps": 24.0, "threshold": 0.6},
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
    "width": 640, "height": 360, "fps": 24, "capture": "0", "mirror": False, "max_threads": 1,
    "threshold": None, "detection_threshold": 0.6, "visualize": 0, "pnp_points": 0, "silent": False, "max_faces": 1,
    "scan_retinaface": False, "scan_every": 3, "discard_after": 10, "max_feature_updates": 900, "adapt_3d": False,
    "try_hard": False, "video_out": None, "video_scale": 1, "video_fps": 24.0, "raw_rgb": 0, "log_data": None,
    "log_output": None, "model": 3, "model_dir": None, "gaze_tracking": True, "face_id_offset": 0,
    "repeat_video": False, "dump_points": None, "benchmark": False, "list_cameras": 0, "list_dcaps": None,
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
    openseefaces = [option for _, option in all_options() if option.origin is not Origin.FACETRACKER]
    known = {flag for option in openseefaces for flag in option.flags} | {"-h", "--help"}
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


@pytest.mark.parametrize(
    "ours",
    ["--version", *(option.flags[-1] for _, option in all_options() if option.origin is Origin.FACETRACKER)],
)
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
    assert parse(line.split()).mirror is mirrored


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
        ("--model 5", "argument --model: must be one of -3, -2, -1, 0, 1, 2, 3, 4, got '5' (see --help)"),
        ("--model x", "argument --model: must be one of -3, -2, -1, 0, 1, 2, 3, 4, got 'x' (see --help)"),
        ("--port 0", "argument -p/--port: must be between 1 and 65535, got 0 (see --help)"),
        ("-p 70000", "argument -p/--port: must be between 1 and 65535, got 70000 (see --help)"),
        ("--faces 40", "argument --faces: must be between 1 and 36, got 40 (see --help)"),
        ("--faces 0", "argument --faces: must be between 1 and 36, got 0 (see --help)"),
        ("--video-scale 5", "argument --video-scale: must be between 1 and 4, got 5 (see --help)"),
        ("--priority 6", "argument --priority: must be between 0 and 5, got 6 (see --help)"),
        ("--frames 0", "argument --frames: must be at least 1, got 0 (see --help)"),
        ("--width wide", "argument -W/--width: must be an integer, got 'wide' (see --help)"),
        ("--smoothing nan", "argument --smoothing: must be a number, got 'nan' (see --help)"),
        ("--silent maybe", "argument -s/--silent: 'maybe' is neither 0 nor 1 (see --help)"),
        ("--powerline 55", "argument --powerline: must be one of off, 50, 60, auto, got '55' (see --help)"),
        ("--frobnicate 1", "unrecognized arguments: --frobnicate 1 (see --help)"),
    ],
)
def test_a_wrong_value_is_told_in_one_line(line: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(line.split())
    assert str(caught.value) == message


@pytest.mark.parametrize(("value", "on"), [("1", True), ("0", False), ("off", False)])
def test_every_flag_takes_a_value_too(value: str, on: bool) -> None:
    assert parse([f"--verbose-frames={value}"]).verbose_frames is on
    with pytest.raises(SettingsError, match="argument --verbose-frames: 'x' is neither 0 nor 1"):
        parse(["--verbose-frames=x"])


def test_an_empty_host_is_refused() -> None:
    with pytest.raises(SettingsError, match="argument -i/--ip: the host is empty"):
        parse(["--ip", ""])


def test_help_shows_every_option_in_its_group(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(["--help"])
    text = capsys.readouterr().out
    assert ended.value.code == 0
    sections = dict(re.findall(r"\n(\S[^\n]*):\n(.*?)(?=\n\n|$)", text, re.DOTALL))
    for _, option in all_options():
        assert all(flag in sections[option.group.value] for flag in option.flags)


def test_every_option_without_effect_says_so() -> None:
    assert {option for _, option in all_options() if option.group is Group.COMPATIBILITY} == set(WITHOUT_EFFECT)
    assert all(option.help.startswith("has no effect") for option in WITHOUT_EFFECT)


def test_the_listed_default_is_what_the_parser_gives_for_it() -> None:
    """A launcher that passes every listed default changes nothing."""
    arguments = []
    for option in describe_options():
        if option["default"] is not None and not option["repeatable"]:
            default = option["default"]
            arguments.append(f"{option['flags'][-1]}={int(default) if isinstance(default, bool) else default}")
    assert vars(parse(arguments)) == vars(parse([]))


def test_options_are_listed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list-options"]) == 0
    listed = {option["name"]: option for option in json.loads(capsys.readouterr().out)}
    assert len(listed) == len(list(all_options()))
    assert listed["scan_every"] | {"help": ""} == {
        "name": "scan_every", "flags": ["--scan-every"], "group": "tracking", "help": "", "type": "integer",
        "minimum": 0, "default": 3, "repeatable": False,
    }  # fmt: skip
    assert (listed["model"]["type"], listed["model"]["choices"]) == ("integer", [-3, -2, -1, 0, 1, 2, 3, 4])
    assert (listed["powerline"]["type"], listed["powerline"]["choices"]) == ("string", ["off", "50", "60", "auto"])
    assert listed["smoothing"]["form"]["slider"] == [0.0, 5.0, 0.1]
    assert listed["no_3d_adapt"]["default"] is True, "as written on the command line"
    assert listed["target"]["repeatable"] is True


def test_no_two_options_write_the_same_value() -> None:
    names = [action.dest for action in build_parser()._actions]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "option", ["--help", "--version", "--port 0", "--list-formats", "--list-options", "--target foo://a"]
)
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


def test_a_new_declaration_reaches_the_parser_the_help_the_list_and_the_launcher(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @dataclass(frozen=True)
    class Extended(EngineOptions):
        min_face_px: int = declare(
            "--min-face", "ignore faces narrower than this", Integer(0, 1000), 0, Group.TRACKING,
            form=FormField("Smallest face", "tracking"),
        )  # fmt: skip

    monkeypatch.setattr(
        options, "SETTINGS", (*(kind for kind in options.SETTINGS if kind is not EngineOptions), Extended)
    )
    assert from_arguments(Extended, parse(["--min-face", "40"])).min_face_px == 40
    with pytest.raises(SettingsError, match="argument --min-face: must be between 0 and 1000, got 1001"):
        parse(["--min-face=1001"])
    with pytest.raises(SystemExit):
        parse(["--help"])
    assert "ignore faces narrower than this (default: 0)" in capsys.readouterr().out
    (described,) = (entry for entry in describe_options() if entry["name"] == "min_face")
    (argument,) = TrackerOptions("0", min_face=40).arguments()[1:]
    assert from_arguments(Extended, parse([argument])).min_face_px == 40
    assert described["form"] == {"label": "Smallest face", "section": "tracking"}


def test_the_help_states_the_packaged_models_threshold() -> None:
    manifest = json.loads((Path(__file__).resolve().parents[2] / "models" / "manifest.json").read_text("utf-8"))
    networks = manifest["networks"].values()
    thresholds = {network["threshold"] for network in networks if network["kind"] == "landmarks"}
    (declared,) = (option for _, option in all_options() if option.name == "threshold")
    floors = [f"{FLOOR_SHARE * threshold:.2g}" for threshold in sorted(thresholds)]
    assert declared.full_help.endswith(f"{' or '.join(floors)} for the packaged ones)")
