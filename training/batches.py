"""Networks exported for one picture that take any number at once: `python -m training.batches landmarks_3 ...`.

The exporter traces a network with one picture, which keeps its graph free of arithmetic on shapes. That number is then
written down in the first dimension of inputs and outputs and of constant reshapes, and nowhere else. The command
changes networks that lie in models/ or another folder, and what their manifest says of them.
"""

from __future__ import annotations

import onnx
from onnx import numpy_helper

from training.rewritten import rewrite


def free_batch(model: onnx.ModelProto, name: str) -> None:
    """Let `model`, exported for one picture, take any number of them; the dimension is called `name`."""
    constants = {one.name: one for one in model.graph.initializer}
    for node in model.graph.node:
        shape = constants.get(node.input[1]) if node.op_type == "Reshape" else None
        if shape is not None:
            target = numpy_helper.to_array(shape).copy()
            if len(target) > 1 and target[0] == 1:
                target[0] = 0  # as many as come in
                shape.CopyFrom(numpy_helper.from_array(target, shape.name))
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = name
    del model.graph.value_info[:]  # the shapes in between were for one picture
    onnx.checker.check_model(model)


def free_faces(model: onnx.ModelProto) -> bool:
    """Let `model` take any number of faces. Returns whether it did not already."""
    if model.graph.input[0].type.tensor_type.shape.dim[0].dim_param:
        return False
    free_batch(model, "faces")
    return True


if __name__ == "__main__":
    rewrite(__doc__, free_faces)
