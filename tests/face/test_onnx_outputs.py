import numpy as np
import onnxruntime
import pytest

from tracker.face.networks import ModelStore
from tracker.face.onnx_outputs import keep_outputs
from training.parity import seeded_picture

NETWORK = "landmarks_-3"


@pytest.fixture(scope="module")
def model():
    return (ModelStore().folder / f"{NETWORK}.onnx").read_bytes()


def session(model):
    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])


def test_what_is_kept_gives_the_same_and_the_rest_is_gone(model):
    whole, part = session(model), session(keep_outputs(model, ("xy",)))
    picture = seeded_picture(4, ModelStore().load(NETWORK).input_shape)
    assert [output.name for output in part.get_outputs()] == ["xy"]
    assert np.array_equal(whole.run(["xy"], {"image": picture})[0], part.run(None, {"image": picture})[0])


def test_nodes_that_nothing_needs_are_left_out(model):
    exponential = b'"\x03Exp'  # a node's field 4, its operator: only the confidence needs this one
    assert exponential in model and exponential not in keep_outputs(model, ("xy",))


def test_keeping_every_output_changes_nothing(model):
    names = [output.name for output in session(model).get_outputs()]
    assert keep_outputs(model, names) == model


@pytest.mark.parametrize("damage", [b"\xff" * 20, b"\x3a\x7f\x00", b"\x0b"])
def test_what_is_no_protocol_buffer_is_refused(damage):
    with pytest.raises(ValueError, match="protocol buffer"):
        keep_outputs(damage, ("xy",))
