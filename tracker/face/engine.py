"""From a frame to its faces: detection, tracking and identity. `measurement.py` then measures each face."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from tracker.errors import ModelError
from tracker.face.acceptance import AcceptancePolicy
from tracker.face.choice import (
    CLEARLY_BETTER,
    SAME_FACE_IOU,
    SCAN_S,
    UNSURE_HOLD_S,
    Challenger,
    are_one_face,
    by_prominence,
    prominence,
    surest_readings,
)
from tracker.face.classifier import FaceClassifier
from tracker.face.crop import CropBox, bounds
from tracker.face.detector import FAST_WIDTH, FINE_WIDTH, Candidate, Detector, intersection_over_union
from tracker.face.empty_scene import AFTER_S, EmptyScene
from tracker.face.eyes import EyeReader, EyeReading
from tracker.face.finder import FaceFinder
from tracker.face.head import REFERENCE_HEAD
from tracker.face.identity import choose_memory, is_same_place, strays_more
from tracker.face.landmarks import LandmarkReader
from tracker.face.light import is_unusual, level_around
from tracker.face.measurement import FaceMeasurer
from tracker.face.memory import FaceMemory
from tracker.face.motion import proportions
from tracker.face.networks import ModelStore, Network
from tracker.face.options import EngineOptions
from tracker.face.points3d import lift
from tracker.face.pose import PoseSolver
from tracker.face.pose_correction import PoseCorrection
from tracker.face.scanner import BackgroundDetector
from tracker.face.stopwatch import Stopwatch
from tracker.face.taught.library import TaughtExpressions
from tracker.intrinsics import CameraIntrinsics
from tracker.manifest import REINSTALL
from tracker.types import Box, Face, FloatArray, Frame, FrameResult, Landmarks

SPARE_CANDIDATES = 5
"""Number of candidates examined beyond `max_faces`, since not every candidate is a face."""
MANY_FACES = 8
"""For so many faces the fine detector always helps, since they cannot all be large."""
PROFILE_VERSION = 3
"""Of what `Engine.export_profile` gives."""
UNSOLVED_S = 1.0
"""A face no pose has fitted for this long is none."""


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
        self._measurer = FaceMeasurer(
            EyeReader(store.load(eye_model, threads)),
            PoseCorrection(f"landmarks_{landmark_model}"),
            options,
            self._stopwatch,
        )
        self._candidate_limit = options.max_faces + SPARE_CANDIDATES
        self._scanner: BackgroundDetector | None = None
        if options.background_scan and (options.max_faces > 1 or options.switch_after > 0):
            self._scanner = BackgroundDetector(self._finder, self._candidate_limit)
        self._memories = [FaceMemory(face_id, options) for face_id in range(options.max_faces)]
        self._pending_commands: deque[Callable[[], None]] = deque()
        self._camera: CameraIntrinsics | None = None
        self._frames_since_scan = 0
        self._last_face_s: float | None = None
        self._empty_scene = EmptyScene()
        self._last_scan_s = -np.inf
        self._challenger = Challenger()

    def _make_finder(self, store: ModelStore, landmarks: Network, threads: int) -> FaceFinder:
        options = self.options
        network = store.load("detector", threads)
        detectors = [Detector(network, FAST_WIDTH)]
        always_fine = options.scan_retinaface or options.max_faces >= MANY_FACES
        if always_fine or options.try_hard:
            detectors.append(Detector(network, FINE_WIDTH))
        return FaceFinder(
            detectors,
            LandmarkReader(landmarks),
            FaceClassifier(store.load("classifier", threads)),
            _policy(options, landmarks),
            only_if_none=not always_fine,
        )

    def process(self, frame: Frame) -> FrameResult:
        """Find and measure the faces in `frame`. Frames must come in order of their media time."""
        self._stopwatch.restart()
        while self._pending_commands:
            self._pending_commands.popleft()()
        camera = self._camera_for(frame)
        self._stopwatch.skip()
        self._track(frame)
        self._stopwatch.lap("landmarks")
        self._scan(frame)
        faces = self._measured(frame, camera)
        if faces:
            self._last_face_s = frame.media_s
            if self._taught is not None and self._taught.active:
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

    def _measured(self, frame: Frame, camera: CameraIntrinsics) -> tuple[Face, ...]:
        """The faces in the frame."""
        active = [(m, m.landmarks) for m in self._memories if m.missing_frames == 0 and m.landmarks is not None]
        readings = self._measurer.read_eyes(frame, [landmarks for _, landmarks in active])
        faces = (self._measure(frame, *one, reading, camera) for one, reading in zip(active, readings, strict=True))
        return tuple(face for face in faces if face is not None)

    def _measure(
        self, frame: Frame, memory: FaceMemory, landmarks: Landmarks, reading: EyeReading, camera: CameraIntrinsics
    ) -> Face | None:
        """The face of `memory`; None until a pose fits it for the first time, and once none has fitted for long."""
        now_s = frame.media_s
        place = memory.motion.update(landmarks, now_s)
        face = self._measurer.measure(frame, memory, landmarks, reading, camera, place.size)
        memory.hidden_frames = 0
        if face.pose is not None:
            memory.ever_solved, memory.unsolved_since_s = True, None
            if self.options.max_faces > 1 and memory.lifted is not None:
                memory.motion.update_shape(memory.lifted, float(face.pose.euler_deg[1]))
            return face
        memory.unsure = True
        if memory.unsolved_since_s is None:
            memory.unsolved_since_s = now_s
        elif now_s - memory.unsolved_since_s > UNSOLVED_S:
            memory.drop()
            return None
        return face if memory.ever_solved else None

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
        return {
            "version": PROFILE_VERSION,
            "features": memory.features.export(),
            "eyes": memory.openness.export(),
            "coefficients": memory.coefficients.rest.export(),
        }

    def import_profile(self, profile: dict[str, Any]) -> None:
        """Start from the ranges of an earlier run. Raises ValueError when `profile` is damaged."""
        memory = self._memories[0]
        # Into fresh objects first: a profile whose second half is damaged must not be applied by half.
        fresh = FaceMemory(memory.face_id, self.options)
        parts: dict[str, Callable[[dict[str, Any]], None]] = {}
        version = profile.get("version")
        if version not in range(1, PROFILE_VERSION + 1):
            raise ValueError(f"its version is {str(version)[:20]!r}; this program knows 1 to {PROFILE_VERSION}")
        # Versions 1 and 2 kept apertures of open eyes, 1 also distances between landmarks: nothing needs them any more.
        if version != 1:
            parts |= {"features": fresh.features.restore, "coefficients": fresh.coefficients.rest.restore}
            if version != 2:
                parts["eyes"] = fresh.openness.restore
        for part, restore in parts.items():
            if part not in profile:
                raise ValueError(f"{part!r} is missing")
            restore(profile[part])
        memory.features, memory.openness, memory.coefficients = fresh.features, fresh.openness, fresh.coefficients

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
        known = [(m, m.landmarks, m.crop) for m in self._memories if m.landmarks is not None and m.crop is not None]
        if not known:
            return
        crops = [self._expected(memory, crop, frame.media_s) for memory, _, crop in known]
        for (memory, last, _), crop, found in zip(known, crops, self._finder.read_all(frame.bgr, crops), strict=True):
            confirmed = self._confirmed(frame, memory, last, crop, found)
            if confirmed is not None:
                memory.see(confirmed)
            else:
                self._miss(memory, last)
        if len(known) > 1:
            self._drop_duplicates(frame.media_s)

    @staticmethod
    def _expected(memory: FaceMemory, crop: CropBox, now_s: float) -> CropBox:
        """Where to look for a known face that was last seen in `crop`."""
        if memory.missing_frames == 0 and memory.motion.place is not None:
            # A head that moves fast leaves a crop around its last place within two frames.
            across, down = memory.motion.place.way(now_s)
            if across or down:
                crop = crop._replace(centre=(crop.centre[0] + across, crop.centre[1] + down))
        return crop

    def _confirmed(
        self, frame: Frame, memory: FaceMemory, last: Landmarks, crop: CropBox, found: Landmarks | None
    ) -> Landmarks | None:
        """The landmarks of a known face, as found or seen better in a levelled picture; None where it is no more."""
        bgr = frame.bgr
        if (found is None or not self._finder.is_confident(found)) and is_unusual(bgr):
            bgr = level_around(bgr, bounds(last.xy))
            levelled = self._finder.read(bgr, crop)
            if levelled is not None and (found is None or levelled.mean_confidence > found.mean_confidence):
                found = levelled
        return found if found is not None and self._is_still_face(frame.media_s, bgr, memory, found) else None

    def _miss(self, memory: FaceMemory, last: Landmarks) -> None:
        """The face of `memory`, last seen at `last`, is not in this frame."""
        memory.landmarks = last
        memory.missing_frames += 1
        memory.solver.reset()
        if memory.missing_frames > self.options.discard_after:
            memory.drop()

    def _is_still_face(self, now_s: float, bgr: npt.NDArray[np.uint8], memory: FaceMemory, found: Landmarks) -> bool:
        """Whether a tracked face remains one. The classifier decides where its landmarks are uncertain (a mask)."""
        memory.unsure = not self._finder.is_confident(found)
        if not memory.unsure or now_s < memory.confirmed_until_s:
            return True
        if not self._finder.is_face(bgr, found):
            return False
        memory.confirmed_until_s = now_s + self._finder.policy.keep_s
        return True

    def _scan(self, frame: Frame) -> None:
        """Look for further faces while fewer than `max_faces` are tracked, and now and then for better ones."""
        tracked = [memory for memory in self._memories if memory.active]
        active = len(tracked)
        now_s = frame.media_s
        self._frames_since_scan += 1
        is_full = active == self.options.max_faces
        unsure = any([memory.unsure for memory in tracked])
        is_due = self._frames_since_scan >= self.options.scan_every
        if is_full:
            can_switch = self.options.switch_after > 0
            is_due = can_switch and (is_due if unsure else now_s - self._last_scan_s >= SCAN_S)
        candidates: list[Candidate] = []
        if active == 0:
            if self._last_face_s is None:
                self._last_face_s = now_s
            if now_s - self._last_face_s > AFTER_S and not self._empty_scene.is_worth_a_look(frame.bgr, now_s):
                return
            candidates = self._finder.detect(frame.bgr, self._candidate_limit, rotated=True)
            self._last_scan_s, self._frames_since_scan = now_s, 0
        else:
            if self._scanner is not None:
                candidates = self._scanner.collect()
            if is_due:
                self._last_scan_s, self._frames_since_scan = now_s, 0
                if self._scanner is not None:
                    self._scanner.request(frame.bgr)
                else:
                    candidates = self._finder.detect(frame.bgr, self._candidate_limit)
        self._stopwatch.lap("detect")
        found: list[Landmarks] = []
        if candidates:
            found = self._accepted(frame.bgr, candidates)
            self._stopwatch.lap("landmarks")
        if active == 0 and not found:
            candidates = self._finder.detect_levelled(frame.bgr, self._candidate_limit, candidates)
            self._stopwatch.lap("detect")
            levelled = (self._finder.accept_levelled(frame.bgr, candidate) for candidate in candidates)
            found = [landmarks for landmarks in levelled if landmarks is not None]
            self._stopwatch.lap("landmarks")
        if len(found) > 1:
            found = surest_readings(found)
        if found and is_full:
            self._challenge(frame, found)
        elif found:
            self._acquire(frame, found)
        self._challenger.forget_old(now_s)

    def _accepted(self, bgr: npt.NDArray[np.uint8], candidates: list[Candidate]) -> list[Landmarks]:
        """The landmarks of those candidates that are faces, and not those tracked already."""
        found = []
        for candidate in candidates:
            if not self._is_taken(candidate.detection.box):
                landmarks = self._finder.accept(bgr, candidate)
                if landmarks is not None and not self._is_tracked(landmarks):
                    found.append(landmarks)
        return found

    def _is_taken(self, box: Box) -> bool:
        """Whether a tracked face is in `box`."""
        taken = (bounds(m.landmarks.xy) for m in self._memories if m.active and m.landmarks is not None)
        return any(intersection_over_union(box, other) > SAME_FACE_IOU for other in taken)

    def _is_tracked(self, found: Landmarks) -> bool:
        """Whether `found` is another reading of a tracked face."""
        tracked = (m.landmarks.xy for m in self._memories if m.active and m.landmarks is not None)
        return any(are_one_face(found.xy, other) for other in tracked)

    def _acquire(self, frame: Frame, found: list[Landmarks]) -> None:
        """Start to track new faces, the most prominent first, while there is room."""
        trusted = self._finder.policy.trusted_confidence
        for landmarks in by_prominence(found, frame.width, frame.height, trusted):
            if self._is_tracked(landmarks):
                continue
            memory = choose_memory(landmarks, self._memories, frame.media_s, self._shape_of(landmarks))
            if memory is None:
                return
            if memory.landmarks is not None:
                if is_same_place(landmarks, memory, frame.media_s):
                    memory.restart_motion()
                else:
                    memory.drop()
            self._start(memory, landmarks)

    def _start(self, memory: FaceMemory, landmarks: Landmarks) -> None:
        """Track the face at `landmarks` in `memory`."""
        memory.see(landmarks)
        memory.unsure = not self._finder.is_confident(landmarks)

    def _challenge(self, frame: Frame, found: list[Landmarks]) -> None:
        """Let a face that counts clearly more than the least of the tracked ones take its place, after a while."""
        trusted = self._finder.policy.trusted_confidence

        def counts(landmarks: Landmarks, life: float) -> float:
            return prominence(landmarks, life, frame.width, frame.height, trusted)

        now_s = frame.media_s
        tracked = [(counts(m.landmarks, m.motion.life), m) for m in self._memories if m.landmarks is not None]
        least, memory = min(tracked, key=lambda pair: (not pair[1].unsure, pair[0]))
        rivals = [(counts(landmarks, self._challenger.life(landmarks, now_s)), landmarks) for landmarks in found]
        best, landmarks = max(rivals, key=lambda pair: pair[0])
        if best <= CLEARLY_BETTER * least:
            return
        hold_s = self.options.switch_after
        if memory.unsure:
            hold_s = min(hold_s, UNSURE_HOLD_S)
        if self._challenger.holds(landmarks, now_s, hold_s):
            memory.drop()
            self._start(memory, landmarks)
            self._challenger.reset()

    def _shape_of(self, landmarks: Landmarks) -> FloatArray | None:
        """The proportions of a face that is not tracked yet; None where they are not needed or cannot be seen."""
        camera = self._camera
        if camera is None or all(m.motion.shape is None for m in self._memories if not m.active):
            return None
        pose = PoseSolver().solve(landmarks, REFERENCE_HEAD, camera)
        if pose is None:
            return None
        return proportions(lift(landmarks.xy, pose, REFERENCE_HEAD, camera))

    def _drop_duplicates(self, now_s: float) -> None:
        """Where two ids track the same face, the one that was expected there keeps it. The other face is hidden."""
        active = [(m, m.landmarks, bounds(m.landmarks.xy)) for m in self._memories if m.active and m.landmarks]
        for k, (memory, landmarks, box) in enumerate(active):
            for other, _, other_box in active[:k]:
                if memory.active and other.active and intersection_over_union(box, other_box) > SAME_FACE_IOU:
                    strays = strays_more(other, memory, landmarks, now_s)
                    (other if strays else memory).hide(self.options.discard_after)


def _policy(options: EngineOptions, landmarks: Network) -> AcceptancePolicy:
    """The policy for these options. Raises ModelError when the network does not state its threshold."""
    threshold = landmarks.metadata.threshold
    if threshold is None:
        raise ModelError(f"the manifest gives no threshold for the landmarks; {REINSTALL}")
    return AcceptancePolicy.for_network(threshold, options.detection_threshold, options.threshold)
