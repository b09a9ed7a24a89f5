"""Builds the receivers of results that the settings ask for."""

from __future__ import annotations

import math

from tracker.app.settings import Settings
from tracker.output.csv_log import CsvSink
from tracker.output.network import NetworkSink
from tracker.output.preview import PreviewWindow
from tracker.output.queued import QueuedSink
from tracker.output.senders.registry import make_senders
from tracker.output.sink import Sink
from tracker.output.video import VideoSink

WAITING_ROWS = 64
WAITING_PICTURES = 8
CLOSE_LIMIT_S = 5.0
"""How long a disk that hangs may hold the end of the program."""


def make_network(settings: Settings) -> NetworkSink:
    """The senders to all targets. Raises SettingsError for one that cannot work."""
    output = settings.output
    return NetworkSink(make_senders(output.targets), output.face_id_offset, settings.engine.gaze_tracking)


def make_files(settings: Settings, is_live: bool, width: int) -> list[Sink]:
    """The CSV log and the video, each behind a queue of its own. width: of the frames, in pixels.

    Raises SettingsError for a file that cannot be written.
    """
    output = settings.output
    sinks: list[Sink] = []
    if output.log_data is not None:
        csv = CsvSink(output.log_data, is_live, settings.input.fps if is_live else 0.0, output.face_id_offset)
        sinks.append(QueuedSink(csv, WAITING_ROWS, is_live, needs_picture=False, close_limit_s=CLOSE_LIMIT_S))
    if output.video_out is not None:
        video = VideoSink(
            output.video_out,
            output.video_scale,
            output.video_fps,
            output.visualize,
            output.pnp_points,
            _focal_px(settings, width),
        )
        sinks.append(QueuedSink(video, WAITING_PICTURES, is_live, needs_picture=True, close_limit_s=CLOSE_LIMIT_S))
    return sinks


def make_window(settings: Settings, width: int) -> PreviewWindow | None:
    """The preview, where it was asked for. width: of the frames, in pixels."""
    if not settings.output.visualize:
        return None
    return PreviewWindow(settings.output.visualize, settings.output.pnp_points, _focal_px(settings, width))


def _focal_px(settings: Settings, width: int) -> float:
    return width / (2.0 * math.tan(math.radians(settings.engine.fov_deg) / 2.0))
