from __future__ import annotations

from tracker.sample_window import SampleWindow


def test_a_window_is_complete_after_its_duration_and_with_enough_samples() -> None:
    window: SampleWindow[int] = SampleWindow(1.0, min_samples=3)
    assert not window.is_complete(100.0)
    window.add(1, 10.0)
    window.add(2, 11.5)
    assert not window.is_complete(11.5), "two samples are too few, however late"
    window.add(3, 11.6)
    assert window.is_complete(11.6)
    assert window.samples == [1, 2, 3]


def test_a_cleared_window_begins_with_its_next_sample() -> None:
    window: SampleWindow[int] = SampleWindow(1.0)
    window.add(1, 0.0)
    assert not window.is_complete(0.9)
    window.clear()
    window.add(2, 5.0)
    assert not window.is_complete(5.9)
    assert window.is_complete(6.0)
    assert window.samples == [2]
