"""From a frame to its faces: detection, tracking and identity. `measurement.py` then measures each face."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from tracker.errors import ModelError
from tracker.face.acceptance import AcceptancePolicy
from tracker.face.classifier import FaceClassifier
from tracker.face.crop import bounds, crop_around
from tracker.face.detector import FAST_WIDTH, FINE_WIDTH, Candidate, Detector, intersection_over_union
from tracker.face.eyes import EyeReader
from tracker.face.finder import FaceFinder
from tracker.face.identity import choose_memory, is_same_place
from tracker.face.landmarks import LandmarkReader
from tracker.face.measurement import FaceMeasurer
from tracker.face.memory import FaceMemory
from tracker.face.networks import ModelStore, Network
from tracker.face.options import EngineOptions
from tracker.face.scanner import BackgroundDetector
from tracker.face.stopwatch import Stopwatch
from tracker.face.taught.library import TaughtExpressions
from tracker.intrinsics import CameraIntrinsics
from tracker.manifest import REINSTALL
from tracker.types import FloatArray, Frame, FrameResult, Landmarks

IDLE_AFTER_S, IDLE_SCAN_S = 5.0, 0.2
"""Once there was no face for this long, scan only this often."""
SAME_FACE_IOU = 0.3
"""Two tracked faces whose intersection over union is larger are the same."""
SPARE_CANDIDATES = 5
"""Number of candidates examined beyond `max_faces`, since not every candidate is a face."""


class Engine:
    """Tracks the faces of one stream of frames.

    Use it from one thread, except for the methods that may be called from any.
    Raises ModelError when the networks are missing or damaged.
    """

    def __init__(self, options: EngineOptions, taught: TaughtExpressions | None = None) -> None:
        """taught: what the user taught, recognised in the first face and recorded from it."""
        self.options = options
        self._taught = taught
        store = ModelStore(options.model_dir)
        threads = max(1, min(options.max_threads, 4))
        landmark_model, eye_model = (3, "eyes_fine") if options.model == 4 else (options.model, "eyes")
        self._finder = self._make_finder(store, store.load(f"landmarks_{landmark_model}", threads), threads)
        self._stopwatch = Stopwatch()
        self._measurer = FaceMeasurer(EyeReader(store.load(eye_model, threads)), options, self._stopwatch)
        self._candidate_limit = options.max_faces + SPARE_CANDIDATES
        self._scanner: BackgroundDetector | None = None
        if options.background_scan and options.max_faces > 1:
            self._scanner = BackgroundDetector(self._finder, self._candidate_limit)
        self._memories = [FaceMemory(face_id, options) for face_id in range(options.max_faces)]
        self._pending_commands: deque[Callable[[], None]] = deque()
        self._camera: CameraIntrinsics | None = None
        self._frames_since_scan = 0
        self._last_face_s: float | None = None
        self._last_scan_s = -np.inf

    def _make_finder(self, store: ModelStore, landmarks: Network, threads: int) -> FaceFinder:
        options = self.options
        network = store.load("detector", threads)
        detectors = [Detector(network, FAST_WIDTH)]
        if options.scan_retinaface or options.try_hard:
            detectors.append(Detector(network, FINE_WIDTH))
        return FaceFinder(
            detectors,
            LandmarkReader(landmarks),
            FaceClassifier(store.load("classifier", threads)),
            _policy(options, landmarks),
            only_if_none=not options.scan_retinaface,
        )

    def process(self, frame: Frame) -> FrameResult:
        """Find and measure the faces in `frame`. Frames must come in order of their media time."""
        self._stopwatch.restart()
        while self._pending_commands:
            self._pending_commands.popleft()()
        camera = self._camera_for(frame)
        with self._stopwatch.stage("landmarks"):
            self._track(frame)
        self._scan(frame)
        faces = tuple(
            self._measurer.measure(frame, memory, memory.landmarks, camera)
            for memory in self._memories
            if memory.active and memory.landmarks is not None
        )
        if faces:
            self._last_face_s = frame.media_s
            if self._taught is not None and self._taught.active:
                self._memories[faces[0].face_id].estimate_blendshapes()
                faces = (self._taught.apply(faces[0], frame.media_s), *faces[1:])
        return FrameResult(
            frame_index=frame.index,
            captured_ns=frame.captured_ns,
            unix_time=frame.unix_time,
            media_s=frame.media_s,
            camera=camera,
            faces=faces,
            timings=self._stopwatch.timings(),
        )

    def close(self) -> None:
        """End the scanning thread, if there is one. Safe to call twice."""
        if self._scanner is not None:
            self._scanner.close()
            self._scanner = None

    def reset_calibration(self) -> None:
        """Forget every person's ranges before the next frame; poses are not affected. May be called from any thread."""
        self._pending_commands.append(self._reset_calibration)

    def recentre(self) -> None:
        """Take the next second of everybody in the frame as their neutral face. May be called from any thread.

        Poses are not affected: they are recentred on output.
        """
        self._pending_commands.append(self._retake_neutral)

    def _reset_calibration(self) -> None:
        for memory in self._memories:
            memory.reset_calibration()

    def _retake_neutral(self) -> None:
        # Without a face the request waits for one; people who join later did not ask for it.
        for memory in [memory for memory in self._memories if memory.active] or self._memories:
            memory.retake_neutral()

    def head_points(self) -> FloatArray:
        """(70, 3) the head of face 0 in frame M: the reference head, or the one adapted to the user."""
        head: FloatArray = self._memories[0].head.head.copy()
        return head

    def export_profile(self) -> dict[str, Any]:
        """The neutral face and ranges of face 0, as JSON values."""
        memory = self._memories[0]
        profile = {"version": 1, "features": memory.features.export(), "eyes": memory.openness.export()}
        if memory.blendshapes is not None:
            profile["blendshapes"] = memory.blendshapes.neutral.export()
        return profile

    def import_profile(self, profile: dict[str, Any]) -> None:
        """Start from the ranges of an earlier run. Raises ValueError when `profile` is damaged."""
        memory = self._memories[0]
        # Into fresh objects first: a profile whose second half is damaged must not be applied by half.
        fresh = FaceMemory(memory.face_id, self.options)
        for part, restore in (("features", fresh.features.restore), ("eyes", fresh.openness.restore)):
            if part not in profile:
                raise ValueError(f"{part!r} is missing")
            restore(profile[part])
        if fresh.blendshapes is not None and "blendshapes" in profile:
            fresh.blendshapes.neutral.restore(profile["blendshapes"])
        memory.features, memory.openness = fresh.features, fresh.openness
        if memory.blendshapes is not None and fresh.blendshapes is not None:
            memory.blendshapes.neutral = fresh.blendshapes.neutral

    def _camera_for(self, frame: Frame) -> CameraIntrinsics:
        """The intrinsics for the frame's size. When the size changes, positions of earlier frames are void."""
        camera = self._camera
        if camera is None or (camera.width, camera.height) != (frame.width, frame.height):
            camera = self._camera = CameraIntrinsics.from_fov(frame.width, frame.height, self.options.fov_deg)
            for memory in self._memories:
                memory.restart_motion()
        return camera

    def _track(self, frame: Frame) -> None:
        """Look for each known face at its last position."""
        for memory in self._memories:
            if memory.landmarks is None:
                continue
            found = self._finder.read(frame.bgr, crop_around(memory.landmarks.xy))
            if found is not None and self._is_still_face(frame, memory, found):
                memory.landmarks, memory.missing_frames = found, 0
            else:
                memory.missing_frames += 1
                memory.solver.reset()
                if memory.missing_frames > self.options.discard_after:
                    memory.drop()
        self._drop_duplicates()

    def _is_still_face(self, frame: Frame, memory: FaceMemory, found: Landmarks) -> bool:
        """Whether a tracked face remains one. The classifier decides where its landmarks are uncertain (a mask)."""
        if self._finder.is_confident(found) or frame.media_s < memory.confirmed_until_s:
            return True
        if not self._finder.is_face(frame.bgr, found):
            return False
        memory.confirmed_until_s = frame.media_s + self._finder.policy.keep_s
        return True

    def _scan(self, frame: Frame) -> None:
        """Look for further faces while fewer than `max_faces` are tracked."""
        active = sum(memory.active for memory in self._memories)
        if active == self.options.max_faces:
            return
        self._frames_since_scan += 1
        candidates: list[Candidate] = []
        with self._stopwatch.stage("detect"):
            if active == 0:
                if not self._is_idle(frame.media_s):
                    candidates = self._finder.detect(frame.bgr, self._candidate_limit, rotated=True)
                    self._last_scan_s, self._frames_since_scan = frame.media_s, 0
            elif self._scanner is not None:
                candidates = self._scanner.collect()
                if self._frames_since_scan >= self.options.scan_every:
                    self._scanner.request(frame.bgr)
                    self._frames_since_scan = 0
            elif self._frames_since_scan >= self.options.scan_every:
                candidates = self._finder.detect(frame.bgr, self._candidate_limit)
                self._frames_since_scan = 0
        if candidates:
            with self._stopwatch.stage("landmarks"):
                self._acquire(frame.bgr, candidates)

    def _is_idle(self, now_s: float) -> bool:
        """Whether there was no face for a while and the last scan is recent."""
        if self._last_face_s is None:
            self._last_face_s = now_s
        return now_s - self._last_face_s > IDLE_AFTER_S and now_s - self._last_scan_s < IDLE_SCAN_S

    def _acquire(self, bgr: npt.NDArray[np.uint8], candidates: list[Candidate]) -> None:
        """Start to track those candidates that are faces, while there is room."""
        for candidate in candidates:
            box = candidate.detection.box
            taken = (bounds(m.landmarks.xy) for m in self._memories if m.active and m.landmarks is not None)
            if any(intersection_over_union(box, other) > SAME_FACE_IOU for other in taken):
                continue
            found = self._finder.accept(bgr, candidate)
            if found is None:
                continue
            memory = choose_memory(found, self._memories)
            if memory is None:
                return
            if memory.landmarks is not None:
                if is_same_place(found, memory.landmarks):
                    memory.restart_motion()
                else:
                    memory.drop()
            memory.landmarks, memory.missing_frames = found, 0
        self._drop_duplicates()

    def _drop_duplicates(self) -> None:
        """Where two ids track the same face the lower id keeps it."""
        active = [memory for memory in self._memories if memory.active]
        for k, memory in enumerate(active):
            for other in active[:k]:
                if other.landmarks is None or memory.landmarks is None:
                    continue
                if intersection_over_union(bounds(memory.landmarks.xy), bounds(other.landmarks.xy)) > SAME_FACE_IOU:
                    memory.drop()


def _policy(options: EngineOptions, landmarks: Network) -> AcceptancePolicy:
    """The policy for these options. Raises ModelError when the network does not state its threshold."""
    trusted = landmarks.metadata.threshold if options.threshold is None else options.threshold
    if trusted is None:
        raise ModelError(f"the manifest gives no threshold for the landmarks; {REINSTALL}")
    if options.threshold is None:
        return AcceptancePolicy(trusted_confidence=trusted, detection_score=options.detection_threshold)
    return AcceptancePolicy(
        trusted_confidence=trusted, min_confidence=options.threshold, detection_score=options.detection_threshold
    )
