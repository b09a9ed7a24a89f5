"""Camera pictures for the launcher: taken only when requested, at most ten per second, small."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from protocol.control import Message

INTERVAL_S = 0.1
LIMIT_S = 2.0
"""Without a frame for this long, a request is answered with an error."""
MAX_WIDTH, QUALITY = 640, 80
MAX_PENDING = 100


class TooManyRequestsError(Exception):
    """More pictures were requested than are kept track of."""


class PictureSource(Protocol):
    """Keeps the next picture on request; see `RunControl`."""

    def want_picture(self) -> None: ...

    def take_picture(self) -> npt.NDArray[np.uint8] | None: ...

    def forget_picture(self) -> None: ...


class PictureRequests:
    """The pending requests of one connection. All of them are answered with the same picture."""

    def __init__(self, source: PictureSource, monotonic: Callable[[], float]) -> None:
        self._source = source
        self._monotonic = monotonic
        self._ids: list[Any] = []
        self._requested_s = 0.0
        self._next_s = 0.0
        self._waiting_for_frame = False

    @property
    def pending(self) -> bool:
        """Whether any request is unanswered."""
        return bool(self._ids)

    def add(self, request_id: Any) -> None:
        """Take a request. Raises TooManyRequestsError."""
        if len(self._ids) >= MAX_PENDING:
            raise TooManyRequestsError("too many pictures were requested at once")
        if not self._ids:
            self._requested_s = self._monotonic()
        self._ids.append(request_id)

    def replies(self) -> list[Message]:
        """The replies that are due, possibly none. To be called often while a request is pending."""
        if not self._ids:
            return []
        now_s = self._monotonic()
        if not self._waiting_for_frame:
            if now_s >= self._next_s:
                self._source.want_picture()
                self._waiting_for_frame = True
            return []
        picture = self._source.take_picture()
        if picture is None and now_s - self._requested_s < LIMIT_S:
            return []
        if picture is None:
            self._source.forget_picture()
            values: Message = {"ok": False, "error": "the camera delivers no picture now"}
        else:
            values = {"ok": True, **as_jpeg(picture)}
        request_ids, self._ids = self._ids, []
        self._waiting_for_frame = False
        self._next_s = now_s + INTERVAL_S
        return [{"type": "reply", "id": request_id, **values} for request_id in request_ids]

    def close(self) -> None:
        """Let no further picture be kept."""
        self._source.forget_picture()


def as_jpeg(picture: npt.NDArray[np.uint8]) -> Message:
    """The fields of a reply with `picture`, (H, W, 3) BGR uint8, scaled down to `MAX_WIDTH` pixels."""
    height, width = picture.shape[:2]
    if width > MAX_WIDTH:
        size = MAX_WIDTH, max(1, round(height * MAX_WIDTH / width))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        return {"ok": False, "error": "the picture cannot be encoded"}
    return {
        "jpeg": base64.b64encode(data.tobytes()).decode("ascii"),
        "width": int(picture.shape[1]),
        "height": int(picture.shape[0]),
    }
