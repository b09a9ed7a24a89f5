"""The command line: from arguments to an exit code. Each kind of run imports only what it needs."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from protocol.foreign_json import printable
from tracker.app import process as environment
from tracker.app.console import configure_logging
from tracker.app.end_limit import EndLimit
from tracker.app.opencv_import import import_opencv
from tracker.app.options import describe_options
from tracker.app.parsing import parse
from tracker.app.process import processors
from tracker.app.settings import Settings, settings_from
from tracker.app.shutdown import StopRequest, stopping_on_signals
from tracker.app.windows_end import stopping_with_windows
from tracker.errors import FacetrackerError
from tracker.output.formats.table import describe as describe_formats

logger = logging.getLogger(__name__)

FAILED = FacetrackerError.exit_code


def main(argv: list[str] | None = None, *, owns_process: bool = False) -> int:
    """Run the program with `argv` (None: the process's own arguments) and return its exit code.

    An error is one line on standard error. ``--help`` and ``--version`` raise SystemExit.
    owns_process: the process ends after this call, so that it may be ended early; signals remain handled until then.
    """
    stop = StopRequest()
    try:
        # Before anything else: from the settings on, files may be open.
        with (
            EndLimit(leave=os._exit if owns_process else _stay) as limit,
            stopping_on_signals(stop, owns_process),
            stopping_with_windows(stop.request, owns_process),
        ):
            stop.on_request = limit.begin
            settings = settings_from(parse(sys.argv[1:] if argv is None else argv))
            # Before numpy and OpenCV are imported, which read the environment once.
            asked = settings.engine.max_threads
            settings = replace(settings, engine=replace(settings.engine, max_threads=min(asked, processors())))
            environment.prepare(settings.engine.max_threads)
            # Other programs parse lists and benchmark figures: nothing else may be printed then.
            with configure_logging(settings.silent or not settings.tracks, settings.log_output):
                if asked > settings.engine.max_threads:
                    logger.info("--max-threads %d: using %d, one a processor", asked, settings.engine.max_threads)
                exit_code = _run_and_report(settings, stop, _leave if owns_process else limit.begin)
                limit.begin(exit_code)
            return exit_code
    except FacetrackerError as error:  # before logging was configured
        sys.stderr.write(f"facetracker: error: {printable(error, 2000)}\n")
        return error.exit_code


def _stay(exit_code: int) -> None:
    """Used when the process belongs to a caller, which must not be ended."""


def _run_and_report(settings: Settings, stop: StopRequest, leave: Callable[[], object]) -> int:
    try:
        return _run(settings, stop, leave)
    except FacetrackerError as error:
        logger.error("%s", error)
        logger.debug("raised here", exc_info=True)
        return error.exit_code
    except KeyboardInterrupt:
        return 0
    except Exception as error:  # users get one line, not a traceback
        logger.error("%s: %s (set FACETRACKER_DEBUG=1 for details)", type(error).__name__, error)
        logger.debug("raised here", exc_info=True)
        return FAILED


def _run(settings: Settings, stop: StopRequest, leave: Callable[[], object]) -> int:
    """leave: ends a process that has nothing open."""
    if stop.requested:
        return 0
    if settings.tracks:
        return _track(settings, stop, leave)
    stop.on_request = leave  # lists and measurements never poll, and have nothing to close
    if settings.list_formats:
        return _print_json(describe_formats())
    if settings.list_options:
        return _print_json(describe_options())
    import_opencv(settings.engine.max_threads)
    if settings.list_dcaps is not None or settings.list_cameras:
        return _list(settings)
    _apply_priority(settings)
    from tracker.app.benchmark import run_benchmark

    run_benchmark(settings.engine)
    return 0


def _track(settings: Settings, stop: StopRequest, leave: Callable[[], object]) -> int:
    bound_the_end, stop.on_request = stop.on_request, leave  # nothing is open while libraries are loaded
    import_opencv(settings.engine.max_threads)
    _apply_priority(settings)
    from tracker.app.run import track

    stop.on_request = bound_the_end
    return 0 if stop.requested else track(settings, stop)


def _leave() -> None:
    os._exit(0)


def _apply_priority(settings: Settings) -> None:
    if settings.priority is not None:
        from tracker.app.process import set_priority

        set_priority(settings.priority)


def _list(settings: Settings) -> int:
    """Print the cameras or their capabilities, exactly as other programs parse them."""
    from tracker.capture.camera.devices import list_cameras
    from tracker.capture.camera.listing import format_camera_list, format_capabilities

    if settings.list_dcaps is not None:
        text = format_capabilities(list_cameras(), settings.list_dcaps)
    else:
        style = settings.list_cameras if settings.list_cameras <= 3 else 2
        text = format_camera_list(list_cameras(), style)
    sys.stdout.write(text)
    return 0


def _print_json(description: Any) -> int:
    """Print a description of the program, for other programs."""
    sys.stdout.write(json.dumps(description, indent=2) + "\n")
    return 0
