import numpy as np
import pytest

pytest.importorskip("torch")

from tracker import topology as t
from tracker.face.eye_points import EYES, N_COORDINATES, eye_frames, to_image
from training.eyes.points import fit, wanted


def landmarks(rng, count):
    """Faces whose eyes have six points each, near where eyes are."""
    xy = rng.uniform(0, 200, (count, t.N_LANDMARKS, 2))
    for eye, x in zip(EYES, (60, 140), strict=True):
        outwards = -1 if x < 100 else 1
        for k, (across, down) in enumerate(((1, 0), (0.4, -0.4), (-0.4, -0.4), (-1, 0), (-0.4, 0.4), (0.4, 0.4))):
            xy[:, eye[k]] = np.array([x + 15 * outwards * across, 80 + 15 * down]) + rng.normal(0, 1, (count, 2))
    return xy


def test_wanted_places_are_the_labels_seen_from_the_landmarks():
    rng = np.random.default_rng(1)
    found, labels = landmarks(rng, 4), landmarks(rng, 4)
    places = wanted(found, labels).view(np.complex128)
    for xy, label, of_face in zip(found, labels, places, strict=True):
        for eye, frame, of_eye in zip(EYES, eye_frames(xy)[0], of_face, strict=True):
            back = np.array(to_image(of_eye.tolist(), frame))
            np.testing.assert_allclose(np.stack([back.real, back.imag], axis=1), label[eye], atol=1e-9)


def test_the_fit_finds_a_linear_law_in_spite_of_wrong_labels():
    rng = np.random.default_rng(2)
    taken = rng.normal(0, 0.1, (2000, 44))
    taken[:, [0, 1, 6, 7]] = -0.5, 0, 0.5, 0  # corners never move in the frame they make
    law = rng.normal(0, 0.05, (44, N_COORDINATES))
    true = taken[:, :N_COORDINATES] + taken @ law + rng.normal(0, 0.001, (2000, N_COORDINATES))
    true[::20] += 5
    step = taken @ fit(taken, true)
    np.testing.assert_allclose(step, taken @ law, atol=0.02)
