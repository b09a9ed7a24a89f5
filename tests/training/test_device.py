"""A step of each training on torch's `meta` device, which stands in for a GPU: it refuses tensors left on the CPU."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training.classifier.network import FaceClassifier  # noqa: E402
from training.detector.network import Detector  # noqa: E402
from training.eyes.batch import collated  # noqa: E402
from training.eyes.data import Example, Weights  # noqa: E402
from training.eyes.losses import eye_loss  # noqa: E402
from training.eyes.train import new_network  # noqa: E402
from training.eyes.views import views  # noqa: E402
from training.landmarks.data import Batch  # noqa: E402
from training.landmarks.losses import coefficient_loss, point_loss, temporal_jitter, with_copies  # noqa: E402
from training.landmarks.network import TIERS, LandmarkNetwork, freeze_statistics  # noqa: E402
from training.landmarks.train import answers_of, to_input  # noqa: E402
from training.run import Run  # noqa: E402

ELSEWHERE = torch.device("meta")


def run_of(module):
    return Run("trial", module, 10, 1e-3, ELSEWHERE)


def step(run, loss):
    """One update; everything of the run stays where it is."""
    assert loss.device == ELSEWHERE
    run.step(loss)
    assert run.done == 1
    assert {tensor.device for tensor in run.average.module.state_dict().values()} == {ELSEWHERE}
    assert {parameter.grad.device for parameter in run.module.parameters() if parameter.grad is not None} == {ELSEWHERE}


def test_a_tensor_left_on_the_cpu_is_noticed():
    with pytest.raises(RuntimeError, match="device"):
        torch.zeros(3, device=ELSEWHERE) + torch.zeros(3)


@pytest.mark.parametrize(("model", "frozen"), [(3, False), (3, True), (-3, False)])
def test_landmarks(model, frozen):
    tier = TIERS[model]
    run = run_of(LandmarkNetwork(tier).train())
    if frozen:
        freeze_statistics(run.module)
    images = torch.zeros(16, tier.input_px, tier.input_px, 3, dtype=torch.uint8, device=ELSEWHERE)
    points, coefficients = torch.rand(16, 153, 2, device=ELSEWHERE), torch.rand(16, 52, device=ELSEWHERE)
    batch = Batch(images, points, torch.ones_like(points[..., 0]), coefficients, torch.ones_like(coefficients))
    pictures, mirrored = with_copies(to_input(images, tier.input_px))
    answers = run.module(pictures)
    found = tuple(answer[:16] for answer in answers)
    teacher_out = answers_of(found)
    loss = point_loss(found, batch, teacher_out) + coefficient_loss(found, batch, teacher_out)
    step(run, loss + temporal_jitter(answers, batch, mirrored))


def test_eyes():
    run = run_of(new_network("eyes"))
    lids = np.full((16, 2), 0.5, np.float32)
    example = Example(np.zeros((66, 88, 3), np.uint8), lids[0], lids, 0.3, 0.0, Weights(*[1.0] * 9))
    pictures, batch = views(collated([example] * 4).to(ELSEWHERE), run.module.size)
    step(run, eye_loss(run.module(pictures), batch))


@pytest.mark.parametrize(("make", "height", "width"), [(Detector, 64, 96), (FaceClassifier, 64, 64)])
def test_detector_and_classifier(make, height, width):
    run = run_of(make())
    step(run, run.module(torch.rand(4, 3, height, width, device=ELSEWHERE)).square().mean())
