"""What each receiver gets of the expressions that the user taught."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.output.fake_vts import FakeVTubeStudio
from tests.output.people import a_person, an_output_frame
from tests.protocol.osc_reader import by_name, read_bundle
from tracker.output.formats.registry import ENCODERS
from tracker.output.formats.taught import parameter_name
from tracker.output.formats.vmc import VmcEncoder
from tracker.output.formats.vts.session import VtsSender
from tracker.output.formats.vts.tokens import Tokens
from tracker.output.subject import OutputFrame
from tracker.output.target import Target, parse_target
from tracker.types import TaughtExpression

LIMIT_S = 10.0
LANGUAGES = ("笑顔", "Лицо", "ابتسامة", "Ärger über’s Wetter", "खुश 🙂")


def showing(name: str | None, weight: float = 1.0, index: int = 3) -> OutputFrame:
    """A frame of somebody who shows `name` since the frame before the last."""
    weights = {} if name in (None, "neutral") else {str(name): weight}
    taught = TaughtExpression(name, 0.9, (index - 2) / 30, weights)
    return an_output_frame(dataclasses.replace(a_person(), taught=taught), index=index)


def blends(encoder: VmcEncoder, frame: OutputFrame) -> dict[str, float]:
    messages = [message for data in encoder.encode(frame) for message in read_bundle(data)]
    return {name: value for name, (value,) in by_name(messages, "/VMC/Ext/Blend/Val").items()}


@pytest.mark.parametrize(
    ("name", "vrm0", "vrm1"),
    [
        ("joy", "Joy", "happy"),
        ("Happy", "Joy", "happy"),
        ("angry", "Angry", "angry"),
        ("sorrow", "Sorrow", "sad"),
        ("FUN", "Fun", "relaxed"),
        ("surprised", "Surprised", "surprised"),
        ("my smirk", "my smirk", "my smirk"),
        *[(name, name, name) for name in LANGUAGES],
    ],
)
def test_an_avatar_gets_its_preset_or_the_users_own_name(name: str, vrm0: str, vrm1: str) -> None:
    for kind, wanted in (("vrm0", vrm0), ("vrm1", vrm1), ("perfectsync", vrm0)):
        encoder = VmcEncoder(kind)
        assert blends(encoder, showing(name, 0.75))[wanted] == 0.75
        assert blends(encoder, showing("neutral"))[wanted] == 0.0, "an expression that ended is sent as 0"


def test_neutral_and_nothing_taught_send_nothing_more() -> None:
    plain = an_output_frame(dataclasses.replace(a_person(), taught=None), index=3)
    for kind in ("vrm0", "vrm1", "perfectsync"):
        for name in ("neutral", None):
            assert VmcEncoder(kind).encode(showing(name)) == VmcEncoder(kind).encode(plain)


def test_json_says_name_probability_and_since_when() -> None:
    encode = ENCODERS["json"](parse_target("json://127.0.0.1")).encode
    frame = showing("笑顔", index=9)
    (face,) = json.loads(encode(frame)[0])["faces"]
    since = frame.result.unix_time - 2 / 30
    assert face["taught"] == {"name": "笑顔", "probability": 0.9, "since": pytest.approx(since, abs=2e-3)}
    (face,) = json.loads(encode(showing(None))[0])["faces"]
    assert "taught" not in face


@pytest.mark.parametrize("format", ["osf", "ifacialmocap", "livelink", "opentrack"])
def test_formats_that_cannot_carry_it_are_the_same_with_and_without(format: str) -> None:
    frame = showing("joy")
    plain = an_output_frame(dataclasses.replace(a_person(), taught=None), index=3)
    encoder = ENCODERS[format](parse_target(f"{format}://127.0.0.1"))
    assert list(encoder.encode(frame)) == list(ENCODERS[format](parse_target(f"{format}://127.0.0.1")).encode(plain))


def test_parameters_of_vtube_studio_have_names_that_it_takes() -> None:
    names = ["joy", "my smirk", "x" * 60, *LANGUAGES, "😀"]
    made = [parameter_name(name) for name in names]
    assert made[:2] == ["TaughtJoy", "TaughtMySmirk"]
    assert all(name.isascii() and name.isalnum() and 4 <= len(name) <= 32 for name in made)
    assert len(set(made)) == len(names)
    assert made == [parameter_name(name) for name in names]


@pytest.fixture
def studio() -> Iterator[FakeVTubeStudio]:
    studio = FakeVTubeStudio()
    studio.hotkeys = [
        hotkey("Joy", "ToggleExpression", "joy.exp3.json"),
        hotkey("笑顔", "ToggleExpression", "smile.exp3.json"),
        hotkey("wave", "TriggerAnimation", "wave.motion3.json"),
    ]
    yield studio
    studio.close()


def hotkey(name: str, kind: str, file: str) -> dict[str, Any]:
    number = f"id of {name}"
    return {"name": name, "type": kind, "description": "", "file": file, "hotkeyID": number, "keyCombination": []}


class Showing:
    """Feeds a sender with somebody who shows `name`."""

    def __init__(self, studio: FakeVTubeStudio, folder: Path, **options: Any) -> None:
        target = Target("127.0.0.1", studio.port, "vts")
        self.sender = VtsSender(target, Tokens(folder / "tokens.json"), arkit=False, **options)
        self.name: str | None = None
        self.weight = 1.0

    def until(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < end, "it did not happen in time"
            self.sender.send(showing(self.name, self.weight))
            time.sleep(0.01)

    def for_frames(self, studio: FakeVTubeStudio, count: int = 5) -> None:
        before = len(studio.injections)
        self.until(lambda: len(studio.injections) >= before + count)


@pytest.fixture
def feeding(studio: FakeVTubeStudio, tmp_path: Path) -> Iterator[Showing]:
    feeding = Showing(studio, tmp_path)
    yield feeding
    feeding.sender.close()


def test_an_expression_sets_its_parameter_and_it_goes_back(studio: FakeVTubeStudio, feeding: Showing) -> None:
    feeding.name, feeding.weight = "joy", 0.5
    feeding.until(lambda: studio.injections and studio.values.get("TaughtJoy") == 0.5)
    feeding.name = "ابتسامة"
    other = parameter_name("ابتسامة")
    feeding.until(lambda: studio.values.get(other) == 0.5)
    assert studio.values["TaughtJoy"] == 0.0
    assert set(studio.added) == {"TaughtJoy", other}
    assert studio.broken_rules == []


def test_a_hotkey_of_the_same_name_is_triggered_when_it_begins_and_ends(
    studio: FakeVTubeStudio, feeding: Showing
) -> None:
    feeding.name = "joy"
    feeding.until(lambda: studio.active == {"joy.exp3.json"})
    feeding.for_frames(studio)
    assert studio.triggered == ["Joy"], "once, however long it is shown"
    feeding.name = "笑顔"
    feeding.until(lambda: studio.active == {"smile.exp3.json"})
    feeding.name = "neutral"
    feeding.until(lambda: studio.active == set())
    assert studio.triggered == ["Joy", "Joy", "笑顔", "笑顔"]
    assert studio.broken_rules == []


def test_an_animation_is_triggered_when_it_begins_alone(studio: FakeVTubeStudio, feeding: Showing) -> None:
    feeding.name = "Wave"
    feeding.until(lambda: studio.triggered == ["wave"])
    feeding.name = None
    feeding.for_frames(studio)
    assert studio.triggered == ["wave"]
    assert studio.broken_rules == []


def test_an_expression_that_the_user_switched_already_is_left_alone(studio: FakeVTubeStudio, feeding: Showing) -> None:
    feeding.for_frames(studio)
    studio.active = {"joy.exp3.json"}
    feeding.name = "joy"
    feeding.for_frames(studio)
    assert studio.active == {"joy.exp3.json"} and studio.triggered == []
    studio.active = set()
    feeding.name = None
    feeding.for_frames(studio)
    assert studio.triggered == []


def test_a_hotkey_that_is_refused_for_some_frames_is_tried_again(studio: FakeVTubeStudio, feeding: Showing) -> None:
    feeding.name = "joy"
    feeding.until(lambda: studio.active)
    feeding.name = None  # within the five frames
    feeding.until(lambda: not studio.active)
    assert studio.broken_rules == []


def test_without_a_model_the_parameters_go_on(studio: FakeVTubeStudio, feeding: Showing) -> None:
    studio.model_loaded = False
    feeding.name = "joy"
    feeding.for_frames(studio)
    assert studio.triggered == [] and studio.values["TaughtJoy"] == 1.0


def test_hotkeys_can_be_left_alone(studio: FakeVTubeStudio, tmp_path: Path) -> None:
    feeding = Showing(studio, tmp_path, hotkeys=False)
    feeding.name = "joy"
    feeding.for_frames(studio)
    feeding.sender.close()
    assert studio.triggered == []
    assert studio.values["TaughtJoy"] == 1.0
