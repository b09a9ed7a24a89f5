"""All the user asked for, checked once at the door."""

from __future__ import annotations

import argparse
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tracker.errors import SettingsError
from tracker.face.options import EngineOptions
from tracker.output.formats.table import OPENSEEFACE_PORT
from tracker.output.preview.display import require_display
from tracker.output.target import Target

if TYPE_CHECKING:
    from tracker.capture.camera.controls import CameraControls
    from tracker.capture.source import FrameSource

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", OPENSEEFACE_PORT


@dataclass(frozen=True, slots=True)
class InputSettings:
    """Where pictures come from. Names and meanings are those of `tracker.capture.open.open_source`."""

    capture: str
    width: int
    height: int
    fps: int
    dcap: int | None
    dformat: str | None
    raw_rgb: int
    repeat_video: bool
    mirror: bool
    exposure: float | Literal["auto"] | None
    gain: float | None
    focus: float | Literal["auto"] | None
    powerline: Literal[0, 50, 60, "auto"] | None
    give_up_s: float | None

    def make_source(self) -> FrameSource:
        """The source, not opened yet. Raises CaptureError and SettingsError as the factory does."""
        from tracker.capture.open import open_source

        return open_source(
            self.capture, width=self.width, height=self.height, fps=self.fps, dformat=self.dformat, dcap=self.dcap,
            raw_rgb=self.raw_rgb, repeat_video=self.repeat_video, mirror=self.mirror, controls=self._controls(),
            give_up_s=self.give_up_s,
        )  # fmt: skip

    def _controls(self) -> CameraControls | None:
        if (self.exposure, self.gain, self.focus, self.powerline) == (None, None, None, None):
            return None
        from tracker.capture.camera.controls import CameraControls

        return CameraControls(self.exposure, self.gain, self.focus, self.powerline)


@dataclass(frozen=True, slots=True)
class OutputSettings:
    """Where results go. None and 0 mean not at all."""

    targets: tuple[Target, ...]
    face_id_offset: int
    visualize: int
    pnp_points: int
    video_out: Path | None
    video_scale: int
    video_fps: float
    log_data: Path | None
    dump_points: Path | None


@dataclass(frozen=True, slots=True)
class Settings:
    """One run of the program.

    list_cameras, list_dcaps, list_formats, benchmark: print and end instead of tracking.
    frames: end after so many. parent_pid: end with that process. profile: name of what is kept between runs.
    """

    input: InputSettings
    engine: EngineOptions
    output: OutputSettings
    silent: bool
    verbose_frames: bool
    log_output: Path | None
    priority: int | None
    frames: int | None
    parent_pid: int | None
    profile: str | None
    list_cameras: int
    list_dcaps: int | None
    list_formats: bool
    benchmark: bool

    @property
    def tracks(self) -> bool:
        """Whether this run tracks faces, rather than listing something or measuring."""
        return not (self.list_cameras or self.list_dcaps is not None or self.list_formats or self.benchmark)


def settings_from(arguments: argparse.Namespace) -> Settings:
    """`arguments` as parsed by `options`, checked against each other, the file system and the display.

    Raises SettingsError for the first thing that cannot work.
    """
    targets = _targets(arguments.target, arguments.ip, arguments.port)
    settings = Settings(
        input=InputSettings(
            capture=arguments.capture,
            width=arguments.width,
            height=arguments.height,
            fps=arguments.fps,
            dcap=arguments.dcap,
            dformat=arguments.dformat,
            raw_rgb=arguments.raw_rgb,
            repeat_video=arguments.repeat_video,
            mirror=arguments.mirror_input,
            exposure=arguments.exposure,
            gain=arguments.gain,
            focus=arguments.focus,
            powerline=arguments.powerline,
            give_up_s=arguments.give_up,
        ),
        engine=EngineOptions(
            model=arguments.model,
            max_faces=arguments.faces,
            threshold=arguments.threshold,
            detection_threshold=arguments.detection_threshold,
            scan_every=arguments.scan_every,
            discard_after=arguments.discard_after,
            scan_retinaface=arguments.scan_retinaface,
            try_hard=arguments.try_hard,
            gaze_tracking=arguments.gaze_tracking,
            blendshapes=any(target.needs_blendshapes for target in targets),
            adapt_3d=not arguments.no_3d_adapt,
            max_feature_updates=float(arguments.max_feature_updates),
            smoothing=arguments.smoothing,
            fov_deg=arguments.fov,
            max_threads=arguments.max_threads,
            model_dir=_path(arguments.model_dir),
        ),
        output=OutputSettings(
            targets=targets,
            face_id_offset=arguments.face_id_offset,
            visualize=arguments.visualize,
            pnp_points=arguments.pnp_points,
            video_out=_path(arguments.video_out),
            video_scale=arguments.video_scale,
            video_fps=arguments.video_fps,
            log_data=_path(arguments.log_data),
            dump_points=_path(arguments.dump_points),
        ),
        silent=arguments.silent,
        verbose_frames=arguments.verbose_frames,
        log_output=_path(arguments.log_output),
        priority=arguments.priority,
        frames=arguments.frames,
        parent_pid=arguments.parent_pid,
        profile=arguments.profile,
        list_cameras=arguments.list_cameras,
        list_dcaps=arguments.list_dcaps,
        list_formats=arguments.list_formats,
        benchmark=arguments.benchmark,
    )
    _check_profile_name(settings.profile)
    if settings.tracks:
        if settings.output.visualize:
            require_display()
        _check_writable("--video-out", settings.output.video_out)
        _check_writable("--log-data", settings.output.log_data)
        _check_writable("--dump-points", settings.output.dump_points)
    _check_writable("--log-output", settings.log_output)
    return settings


def _targets(named: list[Target], host: str | None, port: int | None) -> tuple[Target, ...]:
    """`named` replaces the default receiver; one that was given with --ip or --port stays. No receiver twice."""
    targets = list(named)
    if not named or host is not None or port is not None:
        targets.insert(0, Target(host or DEFAULT_HOST, port or DEFAULT_PORT))
    return tuple(dict.fromkeys(targets))


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _check_profile_name(name: str | None) -> None:
    if name is not None and not re.fullmatch(r"\w[\w .-]{0,63}", name):
        raise SettingsError(f"argument --profile: {name!r} is no profile name; use letters, digits, '-', '_' and '.'")


def _check_writable(option: str, path: Path | None) -> None:
    """Try it: permissions, read-only disks and names a system does not allow all show in no other way."""
    if path is None:
        return
    existed = path.exists()
    try:
        with path.open("ab"):
            pass
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise SettingsError(f"argument {option}: cannot write {os.fspath(path)}: {reason}") from error
    if not existed:
        path.unlink()
