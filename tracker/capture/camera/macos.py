"""Cameras on macOS, through the AVFoundation bindings that cv2-enumerate-cameras brings."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from tracker.capture.camera.devices import CameraDevice, Opening, one_line
from tracker.capture.camera.modes import Mode

# AVFoundation's pixel format codes where they differ from the fourcc used elsewhere.
_FOURCC = {"420v": "NV12", "420f": "NV12", "2vuy": "UYVY", "yuvs": "YUYV", "dmb1": "MJPG", "jpeg": "MJPG"}

ANSWER_S = 25.0
"""Time for the user to answer the system's question; shorter than the time-out for opening a camera."""


def list_cameras() -> list[CameraDevice]:
    """All cameras, in the order of OpenCV's AVFoundation indices (by unique id)."""
    import AVFoundation  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from cv2_enumerate_cameras import enumerate_cameras
    from cv2_enumerate_cameras.macos_backend import CAP_AVFOUNDATION

    cameras: list[CameraDevice] = []
    for info in enumerate_cameras(CAP_AVFOUNDATION):
        device = AVFoundation.AVCaptureDevice.deviceWithUniqueID_(info.path)
        cameras.append(
            CameraDevice(
                index=info.index,
                name=one_line(info.name),
                path=None,
                stable_id=str(info.path),
                modes=None if device is None else tuple(_modes(device)),
                openings=(Opening("AVFOUNDATION", info.index),),
            )
        )
    return cameras


def may_use_cameras(answer_s: float = ANSWER_S) -> bool:
    """Whether the user allows this program to use cameras; asks and waits for the answer if not decided yet."""
    import AVFoundation  # type: ignore[import-not-found,import-untyped,unused-ignore]

    device, video = AVFoundation.AVCaptureDevice, AVFoundation.AVMediaTypeVideo
    if device.authorizationStatusForMediaType_(video) == AVFoundation.AVAuthorizationStatusNotDetermined:
        answered = threading.Event()
        device.requestAccessForMediaType_completionHandler_(video, lambda granted: answered.set())
        answered.wait(answer_s)
    return bool(device.authorizationStatusForMediaType_(video) == AVFoundation.AVAuthorizationStatusAuthorized)


def _modes(device: Any) -> Iterator[Mode]:
    """One mode per format and frame rate range of an AVCaptureDevice."""
    import CoreMedia  # type: ignore[import-not-found,import-untyped,unused-ignore]

    for form in device.formats():
        description = form.formatDescription()
        size = CoreMedia.CMVideoFormatDescriptionGetDimensions(description)
        code = int(CoreMedia.CMFormatDescriptionGetMediaSubType(description)).to_bytes(4, "big").decode("latin-1")
        for rates in form.videoSupportedFrameRateRanges():
            yield Mode(
                fourcc=_FOURCC.get(code, code.strip("\0 ")),
                min_width=size.width,
                min_height=size.height,
                max_width=size.width,
                max_height=size.height,
                min_fps=float(rates.minFrameRate()),
                max_fps=float(rates.maxFrameRate()),
            )
