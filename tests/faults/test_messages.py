"""What is printed: one harmless line for each thing, however long, often or malicious what others say is."""

from __future__ import annotations

import json
import logging
import threading
from pathlib import Path

import pytest

from protocol import vtubestudio
from tests.faults.program import run
from tracker.app.console import configure_logging
from tracker.app.opencv_import import advice_on
from tracker.output.limited_warnings import MOST, WITHIN_S, LimitedWarnings

HOSTILE = "\x1b[2J\x1b]0;owned\x07\nfacetracker: error: forged\r\u202e\u2028" + "x" * 100_000
LOGGER = logging.getLogger("tracker.test")


def test_every_message_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    with configure_logging(silent=False, log_output=None):
        LOGGER.info("camera %s", HOSTILE)
        LOGGER.warning("refused %s", HOSTILE)
    out, err = capfd.readouterr()
    for said in (out, err):
        assert len(said.splitlines()) == 1 and len(said) < 2200 and said[:-1].isprintable()


def test_different_wordings_without_end_are_few_lines(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    warnings = LimitedWarnings(LOGGER, "VTube Studio", lambda: now[0])
    for number in range(10_000):
        warnings.warn(f"wording {number}")
        warnings.warn(f"wording {number}")
        if number % 100 == 0:
            warnings.forget()
    assert len(caplog.records) == MOST + 1
    now[0] = WITHIN_S + 1
    warnings.warn("later")
    assert caplog.records[-1].getMessage() == "later"


def test_what_vtube_studio_says_is_shown_harmlessly() -> None:
    data = {"errorID": 1, "message": HOSTILE}
    body = {"apiName": "VTubeStudioPublicAPI", "messageType": "APIError", "requestID": "1", "data": data}
    error = vtubestudio.parse_response(json.dumps(body)).error
    assert error is not None and error[1].isprintable() and len(error[1]) <= 200


def test_a_thread_that_ends_with_an_exception_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise RuntimeError("can't start new thread")

    with configure_logging(silent=True, log_output=None):
        thread = threading.Thread(target=fail, name="scanner")
        thread.start()
        thread.join()
    assert capfd.readouterr().err == (
        "facetracker: error: the thread 'scanner' ended: RuntimeError: can't start new thread\n"
    )


def test_a_silent_run_keeps_version_camera_and_trouble_in_its_file(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    ended = run("-c", "demo", "--frames", "40", "--silent", "1", "--log-output", str(log), "--ip", "nobody.invalid")
    ended.assert_clean()
    said = log.read_text("utf-8").splitlines()
    assert ended.out == "" and len(ended.lines) == 1
    assert said[0].startswith("facetracker ") and any(line.startswith("demo face, 640x360") for line in said)
    assert any("nobody.invalid" in line for line in said)
    assert not any("frames/s, 1 face" in line for line in said)


@pytest.mark.parametrize(
    ("error", "wheels", "advice"),
    [
        ("libGL.so.1: cannot open shared object file: No such file or directory", ["opencv-python"], "apt-get install"),
        ("No module named 'cv2'", [], "install it: pip install opencv-python"),
        (None, ["opencv-python", "opencv-python-headless"], "several OpenCV wheels share one folder"),
        ("cannot import name 'gapi'", ["opencv-python"], "pip uninstall -y opencv-python && pip install opencv-python"),
        ("numpy.core.multiarray failed to import", ["opencv-python"], "NumPy and OpenCV are incompatible"),
    ],
)
def test_the_advice_fits_what_is_wrong_with_opencv(error: str | None, wheels: list[str], advice: str) -> None:
    said = advice_on(None if error is None else ImportError(error), wheels)
    assert advice in said and "\n" not in said
    assert ("libgl1" in said) == (error is not None and "shared object" in error)


def test_windows_is_given_advice_for_windows() -> None:
    said = advice_on(ImportError("DLL load failed while importing cv2"), ["opencv-python"], "win32")
    assert "Media Feature Pack" in said and "apt-get" not in said


@pytest.mark.parametrize("left", ["an empty folder", "a broken one"])
def test_what_an_uninstalled_wheel_leaves_is_understood(left: str, tmp_path: Path) -> None:
    (tmp_path / "cv2").mkdir()
    text = "" if left == "an empty folder" else "raise ImportError('cannot import name cv2')\n"
    (tmp_path / "cv2" / "__init__.py").write_text(text)
    ended = run("-c", "demo", environment={"PYTHONPATH": str(tmp_path)})
    ended.assert_clean(1)
    assert len(ended.lines) == 1 and "pip install opencv-python" in ended.err and "libgl1" not in ended.err
