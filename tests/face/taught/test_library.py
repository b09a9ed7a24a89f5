"""Expressions of one's own: recording, learning, recognition without flicker, and what is kept of them."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.face.taught.faces import FPS, SHAPES, Actor, a_taught
from tracker.face.taught.decision import DEFAULT_HOLD_S, FADE_S, NONE_HOLD_S, Decision
from tracker.face.taught.library import TaughtExpressions, mistaken
from tracker.face.taught.measures import MEASURES, measured
from tracker.face.taught.samples import MAX_NAMES, MAX_SAMPLES, SAMPLE_S, SampleStore

LANGUAGES = ("笑顔", "Лицо", "ابتسامة", "Ärger über’s Wetter", "खुश 🙂")


def seconds_of(taught: TaughtExpressions, name: str) -> float:
    return next(float(each["seconds"]) for each in taught.state()["expressions"] if each["name"] == name)


def test_each_expression_is_shown_while_it_is_held_and_talking_does_not_matter() -> None:
    taught, actor = a_taught("neutral", "joy", "angry", "surprised")
    for name in ("joy", "neutral", "angry", "surprised", "neutral"):
        shown = actor.show(taught, name, 2.0)
        late = FPS // 2
        assert set(shown[late:]) == {name}


def test_a_turned_head_is_no_measure() -> None:
    face = replace(Actor().face({}), pose=None)
    assert measured(face) is not None
    assert not any("pose" in name or "yaw" in name.lower() for name in MEASURES)


def test_a_face_without_coefficients_or_pose_or_confidence_is_not_judged() -> None:
    face = Actor().face({})
    unsure = replace(face.landmarks, confidence=np.full(66, 0.2, np.float32))
    for blind in (replace(face, blendshapes=None), replace(face, points_3d=None), replace(face, landmarks=unsure)):
        assert measured(blind) is None


def test_what_is_unlike_all_is_none_of_these() -> None:
    taught, actor = a_taught("neutral", "joy", "angry")
    actor.show(taught, "joy", 1.0)
    shown = actor.show(taught, "tongue", NONE_HOLD_S + 1.0)
    assert shown[-1] is None
    assert not taught.state()["like_any"]
    assert actor.show(taught, "joy", 1.0)[-1] == "joy"


def test_an_expression_must_last_before_it_is_shown_and_flicker_changes_nothing() -> None:
    decision = Decision(threshold=0.7, hold_s=0.1)
    decision.update("neutral", 0.9, True, 0.0)
    decision.update("neutral", 0.9, True, 0.1)
    assert decision.name == "neutral"
    for frame in range(60):  # joy every other frame
        decision.update("joy" if frame % 2 else "neutral", 0.99, True, 0.2 + frame / FPS)
        assert decision.name == "neutral"
    for frame in range(60):  # never sure enough
        decision.update("joy", 0.69, True, 3.0 + frame / FPS)
    assert decision.name == "neutral"
    decision.update("joy", 0.9, True, 6.0)
    decision.update("joy", 0.9, True, 6.09)
    assert decision.name == "neutral"
    decision.update("joy", 0.9, True, 6.1)
    assert (decision.name, decision.since_s) == ("joy", 6.1)


def test_the_time_to_switch_is_the_hold_time() -> None:
    taught, actor = a_taught("neutral", "surprised")
    actor.show(taught, "neutral", 1.0)
    shown = actor.show(taught, "surprised", 1.0)
    assert shown.index("surprised") / FPS <= DEFAULT_HOLD_S + 2 / FPS


def test_weights_fade_in_and_out_and_never_jump() -> None:
    taught, actor = a_taught("neutral", "joy")
    weights = []
    for name in ("neutral", "joy", "neutral"):
        for _ in range(FPS):
            seen = taught.apply(actor.face(SHAPES[name]), actor.now_s).taught
            weights.append(0.0 if seen is None else seen.weights.get("joy", 0.0))
    steps = np.abs(np.diff(weights))
    assert max(weights) == 1.0 and weights[-1] == 0.0
    assert steps.max() <= 1 / FPS / FADE_S + 1e-6


def test_samples_are_added_later_and_one_name_is_cleared() -> None:
    taught, actor = a_taught("neutral", "joy", "angry", seconds=3.0)
    before = seconds_of(taught, "joy")
    taught.start("JOY", 2.0)
    actor.show(taught, "joy", 2.2)
    assert 25 < taught.recorded_samples < 35
    assert seconds_of(taught, "joy") == pytest.approx(before + 2.0, abs=0.3)
    assert taught.clear("joy") == "joy"
    assert [each["name"] for each in taught.state()["expressions"]] == ["neutral", "angry"]
    assert not taught.state()["trained"]
    taught.train()
    assert actor.show(taught, "angry", 1.0)[-1] == "angry"
    with pytest.raises(ValueError, match="there is no expression 'joy'; there are neutral, angry"):
        taught.clear("joy")


def test_recording_counts_time_with_a_face_after_a_countdown() -> None:
    ended = threading.Event()
    taught, actor = TaughtExpressions(ended.set), Actor()
    taught.start("joy", 1.0, countdown_s=1.0)
    actor.show(taught, "joy", 0.9)
    recording = taught.state()["recording"]
    assert (recording["samples"], recording["recorded_s"]) == (0, 0.0)
    assert 0.0 < recording["countdown_s"] <= 0.2
    for _ in range(FPS):  # nobody to be seen
        actor.now_s += 1 / FPS
        taught.apply(replace(actor.face({}), points_3d=None), actor.now_s)
    actor.show(taught, "joy", 0.8)
    assert taught.state()["recording"] is not None and not ended.is_set()
    actor.show(taught, "joy", 0.6)
    assert taught.state()["recording"] is None and ended.is_set()
    assert abs(taught.recorded_samples * SAMPLE_S - 1.0) < 0.2


def test_stopping_keeps_what_was_recorded() -> None:
    taught, actor = TaughtExpressions(), Actor()
    assert taught.stop() is None
    taught.start("joy")
    actor.show(taught, "joy", 1.0)
    assert taught.stop() == "joy"
    assert taught.recorded_samples > 10


def test_a_recording_that_the_next_one_cuts_short_is_told_and_kept() -> None:
    told: list[int] = []
    taught, actor = TaughtExpressions(), Actor()
    taught.on_recorded = lambda: told.append(taught.recorded_samples)
    taught.start("joy")
    actor.show(taught, "joy", 1.0)
    taught.start("neutral")
    taught.start("angry")  # nothing was recorded of neutral
    assert len(told) == 1 and told[0] > 10
    assert [each["name"] for each in taught.state()["expressions"]] == ["joy"]


def test_a_recording_counts_although_there_is_no_room_for_all_its_samples() -> None:
    taught, actor = TaughtExpressions(), Actor()
    for _ in range(MAX_SAMPLES // 300 + 2):
        taught.start("joy", 20.0)
        actor.show(taught, "joy", 20.2)
        assert taught.recorded_samples == pytest.approx(20.0 / SAMPLE_S, rel=0.05)


def test_the_override_wins_until_it_is_taken_back() -> None:
    taught, actor = a_taught("neutral", "joy", "angry")
    taught.override("Angry")
    assert set(actor.show(taught, "joy", 0.5)) == {"angry"}
    seen = taught.apply(replace(actor.face({}), points_3d=None), actor.now_s).taught
    assert seen is not None and (seen.name, seen.probability, seen.overridden) == ("angry", 1.0, True)
    taught.override(None)
    assert actor.show(taught, "joy", 0.5)[-1] == "joy"
    with pytest.raises(ValueError, match="there is no expression 'fun'"):
        taught.override("fun")


def test_switched_off_nothing_is_recognised_but_the_override_works() -> None:
    taught, actor = a_taught("neutral", "joy")
    taught.enable(False)
    assert actor.show(taught, "joy", 0.5)[-1] is None
    taught.override("joy")
    assert actor.show(taught, "neutral", 0.5)[-1] == "joy"
    taught.override(None)
    taught.enable(True, threshold=0.9, hold_s=0.5)
    shown = actor.show(taught, "joy", 1.5)
    assert 0.5 <= shown.index("joy") / FPS <= 0.5 + 3 / FPS


def test_two_expressions_that_look_alike_are_named() -> None:
    taught, actor = TaughtExpressions(), Actor()
    for name in ("neutral", "smile", "fun"):
        taught.start(name, 5.0)
        actor.show(taught, "neutral" if name == "neutral" else "joy", 5.2)
    pairs = mistaken(taught.train())
    assert {pairs[0]["record"], pairs[0]["taken_for"]} == {"smile", "fun"}
    assert pairs[0]["share"] > 0.2
    assert all("neutral" not in (pair["record"], pair["taken_for"]) for pair in pairs)


def test_one_expression_alone_cannot_be_learnt() -> None:
    taught, actor = TaughtExpressions(), Actor()
    taught.start("joy", 3.0)
    actor.show(taught, "joy", 3.2)
    with pytest.raises(ValueError, match="record at least two expressions, one of them the neutral face"):
        taught.train()


@pytest.mark.parametrize("name", LANGUAGES)
def test_names_of_any_language_are_kept_as_they_are(name: str) -> None:
    taught, actor = TaughtExpressions(), Actor()
    for each, shape in (("neutral", "neutral"), (name, "joy")):
        taught.start(f" {each} ", 3.0)
        actor.show(taught, shape, 3.2)
    taught.train()
    text = json.dumps(taught.export(), ensure_ascii=False)
    again = TaughtExpressions()
    again.restore(json.loads(text))
    assert [each["name"] for each in again.state()["expressions"]] == ["neutral", name]
    assert Actor(1).show(again, "joy", 1.0)[-1] == name


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\N{RIGHT-TO-LEFT OVERRIDE}joy", "x" * 65, "\x00", "\ue000"])
def test_a_name_that_cannot_be_shown_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        TaughtExpressions().start(name)


def test_the_same_name_in_another_normal_form_is_the_same() -> None:
    taught, actor = TaughtExpressions(), Actor()
    for spelling in ("Ärger", "A\N{COMBINING DIAERESIS}rger"):
        taught.start(spelling, 1.0)
        actor.show(taught, "angry", 1.2)
    assert len(taught.state()["expressions"]) == 1


def test_there_is_room_for_so_many_names_and_samples() -> None:
    store = SampleStore()
    store.add("joy", np.zeros((MAX_SAMPLES, len(MEASURES))))
    store.add("joy", np.ones((100, len(MEASURES))))
    assert store.count("joy") == MAX_SAMPLES
    assert abs(np.concatenate(list(store.learnable().values())).mean() - 0.1) < 0.01
    taught, actor = TaughtExpressions(), Actor()
    for number in range(MAX_NAMES):
        taught.start(f"number {number}", 1.0)
        actor.show(taught, "joy", 1.1)
    with pytest.raises(ValueError, match=f"there are {MAX_NAMES} expressions already"):
        taught.start("one more")
    taught.start("number 3")


def test_what_is_kept_recognises_as_before_without_learning_anew() -> None:
    taught, _ = a_taught("neutral", "joy", "angry")
    kept = json.loads(json.dumps(taught.export()))
    again = TaughtExpressions()
    again.restore(kept)
    assert again.state()["trained"]
    assert again.state()["expressions"] == [{**each, "probability": 0.0} for each in taught.state()["expressions"]]
    assert Actor(5).show(again, "angry", 1.0) == Actor(5).show(taught, "angry", 1.0)


def _set(kept: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for each in parents:
        kept = kept[int(each)] if each.isdigit() else kept[each]
    kept[last] = value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("format", "profile"),
        ("version", 1),
        ("version", 3),
        ("measures", ["jawOpen"]),
        ("expressions", {"name": 1}),
        ("expressions.0.name", 7),
        ("expressions.0.name", ""),
        ("expressions.1.name", "NEUTRAL"),
        ("expressions.0.samples", "not base 64!"),
        ("expressions.0.samples", "AAAA"),
        ("expressions.0.samples", None),
        ("threshold", "0.7"),
        ("threshold", 1.5),
        ("hold_s", -1),
        ("model", []),
        ("model.names", ["neutral"]),
        ("model.names", ["neutral", "sorrow"]),
        ("model.names", ["neutral", []]),
        ("model.whitening", "AAAA"),
        ("model.centres", 3),
        ("model.limits", "////fw=="),
        ("model.confusion", []),
        ("model.confusion", [[1], [1]]),
        ("model.confusion", [["a", "b"], [1, 1]]),
    ],
)
def test_what_was_kept_and_is_damaged_changes_nothing(path: str, value: Any) -> None:
    kept = json.loads(json.dumps(a_taught("neutral", "joy", seconds=2.0)[0].export()))
    _set(kept, path, value)
    taught, _ = a_taught("neutral", "angry", seconds=2.0)
    before = taught.export()
    with pytest.raises(ValueError):
        taught.restore(kept)
    assert taught.export() == before
