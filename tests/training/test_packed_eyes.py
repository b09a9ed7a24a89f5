import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

from training.eyes.data import WIDE, WIDE_SIZE, crop_matrix, warp_crop
from training.eyes.packed import importance, load_packed, pack, window
from training.eyes.rendered import RenderedEyes, joined, turned_gaze


def some_eyes(count=6, seed=0):
    rng = np.random.default_rng(seed)
    patches, rows = [], {key: [] for key in ("corners", "pupil", "lids", "gaze", "openness", "blink", "shape")}
    for k in range(count):
        side = int(rng.integers(60, 80))
        noise = rng.integers(0, 255, (8, 8, 3)).astype(np.uint8)
        patches.append(cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC))
        middle, half = side / 2, side / 4.6
        turn = rng.uniform(-0.5, 0.5)
        reach = half * np.array([np.cos(turn), np.sin(turn)])
        ends = np.stack([middle - reach, middle + reach])
        rows["corners"].append(ends if k % 2 else ends[::-1])  # left eyes are mirrored
        rows["pupil"].append(middle + rng.normal(0, 2, 2))
        rows["lids"].append(middle + rng.normal(0, 5, (16, 2)))
        rows["gaze"].append(rng.normal(0, 10, 4))
        rows["openness"].append(rng.uniform(0, 1))
        rows["blink"].append(rng.uniform(0, 1))
        rows["shape"].append((side, side))
    arrays = {key: np.asarray(value, np.int64 if key == "shape" else np.float32) for key, value in rows.items()}
    arrays["start"] = np.cumsum([0, *(patch.size for patch in patches[:-1])])
    return RenderedEyes(np.concatenate([patch.ravel() for patch in patches]), arrays)


def test_packed_eyes_show_and_say_the_same(tmp_path):
    eyes = some_eyes()
    chosen = np.array([0, 2, 3, 5])
    np.savez_compressed(tmp_path / "eyes.npz", **pack(eyes, chosen))
    again = load_packed(tmp_path / "eyes.npz")
    assert len(again) == len(chosen)
    assert again.pixels.size < eyes.pixels.size * len(chosen) / len(eyes)
    for row, i in enumerate(chosen):
        seen = []
        for source, k in ((eyes, i), (again, row)):
            corners = source["corners"][k]
            matrix = crop_matrix(corners[0], corners[1], WIDE_SIZE, WIDE)
            seen.append((warp_crop(source.patch(k), matrix, WIDE_SIZE, averaged=False), matrix, source))
            places = source["pupil"][k] @ matrix[:, :2].T + matrix[:, 2]
            seen[-1] = (*seen[-1][:1], places)
        assert np.abs(seen[0][0].astype(int) - seen[1][0]).mean() < 5
        assert seen[0][1] == pytest.approx(seen[1][1], abs=0.2)
        for key in ("gaze", "openness", "blink"):
            assert again[key][row] == pytest.approx(eyes[key][i], rel=2e-3, abs=1e-3)


def test_the_window_holds_an_example_but_not_the_whole_patch():
    rows, columns = window(np.array([[38.0, 50.0], [62.0, 50.0]], np.float32), np.array([100, 100]))
    across, down = WIDE * 1.6 * 24, WIDE * 1.2 * 24
    assert across < columns.stop - columns.start < 1.3 * across
    assert down < rows.stop - rows.start < 1.3 * down


def test_eyes_that_are_half_closed_narrow_or_look_far_away_are_chosen_more_often():
    eyes = some_eyes(5)
    eyes.arrays["blink"][:] = [0, 0.5, 0, 0.1, 1]
    eyes.arrays["openness"][:] = [1, 0.4, 1, 0.5, 0]
    eyes.arrays["gaze"][:] = [[0, 0, 0, 0], [0, 0, 0, 0], [30, 0, 0, 0], [0, -20, 0, 0], [30, 0, 0, 0]]
    share = importance(eyes)
    assert share.sum() == pytest.approx(1)
    assert share / share[0] == pytest.approx([1, 2, 2, 4, 1])


def test_joined_eyes_keep_their_patches():
    first, second = some_eyes(2, seed=1), some_eyes(3, seed=2)
    both = joined([first, second])
    assert len(both) == 5
    assert np.array_equal(both.patch(1), first.patch(1))
    assert np.array_equal(both.patch(4), second.patch(2))
    assert both["gaze"][3] == pytest.approx(second["gaze"][1])


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_gaze_turns_with_the_crop(mirrored):
    turn = np.radians(30)
    level, turned = (np.array([-1.0, 0]), np.array([1.0, 0])), (
        np.array([-np.cos(turn), -np.sin(turn)]), np.array([np.cos(turn), np.sin(turn)]),
    )  # fmt: skip
    if mirrored:
        level, turned = level[::-1], turned[::-1]
    upright, matrix = (crop_matrix(*ends, WIDE_SIZE, WIDE) for ends in (level, turned))
    inward, raised = 20.0, 0.0
    head = [3.0, 4.0]
    seen = turned_gaze(np.array([*head, inward, raised]), upright, matrix)
    # The corner line falls to image right: what was along it points up from it, seen upright, and down if mirrored.
    side = -1 if mirrored else 1
    assert seen == pytest.approx([*head, 20 * np.cos(turn), side * 20 * np.sin(turn)], abs=1e-3)
