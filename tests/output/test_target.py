from __future__ import annotations

import pytest

from tracker.errors import SettingsError
from tracker.output.target import Target, parse_target


@pytest.mark.parametrize(
    ("text", "host", "port", "written"),
    [
        ("127.0.0.1:11573", "127.0.0.1", 11573, "127.0.0.1:11573"),
        ("studio-pc:1", "studio-pc", 1, "studio-pc:1"),
        ("[::1]:11573", "::1", 11573, "[::1]:11573"),
        (" [fe80::1%eth0]:65535 ", "fe80::1%eth0", 65535, "[fe80::1%eth0]:65535"),
    ],
)
def test_target_is_read_and_written_back(text: str, host: str, port: int, written: str) -> None:
    target = parse_target(text)
    assert target == Target(host, port)
    assert str(target) == written


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "target '' has no port: write HOST:PORT, for instance 127.0.0.1:11573"),
        ("localhost", "target 'localhost' has no port: write HOST:PORT, for instance 127.0.0.1:11573"),
        (":11573", "the receiver's host is empty: give a name or an address such as 127.0.0.1"),
        ("[]:11573", "the receiver's host is empty: give a name or an address such as 127.0.0.1"),
        ("a:0", "port 0 does not exist: give one from 1 to 65535"),
        ("a:70000", "port 70000 does not exist: give one from 1 to 65535"),
        ("a:", "target 'a:': '' is no port number, which is 1 to 65535"),
        ("a:-1", "target 'a:-1': '-1' is no port number, which is 1 to 65535"),
        ("a:1e3", "target 'a:1e3': '1e3' is no port number, which is 1 to 65535"),
        ("::1:11573", "target '::1:11573': write an IPv6 address in brackets, for instance [::1]:11573"),
    ],
)
def test_wrong_target_is_refused_with_what_to_write(text: str, message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_target(text)
    assert str(refused.value) == message
    assert refused.value.exit_code == 2
