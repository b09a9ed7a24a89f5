"""Puts one tracking run together from the settings."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from tracker.app.control import ControlClient, address_from_environment
from tracker.app.head_dump import dump_points
from tracker.app.outputs import make_files, make_network, make_window
from tracker.app.parent import ParentWatch
from tracker.app.profile import load_profile, profile_path, save_profile
from tracker.app.progress import Reporter
from tracker.app.service import Service
from tracker.app.settings import Settings
from tracker.app.steering import Steering
from tracker.app.stopping import StopRequest
from tracker.face.engine import Engine

logger = logging.getLogger(__name__)


def track(settings: Settings, stop: StopRequest) -> int:
    """Track as the settings say until the input ends or something asks to end. Returns the exit code.

    Raises the FacetrackerError that ended the run.
    """
    watch = ParentWatch(settings.parent_pid) if settings.parent_pid is not None else None
    if watch is not None and watch.has_ended():
        logger.info("the parent process %d is not there", watch.pid)
        return 0
    source = settings.input.make_source()
    # Scanning in the background finds a face a little sooner or later in each run: not for files.
    options = replace(settings.engine, background_scan=source.is_live)
    profile = profile_path(settings.profile) if settings.profile is not None else None
    network = make_network(settings)
    steering = Steering(stop, source=source.name, is_live=source.is_live, on_recentre=network.rest)

    def make_engine() -> Engine:
        engine = Engine(options)
        if profile is not None:
            load_profile(engine, profile)
        steering.bind(engine)
        return engine

    def keep(engine: Engine) -> None:
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
        steering=steering,
        make_files=lambda width: make_files(settings, source.is_live, width),
        make_window=lambda width: make_window(settings, width),
        parent_ended=(lambda: False) if watch is None else watch.has_ended,
        max_frames=settings.frames,
        before_end=keep,
    )
    with controlled(steering):
        exit_code = service.run()
    if stop.requested:
        logger.info("Quitting: %s", stop.reason)
    return exit_code


@contextmanager
def controlled(steering: Steering) -> Iterator[None]:
    """Within the block, a launcher that gave its address can use `steering`."""
    address = address_from_environment()
    client = None if address is None else ControlClient(address, steering)
    if client is not None:
        client.start()
    try:
        yield
    finally:
        if client is not None:
            client.close()
