"""Secrets that admit a browser: a permanent token, single-use tickets, and the session keys they are exchanged for.

None of them is ever an argument of a process, which every user of the machine can read, or a cookie, which browsers
send to every port of a host.
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from launcher.errors import UsageError

TOKEN_VARIABLE = "FACETRACKER_WINDOW_TOKEN"
"""The environment variable that may hold the token."""
MIN_TOKEN_CHARACTERS = 16
_KEY_BYTES = 24
_MAX_KEPT = 256
"""The most unused tickets, and the most sessions; beyond that the oldest are dropped."""
_MAX_FILE_BYTES = 4096


class AccessKeys:
    """Decides which browsers are admitted. Thread-safe.

    token: admits any number of browsers; None = there is none. on_use: called with each ticket that was used.
    """

    def __init__(self, token: str | None = None, on_use: Callable[[str], object] = lambda ticket: None) -> None:
        self._token = token or secrets.token_urlsafe(_KEY_BYTES)
        self._on_use = on_use
        self._tickets: deque[str] = deque(maxlen=_MAX_KEPT)
        self._sessions: deque[str] = deque(maxlen=_MAX_KEPT)
        self._lock = threading.Lock()

    def new_ticket(self) -> str:
        """A secret that admits one browser, once."""
        ticket = secrets.token_urlsafe(_KEY_BYTES)
        with self._lock:
            self._tickets.append(ticket)
        return ticket

    def admit(self, key: object) -> str | None:
        """The session key for `key`, which is the token, an unused ticket or a session key. None: refused.

        A session key is valid until the program ends and known to one page, which sends it when it reconnects.
        """
        if not isinstance(key, str):
            return None
        with self._lock:
            session = next((session for session in self._sessions if _same(key, session)), None)
            ticket = next((ticket for ticket in self._tickets if _same(key, ticket)), None)
            if session is None and (ticket is not None or _same(key, self._token)):
                session = secrets.token_urlsafe(_KEY_BYTES)
                self._sessions.append(session)
            if ticket is not None:
                self._tickets.remove(ticket)
        if ticket is not None:
            self._on_use(ticket)
        return session


def given_token(file: Path | None = None) -> str | None:
    """The token that the user chose: in `file`, else in the environment, from which it is removed; None for none.

    Raises UsageError for one that is too short, and for a file that others can read.
    """
    from_environment = os.environ.pop(TOKEN_VARIABLE, None)
    token, place = from_environment, f"the environment variable {TOKEN_VARIABLE}"
    if file is not None:
        token, place = _read_private(file), str(file)
    if token is None:
        return None
    token = token.strip()
    if len(token) < MIN_TOKEN_CHARACTERS or not token.isprintable():
        raise UsageError(f"the token in {place} needs at least {MIN_TOKEN_CHARACTERS} printable characters")
    return token


def _read_private(path: Path) -> str:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if sys.platform != "win32" and (status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & 0o077):
                raise UsageError(f"other users can read {path}: make it private with 'chmod 600'")
            return file.read(_MAX_FILE_BYTES).decode()
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not a text file") from None
    except OSError as error:
        raise UsageError(f"the token file {path} cannot be read: {error.strerror}") from error


def _same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), known.encode())
