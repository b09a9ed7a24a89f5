"""How still a still face stays, and what that costs in lag: `python -m benchmarks.steadiness`.

Jitter: a still of the demo face under fresh sensor noise of sigma 6 at 30 frames a second; standard deviation of the
inner 49 over the outer-eye distance. Lag: how far the yaw is behind on a turn of 90 degrees a second, against the
same frames unsmoothed. Blink: the depth that is left of one of 150 ms.
"""

from __future__ import annotations

import argparse

import numpy as np

from tracker import Tracker
from tracker import topology as t
from tracker.capture.demo.source import DemoFace, DemoState

FPS, TURN_DEG_S, BLINK_S, NOISE = 30, 90.0, 0.150, 6.0
WARM_UP, FRAMES = 20, 100


def jitter_percent(demo: DemoFace, model: int, smoothing: float) -> float:
    """Standard deviation in percent of the outer-eye distance."""
    rng = np.random.default_rng(0)
    still, truth = demo.render(DemoState())
    eye = np.linalg.norm(truth.landmarks[t.RIGHT_EYE_OUTER] - truth.landmarks[t.LEFT_EYE_OUTER])
    seen = []
    with Tracker(model=model, smoothing=smoothing) as tracker:
        for _ in range(WARM_UP + FRAMES):
            noisy = np.clip(still + rng.normal(0, NOISE, still.shape), 0, 255).astype(np.uint8)
            seen.append(tracker.process(noisy).faces[0].landmarks.xy[t.INNER_49])
    deviation = np.array(seen[WARM_UP:]).std(axis=0)
    return 100 * float(np.linalg.norm(deviation, axis=1).mean() / eye)


def yaws(demo: DemoFace, model: int, smoothing: float) -> np.ndarray:
    """What is seen of a turn from -25 to 25 degrees."""
    states = [DemoState(yaw=-25.0)] * 10
    states += [DemoState(yaw=-25 + TURN_DEG_S * k / FPS) for k in range(int(50 * FPS / TURN_DEG_S) + 1)]
    with Tracker(model=model, smoothing=smoothing) as tracker:
        tracker.process(demo.render(DemoState())[0])
        return np.array([tracker.process(demo.render(state)[0]).faces[0].pose.euler_deg[1] for state in states])


def blink_depth(demo: DemoFace, model: int, smoothing: float) -> float:
    """How far the openness falls."""
    phases = np.arange(15) / FPS / BLINK_S
    amounts = np.where(phases < 1, np.sin(np.pi * np.minimum(phases, 1)) ** 2, 0)
    with Tracker(model=model, smoothing=smoothing) as tracker:
        before = [tracker.process(demo.render(DemoState())[0]) for _ in range(30)][-1].faces[0].eyes.openness.mean()
        states = [DemoState(blink=(b, b)) for b in amounts]
        return float(before - min(tracker.process(demo.render(s)[0]).faces[0].eyes.openness.mean() for s in states))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, nargs="+", default=[3, 0, -3])
    models = parser.parse_args().models
    demo = DemoFace()
    print("model  jitter %, smoothing off  default  lag ms  blink depth kept")
    for model in models:
        raw, steady = (jitter_percent(demo, model, smoothing) for smoothing in (0.0, 1.0))
        behind = (yaws(demo, model, 0.0) - yaws(demo, model, 1.0))[14:].mean()
        kept = blink_depth(demo, model, 1.0) / blink_depth(demo, model, 0.0)
        print(f"{model:5d}  {raw:23.3f}  {steady:7.3f}  {1e3 * behind / TURN_DEG_S:6.1f}  {kept:16.2f}")


if __name__ == "__main__":
    main()
