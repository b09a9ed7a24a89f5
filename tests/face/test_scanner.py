"""The background detector: one frame in, its faces out, whenever they are ready."""

import threading
import time

import numpy as np
import pytest

from tracker.face.detector import Candidate
from tracker.face.scanner import BackgroundDetector
from tracker.types import Detection

FRAME = np.zeros((48, 64, 3), np.uint8)
FOUND = [Candidate(Detection((1.0, 2.0, 3.0, 4.0), 0.9), 0.0)]


class SlowFinder:
    """Finds a face once `release` is set, or raises `error`."""

    def __init__(self):
        self.release, self.entered = threading.Event(), threading.Event()
        self.error = None
        self.calls = 0

    def detect(self, bgr, limit):
        self.calls += 1
        self.entered.set()
        assert self.release.wait(30)
        if self.error is not None:
            raise self.error
        return FOUND[:limit]


@pytest.fixture
def finder():
    return SlowFinder()


@pytest.fixture
def scanner(finder):
    scanner = BackgroundDetector(finder, limit=5)
    yield scanner
    finder.release.set()
    scanner.close()
    scanner.close()


def result_of(scanner):
    end = time.monotonic() + 30
    while not (found := scanner.collect()):
        assert time.monotonic() < end
        time.sleep(0.001)
    return found


def test_faces_are_collected_once_they_are_found(scanner, finder):
    scanner.request(FRAME)
    assert finder.entered.wait(30)
    assert scanner.collect() == []
    finder.release.set()
    assert result_of(scanner) == FOUND
    assert scanner.collect() == []


def test_a_request_while_busy_is_ignored(scanner, finder):
    for _ in range(3):
        scanner.request(FRAME)
    finder.release.set()
    result_of(scanner)
    scanner.close()
    assert finder.calls == 1


def test_an_error_in_the_thread_is_raised_by_collect_and_the_thread_goes_on(scanner, finder):
    finder.error = RuntimeError("no network")
    finder.release.set()
    scanner.request(FRAME)
    with pytest.raises(RuntimeError, match="no network"):
        result_of(scanner)
    finder.error = None
    end = time.monotonic() + 30
    while finder.calls < 2:  # the thread is free again a moment after its result is there
        scanner.request(FRAME)
        assert time.monotonic() < end
    assert result_of(scanner) == FOUND
