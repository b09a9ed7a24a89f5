"""Networks in the form that the runtime likes answer what they did."""

import numpy as np
import onnxruntime
import pytest

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from training.runtime_form import to_runtime_form  # noqa: E402

HEIGHT, WIDTH = 12, 20


def exported(channels, group=1):
    """A network as `training.export` has it, whose first convolution answers so many channels."""
    rng = np.random.default_rng(0)
    first, second = rng.normal(0, 1, (channels, 3, 3, 3)), rng.normal(0, 1, (channels, channels // group, 1, 1))
    arrays = {"first": first, "bias": rng.normal(0, 1, channels), "second": second}
    nodes = [
        helper.make_node("Transpose", ["image"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Cast", ["planes"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node(
            "Conv", ["floats", "first", "bias"], ["a"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 0, 2, 1]
        ),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", "second"], ["answer"], kernel_shape=[1, 1], group=group),
    ]
    graph = helper.make_graph(
        nodes,
        "made up",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["faces", HEIGHT, WIDTH, 3])],
        [helper.make_tensor_value_info("answer", TensorProto.FLOAT, ["faces", channels, None, None])],
        [numpy_helper.from_array(array.astype(np.float32), name) for name, array in arrays.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def answer(model, images):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"image": images})[0]


@pytest.mark.parametrize(("channels", "group", "filled"), [(12, 1, 16), (16, 1, 16), (12, 12, 12)])
def test_the_answers_stay_the_same(channels, group, filled):
    model = exported(channels, group)
    images = np.random.default_rng(1).integers(0, 256, (2, HEIGHT, WIDTH, 3), dtype=np.uint8)
    before = answer(model, images)
    assert to_runtime_form(model)
    np.testing.assert_allclose(answer(model, images), before, rtol=1e-4, atol=1e-2)
    assert "Transpose" not in [node.op_type for node in model.graph.node]
    shapes = {one.name: tuple(one.dims) for one in model.graph.initializer}
    assert shapes["first"] == (filled, 1, 3, 9)
    assert not to_runtime_form(model), "a second time there is nothing to do"
