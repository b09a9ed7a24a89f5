"""Six receivers of the demo face, which goes from rest to the full range of one movement after another."""

from __future__ import annotations

import numpy as np
import pytest

from tests.output.full_range import Amounts, Shown, watch
from tracker.capture.demo.render import DemoRenderer, DemoState

STATES = {
    "smile": DemoState(smile=1.0),
    "jaw open": DemoState(mouth_open=1.0),
    "both eyes shut": DemoState(blink=(1.0, 1.0)),
    "right eye shut": DemoState(blink=(1.0, 0.0)),
    "left eye shut": DemoState(blink=(0.0, 1.0)),
    "brows up": DemoState(brows=1.0),
    "pucker": DemoState(pucker=1.0),
}
RECEIVERS = {"VMC", "iFacialMocap", "Live Link Face", "VTube Studio", "OpenSeeFace", "JSON"}
LEAST = {"jaw open": 0.2, "brows up": 0.15, "pucker": 0.1, "smile": 0.2}
"""How far each movement rises at least, where that is not 0.5: the demo face's own are not a person's whole range."""


@pytest.fixture(scope="module")
def shown() -> dict[str, Shown]:
    renderer = DemoRenderer(320, 180)
    pictures = {name: np.ascontiguousarray(renderer.render(state)[0]) for name, state in STATES.items()}
    return watch(np.ascontiguousarray(renderer.render(DemoState())[0]), pictures, "--model", "0")


@pytest.mark.parametrize("movement", STATES)
def test_every_receiver_sees_the_movement_rise_from_rest(shown: dict[str, Shown], movement: str) -> None:
    rest, full = shown[movement]
    assert set(full) == RECEIVERS
    for receiver in RECEIVERS:
        assert _amount(full[receiver], movement) - _amount(rest[receiver], movement) > LEAST.get(movement, 0.5), (
            receiver
        )


@pytest.mark.parametrize(("movement", "other"), [("right eye", "left eye"), ("left eye", "right eye")])
def test_a_wink_leaves_the_other_eye_open(shown: dict[str, Shown], movement: str, other: str) -> None:
    for receiver, amounts in shown[f"{movement} shut"].full.items():
        assert _amount(amounts, f"{other} shut") < 0.4, receiver


@pytest.mark.parametrize("movement", STATES)
def test_all_receivers_of_coefficients_see_the_same(shown: dict[str, Shown], movement: str) -> None:
    full = shown[movement].full
    for receiver in RECEIVERS - {"OpenSeeFace"}:
        # a phone's whole hundredths; VTube Studio may be a frame behind
        assert _amount(full[receiver], movement) == pytest.approx(_amount(full["JSON"], movement), abs=0.03), receiver


def _amount(amounts: Amounts, movement: str) -> float:
    value = amounts[movement]
    assert value is not None
    return value
