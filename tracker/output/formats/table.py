"""The table of formats that ``--target`` knows: names, ports, options and who reads them.

Nothing heavy is imported here: the command line reads it to check its arguments, and the launcher to offer them.
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
    """What can follow a target after ``?``. choices: allowed values; empty for any text."""

    name: str
    help: str
    default: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Format:
    """One way to send results.

    port: where receivers listen, or where we do with `listens`. extra_requires: the optional dependencies it needs.
    needs_blendshapes: whether ARKit's coefficients must be estimated for a target with such options.
    """

    name: str
    title: str
    port: int
    receivers: tuple[str, ...]
    transport: str = "UDP"
    listens: bool = False
    extra_requires: str | None = None
    options: tuple[FormatOption, ...] = ()
    needs_blendshapes: Callable[[OptionValues], bool] = lambda value: False

    def option(self, name: str) -> FormatOption | None:
        """The option of that name, if there is one."""
        return next((option for option in self.options if option.name == name), None)


FPS = "fps"
"""Every format takes this one: the most frames a second, by the time of the pictures."""

_OFF_ON = ("0", "1")
_ALL = FormatOption(FPS, "at most so many frames a second")
_MIRROR = FormatOption("mirror", "1 swaps left and right, as in a mirror", "0", _OFF_ON)
_OF_JSON = (
    _ALL,
    FormatOption("blendshapes", "0 leaves ARKit's coefficients out", "1", _OFF_ON),
    FormatOption("points", "1 adds the landmarks", "0", _OFF_ON),
)


def _always(value: OptionValues) -> bool:
    return True


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
            FormatOption("expressions", "the names the avatar knows", "vrm0", ("vrm0", "vrm1", "perfectsync")),
            FormatOption("emotions", "1 moves joy, anger and sorrow as well as mouth and eyes", "0", _OFF_ON),
            FormatOption("role", "assistant: also sends trackers, for programs that move the avatar", "performer",
                   ("performer", "assistant")),
            FormatOption("model", "the avatar's VRM file, for the places of its bones"),
            FormatOption("bones", "0 leaves bones out", "1", _OFF_ON),
            FormatOption("neck", "0 turns the head alone, for programs that show no neck", "1", _OFF_ON),
            _MIRROR,
        ),
        needs_blendshapes=lambda value: value("expressions") == "perfectsync",
    ),
    Format(
        "ifacialmocap",
        "iFacialMocap",
        ifacialmocap.DEFAULT_PORT,
        ("VSeeFace", "Warudo", "VNyan", "VMagicMirror", "Inochi Session", "Blender"),
        options=(_ALL, FormatOption("version", "of the text", "1", ("1", "2")), _MIRROR),
        needs_blendshapes=_always,
    ),
    Format(
        "ifacialmocap+listen",
        "iFacialMocap, as a phone that is asked",
        ifacialmocap.DEFAULT_PORT,
        ("VSeeFace", "Warudo", "VNyan", "VMagicMirror", "Inochi Session", "Blender"),
        listens=True,
        options=(_ALL, _MIRROR),
        needs_blendshapes=_always,
    ),
    Format(
        "livelink",
        "Live Link Face",
        livelink.DEFAULT_PORT,
        ("Unreal", "Inochi Session", "Blender", "Godot"),
        options=(_ALL, FormatOption("subject", "the name the receiver lists", "facetracker"), _MIRROR),
        needs_blendshapes=_always,
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
            FormatOption("arkit", "1 adds ARKit's coefficients as parameters of their own", "1", _OFF_ON),
            FormatOption("mirror", "1 mirrors the movement, as VTube Studio's own tracking does", "1", _OFF_ON),
        ),
        needs_blendshapes=lambda value: value("arkit") == "1",
    ),
    Format(
        "json",
        "JSON",
        facejson.UDP_PORT,
        ("scripts",),
        options=_OF_JSON,
        needs_blendshapes=lambda value: value("blendshapes") == "1",
    ),
    Format(
        "json+ws",
        "JSON, for web pages that connect here",
        facejson.WEBSOCKET_PORT,
        ("web pages", "OBS browser sources"),
        transport="WebSocket",
        listens=True,
        extra_requires="receivers",
        options=(
            *_OF_JSON,
            FormatOption("origin", "web sites, separated by commas, that may connect besides pages of this machine"),
        ),
        needs_blendshapes=lambda value: value("blendshapes") == "1",
    ),
)  # fmt: skip

FORMATS = {format.name: format for format in _TABLE}
"""By the name that stands before ``://``."""


def describe() -> list[dict[str, Any]]:
    """The table as plain values, for JSON."""
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
