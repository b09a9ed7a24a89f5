import numpy as np

from training.logistic import fitted_logistic


def test_known_weights_are_found_again():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(40000, 3))
    chance = 1 / (1 + np.exp(-(inputs @ [2.0, -1.0, 0.0] + 0.5)))
    truth = (rng.random(40000) < chance).astype(float)
    np.testing.assert_allclose(fitted_logistic(inputs, truth), [2.0, -1.0, 0.0, 0.5], atol=0.08)


def test_what_is_told_apart_without_an_error_gets_finite_weights():
    inputs = np.linspace(-1, 1, 20)[:, None]
    weights = fitted_logistic(inputs, (inputs[:, 0] > 0).astype(float), ridge=0.1)
    assert np.isfinite(weights).all() and weights[0] > 1
