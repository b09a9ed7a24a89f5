"""Profiles: named settings, one JSON file each."""

from __future__ import annotations

import json
import logging
import re
import unicodedata
import warnings
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from launcher.errors import UsageError
from launcher.options import OPENSEEFACE, Receiver, TrackerOptions
from protocol.atomic_file import kept_aside, write_atomically
from protocol.foreign_json import ForeignJsonError, parse_json

logger = logging.getLogger(__name__)

VERSION = 1
_OWN_FIELDS = ("camera", "receivers", "extra")
_NAMES = {"mirror": "mirror_input", "gaze": "gaze_tracking"}
"""Keys of a file that are not the option's name."""
_KEYS = {name: key for key, name in _NAMES.items()}
_NAME = r"\w[\w .-]{0,63}"
_DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{port}{digit}" for port in ("COM", "LPT") for digit in "0123456789¹²³")}
"""Names that Windows opens as a device, whatever follows the first dot."""


class ProfileError(UsageError):
    """A profile that is not there, damaged, or cannot be written."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One named set of options.

    more: other content of the file (a window's colours, a newer version's settings), which is kept.
    """

    name: str
    options: TrackerOptions = field(default_factory=TrackerOptions)
    more: Mapping[str, Any] = field(default_factory=dict)


def profile_names(folder: Path | None = None) -> tuple[str, ...]:
    """The names of all profiles, sorted."""
    with suppress(OSError):
        return tuple(sorted(path.stem for path in (folder or profiles_folder()).glob("*.json") if _is_name(path.stem)))
    return ()


def existing_name(name: str, folder: Path | None = None) -> str | None:
    """The profile that one called `name` would replace: of the same name, or else of one that some file systems take
    for the same, which differs in upper and lower case or in how accents are written. None = there is none.
    """
    names = profile_names(folder)
    return name if name in names else next((each for each in names if _folded(each) == _folded(name)), None)


def load_profile(name: str, folder: Path | None = None) -> Profile:
    """Read a profile. Raises ProfileError, with one line that says what is wrong, for an invalid file."""
    path = _path(name, folder)
    try:
        content = parse_json(path.read_bytes())
    except FileNotFoundError:
        raise ProfileError(f"there is no profile {name!r}") from None
    except OSError as error:
        raise ProfileError(f"profile {name!r} cannot be read: {error.strerror}") from error
    except ForeignJsonError as error:
        raise ProfileError(f"profile {name!r} is damaged ({error}); delete {path} or save it again") from error
    if isinstance(content, dict) and _is_newer(content):
        raise ProfileError(f"profile {name!r} is from a newer launcher: update this one, or save the profile again")
    try:
        return _from_content(name, content)
    except (ValueError, TypeError, KeyError, UsageError) as error:
        raise ProfileError(f"profile {name!r} is damaged ({error}); delete {path} or save it again") from error


def save_profile(profile: Profile, folder: Path | None = None) -> Path:
    """Write it atomically, readable by the user only; other content of the file is kept. A file that cannot be used, or
    is a newer launcher's, is set aside, with a warning that names it.

    Raises ProfileError.
    """
    path = _path(profile.name, folder)
    kept, trouble = _kept(path)
    content = _to_content(profile, kept)
    try:
        text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        parse_json(text)  # what could not be loaded again must not replace what can be
        if trouble and path.is_file():
            logger.warning("the file of profile %r %s; replacing it%s", profile.name, trouble, kept_aside(path))
        write_atomically(path, text)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ProfileError(f"profile {profile.name!r} cannot be written: {reason}") from error
    return path


def delete_profile(name: str, folder: Path | None = None) -> None:
    """Raises ProfileError when it does not exist or cannot be deleted."""
    try:
        _path(name, folder).unlink()
    except FileNotFoundError:
        raise ProfileError(f"there is no profile {name!r}") from None
    except OSError as error:
        raise ProfileError(f"profile {name!r} cannot be deleted: {error.strerror}") from error


def _path(name: str, folder: Path | None) -> Path:
    if not _is_name(name):
        raise ProfileError(
            f"{name!r} is not a valid profile name: use letters, digits, spaces, '-', '_', '.'; no device such as CON"
        )
    return (folder or profiles_folder()) / f"{name}.json"


def _is_name(name: str) -> bool:
    """Whether it is a valid file name on every system: a profile may be moved to another one."""
    device = name.partition(".")[0].rstrip().upper() in _DEVICES
    return re.fullmatch(_NAME, name) is not None and name[-1] not in ". " and not device


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _is_newer(content: Mapping[str, Any]) -> bool:
    """Whether its values may have another meaning. Mere additions do not raise the version."""
    version = content.get("version")
    return isinstance(version, int) and version > VERSION


def _from_content(name: str, content: Any) -> Profile:
    if not isinstance(content, dict) or not isinstance(content.get("options"), dict):
        raise ValueError("it has no options")
    version = content.get("version")
    if not isinstance(version, int) or version < 1:
        raise ValueError("it has no version")
    more = {key: value for key, value in content.items() if key not in ("version", "options")}
    return Profile(name, _options(content["options"]), more)


def _options(stored: Mapping[str, Any]) -> TrackerOptions:
    """The options of a file, if they can become arguments; whether the tracker accepts them is checked at the start."""
    camera, receivers, extra_args = stored.get("camera", "0"), stored.get("receivers", []), stored.get("extra", [])
    if not isinstance(camera, str):
        raise ValueError(f"camera cannot be {camera!r}")
    if not isinstance(receivers, list):
        raise ValueError("receivers must be a list")
    if not (isinstance(extra_args, list) and all(isinstance(word, str) for word in extra_args)):
        raise ValueError("extra arguments must be a list of texts")
    values = {_NAMES.get(key, key): value for key, value in stored.items() if _is_value(key, value)}
    return TrackerOptions(camera, receivers=map(_receiver, receivers), extra_args=extra_args, **values)


def _to_content(profile: Profile, kept: Mapping[str, Any]) -> dict[str, Any]:
    options = {key: value for key, value in (kept.get("options") or {}).items() if not _is_value(key, value)}
    options |= {
        "camera": profile.options.camera,
        **{_KEYS.get(name, name): value for name, value in profile.options.values.items()},
        "receivers": [_receiver_content(receiver) for receiver in profile.options.receivers],
        "extra": list(profile.options.extra_args),
    }
    return {**kept, **profile.more, "version": VERSION, "options": options}


def _kept(path: Path) -> tuple[dict[str, Any], str]:
    """The current content of the file; if that is of no use to this launcher, nothing and why."""
    try:
        content = parse_json(path.read_bytes())
        if isinstance(content, dict) and _is_newer(content):
            return {}, "is from a newer launcher"
        _from_content(path.stem, content)
        return dict(content), ""
    except FileNotFoundError:
        return {}, ""
    except OSError as error:
        return {}, f"cannot be read ({error.strerror})"
    except (ValueError, TypeError, KeyError, UsageError) as error:
        return {}, f"is damaged ({error})"


def _is_value(key: str, value: Any) -> bool:
    """Whether an entry of a file is the value of an option, rather than something to be kept."""
    return key not in _OWN_FIELDS and (value is None or isinstance(value, bool | int | float | str))


def _receiver(entry: Any) -> Receiver:
    if not isinstance(entry, dict):
        raise ValueError("a receiver must have a host and a port")
    host, port, kind = entry.get("host"), entry.get("port"), entry.get("format", OPENSEEFACE)
    if not (isinstance(host, str) and isinstance(port, int) and isinstance(kind, str)) or isinstance(port, bool):
        raise ValueError("a receiver must have a host and a port")
    switches = entry.get("switches", {})
    if not (isinstance(switches, dict) and all(isinstance(value, str) for value in switches.values())):
        raise ValueError("a receiver's options must be texts")
    return Receiver(host, port, kind, tuple(switches.items()))


def _receiver_content(receiver: Receiver) -> dict[str, Any]:
    place = {"host": receiver.host, "port": receiver.port, "format": receiver.format}
    return {**place, "switches": dict(receiver.switches)} if receiver.switches else place


APP = "facetracker"


def profiles_folder() -> Path:
    """The folder of profiles, which the user may copy to another machine."""
    return Path(platformdirs.user_config_dir(APP, appauthor=False)) / "launcher"


def runtime_folder() -> Path:
    """The folder of files that are valid only while a launcher runs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without XDG_RUNTIME_DIR: the folder is checked for privacy anyway
        return Path(platformdirs.user_runtime_dir(APP, appauthor=False)) / "launchers"
