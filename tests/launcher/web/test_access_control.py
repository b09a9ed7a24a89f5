"""Who may talk to the window: its own page, and nobody else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from launcher.web.access_control import AccessControl, is_loopback

Headers = list[tuple[str, str]]


def ask(guard: AccessControl, headers: Headers, *, kind: str = "http", method: str = "GET") -> Any:
    """What `guard` sends, as one list of messages; what it lets through says 'reached'."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    scope = {
        "type": kind,
        "method": method,
        "path": "/",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }
    asyncio.run(guard(scope, receive, send))
    return sent


async def inside(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "reached"})


def status(sent: list[Any]) -> int | str:
    if sent[0]["type"] == "websocket.close":
        return "closed"
    return 200 if sent[0]["type"] == "reached" else int(sent[0]["status"])


HOME = "127.0.0.1:11580"


@pytest.mark.parametrize("host", [HOME, "localhost:11580", "[::1]:11580", "LOCALHOST:11580"])
def test_the_own_address_is_let_in(host: str) -> None:
    assert status(ask(AccessControl(inside, "127.0.0.1", 11580), [("host", host)])) == 200


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        ["evil.example:11580"],
        ["127.0.0.1.evil.example:11580"],
        ["127.0.0.1"],
        ["127.0.0.1:80"],
        ["127.0.0.1:11581"],
        ["192.168.0.7:11580"],
        ["[::1]"],
        [""],
        [HOME, "evil.example:11580"],
    ],
)
def test_a_foreign_host_is_refused(hosts: list[str]) -> None:
    headers = [("host", host) for host in hosts]
    for kind in ("http", "websocket"):
        sent = ask(AccessControl(inside, "127.0.0.1", 11580), headers + [("origin", f"http://{HOME}")], kind=kind)
        assert status(sent) in (403, "closed")


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "https://127.0.0.1:11580", "http://127.0.0.1:8080", "http://localhost:11580"],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_foreign_origin_is_refused(origin: str, kind: str) -> None:
    sent = ask(AccessControl(inside, "127.0.0.1", 11580), [("host", HOME), ("origin", origin)], kind=kind)
    assert status(sent) in (403, "closed")


def test_a_websocket_must_have_an_origin() -> None:
    guard = AccessControl(inside, "127.0.0.1", 11580)
    assert status(ask(guard, [("host", HOME)], kind="websocket")) == "closed"
    assert status(ask(guard, [("host", HOME), ("origin", f"http://{HOME}")], kind="websocket")) == 200


def test_nothing_but_reading_is_answered() -> None:
    assert status(ask(AccessControl(inside, "127.0.0.1", 11580), [("host", HOME)], method="POST")) == 405


def test_bound_to_the_network_any_address_is_ours_but_no_foreign_name() -> None:
    guard = AccessControl(inside, "0.0.0.0", 11580)
    assert status(ask(guard, [("host", "192.168.0.7:11580")])) == 200
    assert status(ask(guard, [("host", "[fe80::1]:11580")])) == 200
    assert status(ask(guard, [("host", "evil.example:11580")])) == 403


def test_refusals_forbid_framing_and_foreign_content_like_everything_else() -> None:
    (start, _) = ask(AccessControl(inside, "127.0.0.1", 11580), [("host", "evil.example")])
    policy = dict(start["headers"])[b"content-security-policy"].decode()
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.0.7", False),
        ("", False),
        ("my-computer", False),
    ],
)
def test_what_counts_as_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
