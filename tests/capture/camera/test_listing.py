from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tracker.capture.camera.devices import CameraDevice, CameraSelector, Opening, one_line, select_camera
from tracker.capture.camera.listing import format_camera_list, format_capabilities
from tracker.capture.camera.modes import Mode
from tracker.errors import CaptureError

HD = Mode("MJPG", 1280, 720, 1280, 720, 5.0, 30.0)
RANGE = Mode("YUYV", 160, 120, 1920, 1080, 7.5, 60.0)


def camera(
    index: int, name: str, node: int, stable_id: str | None = None, modes: tuple[Mode, ...] | None = ()
) -> CameraDevice:
    path = f"/dev/video{node}"
    return CameraDevice(index, name, path, stable_id, modes, (Opening("V4L2", path),))


CAMERAS = [
    camera(0, "Logitech C920", 0, "id-c920", (HD, RANGE)),
    camera(1, "Integrated Camera", 2, "id-int"),
    camera(2, "OBS Virtual Camera", 4, None, None),
]


def test_style_1_is_a_header_and_numbered_lines() -> None:
    assert format_camera_list(CAMERAS, 1) == (
        "Available cameras:\n0: Logitech C920\n1: Integrated Camera\n2: OBS Virtual Camera\n"
    )


def test_style_2_is_names_alone_in_index_order() -> None:
    assert format_camera_list(CAMERAS, 2) == "Logitech C920\nIntegrated Camera\nOBS Virtual Camera\n"


def test_no_camera_is_a_header_or_nothing_or_an_empty_list() -> None:
    assert [format_camera_list([], style) for style in (1, 2, 3)] == ["Available cameras:\n", "", "[]\n"]


def test_style_3_is_json_with_everything_known() -> None:
    first, _, last = json.loads(format_camera_list(CAMERAS, 3))
    assert (first["index"], first["name"], first["backend"], first["stable_id"]) == (
        0,
        "Logitech C920",
        "V4L2",
        "id-c920",
    )
    assert first["path"] == "/dev/video0"
    assert first["modes"][0] == {
        "fourcc": "MJPG", "format": "MJPEG", "min_width": 1280, "min_height": 720,
        "max_width": 1280, "max_height": 720, "min_fps": 5.0, "max_fps": 30.0,
    }  # fmt: skip
    assert last["modes"] is None


def test_capabilities_have_openseeface_lines() -> None:
    assert format_capabilities(CAMERAS, 0) == (
        "0: Logitech C920\n"
        "    0: Resolution: 1280x720 FPS: 5.000-30.000 Format: MJPEG\n"
        "    1: Resolution: 160x120-1920x1080 FPS: 7.500-60.000 Format: YUY2\n"
    )


def test_minus_one_lists_every_camera_and_says_where_nothing_is_known() -> None:
    text = format_capabilities(CAMERAS, -1)
    assert [line for line in text.splitlines() if not line.startswith("    ")] == [
        "0: Logitech C920", "1: Integrated Camera", "2: OBS Virtual Camera",
    ]  # fmt: skip
    assert text.endswith("    The system does not report this camera's capabilities\n")


def test_capabilities_of_a_camera_that_is_not_there() -> None:
    with pytest.raises(CaptureError, match="there is no camera 9; --list-cameras 1 lists the cameras"):
        format_capabilities(CAMERAS, 9)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("A\nB", "A B"), ("  A \r\n\t B\0 ", "A B"), ("\n", "unnamed camera"), ("Kamera \u00e4", "Kamera \u00e4")],
)
def test_names_never_break_the_lines(name: str, shown: str) -> None:
    assert one_line(name) == shown


@pytest.mark.parametrize(
    ("selector", "index"),
    [
        ("0", 0),
        ("2", 2),  # a line of the list before a node's number
        ("4", 2),  # beyond the list: /dev/video4
        ("Integrated Camera", 1),
        ("obs", 2),
        ("C920", 0),
        ("id-int", 1),
        ("/dev/video2", 1),
    ],
)
def test_a_camera_is_chosen_by_line_node_name_part_id_or_path(selector: str, index: int) -> None:
    assert select_camera(selector, CAMERAS).index == index


def test_a_part_that_fits_several_names_lists_them() -> None:
    with pytest.raises(CaptureError) as caught:
        select_camera("camera", CAMERAS)
    assert str(caught.value) == (
        "several cameras are called 'camera': 1: Integrated Camera, 2: OBS Virtual Camera; choose one by its number"
    )


def test_a_whole_name_wins_over_longer_names_that_contain_it() -> None:
    assert select_camera("cam", [camera(0, "Cam 2", 0), camera(1, "Cam", 2)]).index == 1


@pytest.mark.parametrize(
    ("selector", "cameras", "message"),
    [
        ("7", CAMERAS, "there is no camera 7; 3 cameras were found (--list-cameras 1 lists the cameras)"),
        ("-1", CAMERAS[:1], "there is no camera -1; 1 camera was found (--list-cameras 1 lists the cameras)"),
        ("0", [], "there is no camera 0; no camera was found (--list-cameras 1 lists the cameras; -c demo needs none)"),
        (
            "Kiyo",
            CAMERAS,
            "there is no file and no camera called 'Kiyo'; "
            "3 cameras were found (--list-cameras 1 lists the cameras)",
        ),
    ],
)  # fmt: skip
def test_no_such_camera_says_what_to_do(selector: str, cameras: list[CameraDevice], message: str) -> None:
    with pytest.raises(CaptureError) as caught:
        select_camera(selector, cameras)
    assert str(caught.value) == message


def test_finder_follows_a_camera_to_its_new_number() -> None:
    lists = iter([CAMERAS, [camera(0, "Other", 0, "other"), camera(1, "Logitech C920", 6, "id-c920")]])
    finder = CameraSelector("0", lambda: next(lists))
    assert finder.find().path == "/dev/video0"
    assert finder.find().path == "/dev/video6"


def test_finder_does_not_take_another_camera_that_slid_into_the_number() -> None:
    lists = iter([CAMERAS, CAMERAS[1:]])
    finder = CameraSelector("0", lambda: next(lists))
    finder.find()
    with pytest.raises(CaptureError, match="camera 'Logitech C920' is not plugged in"):
        finder.find()


def test_listing_loads_neither_opencv_nor_numpy() -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("the other systems' lists come from a package that loads OpenCV")
    script = (
        "import sys; from tracker.capture.camera import devices, listing;"
        "listing.format_camera_list(devices.list_cameras(), 1);"
        "print([name for name in ('cv2', 'numpy', 'onnxruntime') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
