import numpy as np
import pytest

from tracker import topology as t
from tracker.capture.demo.source import DemoFace, DemoState
from tracker.face.crop import crop_around
from tracker.face.landmarks import LandmarkReader
from tracker.face.networks import ModelStore


@pytest.fixture(scope="module")
def demo():
    """A picture (H, W, 3), its exact landmarks (66, 2) and the distance of the outer eye corners."""
    picture, exact = DemoFace().render(DemoState(mouth_open=0.5))
    xy = exact.landmarks
    return picture, xy, float(np.linalg.norm(xy[t.LEFT_EYE_OUTER] - xy[t.RIGHT_EYE_OUTER]))


def test_extra_points_mirror_in_pairs():
    assert len(t.DENSE_MESH) == len(set(t.DENSE_MESH.tolist())) == len(t.DENSE_MIRROR) == t.N_DENSE
    assert np.array_equal(t.DENSE_MIRROR[t.DENSE_MIRROR], np.arange(t.N_DENSE))
    assert np.array_equal(np.sort(t.DENSE_MIRROR[t.DENSE_RIGHT_LID]), t.DENSE_LEFT_LID)


@pytest.mark.parametrize("model", range(-3, 4))
def test_every_model_reads_points_and_coefficients(model, demo):
    picture, xy, eye = demo
    store, crop = ModelStore(), crop_around(xy)
    found = LandmarkReader(store.load(f"landmarks_{model}")).read(picture, crop)
    assert found.dense_points is None, "they cost time, and are for who asks"
    assert np.median(np.linalg.norm(found.xy - xy, axis=1)) < 0.1 * eye
    assert found.coefficients.shape == (len(t.BLENDSHAPE_NAMES),)
    assert found.coefficients.min() >= 0 and found.coefficients.max() <= 1
    with_dense = LandmarkReader(store.load(f"landmarks_{model}"), dense_points=True).read(picture, crop)
    np.testing.assert_array_equal(with_dense.xy, found.xy)
    assert with_dense.dense_points.shape == (t.N_DENSE, 2)


@pytest.mark.parametrize("model", (3, 0, -3))
def test_extra_points_lie_where_the_landmarks_say(model, demo):
    picture, xy, eye = demo
    found = (
        LandmarkReader(ModelStore().load(f"landmarks_{model}"), dense_points=True)
        .read(picture, crop_around(xy))
        .dense_points
    )
    same_place = {
        t.DENSE_OUTER_LIP[0]: t.RIGHT_MOUTH_CORNER,
        t.DENSE_OUTER_LIP[10]: t.LEFT_MOUTH_CORNER,
        t.DENSE_RIGHT_LID[0]: t.RIGHT_EYE_OUTER,
        t.DENSE_RIGHT_LID[8]: t.RIGHT_EYE_INNER,
        t.DENSE_LEFT_LID[0]: t.LEFT_EYE_OUTER,
        t.DENSE_LEFT_LID[8]: t.LEFT_EYE_INNER,
        t.DENSE_CHIN[2]: t.CHIN,
    }
    for extra, landmark in same_place.items():
        assert np.linalg.norm(found[extra] - xy[landmark]) < 0.15 * eye, (extra, landmark)
    inner = found[t.DENSE_INNER_LIP]
    assert inner[15, 1] - inner[5, 1] > 0.05 * eye  # an open mouth: the lower lip's middle below the upper one's


def test_a_network_for_one_crop_reads_several_one_after_the_other(demo):
    picture, xy, _ = demo
    reader = LandmarkReader(ModelStore().load("landmarks_0"))
    boxes = [crop_around(xy), crop_around(xy + 5)]
    for together, box in zip(reader.read_all(picture, boxes), boxes, strict=True):
        np.testing.assert_allclose(together.xy, reader.read(picture, box).xy, atol=1e-2)
