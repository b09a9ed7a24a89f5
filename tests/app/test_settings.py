"""What is checked at the door, and how arguments become settings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tracker.app.parsing import parse
from tracker.app.settings import Settings, settings_from
from tracker.errors import SettingsError
from tracker.face.options import EngineOptions
from tracker.output.target import Target

LOCAL = Target("127.0.0.1", 11573)


def settings(*argv: str) -> Settings:
    return settings_from(parse(list(argv)))


def test_no_arguments_give_the_engines_own_defaults() -> None:
    assert settings().engine == EngineOptions()


@pytest.mark.parametrize(
    ("argv", "targets"),
    [
        ([], [LOCAL]),
        (["--ip", "0.0.0.0", "-p", "11574"], [Target("0.0.0.0", 11574)]),
        (["--target", "host:1"], [Target("host", 1)]),
        (["--target", "a:1", "--target", "[::1]:2"], [Target("a", 1), Target("::1", 2)]),
        (["--target", "a:1", "--port", "11574"], [Target("127.0.0.1", 11574), Target("a", 1)]),
        (["--target", "a:1", "--ip", "b"], [Target("b", 11573), Target("a", 1)]),
        (["--target", "a:1", "--ip", "127.0.0.1"], [LOCAL, Target("a", 1)]),  # explicit, although the default
        (["--target", "127.0.0.1:11573", "-p", "11573"], [LOCAL]),  # nobody gets everything twice
    ],
)
def test_receivers(argv: list[str], targets: list[Target]) -> None:
    assert settings(*argv).output.targets == tuple(targets)


@pytest.mark.parametrize("target", ["host", "host:0", "host:70000", ":5", "::1:5"])
def test_a_target_that_cannot_be_is_refused(target: str) -> None:
    with pytest.raises(SettingsError, match="argument --target: "):
        settings("--target", target)


def test_openseefaces_options_reach_the_engine() -> None:
    line = "--model -2 --faces 3 -t 0.5 -d 0.4 --scan-every 7 --discard-after 1 --scan-retinaface 1 --try-hard 1 "
    line += "--gaze-tracking 0 --no-3d-adapt 0 --max-feature-updates 60 --smoothing 0 --fov 70 -m 2 --model-dir x"
    assert settings(*line.split()).engine == EngineOptions(
        model=-2, max_faces=3, threshold=0.5, detection_threshold=0.4, scan_every=7, discard_after=1,
        scan_retinaface=True, try_hard=True, gaze_tracking=False, adapt_3d=True, max_feature_updates=60.0,
        smoothing=0.0, fov_deg=70.0, max_threads=2, model_dir=Path("x"),
    )  # fmt: skip


@pytest.mark.parametrize("option", ["--log-output", "--log-data", "--video-out", "--dump-points"])
def test_a_file_that_cannot_be_written_is_refused(option: str, tmp_path: Path) -> None:
    path = tmp_path / "missing" / "file"
    expected = f"argument {option}: cannot write {path}: No such file or directory"
    with pytest.raises(SettingsError, match=re.escape(expected)):
        settings(option, str(path))


def test_an_output_is_not_the_input_however_that_is_written(tmp_path: Path) -> None:
    clip = tmp_path / "clip 1.avi"
    clip.write_text("kept")
    for capture in (str(clip), clip.as_uri()):
        with pytest.raises(SettingsError, match="is the input of --capture as well"):
            settings("-c", capture, "--video-out", str(clip))


@pytest.mark.parametrize("option", ["--log-data", "--video-out", "--dump-points"])
def test_checking_a_file_neither_creates_nor_empties_it(option: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    settings(option, str(path))
    assert not path.exists()
    path.write_text("kept")
    settings(option, str(path))
    assert path.read_text() == "kept"


def test_a_preview_without_a_display_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("tracker.app.settings.require_display", _no_display)
    with pytest.raises(SettingsError, match="needs a display"):
        settings("-v", "1")
    assert settings("-v", "0").output.visualize == 0
    assert settings("-v", "1", "--list-cameras", "1").list_cameras == 1, "a list needs no display"


def _no_display() -> None:
    raise SettingsError("a preview needs a display: set DISPLAY or omit --visualize")


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "x" * 65])
def test_a_profile_name_that_is_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="is not a valid profile name"):
        settings("--profile", name)


def test_source_options_reach_the_factory(tmp_path: Path) -> None:
    values = settings(
        "-c", "demo", "-W", "320", "-H", "240", "-F", "12", "-D", "3", "-M", "--dformat", "MJPG", "--give-up", "9"
    ).input
    assert (values.capture, values.width, values.height, values.fps, values.dcap) == ("demo", 320, 240, 12, 3)
    assert (values.mirror, values.dformat, values.give_up_s) == (True, "MJPG", 9.0)
    assert values.make_source().is_live
