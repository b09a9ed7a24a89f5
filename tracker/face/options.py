"""What the engine can be asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MODELS = (-3, -2, -1, 0, 1, 2, 3, 4)
DEFAULT_FOV_DEG = 53.13010235415598
"""Horizontal field of view at which the focal length equals the frame width, OpenSeeFace's assumption."""


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Choices that hold for the life of an engine. Names and meanings are the command line's.

    model: -3 (cheapest) to 3 (best); 4 = 3 with the finer eye network.
    max_faces: 1 to 36.
    threshold: mean landmark confidence a face must reach to be kept; None takes the model's default.
    detection_threshold: score a detection must reach.
    scan_every: frames between scans for further faces while fewer than `max_faces` are held.
    discard_after: frames a lost face is looked for at its last place.
    scan_retinaface: scan with the high-resolution detector.
    try_hard: look at finer scales as well when no face is found.
    background_scan: scan for further faces in a thread of its own; off for files, so that they repeat exactly.
    gaze_tracking: off puts the pupils at the eye centres; openness is measured all the same.
    blendshapes: estimate ARKit's 52 coefficients as well (`Face.blendshapes`).
    adapt_3d: slowly fit the head to the user.
    max_feature_updates: seconds after which feature ranges freeze; 0 = never, but reset when a face is lost.
    smoothing: 0 off, 1 default; larger steadies more.
    fov_deg: the camera's horizontal field of view.
    max_threads: threads per network session.
    model_dir: where to look for networks first; None = the packaged ones.
    """

    model: int = 3
    max_faces: int = 1
    threshold: float | None = None
    detection_threshold: float = 0.6
    scan_every: int = 3
    discard_after: int = 10
    scan_retinaface: bool = False
    try_hard: bool = False
    background_scan: bool = False
    gaze_tracking: bool = True
    blendshapes: bool = False
    adapt_3d: bool = False
    max_feature_updates: float = 900.0
    smoothing: float = 1.0
    fov_deg: float = DEFAULT_FOV_DEG
    max_threads: int = 1
    model_dir: Path | None = None
