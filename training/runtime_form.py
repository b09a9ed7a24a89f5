"""Networks as ONNX Runtime runs them fastest, with the same answers: `python -m training.runtime_form eyes ...`.

What is exported is what torch ran. Two things cost time there for nothing:

* The picture's bytes are put channel by channel before the first convolution. A convolution over K columns of three
  channels is one over 3 K numbers of a row, as they lie in memory, so that nothing needs to be moved.
* The runtime computes whole blocks of 8 or 16 channels, and leaves them where the next convolution does not take whole
  blocks. A first convolution with 12 channels gets four more, which are 0 and which nobody reads: that takes 8 % off
  model 0.

Every export ends with this; the command changes networks that lie in models/ or another folder, and what their manifest
says of them.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper

from training.rewritten import rewrite

BLOCK = 8
"""With AVX2; with AVX-512 it is twice that, but filling up to 16 would cost everybody else more than it gains."""
ROWS = "rows_of_pictures"


def to_runtime_form(model: onnx.ModelProto) -> bool:
    """Change `model`, which must begin with the transpose and the cast of `training.export`. Returns whether it did."""
    graph = model.graph
    transpose, cast, conv = graph.node[:3]
    if [node.op_type for node in (transpose, cast, conv)] != ["Transpose", "Cast", "Conv"]:
        return False
    height, width = (dim.dim_value for dim in graph.input[0].type.tensor_type.shape.dim[1:3])
    if not (height and width):  # of any size
        return False
    _fill_block(graph, conv)
    _read_rows(graph, transpose, cast, conv, height, width)
    del graph.value_info[:]  # the shapes in between were others
    onnx.checker.check_model(model)
    return True


def _fill_block(graph: onnx.GraphProto, conv: onnx.NodeProto) -> None:
    """Let the first convolution answer whole blocks of channels, where plain convolutions are all that reads it."""
    weights = {one.name: one for one in graph.initializer}
    missing = -len(_array(weights[conv.input[1]])) % BLOCK
    (relu,) = _readers(graph, conv.output[0])
    readers = _readers(graph, relu.output[0])
    if not missing or relu.op_type != "Relu" or not all(map(_is_plain, readers)):
        return
    for name in conv.input[1:]:
        _extend(weights[name], missing, axis=0)
    for reader in readers:
        _extend(weights[reader.input[1]], missing, axis=1)


def _read_rows(
    graph: onnx.GraphProto,
    transpose: onnx.NodeProto,
    cast: onnx.NodeProto,
    conv: onnx.NodeProto,
    height: int,
    width: int,
) -> None:
    """Give the first convolution (N, 1, H, 3 W) instead of (N, 3, H, W)."""
    weights = {one.name: one for one in graph.initializer}[conv.input[1]]
    of_channels = _array(weights)  # (out, 3, rows, columns)
    out, channels, rows, columns = of_channels.shape
    of_rows = of_channels.transpose(0, 2, 3, 1).reshape(out, 1, rows, columns * channels)
    weights.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(of_rows), weights.name))
    for attribute in conv.attribute:
        if attribute.name == "kernel_shape":
            attribute.ints[:] = [rows, columns * channels]
        elif attribute.name == "strides":
            attribute.ints[1] *= channels
        elif attribute.name == "pads":  # top, left, bottom, right
            attribute.ints[1] *= channels
            attribute.ints[3] *= channels
    graph.initializer.append(numpy_helper.from_array(np.array([0, 1, height, width * channels]), ROWS))
    # The cast first: what it gives may be looked at in another shape without a copy, the network's input may not.
    cast.input[0] = transpose.input[0]
    conv.input[0] = ROWS + "_output"
    graph.node.remove(transpose)
    graph.node.insert(1, helper.make_node("Reshape", [cast.output[0], ROWS], [conv.input[0]], name=ROWS))


def _readers(graph: onnx.GraphProto, value: str) -> list[onnx.NodeProto]:
    return [node for node in graph.node if value in node.input]


def _is_plain(node: onnx.NodeProto) -> bool:
    """Whether it is a convolution that sums over all channels."""
    groups = [attribute.i for attribute in node.attribute if attribute.name == "group"]
    return node.op_type == "Conv" and groups in ([], [1])


def _array(tensor: onnx.TensorProto) -> np.ndarray:
    return numpy_helper.to_array(tensor)


def _extend(tensor: onnx.TensorProto, count: int, axis: int) -> None:
    """Append `count` zeros along `axis`."""
    array = _array(tensor)
    widths = [(0, count if k == axis else 0) for k in range(array.ndim)]
    tensor.CopyFrom(numpy_helper.from_array(np.pad(array, widths), tensor.name))


if __name__ == "__main__":
    rewrite(__doc__, to_runtime_form)
