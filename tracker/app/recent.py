"""Figures about the last moments of tracking, for who asks from another thread."""

from __future__ import annotations

import statistics
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

from tracker.app.stats import confidence
from tracker.types import FrameResult

WINDOW_S = 1.0
MAX_FRAMES = 256


@dataclass(frozen=True, slots=True)
class _Tracked:
    at_s: float
    latency_ms: float | None
    milliseconds: dict[str, float]
    faces: int
    confidence: float | None


class RecentFrames:
    """Remembers what the frames of the last second took. All times are given, none is read from a clock."""

    def __init__(self) -> None:
        self._frames: deque[_Tracked] = deque(maxlen=MAX_FRAMES)
        self._count = 0
        self._lock = threading.Lock()

    def add(self, result: FrameResult, now_s: float, latency_ms: float | None) -> None:
        """Take one frame; see `Stats.add`."""
        sure = statistics.fmean(map(confidence, result.faces)) if result.faces else None
        frame = _Tracked(now_s, latency_ms, dict(result.milliseconds), len(result.faces), sure)
        with self._lock:
            self._count += 1
            self._frames.append(frame)

    def figures(self, now_s: float) -> dict[str, Any]:
        """Rate, times and faces as the control channel tells them."""
        with self._lock:
            count = self._count
            frames = [frame for frame in self._frames if now_s - frame.at_s <= WINDOW_S]
        stages = {
            name: round(statistics.fmean(frame.milliseconds.get(name, 0.0) for frame in frames), 3)
            for name in (frames[-1].milliseconds if frames else ())
        }
        latencies = [frame.latency_ms for frame in frames if frame.latency_ms is not None]
        last = frames[-1] if frames else None
        span_s = frames[-1].at_s - frames[0].at_s if frames else 0.0
        return {
            "fps": round((len(frames) - 1) / span_s, 2) if span_s > 0 else 0.0,
            "latency_ms": round(statistics.median(latencies), 3) if latencies else None,
            "tracking_ms": stages.pop("total", None),
            "stages_ms": stages,
            "frames": count,
            "faces": last.faces if last else 0,
            "confidence": round(last.confidence, 4) if last and last.confidence is not None else None,
        }
