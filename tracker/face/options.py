"""Options of the engine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tracker.option import FormField, Group, Origin, option
from tracker.option_types import Choice, FilePath, Integer, Number, Switch

MODELS = (-3, -2, -1, 0, 1, 2, 3, 4)
MAX_FACES = 36
"""37 records of 1785 bytes do not fit into a UDP datagram."""
DEFAULT_FOV_DEG = 53.13010235415598
"""Horizontal field of view at which the focal length equals the frame width, OpenSeeFace's assumption."""

_OPENSEEFACE = Origin.OPENSEEFACE


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Options that hold for the life of an engine.

    model: -3 (cheapest) to 3 (most accurate); 4 = 3 with the finer eye network.
    max_faces: 1 to 36.
    threshold: mean landmark confidence below which nothing is sent as a face; None takes the model's default.
    detection_threshold: score a detection must reach.
    scan_every: frames between scans for more faces while fewer than `max_faces` are tracked.
    scan_retinaface: scan with the high-resolution detector.
    discard_after: frames a lost face is searched for at its last position.
    switch_after: seconds after which a clearly better face takes the place of a tracked one, when there is room for no
        other; 0 = never.
    try_hard: scan at finer scales as well when no face is found.
    gaze_tracking: False puts the pupils at the eye centres; eye openness is measured either way.
    adapt_3d: slowly fit the head model to the user.
    max_feature_updates: seconds after which feature ranges freeze; 0 = never, but reset when a face is lost.
    smoothing: 0 off, 1 default; larger is steadier and slower.
    fov_deg: the camera's horizontal field of view.
    max_threads: threads per network session.
    model_dir: folder searched for networks first; None = the packaged ones only.
    background_scan: scan for more faces in a separate thread; off for files, so that runs are reproducible.
    """

    model: int = option(
        "--model",
        "landmark model, -3 (fastest) to 3 (most accurate); 4 = 3 with a finer eye network, for winks",
        Choice({str(model): model for model in MODELS}),
        3,
        Group.TRACKING,
        origin=_OPENSEEFACE,
        form=FormField(
            "Model",
            "tracking",
            labels={4: "4 – best, with finer eyes for winks", 3: "3 – best", 0: "0 – balanced", -3: "-3 – low CPU"},
        ),
    )
    max_faces: int = option(
        "--faces",
        "maximum number of faces to track",
        Integer(1, MAX_FACES),
        1,
        Group.TRACKING,
        origin=_OPENSEEFACE,
        form=FormField("Maximum faces", "tracking"),
    )
    threshold: float | None = option(
        "-t --threshold",
        "mean landmark confidence a face must reach",
        Number(0.0, 1.0),
        None,
        Group.TRACKING,
        origin=_OPENSEEFACE,
        default_text="a third of the model's own, 0.05 for the packaged ones",
    )
    detection_threshold: float = option(
        "-d --detection-threshold",
        "score a new face must reach",
        Number(0.0, 1.0),
        0.6,
        Group.TRACKING,
        origin=_OPENSEEFACE,
    )
    scan_every: int = option(
        "--scan-every", "frames between scans for more faces", Integer(0), 3, Group.TRACKING, origin=_OPENSEEFACE
    )
    scan_retinaface: bool = option(
        "--scan-retinaface",
        "1 scans for more faces with the high-resolution detector",
        Switch(),
        False,
        Group.TRACKING,
        origin=_OPENSEEFACE,
    )
    discard_after: int = option(
        "--discard-after",
        "frames a lost face is searched for at its last position",
        Integer(0),
        10,
        Group.TRACKING,
        origin=_OPENSEEFACE,
    )
    switch_after: float = option(
        "--switch-after",
        "follow a clearly better face (larger, more central, moving) instead once it was there this long; 0 = never",
        Number(0.0, 3600.0),
        2.0,
        Group.TRACKING,
        metavar="SECONDS",
        form=FormField(
            "Follow a better face after (seconds)",
            "tracking",
            hint="For a poster or a passer-by that was tracked first; 0: never",
        ),
    )
    try_hard: bool = option(
        "--try-hard",
        "1 also searches at finer scales while no face is found",
        Switch(),
        False,
        Group.TRACKING,
        origin=_OPENSEEFACE,
    )
    gaze_tracking: bool = option(
        "--gaze-tracking",
        "0 disables gaze tracking",
        Switch(),
        True,
        Group.TRACKING,
        origin=_OPENSEEFACE,
        form=FormField("Eye tracking", "tracking"),
    )
    adapt_3d: bool = option(
        "--no-3d-adapt",
        "0 slowly fits the head model to the user",
        Switch(inverted=True),
        False,
        Group.TRACKING,
        origin=_OPENSEEFACE,
    )
    max_feature_updates: float = option(
        "--max-feature-updates",
        "seconds after which the range of each feature is frozen; 0 = never, but reset when the face is lost",
        Integer(0),
        900,
        Group.TRACKING,
        origin=_OPENSEEFACE,
        metavar="SECONDS",
    )
    smoothing: float = option(
        "--smoothing",
        "0 disables smoothing; larger values are steadier and slower",
        Number(0.0, 100.0),
        1.0,
        Group.TRACKING,
        form=FormField("Smoothing", "tracking", slider=(0.0, 5.0, 0.1), ends=("off, most responsive", "steadiest")),
    )
    fov_deg: float = option(
        "--fov",
        "the camera's horizontal field of view",
        Number(5.0, 170.0),
        DEFAULT_FOV_DEG,
        Group.TRACKING,
        default_text="53.1",
        metavar="DEGREES",
    )
    max_threads: int = option(
        "-m --max-threads", "processor threads to use", Integer(1), 1, Group.PROGRAM, origin=_OPENSEEFACE
    )
    model_dir: Path | None = option(
        "--model-dir",
        "folder of the networks",
        FilePath("DIR"),
        None,
        Group.TRACKING,
        origin=_OPENSEEFACE,
        default_text="the packaged ones",
    )
    background_scan: bool = False
