"""The script that the frozen launcher runs; an installed one has its entry point in setup.cfg."""

from __future__ import annotations

import sys

from launcher.cli import main

if __name__ == "__main__":
    sys.exit(main())
