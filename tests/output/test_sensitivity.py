"""Ranges, curves, smoothing and the muted mouth, in everything that is sent."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.output.results import a_face, a_result
from tracker.output.formats.facejson import JsonEncoder
from tracker.output.sensitivity import MUTE_S, PLAIN, Response, Sensitivity, parse_settings, read_settings, written
from tracker.output.subject import OutputFrame
from tracker.topology import BLENDSHAPE_NAMES
from tracker.types import Face, FrameResult


def shapes(**values: float) -> np.ndarray:
    return np.array([values.get(name, 0.0) for name in BLENDSHAPE_NAMES], np.float32)


def frame(face: Face, media_s: float = 0.0) -> FrameResult:
    return replace(a_result(face), media_s=media_s)


def sent(sensitivity: Sensitivity, face: Face, media_s: float = 0.0) -> Face:
    return sensitivity.apply(frame(face, media_s)).faces[0]


def test_without_settings_the_result_itself_is_sent() -> None:
    result = frame(a_face())
    assert Sensitivity().apply(result) is result
    assert Sensitivity({"jawOpen": PLAIN}).apply(result) is result


@pytest.mark.parametrize(
    ("response", "measured", "expected"),
    [
        (Response(start=0.2, end=0.6), 0.1, 0.0),
        (Response(start=0.2, end=0.6), 0.4, 0.5),
        (Response(start=0.2, end=0.6), 0.9, 1.0),
        (Response(low=0.1, high=0.7), 0.5, 0.4),
        (Response(curve=2.0), 0.5, 0.25),
        (Response(low=1.0, high=0.0), 0.3, 0.7),
    ],
)
def test_a_coefficient_goes_through_its_range_and_curve(response: Response, measured: float, expected: float) -> None:
    face = replace(a_face(), blendshapes=shapes(jawOpen=measured, mouthPucker=0.3))
    changed = sent(Sensitivity({"jawOpen": response}), face).blendshapes
    assert changed is not None
    assert changed == pytest.approx(shapes(jawOpen=expected, mouthPucker=0.3))


def test_packed_json_tells_what_was_measured_beside_what_is_sent() -> None:
    face = replace(a_face(), blendshapes=shapes(jawOpen=0.4, mouthPucker=0.2))
    for sensitivity, jaw in ((Sensitivity({"jawOpen": Response(end=0.5)}), 204), (Sensitivity(), 102)):
        (text,) = JsonEncoder(packed=True).encode(OutputFrame(sensitivity.apply(frame(face)), None))
        (told,) = json.loads(text)["packed"]
        sent, measured = (
            dict(zip(BLENDSHAPE_NAMES, bytes.fromhex(told[row]), strict=True)) for row in ("sent", "measured")
        )
        assert (sent["jawOpen"], sent["mouthPucker"]) == (jaw, 51)
        assert (measured["jawOpen"], measured["mouthPucker"]) == (102, 51)


def test_openness_and_features_follow_the_coefficient_of_the_same_movement() -> None:
    face = a_face()
    eyes = replace(face.eyes, openness=np.array([0.4, 0.5], np.float32))
    expression = replace(face.expression, mouth_open=0.5, mouth_corner_updown_l=-0.5, mouth_wide=-0.2)
    face = replace(face, eyes=eyes, expression=expression)
    half = Response(end=0.5)
    changed = sent(Sensitivity({"eyeBlinkRight": Response(end=0.6), "jawOpen": half, "mouthSmileLeft": half}), face)
    assert changed.eyes.openness == pytest.approx([0.0, 0.5], abs=1e-6)
    assert changed.expression.mouth_open == pytest.approx(1.0)
    assert changed.expression.mouth_corner_updown_l == pytest.approx(-1.0)
    assert changed.expression.mouth_wide == pytest.approx(-0.2)
    assert changed.blendshapes is face.blendshapes is None


def test_smoothing_follows_the_media_clock_and_forgets_who_was_away() -> None:
    sensitivity = Sensitivity({"jawOpen": Response(smoothing=0.1)})
    closed, opened = (replace(a_face(), blendshapes=shapes(jawOpen=value, mouthLeft=value)) for value in (0.0, 1.0))
    sent(sensitivity, closed, 0.0)
    after = sent(sensitivity, opened, 0.1).blendshapes
    assert after is not None
    assert after[BLENDSHAPE_NAMES.index("jawOpen")] == pytest.approx(1 - np.exp(-1))
    assert after[BLENDSHAPE_NAMES.index("mouthLeft")] == pytest.approx(1.0)
    back = sent(sensitivity, opened, 9.0).blendshapes
    assert back is not None
    assert back[BLENDSHAPE_NAMES.index("jawOpen")] == pytest.approx(1.0)


def test_a_muted_mouth_closes_soon_and_leaves_the_eyes_alone() -> None:
    sensitivity = Sensitivity()
    face = a_face()
    face = replace(face, blendshapes=shapes(jawOpen=1.0, mouthFunnel=0.5, eyeBlinkLeft=0.7, browInnerUp=0.4),
                   expression=replace(face.expression, mouth_open=1.0, eyebrow_updown_l=0.5))  # fmt: skip
    assert sent(sensitivity, face, 0.0).expression.mouth_open == 1.0
    sensitivity.mute_mouth(True)
    half = sent(sensitivity, face, MUTE_S / 2)
    assert half.expression.mouth_open == pytest.approx(0.5)
    muted = sent(sensitivity, face, 2 * MUTE_S)
    assert muted.blendshapes == pytest.approx(shapes(eyeBlinkLeft=0.7, browInnerUp=0.4))
    assert (muted.expression.mouth_open, muted.expression.eyebrow_updown_l) == (0.0, 0.5)
    sensitivity.mute_mouth(False)
    assert sent(sensitivity, face, 4 * MUTE_S).expression.mouth_open == 1.0


def test_settings_are_read_and_written() -> None:
    settings = {"jawOpen": Response(start=0.1, end=0.8, curve=1.5), "eyeBlinkLeft": Response(smoothing=0.05)}
    text = written({**settings, "mouthLeft": PLAIN})
    assert parse_settings(text) == settings
    assert "mouthLeft" not in text
    assert parse_settings("") == {}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "object of coefficients"),
        ({"jawopen": {}}, "no coefficient 'jawopen'"),
        ({"jawOpen": 1}, "must be an object of from, to"),
        ({"jawOpen": {"gain": 2}}, "must be an object of from, to"),
        ({"jawOpen": {"to": "1"}}, "'to' must be a number between 0.01 and 2"),
        ({"jawOpen": {"to": True}}, "'to' must be a number"),
        ({"jawOpen": {"curve": float("nan")}}, "'curve' must be a number"),
        ({"jawOpen": {"from": 0.5, "to": 0.5}}, "'to' must be greater than 'from'"),
    ],
)
def test_what_cannot_be_a_setting_is_named(value: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_settings(value)


@pytest.mark.parametrize("text", ["{", "[]", '{"jawOpen": {"to": 1e999}}', "{" * 50000, " " * 5 + "x" * 20000])
def test_text_that_is_no_setting_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"sensitivity|must be"):
        parse_settings(text)
