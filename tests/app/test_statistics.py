"""Rates, the status line, and OpenSeeFace's lines."""

from __future__ import annotations

import gc

import pytest
from fakes import a_face, a_frame, a_result

from tracker.app.statistics import Reporter, Stats, frame_lines
from tracker.types import FrameResult


def test_a_rate_divides_by_the_gaps_between_frames() -> None:
    stats = Stats()
    lines = []
    for index in range(61):
        stats.add(a_result(a_frame(index), [a_face()]), 100.0 + index / 30, 8.0)
        if line := stats.status():
            lines.append(line)
    assert lines == ["30.0 frames/s, 1 face, confidence 0.80, latency 8.0 ms, tracking 5.0 ms"] * 2


def test_the_status_of_a_file_has_no_latency_and_an_empty_picture_no_confidence() -> None:
    stats = Stats()
    for index in range(3):
        stats.add(a_result(a_frame(index)), float(index))
    assert stats.status() == "1.0 frames/s, 0 faces, tracking 5.0 ms"


def test_the_summary_counts_time_per_detected_face() -> None:
    stats = Stats()
    stats.add(a_result(a_frame(0)), 0.0)
    stats.add(a_result(a_frame(1), [a_face(0), a_face(1)]), 1.0)
    assert list(stats.summary()) == [
        "Average tracking time per detected face: 5.00 ms",
        "Tracking time: 0.010 s",
        "Frames: 2",
    ]


def test_a_run_without_a_face_has_no_time_per_face() -> None:
    stats = Stats()
    stats.add(a_result(a_frame()), 0.0)
    assert list(stats.summary()) == ["Tracking time: 0.005 s", "Frames: 1"]


def test_the_lines_of_a_frame_are_openseefaces() -> None:
    result = a_result(a_frame(), [a_face(0, 0.838, openness=(1.0, 0.1)), a_face(1, 0.5, openness=(0.31, 0.29))])
    assert list(frame_lines(result, face_id_offset=10)) == [
        "Took 5.00ms (detect: 1.00ms, crop: 1.50ms, track: 2.00ms, 3D points: 0.50ms)",
        "Confidence[10]: 0.8380 / 3D fitting error: - / Eyes: -, O",
        "Confidence[11]: 0.5000 / 3D fitting error: - / Eyes: -, O",
    ]


def test_a_frame_without_a_face_only_tells_its_time() -> None:
    assert list(frame_lines(a_result(a_frame()))) == ["Took 5.00ms"]


@pytest.mark.parametrize("how", [{}, {"verbose_frames": True}, {"with_bar": True}])
def test_results_are_not_kept_longer_than_they_are_reported(how: dict[str, bool]) -> None:
    reporter = Reporter(**how)
    reporter.begin(300)
    before = results_alive()
    for index in range(300):
        reporter.add(a_result(a_frame(index), [a_face()]), index / 30, None)
    assert 0 < results_alive() - before < 60
    reporter.close()


def results_alive() -> int:
    gc.collect()
    return sum(type(each) is FrameResult for each in gc.get_objects())


@pytest.mark.parametrize("frames", [0, 1])
def test_no_status_before_there_is_a_gap(frames: int) -> None:
    stats = Stats()
    for index in range(frames):
        stats.add(a_result(a_frame(index)), float(index))
    assert stats.status() is None
