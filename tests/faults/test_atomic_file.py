"""Files that are kept: whole or not at all, whoever else writes them and whatever goes wrong."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from launcher.profiles import Profile, ProfileError
from launcher.profiles import save_profile as save_launcher_profile
from protocol.atomic_file import write_atomically
from tracker.app.profile import save_profile
from tracker.output.formats.vts.tokens import Tokens

POSIX = os.name == "posix"


class Learnt:
    def __init__(self, profile: dict[str, Any]) -> None:
        self._profile = profile

    def export_profile(self) -> dict[str, Any]:
        return self._profile

    def import_profile(self, profile: dict[str, Any]) -> None:
        self._profile = profile


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_is_there_alone_and_the_users_own(tmp_path: Path) -> None:
    write_atomically(tmp_path / "new" / "a.json", "é")
    assert (tmp_path / "new" / "a.json").read_bytes() == "é".encode()
    assert names(tmp_path / "new") == ["a.json"]
    if POSIX:
        assert (tmp_path / "new" / "a.json").stat().st_mode & 0o777 == 0o600


def test_many_writers_never_leave_a_mixture(tmp_path: Path) -> None:
    path = tmp_path / "a"
    texts = [letter * 100_000 for letter in "abcdef"]

    def write(text: str) -> None:
        for _ in range(20):
            write_atomically(path, text, durable=False)

    threads = [threading.Thread(target=write, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if path.exists():
            assert path.read_text() in texts
    assert names(tmp_path) == ["a"]


@pytest.mark.skipif(not POSIX, reason="limits are POSIX")
def test_a_full_disk_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    """A limit on the size of files fails a write as a full disk does."""
    (tmp_path / "a").write_text("before")
    script = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from protocol.atomic_file import write_atomically\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n    write_atomically(Path(sys.argv[1]), 'x' * 100_000)\n"
        "except OSError as error:\n    print(error.strerror)\n"
    )
    command = [sys.executable, "-B", "-c", script, str(tmp_path / "a")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=True)
    assert done.stdout.strip()
    assert names(tmp_path) == ["a"] and (tmp_path / "a").read_text() == "before"


@pytest.mark.parametrize("spoilt", ["folder in the way", "half a character"])
def test_each_keeper_tells_its_failure_and_leaves_nothing(
    spoilt: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("user.json", "tokens.json", "p.json") if spoilt == "folder in the way" else ():
        (tmp_path / name).mkdir()
        (tmp_path / name / "inside").touch()
    before = names(tmp_path)
    if spoilt == "folder in the way":
        save_profile(Learnt({"a": 1}), tmp_path / "user.json")
        Tokens(tmp_path / "tokens.json").put("here", "token")
        assert "cannot write the profile" in caplog.text and "cannot keep VTube Studio's permission" in caplog.text
    with pytest.raises(ProfileError, match="cannot be written"):
        save_launcher_profile(Profile("p", more={"note": "\ud800"}), tmp_path)
    assert names(tmp_path) == before


def test_a_profile_that_is_not_finite_is_not_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    save_profile(Learnt({"a": 1.5}), tmp_path / "p.json")
    save_profile(Learnt({"a": float("inf")}), tmp_path / "p.json")
    assert "1.5" in (tmp_path / "p.json").read_text() and "cannot write the profile" in caplog.text
    assert names(tmp_path) == ["p.json"]
