"""Assembles one tracking run from the settings."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from tracker.app.control_client import ControlClient, address_from_environment
from tracker.app.hands_free import HandsFreeRecording
from tracker.app.profile import load_profile, profile_path, save_profile
from tracker.app.run_control import RunControl
from tracker.app.service import Service
from tracker.app.settings import Settings
from tracker.app.shutdown import ParentWatch, StopRequest
from tracker.app.statistics import Reporter
from tracker.app.taught_file import TaughtKeeper, load_taught, taught_path
from tracker.face.engine import Engine
from tracker.face.taught.library import TaughtExpressions
from tracker.output.files.background import BackgroundSink
from tracker.output.files.csv_log import CsvSink
from tracker.output.files.head_dump import dump_points
from tracker.output.files.video import VideoSink
from tracker.output.formats.registry import make_senders
from tracker.output.formats.table import OPENSEEFACE
from tracker.output.network import NetworkSink
from tracker.output.preview.window import PreviewWindow
from tracker.output.sensitivity import Sensitivity, parse_settings
from tracker.output.sink import Sink

logger = logging.getLogger(__name__)


def track(settings: Settings, stop: StopRequest) -> int:
    """Track until the input ends or a stop is requested. Returns the exit code.

    Raises the FacetrackerError that ended the run.
    """
    watch = ParentWatch(settings.parent_pid) if settings.parent_pid is not None else None
    if watch is not None and watch.has_ended():
        logger.info("the parent process %d does not exist", watch.pid)
        return 0
    source = settings.input.make_source()
    # A background scan finds a face a little earlier or later in each run: files must be reproducible.
    options = replace(settings.engine, background_scan=source.is_live)
    profile = profile_path(settings.profile) if settings.profile is not None else None
    taught, kept_in = TaughtExpressions(), taught_path(settings.profile)
    load_taught(taught, kept_in)
    taught.enable(settings.expressions)
    network = make_network(settings)
    keeper = TaughtKeeper(taught, kept_in)
    hands_free = None
    if settings.record_expression is not None:
        hands_free = HandsFreeRecording(taught, keeper, stop, settings.record_expression, settings.seconds)
        hands_free.start(countdown=source.is_live)
    run_control = RunControl(
        stop,
        source=source.name,
        is_live=source.is_live,
        on_recentre=network.recentre,
        taught=taught,
        keep_taught=keeper.changed,
        sensitivity=Sensitivity(parse_settings(settings.output.sensitivity or "")),
        receivers=network.receiver_states,
    )

    def make_engine() -> Engine:
        engine = Engine(options, taught)
        if profile is not None:
            load_profile(engine, profile)
        run_control.attach(engine)
        # What exists by now stays to the end. Left to the garbage collector, looking through all of it would stop
        # tracking for 10 to 30 ms now and then.
        gc.freeze()
        return engine

    def store(engine: Engine) -> None:
        if profile is not None:
            save_profile(engine, profile)
        if settings.output.dump_points is not None:
            dump_points(engine.head_points(), settings.output.dump_points)

    service = Service(
        source,
        make_engine,
        network,
        stop,
        Reporter(
            verbose_frames=settings.verbose_frames,
            with_bar=not source.is_live and not settings.silent and sys.stderr.isatty(),
            face_id_offset=settings.output.face_id_offset,
        ),
        run_control=run_control,
        make_files=lambda: make_files(settings, source.is_live),
        make_window=lambda: make_window(settings),
        parent_ended=(lambda: False) if watch is None else watch.has_ended,
        max_frames=settings.frames,
        before_end=store,
    )
    try:
        with controlled(run_control):
            exit_code = service.run()
    finally:
        keeper.close()
    if hands_free is not None:
        hands_free.report()
    if stop.requested:
        logger.info("Quitting: %s", stop.reason)
    return exit_code


@contextmanager
def controlled(run_control: RunControl) -> Iterator[None]:
    """Within the block, the launcher named in the environment can use `run_control`."""
    address = address_from_environment()
    client = None if address is None else ControlClient(address, run_control)
    if client is not None:
        client.start()
    try:
        yield
    finally:
        if client is not None:
            client.close()


QUEUED_ROWS = 64
QUEUED_PICTURES = 8
CLOSE_LIMIT_S = 5.0
"""How long a hanging disk may delay the end of the program."""


def make_network(settings: Settings) -> NetworkSink:
    """The senders to all targets. Raises SettingsError for a target that cannot work."""
    output = settings.output
    with_subject = any(target.format != OPENSEEFACE for target in output.targets)
    return NetworkSink(make_senders(output.targets), output.face_id_offset, with_subject)


def make_files(settings: Settings, is_live: bool) -> list[Sink]:
    """The CSV log and the video, each behind its own queue.

    Raises SettingsError for a file that cannot be written.
    """
    output = settings.output
    sinks: list[Sink] = []
    if output.log_data is not None:
        csv = CsvSink(output.log_data, is_live, settings.input.fps if is_live else 0.0, output.face_id_offset)
        sinks.append(BackgroundSink(csv, QUEUED_ROWS, is_live, needs_picture=False, close_limit_s=CLOSE_LIMIT_S))
    if output.video_out is not None:
        video = VideoSink(
            output.video_out,
            output.video_scale,
            output.video_fps,
            output.visualize,
            output.pnp_points,
        )
        sinks.append(BackgroundSink(video, QUEUED_PICTURES, is_live, needs_picture=True, close_limit_s=CLOSE_LIMIT_S))
    return sinks


def make_window(settings: Settings) -> PreviewWindow | None:
    """The preview, if requested."""
    if not settings.output.visualize:
        return None
    return PreviewWindow(settings.output.visualize, settings.output.pnp_points)
