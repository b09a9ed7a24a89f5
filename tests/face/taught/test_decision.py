"""What is believed of a face from frame to frame."""

from __future__ import annotations

import pytest

from tracker.face.taught.decision import Belief

FPS = 30


def frames(
    belief: Belief, scores: tuple[float, ...], start_s: float, count: int, fps: float = FPS
) -> list[list[float]]:
    return [belief.update(scores, start_s + k / fps) for k in range(count)]


def test_clear_evidence_is_believed_within_three_frames() -> None:
    belief = Belief((3.0, 1.0, 1.0))
    assert frames(belief, (20.0, 0.0, 0.0), 0.0, 30)[-1][0] > 0.99
    assert frames(belief, (0.0, 20.0, 0.0), 1.0, 3)[-1][1] > 0.6


def test_a_doubtful_frame_changes_nothing_but_many_do() -> None:
    belief = Belief((1.0, 1.0))
    frames(belief, (5.0, 0.0), 0.0, 30)
    assert belief.update((0.0, 3.0), 1.0)[0] > 0.9
    assert frames(belief, (0.0, 3.0), 1.0 + 1 / FPS, 15)[-1][1] > 0.9


@pytest.mark.parametrize("fps", [15.0, 60.0])
def test_the_time_it_takes_does_not_depend_on_the_frame_rate(fps: float) -> None:
    taken = []
    for rate in (30.0, fps):
        belief = Belief((1.0, 1.0))
        frames(belief, (5.0, 0.0), 0.0, round(rate), rate)
        shares = [each[1] for each in frames(belief, (0.0, 3.0), 1.0, round(rate), rate)]
        taken.append(next(k for k, share in enumerate(shares) if share > 0.6) / rate)
    assert taken[0] == pytest.approx(taken[1], abs=1 / fps)


def test_probabilities_add_up_and_never_reach_certainty() -> None:
    belief = Belief((3.0, 1.0))
    shares = frames(belief, (1000.0, 0.0), 0.0, 300)[-1]
    assert sum(shares) == pytest.approx(1.0)
    assert shares[1] > 0.0
