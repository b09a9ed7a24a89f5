"""VTube Studio's messages, against its published examples, and anything at all as an answer."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import vtubestudio
from protocol.vtubestudio import Plugin

PLUGIN = Plugin("My Cool Plugin", "My Name")
BROADCAST: dict[str, Any] = {
    "apiName": "VTubeStudioPublicAPI",
    "apiVersion": "1.0",
    "timestamp": 1630159656406,
    "messageType": "VTubeStudioAPIStateBroadcast",
    "requestID": "VTubeStudioAPIStateBroadcast",
    "data": {"active": True, "port": 8002, "instanceID": "93aa0d0494304fddb057ae8a295c4e59", "windowTitle": "VTS"},
}

jsonish = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def test_requests_are_the_published_ones() -> None:
    assert json.loads(vtubestudio.token_request("SomeID", PLUGIN)) == {
        "apiName": "VTubeStudioPublicAPI",
        "apiVersion": "1.0",
        "requestID": "SomeID",
        "messageType": "AuthenticationTokenRequest",
        "data": {"pluginName": "My Cool Plugin", "pluginDeveloper": "My Name"},
    }
    assert json.loads(vtubestudio.authentication_request("2", PLUGIN, "abcd"))["data"] == {
        "pluginName": "My Cool Plugin",
        "pluginDeveloper": "My Name",
        "authenticationToken": "abcd",
    }
    assert json.loads(vtubestudio.creation_request("3", "MyNewParamName", "Text.", -50, 50)) == {
        "apiName": "VTubeStudioPublicAPI",
        "apiVersion": "1.0",
        "requestID": "3",
        "messageType": "ParameterCreationRequest",
        "data": {
            "parameterName": "MyNewParamName",
            "explanation": "Text.",
            "min": -50,
            "max": 50,
            "defaultValue": 0.0,
        },
    }
    assert json.loads(vtubestudio.injection_request("4", False, {"FaceAngleX": 12.31}))["data"] == {
        "faceFound": False,
        "mode": "set",
        "parameterValues": [{"id": "FaceAngleX", "value": 12.31}],
    }


@pytest.mark.parametrize("name", ["abc", "with space", "x" * 33, "Umlaut\u00e4", "under_score"])
def test_names_that_the_api_refuses_are_refused_here(name: str) -> None:
    with pytest.raises(ValueError, match="4 to 32 letters"):
        vtubestudio.creation_request("1", name, "", 0, 1)


@pytest.mark.parametrize("values", [{}, {"FaceAngleX": 2e6}, {"FaceAngleX": math.nan}])
def test_values_that_the_api_refuses_are_refused_here(values: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        vtubestudio.injection_request("1", True, values)


def test_an_error_is_told_apart() -> None:
    text = json.dumps({**BROADCAST, "messageType": "APIError", "data": {"errorID": 50, "message": "User has denied."}})
    assert vtubestudio.parse_response(text).error == (50, "User has denied.")


@settings(deadline=None)
@given(
    st.one_of(
        st.text(),
        st.binary(),
        jsonish.map(json.dumps),
        jsonish.map(lambda data: json.dumps({**BROADCAST, "data": data})),
    )
)
def test_any_message_is_a_response_or_a_value_error(text: str | bytes) -> None:
    try:
        response = vtubestudio.parse_response(text)
    except ValueError as error:
        assert str(error)
    else:
        assert response.error is None or response.error[1]
        own, added = vtubestudio.parameter_names(response.data)
        assert all(isinstance(name, str) for name in own | added)


@settings(deadline=None)
@given(jsonish)
def test_any_list_of_parameters_gives_names(data: object) -> None:
    own, added = vtubestudio.parameter_names({"defaultParameters": data, "customParameters": [data]})
    assert all(isinstance(name, str) for name in own | added)


def test_the_broadcast_tells_the_port_of_an_api_that_is_on() -> None:
    assert vtubestudio.announced_port(json.dumps(BROADCAST).encode()) == 8002
    off = {**BROADCAST, "data": {**BROADCAST["data"], "active": False}}
    assert vtubestudio.announced_port(json.dumps(off).encode()) is None


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=500), jsonish.map(lambda data: json.dumps({**BROADCAST, "data": data}).encode())))
def test_any_other_broadcast_announces_no_impossible_port(datagram: bytes) -> None:
    port = vtubestudio.announced_port(datagram)
    assert port is None or 1 <= port <= 65535


def test_deep_and_long_messages_are_refused() -> None:
    for text in ("[" * 100_000, '"' + "x" * 2_000_000 + '"'):
        with pytest.raises(ValueError):
            vtubestudio.parse_response(text)
