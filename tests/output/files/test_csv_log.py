from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.output.results import a_face, a_frame, a_pose, a_result
from tracker.errors import FacetrackerError, SettingsError
from tracker.output.files.csv_log import COLUMNS, CsvSink
from tracker.output.records import to_records


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_header_and_rows_have_the_same_453_columns(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    sink = CsvSink(path, is_live=False)
    sink.write(a_frame(), a_result(a_face(0), a_face(1, with_pose=False)))
    sink.close()
    lines = path.read_bytes().split(b"\r\n")
    assert lines.pop() == b""
    assert [line.count(b",") + 1 for line in lines] == [453, 453, 453]
    assert b"\r" not in b"".join(lines) and b"\n" not in b"".join(lines)
    assert len(set(COLUMNS)) == 453


def test_row_says_what_the_record_says(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    face = a_face(2, pose=a_pose(15, 10, 5, (0.3, 0.2, 4.5)), gaze=(0.02, 0.01))
    result = a_result(face, index=6)
    sink = CsvSink(path, is_live=True, fps=30, face_id_offset=10)
    sink.write(a_frame(6), result)
    sink.close()
    (row,) = rows_of(path)
    (record,) = to_records(result, face_id_offset=10)

    def values(*names: str) -> list[float]:
        return [float(row[name]) for name in names]

    assert [row[name] for name in ("Frame", "Width", "Height", "FPS", "Face", "FaceID", "Success3D")] == [
        "7", "640", "360", "30", "0", "12", "True",
    ]  # fmt: skip
    assert values("Time", "RightOpen", "LeftOpen") == pytest.approx(
        [record.time, record.right_eye_open, record.left_eye_open], abs=1e-6
    )
    assert values("AverageConfidence") == pytest.approx([float(face.landmarks.confidence.mean())])
    assert values("PnPError") == [1.5]
    assert values(*(f"RotationQuat.{axis}" for axis in "XYZW")) == pytest.approx(record.quaternion, abs=1e-6)
    assert values(*(f"Euler.{axis}" for axis in "XYZ")) == pytest.approx(record.euler, abs=1e-4)
    assert values(*(f"TVec.{axis}" for axis in "XYZ")) == pytest.approx(record.translation, abs=1e-6)
    for i in (0, 30, 67):
        assert values(f"Landmark[{i}].X", f"Landmark[{i}].Y") == pytest.approx(record.points_2d[i])
        assert values(f"Landmark[{i}].Confidence") == pytest.approx([record.confidence[i]])
        assert values(*(f"Point3D[{i}].{axis}" for axis in "XYZ")) == pytest.approx(record.points_3d[i], abs=1e-6)
    assert values("Point3D[69].Z", "eye_l", "mouth_wide") == pytest.approx(
        [record.points_3d[69, 2], record.features[0], record.features[13]], abs=1e-6
    )


def test_log_of_a_file_holds_the_position_and_not_the_hour(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    sink = CsvSink(path, is_live=False)
    sink.write(a_frame(15), a_result(a_face(), index=15))
    sink.close()
    (row,) = rows_of(path)
    assert (row["Time"], row["FPS"]) == ("0.500000", "0")


def test_face_without_a_pose_is_logged_with_zeros(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    sink = CsvSink(path, is_live=False)
    sink.write(a_frame(), a_result(a_face(with_pose=False)))
    sink.close()
    (row,) = rows_of(path)
    assert (row["Success3D"], row["PnPError"], row["Euler.Z"], row["Point3D[8].Y"]) == ("False", "99999", "0", "0")
    assert float(row["Landmark[8].Y"]) > 0


def test_every_row_is_on_the_disk_before_the_next_frame(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    sink = CsvSink(path, is_live=False)
    for index in range(3):
        sink.write(a_frame(index), a_result(a_face(), index=index))
        sink.write(a_frame(index), a_result(index=index))
        assert path.read_bytes().count(b"\r\n") == index + 2
        assert path.read_bytes().endswith(b"\r\n")
    sink.close()
    sink.close()


def test_path_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "no such folder" / "log.csv"
    with pytest.raises(SettingsError) as refused:
        CsvSink(path, is_live=False)
    assert str(refused.value) == f"cannot write the data log {path}: No such file or directory"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_full_disk_is_one_clear_line() -> None:
    with pytest.raises(FacetrackerError, match=r"^cannot write the data log /dev/full: No space left on device$"):
        CsvSink(Path("/dev/full"), is_live=False)
