from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.errors import SettingsError
from tracker.output.formats.table import FORMATS, describe
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
        ("", "target '' has no port; write HOST:PORT, for example 127.0.0.1:11573"),
        ("localhost", "target 'localhost' has no port; write HOST:PORT, for example 127.0.0.1:11573"),
        (":11573", "target ':11573': the host is empty; give a name or an address such as 127.0.0.1"),
        ("[]:11573", "target '[]:11573': the host is empty; give a name or an address such as 127.0.0.1"),
        ("a:0", "target 'a:0': '0' is not a port number (1 to 65535)"),
        ("a:70000", "target 'a:70000': '70000' is not a port number (1 to 65535)"),
        ("a:", "target 'a:': '' is not a port number (1 to 65535)"),
        ("a:-1", "target 'a:-1': '-1' is not a port number (1 to 65535)"),
        ("a:1e3", "target 'a:1e3': '1e3' is not a port number (1 to 65535)"),
        ("::1:11573", "target '::1:11573': write IPv6 addresses in brackets, for example [::1]:11573"),
    ],
)
def test_wrong_target_is_refused_with_what_to_write(text: str, message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_target(text)
    assert str(refused.value) == message
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "target", "written"),
    [
        ("vmc://127.0.0.1", Target("127.0.0.1", 39539, "vmc"), "vmc://127.0.0.1:39539"),
        ("VMC://studio-pc:39540/", Target("studio-pc", 39540, "vmc"), "vmc://studio-pc:39540"),
        ("ifacialmocap://[::1]", Target("::1", 49983, "ifacialmocap"), "ifacialmocap://[::1]:49983"),
        ("livelink://[fe80::1%eth0]:9", Target("fe80::1%eth0", 9, "livelink"), "livelink://[fe80::1%eth0]:9"),
        ("opentrack://a", Target("a", 4242, "opentrack"), "opentrack://a:4242"),
        ("vts://localhost", Target("localhost", 8001, "vts"), "vts://localhost:8001"),
        ("osf://a", Target("a", 11573), "a:11573"),
        ("json+ws://127.0.0.1:9", Target("127.0.0.1", 9, "json+ws"), "json+ws://127.0.0.1:9"),
        (
            "vmc://a?fps=30&expressions=vrm1",
            Target("a", 39539, "vmc", (("expressions", "vrm1"), ("fps", "30"))),
            "vmc://a:39539?expressions=vrm1&fps=30",
        ),
        (
            "vmc://a?model=/home/me/my avatar & co.vrm".replace("&", "%26"),
            Target("a", 39539, "vmc", (("model", "/home/me/my avatar & co.vrm"),)),
            "vmc://a:39539?model=/home/me/my+avatar+%26+co.vrm",
        ),
    ],
)
def test_target_of_a_format_is_read_and_written_back(text: str, target: Target, written: str) -> None:
    assert parse_target(text) == target
    assert str(target) == written
    assert parse_target(written) == target


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "foo://a",
            "target 'foo://a': unknown format 'foo'; must be one of osf, vmc, ifacialmocap, ifacialmocap+listen, "
            "livelink, opentrack, vts, json, json+ws",
        ),
        ("vmc://", "target 'vmc://': the host is empty; give a name or an address such as 127.0.0.1"),
        ("vmc://a:0", "target 'vmc://a:0': '0' is not a port number (1 to 65535)"),
        ("vmc://a/b", "target 'vmc://a/b': 'a/b' is not a host name"),
        ("vmc://::1", "target 'vmc://::1': write IPv6 addresses in brackets, for example [::1]:11573"),
        ("opentrack://a?x=1", "target 'opentrack://a?x=1': opentrack has no option 'x'; its options are fps, mirror"),
        ("opentrack://a?mirror", "target 'opentrack://a?mirror': options must be written as ?name=value&name=value"),
        ("opentrack://a?mirror=2", "target 'opentrack://a?mirror=2': mirror must be one of 0, 1, got '2'"),
        ("livelink://a?subject=", "target 'livelink://a?subject=': subject is empty"),
        ("osf://a?fps=0", "target 'osf://a?fps=0': fps must be above 0 and at most 1000, got '0'"),
        ("osf://a?fps=nan", "target 'osf://a?fps=nan': fps must be above 0 and at most 1000, got 'nan'"),
    ],
)
def test_wrong_target_of_a_format_is_refused_with_what_to_write(text: str, message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_target(text)
    assert str(refused.value) == message
    assert refused.value.exit_code == 2


@settings(deadline=None)
@given(st.text(max_size=60), st.sampled_from(["", "vmc://", "json+ws://", "osf://a?", "vmc://a?fps=30&"]))
def test_any_text_is_a_target_or_a_settings_error(text: str, start: str) -> None:
    try:
        target = parse_target(start + text)
    except SettingsError as error:
        assert str(error)
    else:
        assert parse_target(str(target)) == target


def test_defaults_of_options_are_values_that_they_allow() -> None:
    for format in FORMATS.values():
        for option in format.options:
            assert not option.choices or option.default in option.choices
            assert Target("a", 1, format.name).value(option.name) == option.default


def test_the_table_is_plain_values() -> None:
    assert [entry["name"] for entry in json.loads(json.dumps(describe()))] == list(FORMATS)
