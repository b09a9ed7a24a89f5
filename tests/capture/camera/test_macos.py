"""The macOS side against stand-ins for the system's bindings."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tracker.capture.camera import macos as devices_macos
from tracker.capture.camera.devices import Opening
from tracker.capture.camera.modes import Mode
from tracker.capture.camera.source import ask_macos_for_permission
from tracker.errors import CaptureError

NOT_DETERMINED, DENIED, AUTHORIZED = 0, 2, 3


class System:
    """Two cameras, and a user who answers the question for permission with `answer`."""

    def __init__(self, status: int = AUTHORIZED, answer: int = AUTHORIZED) -> None:
        self.status, self.answer, self.asked = status, answer, 0

    def authorizationStatusForMediaType_(self, media: str) -> int:
        assert media == "video"
        return self.status

    def requestAccessForMediaType_completionHandler_(self, media: str, handler: Any) -> None:
        self.asked += 1
        self.status = self.answer
        handler(self.answer == AUTHORIZED)

    def deviceWithUniqueID_(self, unique_id: str) -> Any:
        rates = SimpleNamespace(minFrameRate=lambda: 15.0, maxFrameRate=lambda: 30.0)
        form = SimpleNamespace(formatDescription=lambda: "720p 420v", videoSupportedFrameRateRanges=lambda: [rates])
        return SimpleNamespace(formats=lambda: [form]) if unique_id == "built-in" else None


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Any:
    def install(system: System) -> System:
        bindings: Any = ModuleType("AVFoundation")
        bindings.AVCaptureDevice, bindings.AVMediaTypeVideo = system, "video"
        bindings.AVAuthorizationStatusNotDetermined, bindings.AVAuthorizationStatusAuthorized = 0, 3
        core_media: Any = ModuleType("CoreMedia")
        core_media.CMVideoFormatDescriptionGetDimensions = lambda _: SimpleNamespace(width=1280, height=720)
        core_media.CMFormatDescriptionGetMediaSubType = lambda _: int.from_bytes(b"420v", "big")
        package: Any = ModuleType("cv2_enumerate_cameras")
        package.enumerate_cameras = lambda api: [
            SimpleNamespace(index=0, name="FaceTime\nHD", path="built-in"),
            SimpleNamespace(index=1, name="Phone", path="phone"),
        ]
        backend: Any = ModuleType("cv2_enumerate_cameras.macos_backend")
        backend.CAP_AVFOUNDATION = 1200
        for module in (bindings, core_media, package, backend):
            monkeypatch.setitem(sys.modules, module.__name__, module)
        return system

    return install


def test_cameras_have_their_unique_id_and_modes(install: Any) -> None:
    install(System())
    built_in, phone = devices_macos.list_cameras()
    assert (built_in.index, built_in.name, built_in.stable_id) == (0, "FaceTime HD", "built-in")
    assert built_in.openings == (Opening("AVFOUNDATION", 0),)
    assert built_in.modes == (Mode("NV12", 1280, 720, 1280, 720, 15.0, 30.0),)
    assert phone.modes is None


@pytest.mark.parametrize(("status", "asked"), [(NOT_DETERMINED, 1), (AUTHORIZED, 0)])
def test_permission_is_asked_for_once_when_the_user_never_was(install: Any, status: int, asked: int) -> None:
    system = install(System(status))
    ask_macos_for_permission()
    assert system.asked == asked


@pytest.mark.parametrize("status", [NOT_DETERMINED, DENIED])
def test_a_refusal_says_where_to_allow_it(install: Any, status: int) -> None:
    install(System(status, answer=DENIED))
    with pytest.raises(CaptureError, match="macOS does not allow this program to use the camera; allow it in System"):
        ask_macos_for_permission()
