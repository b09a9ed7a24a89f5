"""What the demo face does, when: a smooth script that loops, the same for the same seed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tracker.capture.demo.body import NECK_PIVOT
from tracker.capture.demo.render import DemoState
from tracker.rotations import matrix_from_euler

LOOP_S = 48.0
NEUTRAL_S = 3.0  # still, frontal and neutral at the start of every loop: time to detect and to calibrate
SEAT = np.array([0.0, 0.05, 4.5])  # the nose tip at rest, camera frame, face units
BLINK_CLOSING_S, BLINK_CLOSED_S, BLINK_OPENING_S = 0.08, 0.06, 0.14


class _Move(NamedTuple):
    """`channel` rises smoothly from 0 to `amount`, holds, and falls back. Times in seconds."""

    channel: str
    amount: float
    start: float
    rise: float
    hold: float
    fall: float

    def at(self, t: float) -> float:
        since = t - self.start
        if not 0 < since < self.rise + self.hold + self.fall:
            return 0.0
        share = min(since / self.rise, (self.rise + self.hold + self.fall - since) / self.fall, 1.0)
        return self.amount * share * share * (3 - 2 * share)


SCRIPT = (
    # head turns
    _Move("yaw", 25, 3.2, 0.9, 0.6, 0.9),
    _Move("yaw", -25, 5.8, 0.9, 0.6, 0.9),
    _Move("pitch", 20, 8.6, 0.8, 0.5, 0.8),
    _Move("pitch", -20, 10.9, 0.8, 0.5, 0.8),
    _Move("roll", 20, 13.3, 0.8, 0.5, 0.8),
    _Move("roll", -20, 15.6, 0.8, 0.5, 0.8),
    # gaze sweeps
    _Move("gaze_yaw", 24, 18.2, 0.35, 0.6, 0.35),
    _Move("gaze_yaw", -24, 19.6, 0.35, 0.6, 0.35),
    _Move("gaze_pitch", -14, 21.0, 0.3, 0.5, 0.3),
    _Move("gaze_pitch", 14, 22.2, 0.3, 0.5, 0.3),
    # winks
    _Move("wink_right", 1, 23.8, 0.14, 0.35, 0.18),
    _Move("wink_left", 1, 25.0, 0.14, 0.35, 0.18),
    # brows and mouth
    _Move("brows", 1, 26.3, 0.3, 0.6, 0.3),
    _Move("brows", -1, 27.8, 0.3, 0.6, 0.3),
    _Move("mouth_open", 0.9, 29.4, 0.35, 0.4, 0.35),
    _Move("mouth_open", 0.35, 30.8, 0.15, 0.05, 0.15),
    _Move("mouth_open", 0.5, 31.2, 0.15, 0.05, 0.2),
    _Move("mouth_open", 0.25, 31.7, 0.15, 0.05, 0.15),
    _Move("smile", 1, 32.6, 0.45, 0.9, 0.45),
    _Move("pucker", 1, 34.9, 0.35, 0.7, 0.35),
    # everything together, leaning about
    _Move("x", 0.18, 36.6, 0.9, 0.5, 1.0),
    _Move("yaw", 14, 36.8, 0.8, 1.2, 0.9),
    _Move("smile", 0.7, 37.4, 0.5, 1.2, 0.5),
    _Move("mouth_open", 0.45, 38.0, 0.25, 0.2, 0.3),
    _Move("z", -0.22, 39.8, 0.9, 0.6, 0.9),
    _Move("pitch", 9, 39.9, 0.6, 0.4, 0.6),
    _Move("brows", 0.7, 40.2, 0.3, 0.8, 0.4),
    _Move("yaw", -18, 41.8, 0.8, 0.8, 0.9),
    _Move("roll", -9, 42.0, 0.8, 0.6, 0.9),
    _Move("gaze_yaw", 16, 42.6, 0.25, 0.8, 0.3),
    _Move("y", -0.08, 44.2, 0.7, 0.3, 0.8),
    _Move("mouth_open", 0.6, 44.6, 0.25, 0.3, 0.25),
    _Move("pitch", -8, 45.6, 0.6, 0.3, 0.7),
)
"""x, y, z lean the head: face units, camera frame. The other channels are `DemoState`'s."""


class DemoAnimation:
    """The script, with blinks and the small sway of a living head added from a seed."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        blinks = []
        at = NEUTRAL_S + 0.9
        while at < LOOP_S - 1:
            # Not during winks and gaze sweeps, whose meaning they would blur.
            if not 18.0 < at < 25.9:
                blinks.append(_Move("blink", 1, at, BLINK_CLOSING_S, BLINK_CLOSED_S, BLINK_OPENING_S))
            at += rng.uniform(1.8, 4.2)
        self.moves = (*SCRIPT, *blinks)
        channels = ("pitch", "yaw", "roll", "x", "y")
        self._sway = {name: (rng.integers(3, 14, 3), rng.uniform(0, 2 * np.pi, 3)) for name in channels}

    def state_at(self, t: float) -> DemoState:
        """The state `t` seconds in; any t from 0 up."""
        t %= LOOP_S
        value = dict.fromkeys(
            ("pitch", "yaw", "roll", "x", "y", "z", "gaze_yaw", "gaze_pitch", "wink_right", "wink_left")
            + ("blink", "brows", "mouth_open", "smile", "pucker"),
            0.0,
        )
        for move in self.moves:
            value[move.channel] += move.at(t)
        alive = min(max((t - NEUTRAL_S) / 1.5, 0.0), max((LOOP_S - t) / 1.5, 0.0), 1.0)
        for name, (turns, phases) in self._sway.items():
            wave = float(np.sin(2 * np.pi * turns * t / LOOP_S + phases).mean())
            value[name] += alive * wave * (0.012 if name in "xy" else 1.0)
        turn = matrix_from_euler(value["pitch"], value["yaw"], value["roll"])
        lean = np.array([value["x"], value["y"], value["z"]])
        nose = SEAT + lean + NECK_PIVOT - turn @ NECK_PIVOT  # a head turns about its neck, not about its nose
        return DemoState(
            pitch=value["pitch"],
            yaw=value["yaw"],
            roll=value["roll"],
            translation=(float(nose[0]), float(nose[1]), float(nose[2])),
            blink=(max(value["blink"], value["wink_right"]), max(value["blink"], value["wink_left"])),
            gaze_yaw=(value["gaze_yaw"],) * 2,
            gaze_pitch=(value["gaze_pitch"],) * 2,
            brows=value["brows"],
            mouth_open=value["mouth_open"],
            smile=value["smile"],
            pucker=value["pucker"],
        )
