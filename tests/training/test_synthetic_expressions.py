import numpy as np
import pytest

from tracker.topology import BLENDSHAPE_NAMES
from training.synthetic import expressions
from training.synthetic.expressions import INDEX, SIDEWAYS_DEG, VERTICAL_DEG, Act, finished, mirrored, plausible


@pytest.fixture
def recorded(monkeypatch):
    """A recording of random frames, for the real one is not in the repository."""
    frames = np.random.default_rng(3).uniform(0, 1, (200, 52)).astype(np.float32) ** 3
    monkeypatch.setattr(expressions, "recording", lambda: frames)
    expressions._frame_weights.cache_clear()
    yield
    expressions._frame_weights.cache_clear()


def coefficients(**values):
    out = np.zeros(52, np.float32)
    for name, value in values.items():
        out[INDEX[name]] = value
    return out


def test_a_turned_eye_has_the_coefficients_of_its_angle():
    act = finished(np.zeros(52), np.tile([SIDEWAYS_DEG / 2, -VERTICAL_DEG / 4], (2, 1)))
    moved = {BLENDSHAPE_NAMES[i]: act.coefficients[i] for i in np.flatnonzero(act.coefficients)}
    # both eyes look to the subject's left and down: the left one outwards, the right one inwards
    assert moved == pytest.approx(
        {"eyeLookOutLeft": 0.5, "eyeLookInRight": 0.5, "eyeLookDownLeft": 0.25, "eyeLookDownRight": 0.25}
    )


def test_recorded_eye_coefficients_give_way_to_the_gaze():
    act = finished(coefficients(eyeLookUpLeft=0.9, eyeLookInRight=0.4), np.zeros((2, 2)))
    assert not act.coefficients.any()


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_an_eye_does_not_blink_and_widen_at_once(side):
    c = plausible(coefficients(**{f"eyeBlink{side}": 0.7, f"eyeWide{side}": 0.4}))
    assert c[INDEX[f"eyeBlink{side}"]] == pytest.approx(0.7)
    assert c[INDEX[f"eyeWide{side}"]] == 0


def test_the_mouth_closes_no_further_than_the_jaw_opened():
    c = plausible(coefficients(mouthClose=0.8, jawOpen=0.3))
    assert c[INDEX["mouthClose"]] == pytest.approx(0.3)


def test_the_tongue_needs_an_open_mouth():
    c = plausible(coefficients(tongueOut=1, mouthClose=0.5))
    assert c[INDEX["jawOpen"]] > 0.3
    assert c[INDEX["mouthClose"]] == 0


def test_opposites_keep_the_stronger():
    c = plausible(coefficients(jawLeft=0.2, jawRight=0.6, mouthSmileLeft=0.9, mouthFrownLeft=0.5))
    assert c[INDEX["jawLeft"]] == 0 and c[INDEX["jawRight"]] == pytest.approx(0.6)
    assert c[INDEX["mouthSmileLeft"]] == pytest.approx(0.9)
    assert c[INDEX["mouthFrownLeft"]] == 0


def test_mirrored_twice_is_the_same():
    rng = np.random.default_rng(1)
    act = Act(rng.uniform(0, 1, 52).astype(np.float32), rng.normal(0, 10, (2, 2)).astype(np.float32))
    once, twice = mirrored(act), mirrored(mirrored(act))
    assert once.coefficients[INDEX["mouthSmileLeft"]] == act.coefficients[INDEX["mouthSmileRight"]]
    assert once.coefficients[INDEX["jawOpen"]] == act.coefficients[INDEX["jawOpen"]]
    assert once.gaze_deg[0] == pytest.approx(act.gaze_deg[1] * [-1, 1])
    np.testing.assert_array_equal(twice.coefficients, act.coefficients)
    np.testing.assert_array_equal(twice.gaze_deg, act.gaze_deg)


def test_a_mirrored_gaze_keeps_its_coefficients():
    act = finished(np.zeros(52), np.array([[20.0, 5.0], [14.0, 5.0]]))
    other = mirrored(act)
    again = finished(np.zeros(52), other.gaze_deg)
    np.testing.assert_allclose(other.coefficients, again.coefficients, atol=1e-6)


@pytest.mark.usefixtures("recorded")
def test_random_acts_are_plausible_and_varied():
    rng = np.random.default_rng(0)
    acts = [expressions.sample(rng, (5.0, -3.0)) for _ in range(400)]
    c = np.array([act.coefficients for act in acts])
    gaze = np.array([act.gaze_deg for act in acts])
    assert c.min() >= 0 and c.max() <= 1
    assert np.abs(gaze[..., 0]).max() <= 35 and np.abs(gaze[..., 1]).max() <= 25
    looked = np.array([[look_up(act, "Left"), look_up(act, "Right")] for act in acts])
    np.testing.assert_allclose(looked, gaze[:, ::-1, 1] / VERTICAL_DEG, atol=1e-5)
    # every shape occurs, and eyes are often shut, half shut or cast down
    assert (c.max(axis=0)[[i for name, i in INDEX.items() if not name.startswith("eyeLook")]] > 0.3).all()
    blink = c[:, INDEX["eyeBlinkLeft"]]
    assert (blink > 0.85).mean() > 0.06
    assert ((blink > 0.2) & (blink < 0.85)).mean() > 0.1
    assert (gaze[:, 0, 1] < -8).mean() > 0.1


def look_up(act, side):
    return act.coefficients[INDEX[f"eyeLookUp{side}"]] - act.coefficients[INDEX[f"eyeLookDown{side}"]]


def test_a_neutral_act_moves_the_eyes_alone():
    act = expressions.neutral(np.random.default_rng(2))
    moved = [BLENDSHAPE_NAMES[i] for i in np.flatnonzero(act.coefficients)]
    assert moved and all(name.startswith("eyeLook") for name in moved)
