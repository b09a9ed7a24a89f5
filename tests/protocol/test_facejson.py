"""Our own JSON: the text, its limits, and what it never contains."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest

from protocol import facejson
from protocol.facejson import Eye, Face, Frame, Head

FACE = Face(
    id=3,
    confidence=0.93751,
    head=Head(yaw=20.0, pitch=-5.0, roll=1.23456, position=(1.0, -2.0, 64.0)),
    right_eye=Eye(1.0, 3.0, -2.0),
    left_eye=Eye(0.25, None, None),
    features={"eye_l": -0.5},
)
FRAME = Frame(index=7, time=1_700_000_000.25, media_time=0.2333333, width=640, height=360, faces=[FACE])


def test_the_text_byte_by_byte() -> None:
    assert facejson.encode(FRAME) == (
        b'{"format":"facetracker","version":1,"frame":7,"time":1700000000.25,"media_time":0.2333,"width":640,'
        b'"height":360,"faces":[{"id":3,"confidence":0.9375,'
        b'"head":{"yaw":20.0,"pitch":-5.0,"roll":1.2346,"position":[1.0,-2.0,64.0]},'
        b'"eyes":{"right":{"open":1.0,"yaw":3.0,"pitch":-2.0},"left":{"open":0.25}},"features":{"eye_l":-0.5}}]}'
    )


def test_what_is_asked_for_is_added() -> None:
    face = dataclasses.replace(FACE, head=None, blendshapes={"jawOpen": 0.5}, points=[[1.234, 2.0]])
    (read,) = json.loads(facejson.encode(dataclasses.replace(FRAME, faces=[face])))["faces"]
    assert read["head"] is None
    assert read["blendshapes"] == {"jawOpen": 0.5}
    assert read["points"] == [[1.23, 2.0]]


def test_a_frame_without_a_face_says_so() -> None:
    assert json.loads(facejson.encode(dataclasses.replace(FRAME, faces=[])))["faces"] == []


def test_faces_that_do_not_fit_are_left_out() -> None:
    faces = [dataclasses.replace(FACE, id=number) for number in range(20)]
    data = facejson.encode(dataclasses.replace(FRAME, faces=faces), max_bytes=1000)
    ids = [face["id"] for face in json.loads(data)["faces"]]
    assert len(data) <= 1000
    assert ids == list(range(len(ids)))
    assert 2 < len(ids) < 20


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_json_cannot_say_is_refused(bad: float) -> None:
    with pytest.raises(ValueError):
        facejson.encode(dataclasses.replace(FRAME, faces=[dataclasses.replace(FACE, confidence=bad)]))
