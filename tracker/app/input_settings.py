"""Options of the input: which source, and what is requested from a camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tracker.option import FormField, Group, Origin, option
from tracker.option_types import AutoOrNumber, Choice, Flag, Integer, Number, Switch, Text

if TYPE_CHECKING:
    from tracker.capture.camera.modes import CameraControls
    from tracker.capture.source import FrameSource

_OPENSEEFACE = Origin.OPENSEEFACE
_MODE = FormField("Picture format", "camera", widget="mode")


@dataclass(frozen=True, slots=True)
class InputSettings:
    """Where frames come from. Names and meanings are those of `tracker.capture.open.open_source`."""

    capture: str = option(
        "-c --capture",
        "a camera's number, name or part of it; a video, image, device or URL; or 'demo', a built-in animated face",
        Text("SOURCE"),
        "0",
        Group.INPUT,
        origin=_OPENSEEFACE,
    )
    width: int = option(
        "-W --width",
        "width to request from the camera; width of raw frames and of the demo",
        Integer(1),
        640,
        Group.INPUT,
        origin=_OPENSEEFACE,
        form=_MODE,
    )
    height: int = option(
        "-H --height",
        "height to request from the camera; height of raw frames and of the demo",
        Integer(1),
        360,
        Group.INPUT,
        origin=_OPENSEEFACE,
        form=_MODE,
    )
    fps: int = option(
        "-F --fps",
        "frame rate to request from the camera, and the highest rate at which frames are processed; 0 = unlimited",
        Integer(0),
        24,
        Group.INPUT,
        origin=_OPENSEEFACE,
        form=FormField("Frames per second", "tracking", hint="0: unlimited"),
    )
    dformat: str | None = option(
        "--dformat",
        "pixel format to request from the camera, for instance MJPG or YUYV",
        Text("FOURCC"),
        None,
        Group.INPUT,
        form=_MODE,
    )
    dcap: int | None = option(
        "-D --dcap",
        "use capability N of --list-dcaps; -1 = the camera's own default",
        Integer(-1),
        None,
        Group.INPUT,
        origin=Origin.OPENSEEFACE_WINDOWS,
    )
    mirror: bool = option(
        "-M --mirror-input",
        "flip the picture left to right before tracking",
        Flag(),
        False,
        Group.INPUT,
        origin=_OPENSEEFACE,
        form=FormField("Flip the picture before tracking", "camera"),
    )
    rotate: int = option(
        "--rotate",
        "turn the picture clockwise by this many degrees before tracking, for a camera on its side or upside down",
        Choice({str(degrees): degrees for degrees in (0, 90, 180, 270)}),
        0,
        Group.INPUT,
        form=FormField(
            "Turn the picture",
            "camera",
            labels={0: "not at all", 90: "by 90° to the right", 180: "upside down", 270: "by 90° to the left"},
        ),
    )
    raw_rgb: int = option(
        "--raw-rgb",
        "1 reads raw frames of width x height x 3 bytes (blue, green, red) from standard input",
        Integer(0, metavar="0|1"),
        0,
        Group.INPUT,
        origin=_OPENSEEFACE,
    )
    repeat_video: bool = option(
        "--repeat-video",
        "1 restarts a file when it ends",
        Switch(),
        False,
        Group.INPUT,
        origin=_OPENSEEFACE,
    )
    exposure: float | Literal["auto"] | None = option(
        "--exposure", "the camera's exposure, in its own unit", AutoOrNumber(), None, Group.INPUT
    )
    gain: float | None = option("--gain", "the camera's gain, in its own unit", Number(metavar="N"), None, Group.INPUT)
    focus: float | Literal["auto"] | None = option(
        "--focus", "the camera's focus, in its own unit", AutoOrNumber(), None, Group.INPUT
    )
    powerline: Literal[0, 50, 60, "auto"] | None = option(
        "--powerline",
        "mains frequency in hertz, to suppress flicker",
        Choice({"off": 0, "50": 50, "60": 60, "auto": "auto"}, synonyms={"0": 0}, metavar="off|50|60|auto"),
        None,
        Group.INPUT,
    )
    give_up_s: float | None = option(
        "--give-up",
        "exit when a lost camera has not returned after this time",
        Number(0.0),
        None,
        Group.INPUT,
        default_text="wait forever",
        metavar="SECONDS",
    )

    def make_source(self) -> FrameSource:
        """The source, not opened yet. Raises CaptureError and SettingsError as `open_source` does."""
        from tracker.capture.open import open_source

        return open_source(
            self.capture, width=self.width, height=self.height, fps=self.fps, dformat=self.dformat, dcap=self.dcap,
            raw_rgb=self.raw_rgb, repeat_video=self.repeat_video, mirror=self.mirror, rotate=self.rotate,
            controls=self._controls(), give_up_s=self.give_up_s,
        )  # fmt: skip

    def _controls(self) -> CameraControls | None:
        if (self.exposure, self.gain, self.focus, self.powerline) == (None, None, None, None):
            return None
        from tracker.capture.camera.modes import CameraControls

        return CameraControls(self.exposure, self.gain, self.focus, self.powerline)
