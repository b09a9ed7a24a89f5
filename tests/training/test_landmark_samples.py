"""Which samples landmark networks learn from, and the mean of what several runs made of them."""

import pytest

torch = pytest.importorskip("torch")

from training.landmarks.data import RENDERS, FaceSamples  # noqa: E402
from training.landmarks.mean import mean_of  # noqa: E402

PHOTOGRAPHS = {"manual": None, "photographs": None, "portraits": None}


@pytest.mark.parametrize("rendered", [0.2, 0.5])
def test_rendered_sets_share_what_was_asked_for(rendered):
    samples = FaceSamples(112, 4, 1, rendered=rendered)
    shares = samples._shares({**PHOTOGRAPHS, f"{RENDERS}ict-a": None, f"{RENDERS}makehuman-a": None})
    assert sum(shares.values()) == pytest.approx(1)
    assert shares[f"{RENDERS}ict-a"] == shares[f"{RENDERS}makehuman-a"] == pytest.approx(rendered / 2)


def test_without_rendered_sets_photographs_are_all():
    shares = FaceSamples(112, 4, 1)._shares(PHOTOGRAPHS)
    assert sum(shares.values()) == pytest.approx(1) and shares.keys() == PHOTOGRAPHS.keys()


def test_the_mean_of_runs_is_that_of_each_weight():
    one, two = ({"a": torch.full((2, 3), value), "n": torch.tensor(round(value))} for value in (1.0, 3.0))
    mean = mean_of([one, two])
    assert torch.equal(mean["a"], torch.full((2, 3), 2.0)) and mean["n"] == 2


def test_runs_of_different_networks_have_no_mean():
    with pytest.raises(ValueError, match="different networks"):
        mean_of([{"a": torch.zeros(2)}, {"a": torch.zeros(3)}])
