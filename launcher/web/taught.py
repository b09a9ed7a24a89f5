"""What pages ask about the expressions that the user teaches, passed on to the tracker."""

from __future__ import annotations

from typing import Any

from launcher.control import ControlError, TrackerControl
from launcher.web.clients import Message
from launcher.web.daemon_thread import in_thread
from protocol.control import ControlMessageError
from protocol.control_commands import REMOTE_COMMANDS

GROUP = "expression"


async def answer(control: TrackerControl, message: Message) -> Message:
    """The tracker's reply to a page's request, or why there is none; a page shows either on its card."""
    name = message.get("command")
    command = REMOTE_COMMANDS.get(name) if isinstance(name, str) else None
    given: Any = message.get("values")
    told: Message = {"type": "expression", "command": str(name)[:40]}
    if command is None or command.group != GROUP or not isinstance(given, dict):
        return {**told, "error": "this page is older than the window's server: reload it"}
    try:
        reply = await in_thread(lambda: control.request(command.name, **command.values(given)))
    except (ControlError, ControlMessageError) as error:
        text = str(error)
        return {**told, "error": text[:1].upper() + text[1:]}
    return {**told, "reply": reply}
