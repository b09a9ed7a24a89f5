"""VTube Studio's plug-in API: JSON text over a WebSocket, and the datagram by which it is found.

Every request carries the API's name and version and gets one response with the same `requestID`, of type ``APIError``
when it failed. Nothing here opens a connection.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from protocol.foreign_json import ForeignJsonError, parse_object, printable

DEFAULT_PORT = 8001
DISCOVERY_PORT = 47779
"""Where VTube Studio says every two seconds, by broadcast, on which port it listens."""
RESEND_S = 1.0
"""A parameter that was not sent for so long goes back to what controlled it before."""
MAX_VALUE = 1e6

DENIED, AUTHENTICATION_REQUIRED, HOTKEY_BUSY, CONTROLLED_BY_OTHER = 50, 8, 200, 454
"""Error ids: the user said no; this session is not authenticated; a hotkey was triggered just before, or too many
wait; another plug-in sets a parameter."""

_API = {"apiName": "VTubeStudioPublicAPI", "apiVersion": "1.0"}
_PARAMETER_NAME = re.compile(r"[A-Za-z0-9]{4,32}")


@dataclass(frozen=True, slots=True)
class Plugin:
    """Who asks; what the user is shown. Both names have 3 to 32 characters."""

    name: str
    developer: str

    def __post_init__(self) -> None:
        for text in (self.name, self.developer):
            if not 3 <= len(text) <= 32:
                raise ValueError(f"a plug-in's name has 3 to 32 characters, got {text!r}")


@dataclass(frozen=True, slots=True)
class Response:
    """type: what was answered, ``APIError`` for a failure. data: its content, {} when it has none."""

    request_id: str
    type: str
    data: Mapping[str, Any]

    @property
    def error(self) -> tuple[int, str] | None:
        """Id and text of a failure, the text as one line that may be shown; None for a success."""
        if self.type != "APIError":
            return None
        code, text = self.data.get("errorID"), self.data.get("message")
        reason = printable(text) if isinstance(text, str) else ""
        return (code if isinstance(code, int) else -1, reason or "no reason given")


def request(request_id: str, message_type: str, data: Mapping[str, Any] | None = None) -> str:
    """The text of a request. Raises ValueError for a number that is not finite."""
    body = {**_API, "requestID": request_id, "messageType": message_type, "data": data or {}}
    return json.dumps(body, separators=(",", ":"), allow_nan=False)


def token_request(request_id: str, plugin: Plugin) -> str:
    """Asks the user, in a window of VTube Studio, whether this plug-in may act. Answered when they clicked."""
    return request(request_id, "AuthenticationTokenRequest", _names(plugin))


def authentication_request(request_id: str, plugin: Plugin, token: str) -> str:
    """Begins a session with the token that was granted once."""
    return request(request_id, "AuthenticationRequest", {**_names(plugin), "authenticationToken": token})


def parameters_request(request_id: str) -> str:
    """Asks which parameters there are."""
    return request(request_id, "InputParameterListRequest")


def creation_request(request_id: str, name: str, explanation: str, lowest: float, highest: float) -> str:
    """Creates a parameter, or sets its range again. Raises ValueError for a name the API does not take."""
    if not _PARAMETER_NAME.fullmatch(name):
        raise ValueError(f"a parameter's name has 4 to 32 letters and digits, got {name!r}")
    if len(explanation) >= 256:
        raise ValueError("a parameter's explanation has less than 256 characters")
    data = {"parameterName": name, "explanation": explanation, "min": lowest, "max": highest, "defaultValue": 0.0}
    return request(request_id, "ParameterCreationRequest", data)


def injection_request(request_id: str, face_found: bool, values: Mapping[str, float]) -> str:
    """Sets parameters. values: by name, each within a million of 0; at least one."""
    if not values:
        raise ValueError("there is no parameter to set")
    listed = [{"id": name, "value": round(value, 5)} for name, value in values.items()]
    if any(abs(entry["value"]) > MAX_VALUE for entry in listed if isinstance(entry["value"], float)):
        raise ValueError("a parameter's value is beyond a million")
    data = {"faceFound": face_found, "mode": "set", "parameterValues": listed}
    return request(request_id, "InjectParameterDataRequest", data)


@dataclass(frozen=True, slots=True)
class Hotkey:
    """A hotkey of the current model. toggles: it switches the expression in `file` on and off."""

    id: str
    name: str
    toggles: bool
    file: str


def hotkeys_request(request_id: str) -> str:
    """Asks for the hotkeys of the current model."""
    return request(request_id, "HotkeysInCurrentModelRequest")


def trigger_request(request_id: str, hotkey_id: str) -> str:
    """Triggers a hotkey. The same one is refused for five frames."""
    return request(request_id, "HotkeyTriggerRequest", {"hotkeyID": hotkey_id})


def expression_request(request_id: str, file: str) -> str:
    """Asks whether the expression in `file` is active."""
    return request(request_id, "ExpressionStateRequest", {"details": False, "expressionFile": file})


def hotkeys(data: Mapping[str, Any]) -> dict[str, Hotkey]:
    """From the answer to `hotkeys_request`, by their names without capitals; of two with one name the first."""
    found: dict[str, Hotkey] = {}
    for entry in _list(data.get("availableHotkeys")):
        if not isinstance(entry, dict):
            continue
        number, name, kind, file = (entry.get(key) for key in ("hotkeyID", "name", "type", "file"))
        if isinstance(number, str) and isinstance(name, str) and name.strip():
            toggles = kind == "ToggleExpression" and isinstance(file, str) and bool(file)
            hotkey = Hotkey(number, name, toggles, file if isinstance(file, str) else "")
            found.setdefault(name.strip().casefold(), hotkey)
    return found


def is_active(data: Mapping[str, Any], file: str) -> bool:
    """Whether the answer to `expression_request` says so."""
    return any(
        isinstance(entry, dict) and entry.get("file") == file and entry.get("active") is True
        for entry in _list(data.get("expressions"))
    )


def parse_response(text: str | bytes) -> Response:
    """A response, whatever fields it has besides. Raises ValueError for anything else."""
    body = _object(text)
    kind, data = body.get("messageType"), body.get("data")
    if not isinstance(kind, str):
        raise ValueError("VTube Studio's message has no type")
    return Response(str(body.get("requestID", "")), kind, data if isinstance(data, dict) else {})


def parameter_names(data: Mapping[str, Any]) -> tuple[frozenset[str], frozenset[str]]:
    """Names of VTube Studio's own parameters and of those that plug-ins added, from the answer to the list request."""
    own, added = (
        frozenset(entry["name"] for entry in listed if isinstance(entry, dict) and isinstance(entry.get("name"), str))
        for listed in (_list(data.get("defaultParameters")), _list(data.get("customParameters")))
    )
    return own, added


def announced_port(datagram: bytes) -> int | None:
    """The port in a discovery broadcast of a VTube Studio whose API is on; None for any other datagram."""
    try:
        body = _object(datagram)
    except ValueError:
        return None
    data = body.get("data")
    if body.get("messageType") != "VTubeStudioAPIStateBroadcast" or not isinstance(data, dict):
        return None
    port = data.get("port")
    is_port = isinstance(port, int) and not isinstance(port, bool) and 1 <= port <= 65535
    return port if is_port and data.get("active") is True else None


def _names(plugin: Plugin) -> dict[str, str]:
    return {"pluginName": plugin.name, "pluginDeveloper": plugin.developer}


def _object(text: str | bytes) -> dict[str, Any]:
    try:
        body = parse_object(text, repair_text=True)
    except ForeignJsonError as error:
        raise ValueError(f"VTube Studio's message is {error}") from None
    if body.get("apiName") != _API["apiName"]:
        raise ValueError("this is no message of VTube Studio")
    return body


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
