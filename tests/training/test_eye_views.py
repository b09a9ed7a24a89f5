import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training.batch_photometric import degraded  # noqa: E402
from training.eyes.batch import collated  # noqa: E402
from training.eyes.data import SPAN, WIDE, WIDE_SIZE, Example, Weights  # noqa: E402
from training.eyes.losses import eye_loss  # noqa: E402
from training.eyes.views import LARGEST_SCALE, LARGEST_SHIFT, cut, views  # noqa: E402

SIZE = (48, 36)


def example_with_a_dot(at):
    """A dark example with a bright dot at the fractions `at`, its pupil; the lids are there as well."""
    picture = np.zeros((WIDE_SIZE[1], WIDE_SIZE[0], 3), np.uint8)
    column, row = (int(share * size) for share, size in zip(at, WIDE_SIZE, strict=True))
    picture[row - 1 : row + 2, column - 1 : column + 2] = 255
    middle = (np.array([column, row], np.float32) + 0.5) / WIDE_SIZE
    known = Weights(**dict.fromkeys(Weights._fields, 1.0))
    return Example(picture, middle.astype(np.float32), np.tile(middle, (16, 1)).astype(np.float32), 0.3, 0.0, known)


def centres_of_light(pictures):
    """(N, 2) fractions."""
    light = pictures.mean(1)
    height, width = light.shape[1:]
    total = light.sum((1, 2))
    x = (light.sum(1) * (torch.arange(width) + 0.5) / width).sum(1) / total
    y = (light.sum(2) * (torch.arange(height) + 0.5) / height).sum(1) / total
    return torch.stack([x, y], 1)


@pytest.fixture
def dots():
    return collated([example_with_a_dot(at) for at in ((0.3, 0.35), (0.5, 0.5), (0.7, 0.4), (0.62, 0.66))] * 8)


@pytest.mark.parametrize("jitter", [False, True])
def test_places_move_with_what_is_seen(dots, jitter):
    torch.manual_seed(0)
    pictures, seen = cut(dots, SIZE, jitter=jitter)
    assert pictures.shape == (32, 3, 36, 48)
    assert torch.allclose(centres_of_light(pictures), seen.pupil, atol=0.012)
    assert torch.equal(seen.lids, seen.pupil[:, None].expand(-1, 16, -1))
    apart = (seen.pupil[:4] - seen.pupil[4:8]).abs().max()
    assert (apart > 1e-3) == jitter


def test_no_view_sees_beyond_its_example():
    across = (1 + LARGEST_SCALE) / WIDE / 2 + LARGEST_SHIFT / (WIDE * min(SPAN))
    assert across < 0.5


def test_light_and_cameras_change_pictures_but_leave_some_as_they_are():
    torch.manual_seed(1)
    plain = torch.rand(64, 3, 12, 16)
    seen = degraded(plain, untouched=0.25)
    same = (seen == plain).flatten(1).all(1)
    assert 4 < same.sum() < 32
    assert seen.min() >= 0
    assert seen.max() <= 1
    assert not torch.equal(degraded(plain), degraded(plain))


def test_a_grey_picture_has_one_brightness_in_all_channels():
    torch.manual_seed(2)
    greys = degraded(torch.rand(64, 3, 12, 16), grey=1.0).std(1).amax((1, 2)) < 0.2
    assert greys.any()


def test_what_is_unknown_teaches_nothing(dots):
    nothing = dots._replace(weights=torch.zeros_like(dots.weights))
    _, seen = views(nothing, SIZE)
    count = len(dots.picture)
    found = [torch.rand(count, *shape, requires_grad=True) for shape in ((2,), (16, 2), (), (), (), (4,), (), (), ())]
    eye_loss(tuple(found), seen).backward()
    assert max(float(part.grad.abs().max()) for part in found if part.grad is not None) == 0


def test_the_truth_costs_less_than_anything_else(dots):
    _, seen = cut(dots, SIZE, jitter=False)
    sure = 9.0 * (2 * seen.said - 1)
    _, closed, _, blink, behind = sure.T
    near = torch.full_like(closed, 9.0)
    true = seen.pupil, seen.lids, seen.truth("gap"), closed, near, seen.gaze, seen.truth("openness"), blink, behind
    right = eye_loss(true, seen)
    for k, part in enumerate(true):
        wrong = -part if k in (3, 4, 7, 8) else part - 0.3  # log odds, places and sizes
        assert eye_loss((*true[:k], wrong, *true[k + 1 :]), seen) > right
