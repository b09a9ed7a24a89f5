"""The ring of examples on the training device."""

import time
from itertools import count

import pytest

torch = pytest.importorskip("torch")

from training.pool import Pool, drawn, feed, wait_for  # noqa: E402


def batch(first, count):
    return torch.arange(first, first + count), torch.arange(first, first + count).float()[:, None].expand(-1, 3)


def test_rows_stay_together_and_the_oldest_are_forgotten():
    pool = Pool(10, torch.device("cpu"))
    pool.add(batch(0, 6))
    assert len(pool) == 6
    pool.add(batch(6, 6))
    number, row = pool.draw(500)
    assert len(pool) == 10
    assert set(number.tolist()) == set(range(2, 12))
    assert torch.equal(number.float(), row[:, 1])


def test_nothing_to_draw():
    with pytest.raises(IndexError, match="empty"):
        Pool(4, torch.device("cpu")).draw(1)


def test_fed_from_a_thread():
    pool = Pool(100, torch.device("cpu"))
    thread = feed(pool, [batch(k, 5) for k in range(0, 30, 5)])
    wait_for(pool, 30, thread)
    assert set(pool.draw(400)[0].tolist()) == set(range(30))
    thread.join()
    with pytest.raises(RuntimeError, match="no more"):
        wait_for(pool, 31, thread)


def test_batches_without_end_are_left_when_told_to_stop():
    pool = Pool(100, torch.device("cpu"))
    thread = feed(pool, (batch(k, 5) for k in count(step=5)))
    wait_for(pool, 100, thread)
    thread.stop()
    added = pool.added
    time.sleep(0.05)
    assert pool.added == added


def test_steps_draw_from_what_is_fed_meanwhile():
    pool = Pool(40, torch.device("cpu"))
    with drawn((batch(k, 5) for k in count(step=5)), pool, 8) as draw:
        first = draw()
        assert [len(part) for part in first] == [8, 8]
        added = pool.added
        while pool.added < added + 40:
            time.sleep(0.001)
        assert draw()[0].min() > first[0].min()
