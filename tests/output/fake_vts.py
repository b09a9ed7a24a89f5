"""A VTube Studio that enforces its plug-in API's published rules. It records what a plug-in does to it."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

OWN_PARAMETERS = (
    "FacePositionX FacePositionY FacePositionZ FaceAngleX FaceAngleY FaceAngleZ MouthSmile MouthOpen Brows BrowLeftY "
    "BrowRightY EyeOpenLeft EyeOpenRight EyeLeftX EyeLeftY EyeRightX EyeRightY CheekPuff TongueOut MouthX FaceAngry "
    "VoiceVolume MousePositionX"
)


class ApiError(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class FakeVTubeStudio:
    """allows: what the user clicks when asked. port: to listen at; 0 = any. controlled: set by another plug-in.

    Attributes that a test may change at any time: allows, api_on, is_full, answers (what to say instead, once each).
    """

    def __init__(self, allows: bool = True, port: int = 0, controlled: tuple[str, ...] = ()) -> None:
        self.allows = allows
        self.api_on = True
        self.is_full = False
        self.controlled = set(controlled)
        self.asked = 0
        self.sessions = 0
        self.tokens: dict[str, tuple[str, str]] = {}
        self.added: dict[str, dict[str, Any]] = {}
        self.hotkeys: list[dict[str, Any]] = []
        self.model_loaded = True
        self.active: set[str] = set()
        self.triggered: list[str] = []
        self._triggered_at: dict[str, float] = {}
        self.injections: list[tuple[float, bool, dict[str, float]]] = []
        self.broken_rules: list[str] = []
        self.answers: list[str | bytes] = []
        self._lock = threading.Lock()
        self._connections: list[ServerConnection] = []
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port = int(self._socket.getsockname()[1])
        self._server = serve(self._serve, sock=self._socket, close_timeout=0.2)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def values(self) -> dict[str, float]:
        """The newest injection."""
        return self.injections[-1][2]

    def drop_connections(self) -> None:
        for connection in self._connections:
            connection.socket.shutdown(socket.SHUT_RDWR)
        self._connections.clear()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join(5.0)

    def _serve(self, connection: ServerConnection) -> None:
        self._connections.append(connection)
        self.sessions += 1
        session: dict[str, Any] = {"plugin": None}
        try:
            for text in connection:
                with self._lock:
                    if self.answers:
                        connection.send(self.answers.pop(0))
                    else:
                        connection.send(json.dumps(self._answer(session, text)))
        except (ConnectionClosed, OSError):
            pass

    def _answer(self, session: dict[str, Any], text: str | bytes) -> dict[str, Any]:
        body = json.loads(text)
        request_id = body.get("requestID", "")
        kind = body.get("messageType", "")
        try:
            if body.get("apiName") != "VTubeStudioPublicAPI":
                raise ApiError(3, "api name")
            if body.get("apiVersion") != "1.0":
                raise ApiError(4, "api version")
            if not (isinstance(request_id, str) and 1 <= len(request_id) <= 64 and request_id.isascii()):
                raise ApiError(5, "request id")
            if not self.api_on:
                raise ApiError(1, "API access is deactivated")
            handler: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]] | None
            handler = getattr(self, f"_on_{kind}", None)
            if handler is None:
                raise ApiError(7, f"unknown request {kind}")
            if not kind.startswith("Authentication") and session["plugin"] is None:
                raise ApiError(8, "this session is not authenticated")
            data = handler(session, body.get("data") or {})
            kind = kind.removesuffix("Request") + "Response"
        except ApiError as error:
            kind, data = "APIError", {"errorID": error.code, "message": str(error)}
            if error.code not in (1, 50, 200, 201, 356, 454):
                self.broken_rules.append(str(error))
        return {
            "apiName": "VTubeStudioPublicAPI",
            "apiVersion": "1.0",
            "timestamp": int(time.time() * 1000),
            "requestID": request_id,
            "messageType": kind,
            "data": data,
        }

    def _on_AuthenticationTokenRequest(self, session: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        plugin = self._plugin(data)
        if "pluginIcon" in data:
            raise ApiError(54, "icon")
        self.asked += 1
        if not self.allows:
            raise ApiError(50, "User has denied API access for your plugin.")
        token = f"token-{self.asked}-{'x' * 40}"
        self.tokens[token] = plugin
        return {"authenticationToken": token}

    def _on_AuthenticationRequest(self, session: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        plugin = self._plugin(data)
        if not data.get("authenticationToken"):
            raise ApiError(100, "token missing")
        if self.tokens.get(data["authenticationToken"]) != plugin:
            return {"authenticated": False, "reason": "Token invalid or revoked."}
        session["plugin"] = plugin
        return {"authenticated": True, "reason": "Token valid."}

    def _on_InputParameterListRequest(self, session: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        own = [{"name": name, "addedBy": "VTube Studio", "value": 0} for name in OWN_PARAMETERS.split()]
        return {"modelLoaded": True, "defaultParameters": own, "customParameters": list(self.added.values())}

    def _on_ParameterCreationRequest(self, session: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        name = data.get("parameterName", "")
        if not re.fullmatch(r"[A-Za-z0-9]{4,32}", name):
            raise ApiError(351, f"the name {name!r} is invalid")
        if name in OWN_PARAMETERS.split():
            raise ApiError(352, f"{name} is VTube Studio's own")
        if len(data.get("explanation", "")) >= 256:
            raise ApiError(353, "the explanation is too long")
        if not all(
            isinstance(data.get(key), (int, float)) and abs(data[key]) <= 1e6 for key in ("min", "max", "defaultValue")
        ):
            raise ApiError(354, "min, max or default")
        owner = session["plugin"][0]
        if name in self.added and self.added[name]["addedBy"] != owner:
            raise ApiError(355, f"{name} belongs to {self.added[name]['addedBy']}")
        if (
            sum(entry["addedBy"] == owner for entry in self.added.values()) >= 100
            or len(self.added) >= 300
            or self.is_full
        ):
            raise ApiError(356, "too many parameters")
        self.added[name] = {"name": name, "addedBy": owner, "value": 0}
        return {"parameterName": name}

    def _on_InjectParameterDataRequest(self, session: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        listed = data.get("parameterValues")
        if not listed:
            raise ApiError(450, "no values")
        if data.get("mode", "set") not in ("set", "add"):
            raise ApiError(455, "mode")
        for entry in listed:
            value = entry.get("value")
            if not isinstance(value, (int, float)) or isinstance(value, bool) or not abs(value) <= 1e6:
                raise ApiError(451, f"the value of {entry.get('id')}")
            if entry["id"] not in OWN_PARAMETERS.split() and entry["id"] not in self.added:
                raise ApiError(453, f"{entry['id']} does not exist")
            if entry["id"] in self.controlled:
                raise ApiError(454, f"{entry['id']} is controlled by another plugin")
        values = {entry["id"]: float(entry["value"]) for entry in listed}
        self.injections.append((time.monotonic(), data.get("faceFound") is True, values))
        return {}

    def _on_HotkeysInCurrentModelRequest(self, session: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        listed = self.hotkeys if self.model_loaded else []
        return {"modelLoaded": self.model_loaded, "modelName": "m", "modelID": "m1", "availableHotkeys": listed}

    def _on_HotkeyTriggerRequest(self, session: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        if not self.model_loaded:
            raise ApiError(201, "no model is loaded")
        wanted = str(data.get("hotkeyID", ""))
        hotkey = next((each for each in self.hotkeys if wanted == each["hotkeyID"]), None)
        hotkey = hotkey or next((each for each in self.hotkeys if wanted.lower() == each["name"].lower()), None)
        if not wanted or hotkey is None:
            raise ApiError(202, f"there is no hotkey {wanted!r}")
        now = time.monotonic()
        if now - self._triggered_at.get(hotkey["hotkeyID"], 0.0) < 5 / 60:
            raise ApiError(200, "this hotkey was triggered within the last five frames")
        self._triggered_at[hotkey["hotkeyID"]] = now
        self.triggered.append(hotkey["name"])
        if hotkey["type"] == "ToggleExpression":
            self.active ^= {hotkey["file"]}
        return {"hotkeyID": hotkey["hotkeyID"]}

    def _on_ExpressionStateRequest(self, session: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        file = data.get("expressionFile", "")
        files = sorted({each["file"] for each in self.hotkeys if each["type"] == "ToggleExpression"})
        if file and not file.endswith(".exp3.json"):
            raise ApiError(500, f"{file!r} is no expression file")
        if file and file not in files:
            raise ApiError(501, f"there is no expression {file!r}")
        listed = [
            {"name": each.removesuffix(".exp3.json"), "file": each, "active": each in self.active} for each in files
        ]
        return {"modelLoaded": True, "expressions": [each for each in listed if not file or each["file"] == file]}

    def _plugin(self, data: dict[str, Any]) -> tuple[str, str]:
        names = (data.get("pluginName", ""), data.get("pluginDeveloper", ""))
        for code, name in zip((52, 53), names, strict=True):
            if not 3 <= len(name) <= 32:
                raise ApiError(code, f"the name {name!r}")
        return names
