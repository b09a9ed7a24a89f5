import copy
import itertools

import pytest

torch = pytest.importorskip("torch")

from training.landmarks.fit_head import fit_mean  # noqa: E402
from training.landmarks.network import N_SEEN, TIERS, LandmarkNetwork  # noqa: E402

STEPS, RATE = 3, 1e-3


@pytest.fixture
def network():
    torch.manual_seed(4)
    network = LandmarkNetwork(TIERS[-3])
    network.coefficients.typical.fill_(0.1)  # it was trained
    network.coefficients.dropout.p = 0
    return network


def drawn(seed):
    """Batches of four crops, always the same for a seed."""
    torch.manual_seed(seed)
    tier, count = TIERS[-3], 4
    f16 = torch.randn(count, tier.widths[2], 5, 5)
    d8 = torch.randn(count, tier.decoder, 10, 10)
    decoded = torch.randn(count, tier.decoder, N_SEEN)
    points, weights = torch.rand(count, 153, 2), torch.ones(count, 153)
    columns = f16, d8, decoded, points, points, weights, torch.rand(count, 52), torch.ones(count, 52)
    return itertools.repeat(columns)


def fitted(network, seed, **options):
    own = copy.deepcopy(network)
    batches = drawn(seed)
    torch.manual_seed(0)
    fit_mean(own, {}, batches, STEPS, RATE, **options)
    return own.coefficients.state_dict()


def test_a_head_that_is_kept_whole_stays_as_it_was(network):
    before = network.coefficients.state_dict()
    for key, value in fitted(network, 1, heads=1, keep=1.0).items():
        assert torch.allclose(value, before[key], atol=1e-6)


def test_the_mean_lies_between_the_heads_and_begins_each_from_the_same(network):
    before = network.coefficients.state_dict()
    one, two, half = (fitted(network, 1, heads=heads, keep=keep) for heads, keep in ((1, 0.0), (2, 0.0), (1, 0.5)))
    key = "hidden.weight"
    step = (one[key] - before[key]).abs().mean()
    assert step > 1e-5
    # Two fits from the same head end near each other; a second that went on from the first would be twice as far.
    assert (two[key] - before[key]).abs().mean() < 1.2 * step
    assert torch.allclose(half[key], (one[key] + before[key]) / 2, atol=1e-6)
