"""The hand-over between the capture thread and the tracking thread."""

from __future__ import annotations

import threading

from tracker.handoff import HandoffQueue


def test_a_live_box_keeps_only_the_newest_and_counts_the_rest() -> None:
    box: HandoffQueue[int] = HandoffQueue.for_source(is_live=True)
    for number in range(5):
        box.put(number)
    assert box.take(0.0) == 4
    assert box.take(0.0) is None
    assert box.dropped == 4


def test_a_file_box_holds_the_giver_back_and_loses_nothing() -> None:
    box: HandoffQueue[int] = HandoffQueue(2, newest_wins=False)

    def give() -> None:
        for number in range(50):
            box.put(number)
        box.close()

    giver = threading.Thread(target=give)
    giver.start()
    taken = []
    while not box.ended:
        if (number := box.take(5.0)) is not None:
            taken.append(number)
    giver.join(5.0)
    assert taken == list(range(50))
    assert box.dropped == 0


def test_what_is_inside_a_closed_box_can_still_be_taken() -> None:
    box: HandoffQueue[int] = HandoffQueue(3)
    box.put(1)
    box.close()
    assert not box.ended
    assert box.take(0.0) == 1
    assert box.ended
    assert box.take(60.0) is None, "nobody waits at a closed box"


def test_closing_lets_a_waiting_giver_go() -> None:
    box: HandoffQueue[int] = HandoffQueue(1, newest_wins=False)
    box.put(1)
    giver = threading.Thread(target=box.put, args=(2,))
    giver.start()
    box.close()
    giver.join(5.0)
    assert not giver.is_alive()
    assert box.take(0.0) == 1
    assert box.take(0.0) is None


def test_closing_lets_a_waiting_taker_go() -> None:
    box: HandoffQueue[int] = HandoffQueue()
    threading.Timer(0.05, box.close).start()
    assert box.take(60.0) is None
    assert box.ended
