"""Networks that are exported for one picture take any number afterwards, with the same answers."""

import numpy as np
import pytest

from tracker.capture.demo.source import DemoFace, DemoState
from tracker.face.crop import crop_around
from tracker.face.landmarks import LandmarkReader
from tracker.face.networks import ModelStore, Network

onnx = pytest.importorskip("onnx")
from training.batches import free_batch  # noqa: E402


@pytest.mark.parametrize("model", [3, -3])
def test_faces_read_together_are_read_as_each_alone(model):
    store = ModelStore()
    fixed = store.load(f"landmarks_{model}")
    graph = onnx.load(str(store.folder / fixed.metadata.file))
    free_batch(graph, "faces")
    free = Network(graph.SerializeToString(), fixed.metadata, 1)
    assert free.most_at_once(3) == 3
    picture, exact = DemoFace().render(DemoState(mouth_open=0.5))
    boxes = [crop_around(exact.landmarks + shift) for shift in (0.0, 3.0, -4.0)]
    together = LandmarkReader(free).read_all(picture, boxes)
    for one, box in zip(together, boxes, strict=True):
        alone = LandmarkReader(fixed).read(picture, box)
        np.testing.assert_allclose(one.xy, alone.xy, atol=1e-2)
        np.testing.assert_allclose(one.confidence, alone.confidence, atol=1e-4)
        np.testing.assert_allclose(one.coefficients, alone.coefficients, atol=1e-4)
