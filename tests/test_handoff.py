"""The hand-off between the capture thread and the tracking thread."""

from __future__ import annotations

import threading

import pytest

from tracker.handoff import HandoffQueue


def test_a_live_queue_keeps_only_the_newest_and_counts_the_rest() -> None:
    queue: HandoffQueue[int] = HandoffQueue.for_source(is_live=True)
    for number in range(5):
        queue.put(number)
    assert queue.take(0.0) == 4
    assert queue.take(0.0) is None
    assert queue.dropped == 4


def test_a_file_queue_holds_the_producer_back_and_loses_nothing() -> None:
    queue: HandoffQueue[int] = HandoffQueue(2, newest_wins=False)

    def give() -> None:
        for number in range(50):
            queue.put(number)
        queue.close()

    producer = threading.Thread(target=give)
    producer.start()
    taken = []
    while not queue.ended:
        if (number := queue.take(5.0)) is not None:
            taken.append(number)
    producer.join(5.0)
    assert taken == list(range(50))
    assert queue.dropped == 0


def test_what_is_inside_a_closed_queue_can_still_be_taken() -> None:
    queue: HandoffQueue[int] = HandoffQueue(3)
    queue.put(1)
    queue.close()
    assert not queue.ended
    assert queue.take(0.0) == 1
    assert queue.ended
    assert queue.take(60.0) is None, "nobody waits at a closed queue"


def test_closing_lets_a_waiting_producer_go() -> None:
    queue: HandoffQueue[int] = HandoffQueue(1, newest_wins=False)
    queue.put(1)
    producer = threading.Thread(target=queue.put, args=(2,))
    producer.start()
    queue.close()
    producer.join(5.0)
    assert not producer.is_alive()
    assert queue.take(0.0) == 1
    assert queue.take(0.0) is None


def test_closing_lets_a_waiting_consumer_go() -> None:
    queue: HandoffQueue[int] = HandoffQueue()
    threading.Timer(0.05, queue.close).start()
    assert queue.take(60.0) is None
    assert queue.ended


def test_the_reason_of_the_end_is_raised_after_the_last_item() -> None:
    queue: HandoffQueue[int] = HandoffQueue()
    assert queue.put(1)
    queue.close(OSError("unplugged"))
    queue.close(ValueError("too late to matter"))
    assert not queue.put(2)
    assert queue.take() == 1
    with pytest.raises(OSError, match="unplugged"):
        queue.take()


def test_a_consumer_waits_for_what_comes_and_no_longer() -> None:
    queue: HandoffQueue[int] = HandoffQueue()
    assert queue.take(0.01) is None
    for number in range(200):  # taken at once, or after a wait that an earlier item's news must not end
        if number % 3 == 0:
            queue.put(-1)
            assert queue.take(5.0) == -1
        threading.Thread(target=queue.put, args=(number,)).start()
        assert queue.take(5.0) == number
        assert queue.take(0.0) is None
    assert queue.take(0.01) is None
