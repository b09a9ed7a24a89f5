"""The table of all output formats: names, ports, options and the programs that read them.

Imports nothing heavy, since the command line is checked against it and the launcher lists it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from protocol import facejson, ifacialmocap, livelink, opentrack, vmc, vtubestudio

OPENSEEFACE = "osf"
OPENSEEFACE_PORT = 11573

OptionValues = Callable[[str], str]
"""Maps an option's name to its value: the one given in the target, else the default."""


@dataclass(frozen=True, slots=True)
class FormatOption:
    """An option of a target, after the ``?``. choices: allowed values; empty for any text."""

    name: str
    help: str
    default: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Format:
    """One output format.

    port: the default port: of receivers, or with `listens` our own. extra_requires: name of the optional dependencies
        it needs.
    """

    name: str
    title: str
    port: int
    receivers: tuple[str, ...]
    transport: str = "UDP"
    listens: bool = False
    extra_requires: str | None = None
    options: tuple[FormatOption, ...] = ()

    def option(self, name: str) -> FormatOption | None:
        """The option with that name, if there is one."""
        return next((option for option in self.options if option.name == name), None)


FPS = "fps"
"""Every format has this option: the maximum number of frames per second, by media time."""

_OFF_ON = ("0", "1")
_ALL = FormatOption(FPS, "maximum number of frames per second")
_MIRROR = FormatOption("mirror", "1 swaps left and right, as in a mirror", "0", _OFF_ON)
_OF_JSON = (
    _ALL,
    FormatOption("blendshapes", "0 omits ARKit's blendshapes", "1", _OFF_ON),
    FormatOption("points", "1 adds the landmarks", "0", _OFF_ON),
    FormatOption("packed", "1 sends OpenSeeFace's records and the blendshapes, as hexadecimal bytes", "0", _OFF_ON),
)


_TABLE = (
    Format(
        OPENSEEFACE,
        "OpenSeeFace",
        OPENSEEFACE_PORT,
        ("VSeeFace", "VTube Studio", "Warudo", "VNyan", "Inochi Session", "Unity", "Godot"),
        options=(_ALL,),
    ),
    Format(
        "vmc",
        "VMC Protocol",
        vmc.PERFORMER_PORT,
        ("VSeeFace", "Warudo", "VNyan", "VMagicMirror", "Inochi Session", "Blender", "Unreal", "Unity", "Godot",
         "SnekStudio"),
        options=(
            _ALL,
            FormatOption("expressions", "expression names of the avatar", "vrm0", ("vrm0", "vrm1", "perfectsync")),
            FormatOption("emotions", "1 also sends joy, anger and sorrow", "0", _OFF_ON),
            FormatOption("role", "assistant also sends trackers, for programs that animate the avatar", "performer",
                   ("performer", "assistant")),
            FormatOption("model", "the avatar's VRM file, for the positions of its bones"),
            FormatOption("bones", "0 sends no bones", "1", _OFF_ON),
            FormatOption("neck", "0 rotates the head only, for programs without a neck", "1", _OFF_ON),
            _MIRROR,
        ),
    ),
    Format(
        "ifacialmocap",
        "iFacialMocap",
        ifacialmocap.DEFAULT_PORT,
        ("VSeeFace", "Warudo", "VNyan", "VMagicMirror", "Inochi Session", "Blender"),
        options=(_ALL, FormatOption("version", "version of the text format", "1", ("1", "2")), _MIRROR),
    ),
    Format(
        "ifacialmocap+listen",
        "iFacialMocap, on request like the phone app",
        ifacialmocap.DEFAULT_PORT,
        ("VSeeFace", "Warudo", "VNyan", "VMagicMirror", "Inochi Session", "Blender"),
        listens=True,
        options=(_ALL, _MIRROR),
    ),
    Format(
        "livelink",
        "Live Link Face",
        livelink.DEFAULT_PORT,
        ("Unreal", "Inochi Session", "Blender", "Godot"),
        options=(_ALL, FormatOption("subject", "the name shown in the receiver", "facetracker"), _MIRROR),
    ),
    Format(
        "opentrack", "opentrack", opentrack.DEFAULT_PORT, ("opentrack",), options=(_ALL, _MIRROR)
    ),
    Format(
        "vts",
        "VTube Studio's plug-in API",
        vtubestudio.DEFAULT_PORT,
        ("VTube Studio",),
        transport="WebSocket",
        extra_requires="receivers",
        options=(
            _ALL,
            FormatOption("arkit", "1 adds ARKit's blendshapes as custom parameters", "1", _OFF_ON),
            FormatOption("hotkeys", "0 triggers no hotkeys named like your own expressions", "1", _OFF_ON),
            FormatOption("mirror", "1 mirrors the motion, as VTube Studio's own tracking does", "1", _OFF_ON),
        ),
    ),
    Format(
        "json",
        "JSON",
        facejson.UDP_PORT,
        ("scripts",),
        options=_OF_JSON,
    ),
    Format(
        "json+ws",
        "JSON, for web pages that connect to facetracker",
        facejson.WEBSOCKET_PORT,
        ("web pages", "OBS browser sources"),
        transport="WebSocket",
        listens=True,
        extra_requires="receivers",
        options=(
            *_OF_JSON,
            FormatOption("origin", "web sites that may connect, separated by commas; this machine's pages always may"),
        ),
    ),
)  # fmt: skip

FORMATS = {format.name: format for format in _TABLE}
"""Formats by name, as written before ``://``."""


def describe() -> list[dict[str, Any]]:
    """The table as JSON values, for ``--list-formats``."""
    return [
        {
            "name": format.name,
            "title": format.title,
            "port": format.port,
            "transport": format.transport,
            "listens": format.listens,
            "extra": format.extra_requires,
            "receivers": list(format.receivers),
            "switches": [
                {"name": option.name, "text": option.help, "default": option.default, "values": list(option.choices)}
                for option in format.options
            ],
        }
        for format in _TABLE
    ]
