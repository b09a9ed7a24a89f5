"""Files that a run writes: none destroys another one, and a full disk is told."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from tests.faults.pictures import mjpeg_avi
from tests.faults.program import PROGRAM, QUIET, ROOT, run

OPTIONS = ["--video-out", "--log-data", "--dump-points", "--log-output"]
POSIX = os.name == "posix"


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(OPTIONS, 2)))
def test_one_file_for_two_outputs_is_refused(one: str, other: str, tmp_path: Path) -> None:
    (tmp_path / "link.avi").symlink_to(tmp_path / "a.avi")
    (tmp_path / "x").mkdir()
    ended = run("-c", "demo", "--frames", "2", one, str(tmp_path / "link.avi"), other, f"{tmp_path}/x/../a.avi")
    ended.assert_clean(2)
    assert "as well; choose another file" in ended.err and len(ended.lines) == 1
    assert not (tmp_path / "a.avi").exists()


@pytest.mark.parametrize("option", OPTIONS)
def test_an_output_does_not_destroy_the_input(option: str, tmp_path: Path) -> None:
    path = mjpeg_avi(tmp_path / "a.avi", 3)
    os.link(path, tmp_path / "b.avi")
    before = path.read_bytes()
    ended = run("-c", str(path), option, str(tmp_path / "b.avi"))
    ended.assert_clean(2)
    assert path.read_bytes() == before


def test_the_older_part_of_the_log_is_an_output_as_well(tmp_path: Path) -> None:
    ended = run("-c", "demo", "--log-output", str(tmp_path / "a"), "--log-data", str(tmp_path / "a.1"))
    ended.assert_clean(2)


@pytest.mark.skipif(not POSIX, reason="devices are POSIX")
def test_devices_may_be_shared() -> None:
    run("-c", "demo", "--frames", "2", "--log-data", os.devnull, "--log-output", os.devnull).assert_clean()


def run_limited(limit: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run where no file may become larger than `limit` bytes, which fails writes as a full disk does."""
    script = (
        "import os, resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "os.execv(sys.argv[1], sys.argv[1:])\n"
    )
    command = [sys.executable, "-c", script, *PROGRAM, *arguments, *QUIET]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", cwd=ROOT, timeout=60, check=False)


@pytest.mark.skipif(not POSIX, reason="limits are POSIX")
@pytest.mark.parametrize("option", ["--video-out", "--log-data", "--dump-points"])
def test_a_file_that_the_disk_does_not_take_is_told(option: str, tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    ended = run_limited(2000, "-c", "demo", "-F", "0", "--frames", "10", option, str(path))
    assert ended.returncode == 1, ended
    assert str(path) in ended.stderr and "Traceback" not in ended.stderr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mounts a small disk")
@pytest.mark.skipif(POSIX and os.geteuid() != 0, reason="only root may mount")
def test_a_full_disk_ends_the_video_whole(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "none", str(disk)], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        path = disk / "a.avi"
        ended = run("-c", "demo", "-F", "0", "--frames", "120", "--video-out", str(path))
        ended.assert_clean(1)
        assert "the disk is full" in ended.err
        held = cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT)
        assert f"ends after {int(held)} frames" in ended.err and held > 5
        shutil.copy(path, tmp_path / "copy.avi")
        reader = cv2.VideoCapture(str(tmp_path / "copy.avi"))
        assert sum(reader.grab() for _ in range(130)) == held
    finally:
        subprocess.run(["umount", str(disk)], check=True)
