"""The command: tracks faces and sends them as OpenSeeFace does. ``facetracker --help`` says more."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the command line and return the exit code; does not return while a driver holds a thread.

    The thread environment is set inside, from ``--max-threads``, before numpy is imported. Before anything else is
    loaded, and until the process is gone, signals end it in order: a user may press Ctrl-C at any moment, and again.
    """
    try:
        import signal

        names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
        numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
        # `nohup` lets SIGHUP be ignored on purpose; a shell's `&` does so with SIGINT for its own reasons.
        numbers = [n for n in numbers if n == signal.SIGINT or signal.getsignal(n) is not signal.SIG_IGN]
        for number in numbers:
            signal.signal(number, lambda number, frame: os._exit(0))  # there is nothing to close yet
        import threading
        from functools import partial

        from tracker.app import cli
        from tracker.app.windows_console import run_in_own_window, started_by_double_click

        run = partial(cli.main, owns_process=True)
        exit_code = run_in_own_window(run) if started_by_double_click(sys.argv[1:]) else run()
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
    except KeyboardInterrupt:  # in the first lines
        os._exit(0)
    if threading.active_count() > 1:
        # Everything is written and closed, but a thread hangs in a driver or a pipe, or is Windows' own. Letting the
        # interpreter tear itself down under it can crash or wait for ever.
        os._exit(exit_code)
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
