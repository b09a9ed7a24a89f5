"""What the stage shows, kept by the launcher: the avatar, its background and the view, for every page that shows it."""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from launcher.errors import LauncherError
from launcher.profiles import profiles_folder
from protocol.atomic_file import kept_aside, write_atomically
from protocol.foreign_json import ForeignJsonError, parse_json

logger = logging.getLogger(__name__)

KINDS = ("avatar", "background")
LARGEST_FILE = {"avatar": 512 << 20, "background": 32 << 20}
LARGEST_SETTINGS = 64 << 10
_KEY = r"[A-Za-z0-9_-]{32}"


class StageError(LauncherError):
    """Something the stage cannot keep."""


class StageStorage:
    """The stage's settings and files in `folder`. For use from one thread.

    settings: the page's own values, a JSON object; the launcher only keeps them. key: lets a page for OBS look on, the
    same after every start, since its address is pasted into OBS once.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or profiles_folder().parent / "stage"
        self.trouble = ""
        """Why it could not use all that was kept, in a sentence."""
        self._content = self._load()
        if self.trouble:
            with suppress(StageError):
                self._save()  # what could be used of the file that was set aside
        self._upload: _Upload | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """The page's values by name."""
        settings: dict[str, Any] = self._content["settings"]
        return settings

    @property
    def key(self) -> str:
        """What the address of a page for OBS holds."""
        if not isinstance(self._content.get("key"), str):
            self._content["key"] = secrets.token_urlsafe(24)
            self._save()
        key: str = self._content["key"]
        return key

    def renew_key(self) -> None:
        """Make every address that is known so far invalid."""
        self._content["key"] = secrets.token_urlsafe(24)
        self._save()

    def file(self, kind: str) -> Path | None:
        """Where the kept file of that kind lies; None without one."""
        path = self._folder / kind
        return path if kind in KINDS and self._content.get(kind) and path.is_file() else None

    def described(self) -> dict[str, Any]:
        """For pages: the settings, and each kept file's name and version, which changes with the file."""
        files = {kind: self._content[kind] if self.file(kind) else None for kind in KINDS}
        return {"settings": self.settings, **files}

    def change(self, settings: Any) -> None:
        """Keep the values in `settings`; None removes one. Raises StageError for what is not an object, or too much."""
        if not isinstance(settings, dict) or not all(isinstance(name, str) for name in settings):
            raise StageError("the stage's settings must be an object")
        changed = {**self.settings, **settings}
        changed = {name: value for name, value in changed.items() if value is not None}
        if len(json.dumps(changed)) > LARGEST_SETTINGS:
            raise StageError("the stage's settings are too long to keep")
        self._content["settings"] = changed
        self._save()

    def remove(self, kind: str) -> None:
        """Forget the file of that kind."""
        if kind in KINDS and self._content.pop(kind, None) is not None:
            with suppress(OSError):
                (self._folder / kind).unlink()
            self._save()

    def begin(self, kind: Any, name: Any, size: Any, owner: object) -> None:
        """A file of `size` bytes follows in pieces from `owner`. Raises StageError when it cannot be kept."""
        self.abandon(None)
        if kind not in KINDS:
            raise StageError("the stage keeps avatars and backgrounds only")
        if not isinstance(size, int) or isinstance(size, bool) or not 0 < size <= LARGEST_FILE[kind]:
            raise StageError(f"the {kind} must be at most {LARGEST_FILE[kind] >> 20} MB")
        shown = re.sub(r"[\x00-\x1f\x7f/\\]", " ", str(name))[:200].strip() or kind
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self._folder / f".{kind}-{secrets.token_hex(4)}.tmp"
            self._upload = _Upload(kind, shown, size, owner, path)
        except OSError as error:
            raise StageError(f"the {kind} cannot be kept: {error.strerror}") from error

    def add(self, data: bytes, owner: object) -> str | None:
        """A piece of the file that `owner` sends. Returns its kind when that was the last. Raises StageError."""
        upload = self._upload
        if upload is None or upload.owner is not owner:
            return None
        try:
            if not upload.add(data):
                return None
            upload.path.replace(self._folder / upload.kind)
        except OSError as error:
            self.abandon(None)
            raise StageError(f"the {upload.kind} cannot be kept: {error.strerror}") from error
        self._upload = None
        self._content[upload.kind] = {"name": upload.name, "version": time.time_ns()}
        self._save()
        return upload.kind

    def abandon(self, owner: object | None) -> None:
        """Forget the file that `owner` (None: whoever) was sending."""
        if self._upload is not None and (owner is None or self._upload.owner is owner):
            self._upload.close()
            self._upload = None

    def _load(self) -> dict[str, Any]:
        path = self._folder / "stage.json"
        content: Any = {}
        trouble = ""
        try:
            content = parse_json(path.read_bytes())
        except FileNotFoundError:
            pass
        except OSError as error:
            trouble = f"cannot be read ({error.strerror})"
        except ForeignJsonError as error:
            trouble = f"are damaged ({error})"
        usable = _usable(content)
        if not trouble and content != {} and usable != content:
            trouble = "are not all of use"
        if trouble:
            begins = "going on with the others" if any(usable.values()) else "beginning anew"
            self.trouble = f"the stage's settings in {path} {trouble}; {begins}{kept_aside(path)}"
            logger.warning("%s", self.trouble)
        return usable

    def _save(self) -> None:
        try:
            write_atomically(self._folder / "stage.json", json.dumps(self._content, indent=2))
        except (OSError, ValueError) as error:
            raise StageError(f"the stage cannot be kept: {getattr(error, 'strerror', None) or error}") from error


def _usable(content: Any) -> dict[str, Any]:
    """What of a file's content the stage understands."""
    content = content if isinstance(content, dict) else {}
    key = content.get("key")
    usable: dict[str, Any] = {"settings": content["settings"] if isinstance(content.get("settings"), dict) else {}}
    if isinstance(key, str) and re.fullmatch(_KEY, key):
        usable["key"] = key
    for kind in KINDS:
        entry = content.get(kind)
        if isinstance(entry, dict) and isinstance(entry.get("name"), str) and isinstance(entry.get("version"), int):
            usable[kind] = {"name": entry["name"], "version": entry["version"]}
    return usable


class _Upload:
    """A file on its way. path: where it takes shape."""

    def __init__(self, kind: str, name: str, size: int, owner: object, path: Path) -> None:
        self.kind = kind
        self.name = name
        self.owner = owner
        self.path = path
        self._left = size
        self._file: IO[bytes] = path.open("xb")

    def add(self, data: bytes) -> bool:
        """Whether that was all of it. Raises OSError when there is no room, or too much comes."""
        self._left -= len(data)
        if self._left < 0:
            raise OSError(0, "it is longer than announced")
        self._file.write(data)
        if self._left:
            return False
        self._file.close()
        return True

    def close(self) -> None:
        """Remove what there is of it."""
        self._file.close()
        with suppress(OSError):
            self.path.unlink()
