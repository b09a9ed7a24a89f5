"""The command: tracks faces and sends them as OpenSeeFace does. ``facetracker --help`` says more."""

from __future__ import annotations

import os
import sys
import threading


def main() -> int:
    """Run the command line and return the exit code; does not return while a driver holds a thread.

    The thread environment is set inside, from ``--max-threads``, before numpy is imported.
    """
    from tracker.app import cli
    from tracker.app.windows_console import run_in_own_window, started_by_double_click

    exit_code = run_in_own_window(cli.main) if started_by_double_click(sys.argv[1:]) else cli.main()
    if threading.active_count() > 1:
        # Everything is written and closed, but a thread hangs in a driver or a pipe. Letting the interpreter
        # tear itself down under it can crash or wait for ever.
        os._exit(exit_code)
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
