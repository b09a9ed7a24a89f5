"""Windows: shortcuts to the window in the start menu, on the desktop and among what starts at sign-in.

They are files, `facetracker.lnk`, that the user may delete by hand; nothing else is changed. Interfaces and identifiers
are those of the Windows SDK's ``shobjidl_core.h``, ``objidl.h`` and ``shlobj_core.h``.
"""

from __future__ import annotations

import ctypes
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from launcher.errors import LauncherError

NAME = "facetracker.lnk"
ACTIONS = ("add", "autostart", "remove")

_PROGRAMS, _STARTUP, _DESKTOP = 0x02, 0x07, 0x10  # CSIDL_PROGRAMS, CSIDL_STARTUP, CSIDL_DESKTOPDIRECTORY
_SHELL_LINK = UUID("00021401-0000-0000-c000-000000000046")
_I_SHELL_LINK = UUID("000214f9-0000-0000-c000-000000000046")
_I_PERSIST_FILE = UUID("0000010b-0000-0000-c000-000000000046")
_IN_PROCESS = 1
_MINIMISED = 7
# Places in IShellLinkW's and IPersistFile's tables of functions, counted from IUnknown's first.
_QUERY_INTERFACE, _RELEASE = 0, 2
_SET_DESCRIPTION, _SET_WORKING_FOLDER, _SET_ARGUMENTS, _SET_SHOW, _SET_PATH = 7, 9, 11, 15, 20
_SAVE = 6
_KINDS: dict[type, Any] = {str: ctypes.c_wchar_p, int: ctypes.c_int}


@dataclass(frozen=True, slots=True)
class Shortcut:
    """What a shortcut starts, with its console minimised."""

    program: Path
    arguments: str


def change(action: str) -> list[Path]:
    """Do one of ACTIONS and return the shortcuts that were written or removed. Raises LauncherError."""
    if os.name != "nt":
        raise LauncherError("shortcuts are made on Windows only")
    if action == "remove":
        gone = [_folder(place) / NAME for place in (_PROGRAMS, _DESKTOP, _STARTUP)]
        gone = [file for file in gone if file.exists()]
        for file in gone:
            file.unlink()
        return gone
    places = (_STARTUP,) if action == "autostart" else (_PROGRAMS, _DESKTOP)
    shortcut = Shortcut(_program(), "window --no-browser" if action == "autostart" else "window")
    made = [_folder(place) / NAME for place in places]
    for file in made:
        try:
            _write(shortcut, file)
        except OSError as error:
            raise LauncherError(f"cannot write the shortcut {file}: {error.strerror or error}") from error
    return made


def _program() -> Path:
    """The launcher's executable: this one, or the one that pip put beside Python."""
    if getattr(sys, "frozen", False):
        return Path(sys.executable)
    program = Path(sys.executable).with_name("facetracker-launcher.exe")
    if not program.is_file():
        raise LauncherError(f"there is no {program} that a shortcut could start")
    return program


def _folder(place: int) -> Path:
    """The user's folder of that CSIDL, made where it is missing."""
    make = 0x8000  # CSIDL_FLAG_CREATE
    text = ctypes.create_unicode_buffer(260)
    shell32 = ctypes.WinDLL("shell32")  # type: ignore[attr-defined,unused-ignore]
    if shell32.SHGetFolderPathW(None, place | make, None, 0, text):
        raise LauncherError("Windows does not say where shortcuts belong")
    return Path(text.value)


def _write(shortcut: Shortcut, file: Path) -> None:
    """Raises OSError."""
    ole32 = ctypes.OleDLL("ole32")  # type: ignore[attr-defined,unused-ignore]
    ole32.CoInitialize(None)
    try:
        link, persistent = ctypes.c_void_p(), ctypes.c_void_p()
        ole32.CoCreateInstance(_id(_SHELL_LINK), None, _IN_PROCESS, _id(_I_SHELL_LINK), ctypes.byref(link))
        try:
            _call(link, _SET_PATH, str(shortcut.program))
            _call(link, _SET_ARGUMENTS, shortcut.arguments)
            _call(link, _SET_WORKING_FOLDER, str(shortcut.program.parent))
            _call(link, _SET_DESCRIPTION, "Face tracker")
            _call(link, _SET_SHOW, _MINIMISED)
            _call(link, _QUERY_INTERFACE, _id(_I_PERSIST_FILE), ctypes.byref(persistent))
            try:
                _call(persistent, _SAVE, str(file), 1)
            finally:
                _call(persistent, _RELEASE, kind=ctypes.c_ulong)
        finally:
            _call(link, _RELEASE, kind=ctypes.c_ulong)
    finally:
        ctypes.WinDLL("ole32").CoUninitialize()  # type: ignore[attr-defined,unused-ignore]


def _id(identifier: UUID) -> Any:
    """As COM takes an identifier: a pointer to its 16 bytes."""
    return ctypes.create_string_buffer(identifier.bytes_le, 16)


def _call(this: ctypes.c_void_p, place: int, *arguments: Any, kind: Any = None) -> None:
    """Call a method of a COM object that answers with an HRESULT, else with `kind`. Raises OSError when it fails."""
    table = ctypes.cast(this, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p)))[0]
    kinds = [_KINDS.get(type(one), ctypes.c_void_p) for one in arguments]
    answer = kind or ctypes.HRESULT  # type: ignore[attr-defined,unused-ignore]
    method = ctypes.WINFUNCTYPE(answer, ctypes.c_void_p, *kinds)(table[place])  # type: ignore[attr-defined,unused-ignore]
    method(this, *arguments)
