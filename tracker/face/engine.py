"""From a frame to its faces: the stages in order.

Detect, carry each face's crop from frame to frame, read landmarks, smooth, read eyes, solve the pose, lift the
points into the head, measure and calibrate the expression.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tracker.errors import ModelError
from tracker.face.classifier import FaceClassifier
from tracker.face.crop import bounds, crop_around
from tracker.face.detector import FAST_WIDTH, FINE_WIDTH, Candidate, Detector, intersection_over_union
from tracker.face.eyes import EyeReader, EyeReading
from tracker.face.features import raw_features
from tracker.face.finder import MIN_CONFIDENCE, FaceFinder
from tracker.face.gaze import eye_centres, to_pixels
from tracker.face.identity import choose_memory
from tracker.face.landmarks import LandmarkReader
from tracker.face.memory import FaceMemory
from tracker.face.networks import ModelStore, Network
from tracker.face.options import EngineOptions
from tracker.face.points3d import lift, normalise
from tracker.face.scanner import BackgroundDetector
from tracker.intrinsics import CameraIntrinsics
from tracker.manifest import REINSTALL
from tracker.topology import gaze_vectors
from tracker.types import Expression, Eyes, Face, FloatArray, Frame, FrameResult, HeadPose, Landmarks, StageTimings

IDLE_AFTER_S, IDLE_SCAN_S = 5.0, 0.2
"""With nobody there for this long, look only this often."""
SAME_FACE_IOU = 0.3
"""Two held faces that overlap more (intersection over union) are one."""
SPARE_CANDIDATES = 5
"""Detections looked at beyond the faces wanted: the finder has the last word on what is a face."""
MIN_LEARNING_CONFIDENCE = 0.4
CLASSIFICATION_VALID_S = 0.25
"""How long the classifier's word holds for a face whose landmarks are not sure."""
MAX_LEARNING_ERROR = 0.25
"""Fit error over face size beyond which expression ranges do not learn from a frame."""

_STAGES = ("detect", "landmarks", "eyes", "pose", "expression")


class Engine:
    """Tracks the faces of one stream of frames. Not for use from several threads at once, but where it is said."""

    def __init__(self, options: EngineOptions) -> None:
        self.options = options
        store = ModelStore(options.model_dir)
        threads = max(1, min(options.max_threads, 4))
        landmark_model, eye_model = (3, "eyes_fine") if options.model == 4 else (options.model, "eyes")
        self._finder = self._make_finder(store, store.load(f"landmarks_{landmark_model}", threads), threads)
        self._eye_reader = EyeReader(store.load(eye_model, threads))
        self._candidate_limit = options.max_faces + SPARE_CANDIDATES
        self._scanner: BackgroundDetector | None = None
        if options.background_scan and options.max_faces > 1:
            self._scanner = BackgroundDetector(self._finder, self._candidate_limit)
        self._memories = [FaceMemory(face_id, options) for face_id in range(options.max_faces)]
        self._pending_commands: deque[Callable[[], None]] = deque()
        self._camera: CameraIntrinsics | None = None
        self._since_scan = 0
        self._last_seen_s: float | None = None
        self._last_scan_s = -np.inf
        self._times: dict[str, float] = {}

    def _make_finder(self, store: ModelStore, landmarks: Network, threads: int) -> FaceFinder:
        options = self.options
        network = store.load("detector", threads)
        detectors = [Detector(network, FAST_WIDTH)]
        if options.scan_retinaface or options.try_hard:
            detectors.append(Detector(network, FINE_WIDTH))
        given = options.threshold
        return FaceFinder(
            detectors,
            LandmarkReader(landmarks),
            FaceClassifier(store.load("classifier", threads)),
            trusted=_own_threshold(landmarks) if given is None else given,
            lowest=MIN_CONFIDENCE if given is None else given,
            detection_threshold=options.detection_threshold,
            only_if_none=not options.scan_retinaface,
        )

    def process(self, frame: Frame) -> FrameResult:
        """Find and measure the faces in `frame`. Frames must come in the order of their media time."""
        begin = time.perf_counter()
        self._run_pending_commands()
        self._times = dict.fromkeys(_STAGES, 0.0)
        if self._camera is None or (self._camera.width, self._camera.height) != (frame.width, frame.height):
            self._camera = CameraIntrinsics.from_fov(frame.width, frame.height, self.options.fov_deg)
            for memory in self._memories:
                memory.drop()
        with self._timed("landmarks"):
            self._follow(frame)
        self._scan(frame)
        faces = tuple(
            self._measure(frame, memory, memory.landmarks)
            for memory in self._memories
            if memory.active and memory.landmarks is not None
        )
        if faces:
            self._last_seen_s = frame.media_s
        milliseconds = {name: 1e3 * seconds for name, seconds in self._times.items()}
        timings = StageTimings(**milliseconds, total=1e3 * (time.perf_counter() - begin))
        return FrameResult(
            frame_index=frame.index,
            captured_ns=frame.captured_ns,
            unix_time=frame.unix_time,
            media_s=frame.media_s,
            camera=self._camera,
            faces=faces,
            timings=timings,
        )

    def close(self) -> None:
        """End the scanning thread where there is one."""
        if self._scanner is not None:
            self._scanner.close()
            self._scanner = None

    def reset_calibration(self) -> None:
        """Forget every person's ranges before the next frame; poses stay. May be called from any thread."""
        self._pending_commands.append(self._reset_calibration)

    def recentre(self) -> None:
        """Take the next second of everybody in the picture for their neutral face. May be called from any thread.

        Poses stay: what is sent is recentred in the output.
        """
        self._pending_commands.append(self._retake_neutral)

    def _run_pending_commands(self) -> None:
        """Do what other threads asked for since the last frame."""
        while self._pending_commands:
            self._pending_commands.popleft()()

    def _reset_calibration(self) -> None:
        for memory in self._memories:
            memory.reset_calibration()

    def _retake_neutral(self) -> None:
        # With nobody there the wish waits for somebody; who comes later than others did not ask for it.
        for memory in [memory for memory in self._memories if memory.active] or self._memories:
            memory.retake_neutral()

    def head_points(self) -> FloatArray:
        """(70, 3) the head of face 0 in frame M: the reference head, or what was fitted to the user."""
        return self._memories[0].head.head.copy()

    def export_profile(self) -> dict[str, Any]:
        """The neutral face and ranges of face 0, fit for JSON."""
        memory = self._memories[0]
        profile = {"version": 1, "features": memory.features.export(), "eyes": memory.openness.export()}
        if memory.blendshapes is not None:
            profile["blendshapes"] = memory.blendshapes.neutral.export()
        return profile

    def import_profile(self, profile: dict[str, Any]) -> None:
        """Begin with the ranges of an earlier run. Raises ValueError when `profile` is damaged."""
        memory = self._memories[0]
        # Into fresh ones first: a profile that turns out to be damaged half way must not be half applied.
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

    def _follow(self, frame: Frame) -> None:
        """Look for each known face where it was."""
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
        self._drop_doubles()

    def _is_still_face(self, frame: Frame, memory: FaceMemory, found: Landmarks) -> bool:
        """Whether a followed face is still one. Where its landmarks are not sure (a mask), the classifier is asked."""
        if self._finder.is_confident(found) or frame.media_s < memory.classified_until_s:
            return True
        if not self._finder.is_face(frame.bgr, found):
            return False
        memory.classified_until_s = frame.media_s + CLASSIFICATION_VALID_S
        return True

    def _scan(self, frame: Frame) -> None:
        """Look for further faces while there is room for them."""
        held = sum(memory.active for memory in self._memories)
        if held == self.options.max_faces:
            return
        self._since_scan += 1
        candidates: list[Candidate] = []
        with self._timed("detect"):
            if held == 0:
                if not self._idle(frame.media_s):
                    candidates = self._finder.detect(frame.bgr, self._candidate_limit, turned=True)
                    self._last_scan_s, self._since_scan = frame.media_s, 0
            elif self._scanner is not None:
                candidates = self._scanner.collect()
                if self._since_scan >= self.options.scan_every:
                    self._scanner.request(frame.bgr)
                    self._since_scan = 0
            elif self._since_scan >= self.options.scan_every:
                candidates = self._finder.detect(frame.bgr, self._candidate_limit)
                self._since_scan = 0
        if candidates:
            with self._timed("landmarks"):
                self._acquire(frame.bgr, candidates)

    def _idle(self, now_s: float) -> bool:
        """Nobody has been there for a while, and the last look is recent."""
        if self._last_seen_s is None:
            self._last_seen_s = now_s
        return now_s - self._last_seen_s > IDLE_AFTER_S and now_s - self._last_scan_s < IDLE_SCAN_S

    def _acquire(self, bgr: npt.NDArray[np.uint8], candidates: list[Candidate]) -> None:
        """Turn detections into held faces while there is room."""
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
            if memory.missing_frames:
                memory.drop()
            memory.landmarks, memory.missing_frames = found, 0
        self._drop_doubles()

    def _drop_doubles(self) -> None:
        """Where two ids follow one face the lower id keeps it."""
        held = [memory for memory in self._memories if memory.active]
        for k, memory in enumerate(held):
            for other in held[:k]:
                if other.landmarks is None or memory.landmarks is None:
                    continue
                if intersection_over_union(bounds(memory.landmarks.xy), bounds(other.landmarks.xy)) > SAME_FACE_IOU:
                    memory.drop()

    def _measure(self, frame: Frame, memory: FaceMemory, seen: Landmarks) -> Face:
        """Everything but where the points are."""
        assert self._camera is not None
        now_s = frame.media_s
        confidence = seen.mean_confidence
        size = max(bounds(seen.xy)[2:])
        with self._timed("eyes"):
            reading = self._eye_reader.read(frame.bgr, seen.xy)
            xy = reading.refine(seen.xy)
        if memory.points_filter is not None:
            xy = memory.points_filter.filter(xy, now_s, unit=size).astype(np.float32)
        landmarks = Landmarks(xy, seen.confidence)
        with self._timed("pose"):
            pose = memory.solver.solve(landmarks, memory.head.head, self._camera)
        with self._timed("eyes"):
            eyes = self._eyes(memory, reading, xy, pose, now_s)
        with self._timed("expression"):
            points = gaze = None
            if pose is not None:
                if self.options.adapt_3d:
                    memory.head.update(xy, seen.confidence, pose, self._camera)
                points = normalise(lift(xy, eyes.pupils, pose, memory.head.head, self._camera))
                if self.options.gaze_tracking:
                    gaze = gaze_vectors(points)
            sure = confidence >= MIN_LEARNING_CONFIDENCE
            sure = sure and pose is not None and pose.error_px <= MAX_LEARNING_ERROR * size
            expression = self._expression(memory, points, eyes.openness, sure, now_s)
            blendshapes = None
            if memory.blendshapes is not None:
                lids = reading.lid_heights
                if memory.points_filter is not None:
                    lids = memory.lids_filter.filter(lids, now_s)
                blendshapes = memory.blendshapes.update(points, lids, pose, eyes.openness, now_s, learn=sure)
        return Face(
            face_id=memory.face_id,
            bounding_box=bounds(xy),
            landmarks=landmarks,
            eyes=eyes,
            pose=pose,
            points_3d=points,
            expression=expression,
            gaze=gaze,
            blendshapes=blendshapes,
        )

    def _eyes(
        self,
        memory: FaceMemory,
        reading: EyeReading,
        xy: FloatArray,
        pose: HeadPose | None,
        now_s: float,
    ) -> Eyes:
        """Pupils and openness. xy: (66, 2) the smoothed points."""
        openness = memory.openness.update(reading.aperture, reading.closed, pose, now_s)
        positions = memory.pupils.update(reading.pupil_positions, openness)
        if memory.points_filter is not None:
            filtered = memory.openness_filter.filter(openness[:, None], now_s)[:, 0]
            # Rounding can take the filtered value past its bounds.
            openness = np.clip(filtered, 0.0, 1.0).astype(np.float32)
            positions = memory.pupils_filter.filter(positions, now_s)
        if not self.options.gaze_tracking:
            return Eyes(eye_centres(xy), openness, np.zeros(2, np.float32))
        return Eyes(to_pixels(xy, positions), openness, reading.confidence.copy())

    @staticmethod
    def _expression(
        memory: FaceMemory, points: FloatArray | None, openness: FloatArray, sure: bool, now_s: float
    ) -> Expression:
        """The calibrated features; landmarks say how far an eye is widened, the eye network how far it is closed."""
        if points is None:
            return memory.last_expression
        measured = memory.features.update(raw_features(points), now_s, learn=sure)
        right, left = openness.tolist()
        memory.last_expression = replace(
            measured,
            eye_l=left * max(measured.eye_l, 0.0) - (1 - left),
            eye_r=right * max(measured.eye_r, 0.0) - (1 - right),
        )
        return memory.last_expression

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self._times[stage] += time.perf_counter() - begin


def _own_threshold(landmarks: Network) -> float:
    """The least mean confidence of a face that the network was made for. Raises ModelError when it does not tell."""
    if landmarks.metadata.threshold is None:
        raise ModelError(f"the manifest gives no threshold for the landmarks; {REINSTALL}")
    return landmarks.metadata.threshold
