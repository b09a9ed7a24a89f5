"""What the tracker makes of the detector's proposals: faces found, held and sent, and false faces, per model."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from tracker import Tracker
from tracker.face.acceptance import AcceptancePolicy
from tracker.face.classifier import FaceClassifier
from tracker.face.crop import bounds
from tracker.face.detector import Candidate, Detector, intersection_over_union
from tracker.face.finder import ROTATIONS, FaceFinder
from tracker.face.landmarks import LandmarkReader
from tracker.face.networks import ModelStore
from training.datasets import VALIDATION, runs_folder
from training.detector.cases import CONDITIONS, Box, other_windows, rolled_faces, unchanged, windows
from training.photometric import Picture

THRESHOLD = 0.6
CONFIRMING = (3, 0, -3)
WINDOWS = 6000
PROPOSALS = 6
"""How many the tracker looks at for one face."""
HELD_FRAMES, MOST_FACES = 10, 5
SHOWN = 24

Case = tuple[str, Picture, Box]
Finders = dict[int, FaceFinder]
"""Per model what finds faces with its landmarks, all with the same detector."""


def make_finder(model: int, detector: Detector, folder: Path) -> FaceFinder:
    """What the tracker finds faces with: the detector's proposals, confirmed with the landmarks of `model`.

    folder: of the networks.
    """
    store = ModelStore(folder)
    landmarks = store.load(f"landmarks_{model}")
    return FaceFinder(
        [detector],
        LandmarkReader(landmarks),
        FaceClassifier(store.load("classifier")),
        AcceptancePolicy.for_network(landmarks.metadata.threshold or 0.0, THRESHOLD),
    )


def confirmed(finders: Finders, picture: Picture, looks: int = 1) -> dict[int, list[Box]]:
    """Per model the boxes around the landmarks of all faces that the tracker would report, in any of `looks` looks.

    The finders share one detector. Every look includes one at heads with another roll.
    """
    any_finder = next(iter(finders.values()))
    boxes: dict[int, list[Box]] = {model: [] for model in finders}
    candidates: list[Candidate] = []
    for _ in range(looks):
        candidates = any_finder.detect(picture, PROPOSALS, rotated=True)
        for model, finder in finders.items():
            read = (finder.accept(picture, candidate) for candidate in candidates)
            boxes[model] += [bounds(landmarks.xy) for landmarks in read if landmarks is not None]
    if not all(boxes.values()):
        candidates = any_finder.detect_levelled(picture, PROPOSALS, candidates)
        for model, finder in finders.items():
            if not boxes[model]:
                read = (finder.accept_levelled(picture, candidate) for candidate in candidates)
                boxes[model] = [bounds(landmarks.xy) for landmarks in read if landmarks is not None]
    return boxes


def classifier_figures(detector: Detector, cases: list[Case], folder: Path) -> dict[str, object]:
    """What the classifier says of detections on main faces, and in windows without a face: log odds above zero."""
    classifier = FaceClassifier(ModelStore(folder).load("classifier"))

    def odds(picture: Picture, box: Box | None) -> float:
        found = detector.detect(picture, THRESHOLD, PROPOSALS)
        chosen = [c for c in found if box is None or intersection_over_union(box, c.detection.box) >= 0.5]
        return max((classifier.score_box(picture, c.detection.box, c.roll) for c in chosen), default=-np.inf)

    figures: dict[str, object] = {}
    sums = [(source, odds(picture, box)) for source, picture, box in cases]
    for wanted in ("uda", "mask", ""):
        above = [value > 0 for source, value in sums if wanted in source and np.isfinite(value)]
        figures[f"detected main faces above zero, % ({wanted or 'all'})"] = percent(above)
    empty = np.array([odds(picture, None) for picture in windows(VALIDATION, WINDOWS)])
    figures["face-free windows"] = WINDOWS
    figures["face-free windows with a detection"] = int(np.isfinite(empty).sum())
    figures["face-free windows with a detection above zero"] = int((empty > 0).sum())
    return figures


def percent(hits: list[bool]) -> float:
    """The share of hits, in percent."""
    return round(100 * float(np.mean(hits)), 2)


def is_found(box: Box, faces: list[Box]) -> bool:
    """Whether one of `faces` lies on the true `box`."""
    return any(intersection_over_union(box, face) >= 0.5 for face in faces)


def found_figures(finders: Finders, cases: list[Case]) -> dict[str, object]:
    """Main faces found and confirmed in one look, per model: by source, and in each of `CONDITIONS`."""
    shares: dict[str, object] = {}
    for name, change in CONDITIONS.items():
        rng = np.random.default_rng(7)
        hits: dict[int, list[bool]] = {model: [] for model in finders}
        missed: dict[int, list[Picture]] = {model: [] for model in finders}
        for _, picture, box in cases:
            changed = change(picture, box, rng)
            for model, boxes in confirmed(finders, changed).items():
                hits[model].append(is_found(box, boxes))
                if not hits[model][-1]:
                    missed[model].append(changed)
        for model, found in hits.items():
            shares[f"found in {name} by model {model}, %"] = percent(found)
            _show(f"missed-{model}-{name.split(' (')[0].replace(' ', '-')}", missed[model])
            if change is unchanged:
                shares |= by_source(f"found and confirmed by model {model}", cases, found)
    return shares


def by_source(what: str, cases: list[Case], hits: list[bool]) -> dict[str, object]:
    """The share of hits among the video stills, the mask set and all, in percent."""
    sources = [source for source, _, _ in cases]
    return {
        f"{what}, % ({wanted or 'all'})": percent(
            [hit for source, hit in zip(sources, hits, strict=True) if wanted in source]
        )
        for wanted in ("uda", "mask", "")
    }


def held_figures(model: int, cases: list[Case], folder: Path) -> dict[str, object]:
    """Main faces that the tracker reports in the last of some frames of a still."""
    hits = [is_found(box, held_faces(model, picture, folder)) for _, picture, box in cases]
    return by_source(f"held over {HELD_FRAMES} frames by model {model}", cases, hits)


def false_figures(finders: Finders) -> dict[str, object]:
    """Windows with a false face in two looks: plain ones, and further ones that are turned, small or in hard light."""
    shares: dict[str, object] = {}
    for name, source in (("plain", windows), ("other", other_windows)):
        false: dict[int, list[Picture]] = {model: [] for model in finders}
        for picture in source(VALIDATION, WINDOWS):
            for model, boxes in confirmed(finders, picture, looks=2).items():
                if boxes:
                    false[model].append(picture)
        for model, pictures in false.items():
            shares[f"{name} windows of {WINDOWS} with a false face confirmed by model {model}"] = len(pictures)
            _show(f"false-confirmed-{name}-{model}", pictures)
    return shares


def _show(name: str, pictures: list[Picture]) -> None:
    """Keep the first pictures in the runs folder, for looking at them."""
    for k, picture in enumerate(pictures[:SHOWN]):
        cv2.imwrite(str(runs_folder() / f"{name}-{k}.png"), picture)


def held_faces(model: int, picture: Picture, folder: Path) -> list[Box]:
    """The faces that the tracker reports in the last of HELD_FRAMES frames of one still."""
    with Tracker(model=model, max_faces=MOST_FACES, model_dir=folder) as tracker:
        for _ in range(HELD_FRAMES):
            result = tracker.process(picture)
    return [bounds(face.landmarks.xy) for face in result.faces]


def rolled_figures(detector: Detector, finders: Finders, degrees: float) -> dict[str, object]:
    """Turned face crops: found by the detector, its mean roll error, and found and confirmed in two looks, or, beyond
    60 degrees, in as many as it takes to look at every roll once."""
    hits, errors = 0, []
    believed: dict[int, list[bool]] = {model: [] for model in finders}
    is_far = abs(degrees) > 60
    looks = len(ROTATIONS) if is_far else 2
    for frame, box, truth in rolled_faces(degrees, every=24 if is_far else 6):
        for candidate in detector.detect(frame, THRESHOLD, 4):
            if intersection_over_union(box, candidate.detection.box) >= 0.5:
                hits += 1
                errors.append(abs((np.degrees(candidate.roll) - truth + 180) % 360 - 180))
                break
        for model, boxes in confirmed(finders, frame, looks).items():
            believed[model].append(is_found(box, boxes))
    key = f"face crops rolled by {degrees}"
    figures: dict[str, object] = {f"{key}: found, %": round(100 * hits / max(len(believed[next(iter(finders))]), 1), 2)}
    if errors:
        figures[f"{key}: roll error, degrees"] = round(float(np.mean(errors)), 2)
    return figures | {
        f"{key}: found and confirmed by model {model}, %": percent(found) for model, found in believed.items()
    }
