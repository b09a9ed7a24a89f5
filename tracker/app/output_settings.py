"""Options of the output: receivers, files and the preview."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracker.errors import SettingsError
from tracker.face.options import MAX_FACES
from tracker.option import FormField, Group, Origin, option
from tracker.option_types import Host, Integer, Number, OptionType, OutputFile
from tracker.output.formats.table import FORMATS, OPENSEEFACE_PORT
from tracker.output.target import Target, parse_target

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", OPENSEEFACE_PORT

_OPENSEEFACE = Origin.OPENSEEFACE


@dataclass(frozen=True, slots=True)
class TargetAddress(OptionType):
    """The type of ``--target``: see `tracker.output.target`."""

    metavar: str = "FORMAT://HOST:PORT"

    def parse(self, text: str) -> Target:
        try:
            return parse_target(text)
        except SettingsError as error:
            raise ValueError(str(error)) from None

    def written(self, value: Any) -> Any:
        return str(value)


@dataclass(frozen=True, slots=True)
class SensitivityText(OptionType):
    """The type of ``--sensitivity``: see `tracker.output.sensitivity`, which is loaded for a given value alone."""

    metavar: str = "JSON"

    def parse(self, text: str) -> str:
        from tracker.output.sensitivity import parse_settings, written

        return written(parse_settings(text))


@dataclass(frozen=True, slots=True)
class OutputSettings:
    """Where results go. None and 0 disable an output."""

    ip: str | None = option(
        "-i --ip",
        "where to send the results",
        Host(),
        None,
        Group.OUTPUT,
        origin=_OPENSEEFACE,
        default_text=DEFAULT_HOST,
    )
    port: int | None = option(
        "-p --port",
        "the UDP port to send to",
        Integer(1, 65535),
        None,
        Group.OUTPUT,
        origin=_OPENSEEFACE,
        default_text=str(DEFAULT_PORT),
    )
    further_targets: tuple[Target, ...] = option(
        "--target",
        "also send to this receiver (may be repeated; replaces the default receiver unless --ip or --port is given); "
        f"formats are {', '.join(FORMATS)}; HOST:PORT alone is osf",
        TargetAddress(),
        (),
        Group.OUTPUT,
        repeatable=True,
    )
    sensitivity: str | None = option(
        "--sensitivity",
        "how strongly each of ARKit's coefficients moves what is sent, as JSON: "
        '{"jawOpen": {"from": 0.1, "to": 0.8, "curve": 1.5, "smoothing": 0.05}}',
        SensitivityText(),
        None,
        Group.OUTPUT,
        default_text="as measured",
        form=FormField("Sensitivity", "face", widget="sensitivity"),
    )
    face_id_offset: int = option(
        "--face-id-offset",
        "added to each face's id",
        Integer(-(2**31), 2**31 - 1 - MAX_FACES),
        0,
        Group.OUTPUT,
        origin=_OPENSEEFACE,
    )
    visualize: int = option(
        "-v --visualize",
        "show a preview window: 1 the points, 2 face ids as well, 3 confidence, 4 point numbers; q closes it and exits",
        Integer(0),
        0,
        Group.OUTPUT,
        origin=_OPENSEEFACE,
    )
    pnp_points: int = option(
        "-P --pnp-points",
        "draw the fitted head model in preview and video: 1 the points that determine the pose, 2 all",
        Integer(0),
        0,
        Group.OUTPUT,
        origin=_OPENSEEFACE,
    )
    video_out: Path | None = option(
        "--video-out",
        "write the frames with the tracking results drawn into them, as lossless AVI",
        OutputFile(),
        None,
        Group.OUTPUT,
        origin=_OPENSEEFACE,
    )
    video_scale: int = option(
        "--video-scale", "enlarge that video", Integer(1, 4, "1-4"), 1, Group.OUTPUT, origin=_OPENSEEFACE
    )
    video_fps: float = option(
        "--video-fps",
        "frame rate of that video",
        Number(0.1, 1000.0),
        24.0,
        Group.OUTPUT,
        origin=_OPENSEEFACE,
        metavar="N",
    )
    log_data: Path | None = option(
        "--log-data",
        "write one CSV row per face and frame",
        OutputFile(),
        None,
        Group.OUTPUT,
        origin=_OPENSEEFACE,
    )
    dump_points: Path | None = option(
        "--dump-points",
        "write the 70 points of the fitted head model at the end",
        OutputFile(),
        None,
        Group.OUTPUT,
        origin=_OPENSEEFACE,
    )

    @property
    def targets(self) -> tuple[Target, ...]:
        """All receivers, each once. The default one is left out when others are named, unless asked for explicitly."""
        targets = list(self.further_targets)
        if not targets or self.ip is not None or self.port is not None:
            targets.insert(0, Target(self.ip or DEFAULT_HOST, self.port or DEFAULT_PORT))
        return tuple(dict.fromkeys(targets))
