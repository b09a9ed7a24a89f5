from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fcntl")

from tracker.capture.camera import v4l2
from tracker.capture.camera.devices import select_camera
from tracker.capture.camera.linux import list_cameras
from tracker.capture.camera.modes import Mode

HD = Mode("MJPG", 1280, 720, 1280, 720, 5.0, 30.0)


class Machine:
    """A /dev and a /sys with the nodes a test plugs in."""

    def __init__(self, root: Path) -> None:
        self.dev, self.sysfs = root / "dev", root / "sys"
        self.dev.mkdir()
        self.reports: dict[str, v4l2.NodeReport | OSError] = {}

    def plug(self, number: int, name: str, report: v4l2.NodeReport | OSError, index: int = 0, by_id: str = "") -> None:
        node, about = self.dev / f"video{number}", self.sysfs / f"video{number}"
        node.touch()
        about.mkdir(parents=True)
        (about / "name").write_text(name + "\n")
        (about / "index").write_text(f"{index}\n")
        self.reports[node.name] = report
        if by_id:
            folder = self.dev / "v4l" / "by-id"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / by_id).symlink_to(node)

    def query(self, node: Path) -> v4l2.NodeReport:
        report = self.reports[node.name]
        if isinstance(report, OSError):
            raise report
        return report

    def list(self) -> list[Any]:
        return list_cameras(self.dev, self.sysfs, self.query)


CAPTURES = v4l2.NodeReport("card", True, (HD,))
METADATA = v4l2.NodeReport("card", False, ())


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_nodes_0_2_4_become_lines_0_1_2_and_metadata_nodes_none(machine: Machine) -> None:
    for number, name in ((4, "Capture card"), (0, "Webcam"), (2, "Virtual")):
        machine.plug(number, name, CAPTURES)
        machine.plug(number + 1, name, METADATA, index=1)
    cameras = machine.list()
    assert [(camera.index, camera.name, Path(camera.path).name) for camera in cameras] == [
        (0, "Webcam", "video0"), (1, "Virtual", "video2"), (2, "Capture card", "video4"),
    ]  # fmt: skip
    assert cameras[0].modes == (HD,)
    assert select_camera("1", cameras).name == "Virtual"
    assert select_camera("4", cameras).name == "Capture card"


def test_nodes_are_sorted_by_number_not_by_text(machine: Machine) -> None:
    for number in (10, 9, 2):
        machine.plug(number, f"Cam {number}", CAPTURES)
    assert [camera.name for camera in machine.list()] == ["Cam 2", "Cam 9", "Cam 10"]


def test_stable_id_is_the_by_id_link_and_chooses_the_camera(machine: Machine) -> None:
    machine.plug(0, "Webcam", CAPTURES)
    machine.plug(2, "Webcam", CAPTURES, by_id="usb-Webcam_123-video-index0")
    cameras = machine.list()
    link = machine.dev / "v4l" / "by-id" / "usb-Webcam_123-video-index0"
    assert [camera.stable_id for camera in cameras] == [None, str(link)]
    assert select_camera(str(link), cameras).index == 1


def test_a_link_of_the_users_own_leads_to_its_camera(machine: Machine) -> None:
    machine.plug(0, "Webcam", CAPTURES)
    machine.plug(2, "Desk", CAPTURES)
    (machine.dev / "video-desk").symlink_to(machine.dev / "video2")
    assert select_camera(str(machine.dev / "video-desk"), machine.list()).name == "Desk"


def test_a_camera_that_may_not_be_opened_keeps_its_line(machine: Machine) -> None:
    machine.plug(0, "Locked", PermissionError(errno.EACCES, "denied"))
    machine.plug(1, "Locked", PermissionError(errno.EACCES, "denied"), index=1)
    machine.plug(2, "Open", CAPTURES)
    cameras = machine.list()
    assert [(camera.name, camera.modes) for camera in cameras] == [("Locked", None), ("Open", (HD,))]


def test_a_machine_without_cameras_has_an_empty_list(machine: Machine) -> None:
    assert machine.list() == []


def fake_driver(caps: int, device_caps: int) -> Callable[[int, int, Any], None]:
    """A UVC camera in the kernel's words: two formats, two sizes or a range, discrete or stepwise rates."""
    formats = [b"MJPG", b"YUYV"]

    def ioctl(descriptor: int, request: int, structure: Any) -> None:
        if request == v4l2.QUERYCAP:
            structure.card, structure.capabilities, structure.device_caps = b"HD Webcam", caps, device_caps
        elif request == v4l2.ENUM_FMT and structure.index < len(formats):
            structure.pixelformat = int.from_bytes(formats[structure.index], "little")
        elif request == v4l2.ENUM_FRAMESIZES and structure.pixel_format.to_bytes(4, "little") == b"MJPG":
            if structure.index > 1:
                raise OSError(errno.EINVAL, "end")
            structure.type = v4l2.DISCRETE
            structure.sizes[0:2] = [(1280, 720), (640, 360)][structure.index]
        elif request == v4l2.ENUM_FRAMESIZES:
            structure.type = 3
            structure.sizes[0:6] = [160, 1920, 8, 120, 1080, 8]
        elif request == v4l2.ENUM_FRAMEINTERVALS and structure.pixel_format.to_bytes(4, "little") == b"MJPG":
            if structure.index > 1:
                raise OSError(errno.EINVAL, "end")
            structure.type = v4l2.DISCRETE
            structure.fractions[0:2] = [(1, 30), (1, 5)][structure.index]
        elif request == v4l2.ENUM_FRAMEINTERVALS:
            structure.type = 3
            structure.fractions[0:6] = [1, 60, 2, 15, 1, 60]
        else:
            raise OSError(errno.EINVAL, "end")

    return ioctl


def test_a_node_is_asked_for_formats_sizes_and_rates(tmp_path: Path) -> None:
    node = tmp_path / "video0"
    node.touch()
    own = v4l2.CAP_DEVICE_CAPS
    report = v4l2.query_node(node, fake_driver(own | v4l2.CAP_VIDEO_CAPTURE, v4l2.CAP_VIDEO_CAPTURE))
    assert report == v4l2.NodeReport(
        "HD Webcam",
        True,
        (
            Mode("MJPG", 1280, 720, 1280, 720, 5.0, 30.0),
            Mode("MJPG", 640, 360, 640, 360, 5.0, 30.0),
            Mode("YUYV", 160, 120, 1920, 1080, 7.5, 60.0),
        ),
    )


def test_a_metadata_node_does_not_capture_though_its_device_does(tmp_path: Path) -> None:
    node = tmp_path / "video1"
    node.touch()
    report = v4l2.query_node(node, fake_driver(v4l2.CAP_DEVICE_CAPS | v4l2.CAP_VIDEO_CAPTURE, 0x00800000))
    assert not report.captures
    assert report.modes == ()


def test_a_file_that_is_no_video_node_is_refused_by_the_kernel(tmp_path: Path) -> None:
    node = tmp_path / "video0"
    node.touch()
    with pytest.raises(OSError):
        v4l2.query_node(node)
    assert not v4l2.set_powerline(str(node), 1)


def test_structures_have_the_kernels_sizes_and_numbers() -> None:
    assert [v4l2.QUERYCAP, v4l2.ENUM_FMT, v4l2.S_CTRL, v4l2.ENUM_FRAMESIZES, v4l2.ENUM_FRAMEINTERVALS] == [
        0x80685600, 0xC0405602, 0xC008561C, 0xC02C564A, 0xC034564B,
    ]  # fmt: skip
