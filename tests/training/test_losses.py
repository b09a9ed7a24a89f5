import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tracker import topology as t  # noqa: E402
from training.landmarks.data import MIRROR, NOT_A_FACE, Batch  # noqa: E402
from training.landmarks.face_sets import UNSENT, balance  # noqa: E402
from training.landmarks.losses import COPIES, coefficient_loss, point_loss, temporal_jitter  # noqa: E402


@pytest.fixture
def batch():
    torch.manual_seed(0)
    images = torch.zeros(16, 8, 8, 3, dtype=torch.uint8)
    points, coefficients = torch.rand(16, 153, 2), torch.rand(16, 52)
    return Batch(images, points, torch.ones(16, 153), coefficients, torch.ones(16, 52))


def answer(points, coefficients):
    return points[:, :66], torch.full((len(points), 66), -4.0), points[:, 66:], coefficients


def test_the_truth_costs_less_than_anything_else(batch):
    right = point_loss(answer(batch.points, batch.coefficients), batch, None)
    wrong = point_loss(answer(batch.points + 0.02, batch.coefficients), batch, None)
    assert right < wrong
    right = coefficient_loss(answer(batch.points, batch.coefficients), batch, None)
    wrong = coefficient_loss(answer(batch.points, batch.coefficients * 0.8), batch, None)
    assert right < wrong


def test_what_nobody_knows_teaches_nothing(batch):
    coefficients = batch.coefficients.clone().requires_grad_()
    unknown = batch._replace(trust=torch.zeros(16, 52), coefficients=torch.zeros(16, 52))
    coefficient_loss(answer(batch.points, coefficients), unknown, None).backward()
    assert coefficients.grad.abs().max() == 0


def test_a_sample_without_a_face_does_not_pull_at_points(batch):
    truth = batch.points.clone()
    truth[3] = NOT_A_FACE
    points = batch.points.clone().requires_grad_()
    point_loss(answer(points + 0.01, batch.coefficients), batch._replace(points=truth), None).backward()
    assert points.grad[3].abs().max() == 0 and points.grad[4].abs().max() > 0


def test_mirrored_answers_of_mirrored_copies_are_consistent(batch):
    mirrored = torch.arange(COPIES) % 2 == 0
    flipped = batch.points[:COPIES, MIRROR] * torch.tensor((-1.0, 1.0)) + torch.tensor((1.0, 0.0))
    copied = torch.where(mirrored[:, None, None], flipped, batch.points[:COPIES])
    other_side = batch.coefficients[:COPIES, t.BLENDSHAPE_MIRROR]
    answered = torch.where(mirrored[:, None], other_side, batch.coefficients[:COPIES])
    both = torch.cat([batch.points, copied]), torch.cat([batch.coefficients, answered])
    assert temporal_jitter(answer(*both), batch, mirrored) < 5e-3
    assert temporal_jitter(answer(*both), batch, ~mirrored) > 0.1


def test_rare_and_slight_movements_count_as_much_as_common_ones():
    rng = np.random.default_rng(2)
    coefficients = (rng.random((4000, 52)) < 0.5) * rng.uniform(0, 1, (4000, 52))
    rare, slight, never, unknown = 5, 6, 7, 8
    coefficients[:, rare] *= rng.random(4000) < 0.1
    coefficients[:, slight] *= 0.5
    coefficients[:, never] = 0
    known = np.ones((4000, 52), bool)
    known[:, unknown] = False
    weights = balance(coefficients, known)
    common = weights[20:]
    assert np.ptp(common) < 0.2 and min(weights[rare], weights[slight]) > 1.5 * common.max()
    assert np.isfinite(weights).all() and weights[t.BLENDSHAPE_NAMES.index(UNSENT[0])] < 0.2
    assert weights[(coefficients * known).any(axis=0)].mean() == pytest.approx(1, abs=0.01)
