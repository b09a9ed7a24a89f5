from itertools import pairwise

import pytest

torch = pytest.importorskip("torch")

from training import run as module_under_test  # noqa: E402
from training.run import SETTLING, Average, Run, TimeLimit  # noqa: E402

CPU = torch.device("cpu")


def test_an_average_begins_with_the_weights_and_follows_them_ever_more_slowly():
    layer = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(layer.weight, 1.0)
    average = Average(layer, decay=0.9)
    seen = []
    for value in (1.0, 0.0, 0.0, 0.0):
        torch.nn.init.constant_(layer.weight, value)
        average.update(layer)
        seen.append(average.module.weight.item())
    assert seen[0] == 1.0
    left = [after / before for before, after in pairwise(seen)]
    assert left == sorted(left)
    assert max(left) < 0.9
    assert not average.module.training


def test_a_resumed_run_goes_on_with_its_average(tmp_path, monkeypatch):
    monkeypatch.setenv("FACETRACKER_RUNS", str(tmp_path))
    first = Run("trial", torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.BatchNorm1d(1)), 10, 1e-2, CPU)
    for _ in range(3):
        first.step(first.module(torch.rand(8, 2)).square().mean())
    first.save()
    again = Run("trial", torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.BatchNorm1d(1)), 10, 1e-2, CPU)
    again.resume()
    assert again.done == again.average.made == 3
    for name, value in first.average.module.state_dict().items():
        assert torch.equal(again.average.module.state_dict()[name], value)


def test_runs_end_with_the_time_that_was_given(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module_under_test.time, "monotonic", lambda: now[0])
    run = Run("trial", torch.nn.Linear(1, 1), 1000, 1e-3, CPU)
    limit = TimeLimit([run], minutes=1)
    for _ in range(SETTLING):  # slow at first
        now[0] += 0.5
        run.done += 1
        limit.keep()
    assert run.steps == 1000
    while run.progress < 1:
        now[0] += 0.1
        run.done += 1
        limit.keep()
    assert now[0] == pytest.approx(160, abs=0.2)
    assert run.steps == pytest.approx(SETTLING + 500, abs=3)
