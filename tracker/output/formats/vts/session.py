"""VTube Studio's plug-in API: sets parameters over a WebSocket, from a thread of its own."""

from __future__ import annotations

import contextlib
import itertools
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from protocol import vtubestudio
from protocol.vtubestudio import Plugin, Response
from tracker.handoff import HandoffQueue
from tracker.output.formats import taught
from tracker.output.formats.scales import ARKIT_NAMES
from tracker.output.formats.sender import OneTimeWarning, ReceiverState
from tracker.output.formats.vts.discovery import find_port
from tracker.output.formats.vts.hotkeys import ExpressionHotkeys
from tracker.output.formats.vts.parameters import arkit_values, own_values
from tracker.output.formats.vts.tokens import Tokens
from tracker.output.formats.websocket_library import require_websockets
from tracker.output.limited_warnings import LimitedWarnings
from tracker.output.subject import OutputFrame
from tracker.output.target import Target
from tracker.rate_limit import RateLimiter

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

logger = logging.getLogger(__name__)

PLUGIN = Plugin("facetracker", "facetracker")
RETRY_S = 5.0
"""Pause before connecting again."""
RESEND_S = 0.4
"""Interval at which values are repeated: VTube Studio discards values older than a second."""
LOST_S = 3.0
"""Values are repeated for this long after the last frame; a lost camera must not freeze the model."""
ANSWER_LIMIT_S = 10.0
CLOSE_LIMIT_S = 0.4

_SLICE_S = 0.1
_EXPLANATION = "ARKit coefficient estimated by facetracker, 0 to 1"


class _Failed(Exception):
    """The session cannot continue; the message says why."""


class _Denied(Exception):
    """The user denied permission."""


class _Stopped(Exception):
    """The sender was closed while waiting."""


class _Injection(NamedTuple):
    """Parameter values for one request; without a face those of the last one seen.

    taught: how far each expression that the user taught is faded in. shown: the one that is shown.
    """

    face_found: bool
    values: Mapping[str, float]
    taught: Mapping[str, float] = {}
    shown: str | None = None


class VtsSender:
    """Sets the parameters of one VTube Studio. Values that were not sent in time are replaced by newer ones.

    Asks the user once for permission, and keeps what was granted in `tokens`. Connects again after every failure.
    arkit: also create and set ARKit's coefficients. hotkeys: trigger those that are named like taught expressions.
    Raises SettingsError without the library for WebSockets.
    """

    def __init__(
        self,
        target: Target,
        tokens: Tokens,
        arkit: bool = True,
        mirror: bool = True,
        hotkeys: bool = True,
        discover: Callable[[str, threading.Event], int | None] = find_port,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        require_websockets(target)
        self._target = target
        self._tokens = tokens
        self._arkit = arkit
        self._mirror = mirror
        self._hotkeys = ExpressionHotkeys() if hotkeys else None
        self._taught: dict[str, str | None] = {}  # parameters of taught expressions; None where one was refused
        self._discover = discover
        self._clock = clock
        self._rate_limit = RateLimiter(target.fps)
        self._warning = OneTimeWarning(str(target))
        self._port = target.port
        self._queue: HandoffQueue[_Injection] = HandoffQueue()
        self._stop = threading.Event()
        self._newest: _Injection | None = None
        self._seen_at = 0.0
        self._ids = itertools.count(1)
        self._last_id = 0
        self._warnings = LimitedWarnings(logger, str(target), clock)
        self.sent = 0
        self.errors = 0
        self._state = "waiting"
        self._thread = threading.Thread(target=self._run, name="vts", daemon=True)
        self._thread.start()

    def states(self) -> Sequence[ReceiverState]:
        """Whether VTube Studio is connected, and allows it."""
        return [ReceiverState(self._target, self._state)]

    def send(self, frame: OutputFrame) -> None:
        """Queue the values of `frame`. Without a face the last values are kept, marked as not found."""
        if not self._rate_limit.allows(frame.result.media_s):
            return
        subject = frame.subject_for(self._mirror)
        self._seen_at = self._clock()
        if subject is not None:
            values = own_values(subject) | (arkit_values(subject) if self._arkit else {})
            shown = None if subject.taught is None else subject.taught.name
            self._newest = _Injection(True, values, taught.weights(subject), shown)
        elif self._newest is not None:
            self._newest = self._newest._replace(face_found=False)
        if self._newest is not None:
            self._queue.put(self._newest)

    def close(self) -> None:
        """End the session, waiting briefly. Safe to call twice."""
        self._stop.set()
        self._queue.close()
        self._thread.join(CLOSE_LIMIT_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._session()
            except _Denied:
                self._state = "denied"
                self._warn("VTube Studio's user refused facetracker; to be asked again, start it again")
                return
            except _Failed as failure:
                self._state = "waiting"
                self.errors += 1
                self._warn(f"{self._target}: {failure}; trying again every {RETRY_S:g} s")
            self._stop.wait(RETRY_S)

    def _session(self) -> None:
        """One connection from opening to end. Raises _Failed or _Denied."""
        from websockets.exceptions import WebSocketException
        from websockets.sync.client import connect

        host = f"[{self._target.host}]" if ":" in self._target.host else self._target.host
        is_open = False
        try:
            with connect(
                f"ws://{host}:{self._port}", proxy=None, compression=None, open_timeout=5.0, close_timeout=_SLICE_S
            ) as connection:
                is_open = True
                with contextlib.suppress(_Stopped):  # an exception would close the connection as an error
                    self._converse(connection)
        except (OSError, WebSocketException, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            if is_open:
                raise _Failed(f"the connection ended ({reason})") from error
            self._port = self._other_port()
            raise _Failed(
                f"VTube Studio does not answer ({reason}); is it running, with its plug-in API on?"
            ) from error

    def _converse(self, connection: ClientConnection) -> None:
        self._authenticate(connection)
        self._warnings.forget()
        names = self._prepare_parameters(connection)
        self._state = "connected"
        logger.info("VTube Studio takes %d parameters at %s", len(names), self._target)
        self._feed(connection, names)

    def _other_port(self) -> int:
        """The port to try next: the one VTube Studio announces, unless the user gave one."""
        if self._target.port != vtubestudio.DEFAULT_PORT:
            return self._target.port
        return self._discover(self._target.host, self._stop) or self._target.port

    def _authenticate(self, connection: ClientConnection) -> None:
        place = f"{self._target.host}:{self._target.port}"
        token = self._tokens.get(place)
        if token is not None:
            if self._is_valid(connection, token):
                return
            self._tokens.put(place, None)
        logger.info("VTube Studio asks you whether facetracker may move your model: click Allow there")
        answer = self._ask(connection, vtubestudio.token_request(self._next_id(), PLUGIN), limit_s=None)
        token = answer.data.get("authenticationToken")
        if not isinstance(token, str):
            raise _Failed("VTube Studio gave no permission: click Allow when it asks")
        self._tokens.put(place, token)
        if not self._is_valid(connection, token):
            raise _Failed("VTube Studio does not accept the permission that it gave")

    def _is_valid(self, connection: ClientConnection, token: str) -> bool:
        answer = self._ask(connection, vtubestudio.authentication_request(self._next_id(), PLUGIN, token))
        return answer.data.get("authenticated") is True

    def _prepare_parameters(self, connection: ClientConnection) -> frozenset[str]:
        """Create missing parameters. Returns the names that can be set: an unknown one makes the whole request fail."""
        own, added = vtubestudio.parameter_names(
            self._ask(connection, vtubestudio.parameters_request(self._next_id())).data
        )
        names = set(own | added)
        refusals = []
        for name in ARKIT_NAMES if self._arkit else ():
            if name not in names:
                request = vtubestudio.creation_request(self._next_id(), name, _EXPLANATION, 0.0, 1.0)
                try:
                    self._ask(connection, request)
                except _Refused as refused:  # for instance because there are 300 already
                    refusals.append(refused)
                else:
                    names.add(name)
        if refusals:
            self._warn(f"{self._target}: {len(refusals)} parameters cannot be added ({refusals[0]})")
        return frozenset(names)

    def _feed(self, connection: ClientConnection, names: frozenset[str]) -> None:
        """Set parameters and trigger hotkeys until the end."""
        self._taught.clear()
        if self._hotkeys is not None:
            self._hotkeys.restart()
        while (injection := self._next()) is not None:
            self._follow(connection, injection)
            known = {name: value for name, value in injection.values.items() if name in names}
            known |= {parameter: injection.taught.get(n, 0.0) for n, parameter in self._taught.items() if parameter}
            if not known:
                continue
            try:
                request = vtubestudio.injection_request(self._next_id(), injection.face_found, known)
            except ValueError as error:
                self._warning.report(error)
                continue
            try:
                self._ask(connection, request)
            except _Refused as refused:
                if refused.code != vtubestudio.CONTROLLED_BY_OTHER:
                    raise
                self.errors += 1
                self._warn(f"{self._target}: another plug-in moves the model ({refused}); close one of them")
            else:
                self.sent += 1

    def _follow(self, connection: ClientConnection, injection: _Injection) -> None:
        """Create the parameters of expressions that are new, and trigger the hotkeys of a change."""
        for name in injection.taught:
            if name not in self._taught:
                parameter = taught.parameter_name(name)
                explanation = f"Expression {name!r} that you taught facetracker, 0 to 1"
                request = vtubestudio.creation_request(self._next_id(), parameter, explanation, 0.0, 1.0)
                try:
                    self._ask(connection, request)
                except _Refused as refused:
                    self._taught[name] = None
                    self._warn(f"{self._target}: no parameter for the expression {name!r} ({refused})")
                else:
                    self._taught[name] = parameter
        if self._hotkeys is not None:
            try:
                self._hotkeys.follow(injection.shown, lambda make: self._ask(connection, make(self._next_id())))
            except _Refused as refused:
                if refused.code != vtubestudio.HOTKEY_BUSY:
                    self._warn(f"{self._target}: a hotkey was not triggered ({refused})")

    def _next(self) -> _Injection | None:
        """The values to send next: new ones at once, else the last ones again after `RESEND_S`. None at the end."""
        while not self._stop.is_set():
            injection = self._queue.take(RESEND_S)
            if injection is not None:
                return injection
            if self._newest is not None and self._clock() - self._seen_at < LOST_S and not self._stop.is_set():
                return self._newest
        return None

    def _ask(self, connection: ClientConnection, request: str, limit_s: float | None = ANSWER_LIMIT_S) -> Response:
        """The response to `request`. limit_s: None waits as long as a user needs.

        Raises _Failed, _Denied and _Stopped.
        """
        connection.send(request)
        wanted = str(self._last_id)
        until = None if limit_s is None else self._clock() + limit_s
        while not self._stop.is_set():
            if until is not None and self._clock() >= until:
                raise _Failed("VTube Studio does not answer any more")
            try:
                response = vtubestudio.parse_response(connection.recv(timeout=_SLICE_S))
            except TimeoutError:
                continue
            if response.request_id != wanted:
                continue
            if response.error is None:
                return response
            code, text = response.error
            if code == vtubestudio.DENIED:
                raise _Denied
            raise _Refused(code, text)
        raise _Stopped

    def _next_id(self) -> str:
        self._last_id = next(self._ids)
        return str(self._last_id)

    def _warn(self, text: str) -> None:
        """Log a warning, once until a session works again."""
        if not self._stop.is_set():
            self._warnings.warn(text)


class _Refused(_Failed):
    """VTube Studio answered with an error."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"VTube Studio says: {text}")
        self.code = code
