import pytest

torch = pytest.importorskip("torch")

from training.mix import mixed  # noqa: E402


def test_weights_lie_between_and_counters_stay_whole():
    before = {"w": torch.tensor([0.0, 4.0]), "n": torch.tensor(10)}
    after = {"w": torch.tensor([2.0, 0.0]), "n": torch.tensor(21)}
    between = mixed(before, after, 0.25)
    assert between["w"].tolist() == [0.5, 3.0]
    assert between["n"].dtype == after["n"].dtype
    assert mixed(before, after, 0)["w"].tolist() == [0.0, 4.0]
