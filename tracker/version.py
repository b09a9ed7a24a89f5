"""Which version this is, in an installed package, a checkout and a frozen program alike."""

from __future__ import annotations

VERSION = "0.1.0"
