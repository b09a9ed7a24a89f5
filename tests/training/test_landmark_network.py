import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tracker import topology as t  # noqa: E402
from training.landmarks.face_sets import UNSENT  # noqa: E402
from training.landmarks.finished import CLOSE, LOG_SCALES, Finished  # noqa: E402
from training.landmarks.network import (  # noqa: E402
    TIERS,
    LandmarkNetwork,
    freeze_statistics,
    in_eye_frame,
    resample_head,
)
from training.landmarks.reach import slopes, stretched  # noqa: E402
from training.run import load_weights  # noqa: E402


def random_network(model):
    torch.manual_seed(model)
    network = LandmarkNetwork(TIERS[model])
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 2)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
    return network


@pytest.mark.parametrize("model", [3, -3])
def test_folded_normalisation_answers_as_the_plain_one(model):
    network = random_network(model)
    network.coefficients.dropout.p = 0
    picture = torch.rand(2, 3, TIERS[model].input_px, TIERS[model].input_px)
    plain = network.eval()(picture)
    network.train()
    freeze_statistics(network)
    for expected, found in zip(plain, network(picture), strict=True):
        assert torch.allclose(expected, found, atol=1e-4)


def test_eye_frame_forgets_place_size_and_roll():
    points = torch.rand(1, 153, 2)
    points[0, t.RIGHT_EYE_OUTER], points[0, t.LEFT_EYE_OUTER] = torch.tensor([[0.3, 0.4], [0.7, 0.45]])
    angle = torch.tensor(0.4)
    turn = torch.stack([torch.stack([angle.cos(), angle.sin()]), torch.stack([-angle.sin(), angle.cos()])])
    moved = 0.8 * points @ turn + torch.tensor([0.1, -0.2])
    assert torch.allclose(in_eye_frame(points), in_eye_frame(moved), atol=1e-5)


@pytest.mark.parametrize(("source", "target"), [(3, 1), (0, -1)])
def test_a_sibling_begins_with_the_whole_network(source, target):
    weights = resample_head(random_network(source).state_dict(), TIERS[source], TIERS[target])
    assert load_weights(LandmarkNetwork(TIERS[target]), weights) == []


@pytest.mark.parametrize("model", [3, 0, -3])
def test_the_finished_network_answers_as_the_trained_one(model):
    network, correction, slope = random_network(model).eval(), 1.1, torch.linspace(1, 2, len(t.BLENDSHAPE_NAMES))
    head = network.coefficients
    with torch.no_grad():
        # Faces of which nothing is the same for all, among them one in profile.
        network.maps.weight *= 30
        network.extra_maps.weight *= 30
        network.scale.weight *= 20
        head.typical.uniform_(-0.5, 0.5)
        head.spread.uniform_(0.5, 2)
        picture = torch.rand(4, 3, TIERS[model].input_px, TIERS[model].input_px)
        points, log_scale, extra, coefficients = network(picture)
        found = Finished(network, correction, slope)(picture)
    coefficients[:, t.BLENDSHAPE_NAMES.index(UNSENT[0])] = 0
    coefficients = stretched(coefficients.clamp(0, 1), slope)
    width = (points[:, t.RIGHT_EYE_OUTER] - points[:, t.LEFT_EYE_OUTER]).norm(dim=1, keepdim=True).clamp(min=0.15)
    ratio = CLOSE * width / (correction * log_scale.clamp(*LOG_SCALES).exp())
    confidence = 1 - torch.exp(-ratio) * (1 + ratio)
    for expected, answer in zip((points, confidence, extra, coefficients), found, strict=True):
        assert expected.std() > 1e-3
        assert torch.allclose(expected, answer, atol=1e-5)


def test_what_is_shown_fully_is_said_so_and_a_little_stays_little():
    rng = np.random.default_rng(1)
    truth = np.where(rng.random((2000, len(t.BLENDSHAPE_NAMES))) < 0.2, 1.0, 0.0)
    answers = np.clip(0.45 * truth + rng.normal(0, 0.03, truth.shape), 0, 1)
    truth[:1000, 0] = np.nan  # not known
    slope = slopes(answers, truth)
    lids = np.array([name.startswith(("eyeLook", "eyeBlink", "eyeSquint")) for name in t.BLENDSHAPE_NAMES])
    assert (slope[lids] == 1).all() and np.allclose(slope, slope[t.BLENDSHAPE_MIRROR])
    found = stretched(torch.from_numpy(answers), torch.from_numpy(slope)).numpy()
    assert found.max() <= 1
    for j in np.flatnonzero(~lids):
        assert found[truth[:, j] == 1, j].mean() == pytest.approx(0.65, abs=0.06)  # as far as STEEPEST allows
        assert np.array_equal(found[truth[:, j] == 0, j], answers[truth[:, j] == 0, j])
