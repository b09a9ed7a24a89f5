"""Performance figures that the running tracker reports over the control channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Statistics:
    """Figures of the last second. None: unknown, or nothing to measure.

    state: ``opening``, ``tracking``, ``paused`` or ``lost`` (the camera stopped delivering).
    fps: frames tracked per second. latency_ms: from a frame's arrival until its result was sent, median.
    tracking_ms, stages_ms: time spent on a frame, as a whole and by stage, mean. frames: tracked so far.
    dropped: frames replaced by newer ones so far. faces: in the last frame. confidence: of their landmarks,
    0 to 1. cpu_percent: of one core. memory_bytes: resident. source: its name. negotiated_mode: the size, rate
    and format it delivers.
    raw: the message itself, including what a newer tracker adds.
    """

    state: str
    fps: float
    latency_ms: float | None
    tracking_ms: float | None
    stages_ms: Mapping[str, float]
    frames: int
    dropped: int
    faces: int
    confidence: float | None
    cpu_percent: float | None
    memory_bytes: int | None
    source: str
    negotiated_mode: str | None
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Statistics:
        """The figures in `message`. Raises ValueError for an invalid one."""
        try:
            return cls(
                state=str(message["state"]),
                fps=float(message["fps"]),
                latency_ms=_number(message, "latency_ms"),
                tracking_ms=_number(message, "tracking_ms"),
                stages_ms={str(name): float(ms) for name, ms in dict(message.get("stages_ms") or {}).items()},
                frames=int(message["frames"]),
                dropped=int(message["dropped"]),
                faces=int(message["faces"]),
                confidence=_number(message, "confidence"),
                cpu_percent=_number(message, "cpu_percent"),
                memory_bytes=None if message.get("memory_bytes") is None else int(message["memory_bytes"]),
                source=str(message["source"]),
                negotiated_mode=None if message.get("granted") is None else str(message["granted"]),
                raw={name: value for name, value in message.items() if name not in _ENVELOPE},
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"invalid statistics: {error!r}") from error


_ENVELOPE = ("type", "id", "ok")


def _number(message: Mapping[str, Any], name: str) -> float | None:
    value = message.get(name)
    return None if value is None else float(value)
