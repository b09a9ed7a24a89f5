"""Frame rate, latency and confidence, for the status line, the summary and the control channel."""

from __future__ import annotations

import logging
import statistics
import sys
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from tracker.types import Face, FrameResult, StageTimings

STATUS_INTERVAL_S = 1.0
EYE_OPEN = 0.3
"""OpenSeeFace's line shows an eye as open above this openness."""


class Stats:
    """Accumulates timings per frame. All times are arguments; no clock is read."""

    def __init__(self) -> None:
        self.frames = 0
        self.faces = 0
        self.tracking_ms = 0.0
        self._interval_start_s: float | None = None
        self._last_s = 0.0
        self._results: list[FrameResult] = []
        self._latencies_ms: list[float] = []

    def add(self, result: FrameResult, now_s: float, latency_ms: float | None = None) -> None:
        """Record one frame.

        now_s: when its processing ended. latency_ms: from its capture until then; None for files, which are read ahead.
        """
        self.frames += 1
        self.faces += len(result.faces)
        self.tracking_ms += result.timings.total
        if self._interval_start_s is None:
            self._interval_start_s = now_s  # starts the interval, not counted: a rate is frames per gap
        else:
            self._results.append(result)
            if latency_ms is not None:
                self._latencies_ms.append(latency_ms)
        self._last_s = now_s

    def status(self) -> str | None:
        """One line about the last second, or None before it is over."""
        if self._interval_start_s is None or self._last_s - self._interval_start_s < STATUS_INTERVAL_S:
            return None
        rate = len(self._results) / (self._last_s - self._interval_start_s)
        last = self._results[-1].faces
        confidences = [confidence(face) for result in self._results for face in result.faces]
        confident = f", confidence {statistics.fmean(confidences):.2f}" if confidences else ""
        tracking = statistics.fmean(result.timings.total for result in self._results)
        late = f", latency {statistics.median(self._latencies_ms):.1f} ms" if self._latencies_ms else ""
        faces = f"{len(last)} {'face' if len(last) == 1 else 'faces'}"
        line = f"{rate:.1f} frames/s, {faces}{confident}{late}, tracking {tracking:.1f} ms"
        self._interval_start_s = self._last_s
        self._results.clear()
        self._latencies_ms.clear()
        return line

    def summary(self) -> Iterator[str]:
        """OpenSeeFace's closing lines."""
        if self.faces:
            yield f"Average tracking time per detected face: {self.tracking_ms / self.faces:.2f} ms"
        yield f"Tracking time: {self.tracking_ms / 1000:.3f} s"
        yield f"Frames: {self.frames}"


def confidence(face: Face) -> float:
    """The mean confidence of a face's landmarks."""
    return face.landmarks.mean_confidence


def frame_lines(result: FrameResult, face_id_offset: int = 0) -> Iterator[str]:
    """OpenSeeFace's lines about one frame.

    Its stages differ from ours: "track" is landmarks and eyes, "3D points" is pose and expression, and "crop", which
    here is part of each network's stage, is the remainder of the total.
    """
    ms = result.timings
    total, detect = ms.total, ms.detect
    track = ms.landmarks + ms.eyes
    points = ms.pose + ms.expression
    rest = max(total - detect - track - points, 0.0)
    if result.faces:
        yield (
            f"Took {total:.2f}ms (detect: {detect:.2f}ms, crop: {rest:.2f}ms, "
            f"track: {track:.2f}ms, 3D points: {points:.2f}ms)"
        )
    else:
        yield f"Took {total:.2f}ms"
    for face in result.faces:
        right, left = ("O" if openness > EYE_OPEN else "-" for openness in face.eyes.openness)
        error = "-" if face.pose is None else f"{face.pose.error_px:.4f}"
        yield (
            f"Confidence[{face.face_id + face_id_offset}]: {confidence(face):.4f} / "
            f"3D fitting error: {error} / Eyes: {left}, {right}"
        )


WINDOW_S = 1.0
MAX_FRAMES = 256
_STAGES = tuple(field.name for field in fields(StageTimings))


@dataclass(frozen=True, slots=True)
class _Tracked:
    at_s: float
    latency_ms: float | None
    timings: StageTimings
    faces: int
    confidence: float | None


class RecentFrames:
    """Keeps the timings of the last second's frames. All times are arguments; no clock is read."""

    def __init__(self) -> None:
        self._frames: deque[_Tracked] = deque(maxlen=MAX_FRAMES)
        self._count = 0
        self._lock = threading.Lock()

    def add(self, result: FrameResult, now_s: float, latency_ms: float | None) -> None:
        """Record one frame; see `Stats.add`."""
        count = len(result.faces)
        mean_confidence = sum(map(confidence, result.faces)) / count if count else None
        frame = _Tracked(now_s, latency_ms, result.timings, count, mean_confidence)
        with self._lock:
            self._count += 1
            self._frames.append(frame)

    def figures(self, now_s: float) -> dict[str, Any]:
        """Frame rate, timings and faces as the control channel reports them."""
        with self._lock:
            count = self._count
            frames = [frame for frame in self._frames if now_s - frame.at_s <= WINDOW_S]
        stages = {
            name: round(statistics.fmean(getattr(frame.timings, name) for frame in frames), 3)
            for name in (_STAGES if frames else ())
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


logger = logging.getLogger(__name__)


class Reporter:
    """Prints how tracking performs, at the requested level of detail.

    verbose_frames: OpenSeeFace's lines for each frame instead of one status line per second.
    with_bar: a progress bar instead, if the number of frames is known.
    """

    def __init__(self, *, verbose_frames: bool = False, with_bar: bool = False, face_id_offset: int = 0) -> None:
        self.stats = Stats()
        self._verbose_frames = verbose_frames
        self._with_bar = with_bar
        self._face_id_offset = face_id_offset
        self._bar: Any = None

    def begin(self, frame_count: int | None) -> None:
        """The first frame arrived. frame_count: of the whole input, if known."""
        if self._with_bar and frame_count is not None and frame_count > 1:
            from tqdm import tqdm

            self._bar = tqdm(total=frame_count, unit=" frames", file=sys.__stderr__, dynamic_ncols=True, leave=False)

    def add(self, result: FrameResult, now_s: float, latency_ms: float | None) -> None:
        """Record one frame; see `Stats.add`."""
        self.stats.add(result, now_s, latency_ms)
        status = self.stats.status()  # taken in any case: it ends the second whose results are kept
        if self._bar is not None:
            self._bar.update()
            return
        if self._verbose_frames:
            for line in frame_lines(result, self._face_id_offset):
                logger.info("%s", line)
        elif status:
            logger.info("%s", status)

    def close(self) -> None:
        """Close the progress bar and print the summary, if there was any frame. Safe to call twice."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        if self.stats.frames:
            for line in self.stats.summary():
                logger.info("%s", line)
