"""Logistic regression of a few inputs."""

from __future__ import annotations

import numpy as np


def fitted_logistic(inputs: np.ndarray, truth: np.ndarray, ridge: float = 1e-6) -> list[float]:
    """The weights of (N, K) `inputs`, then an offset, whose sum's probability fits `truth` (N,), 0 or 1, best.

    Newton's method; ridge: penalty on the squared weights, for truths that can be told apart without an error.
    """
    columns = np.column_stack([inputs, np.ones(len(inputs))])
    weights = np.zeros(columns.shape[1])
    penalty = ridge * np.eye(len(weights))
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(columns @ weights, -500, 500)))
        curvature = columns.T @ (columns * (p * (1 - p))[:, None]) + penalty
        weights = weights + np.linalg.solve(curvature, columns.T @ (truth - p) - penalty @ weights)
    found: list[float] = weights.tolist()
    return found
