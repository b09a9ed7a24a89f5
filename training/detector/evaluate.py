"""Measure models/detector.onnx on fold 1, through the tracker's own code: `python -m training.detector.evaluate`.

Found: a detection with an intersection over union of at least 0.5 with the box around the main face's landmarks.
False faces: detections in windows that miss every face enlarged by half; pictures of them go to the runs folder.
Both also for what the tracker makes of them: it believes a detection only when classifier and landmarks confirm it.
`--part tracker` measures only that, for instance after the landmark networks have changed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

import cv2
import numpy as np

from tracker import Tracker, topology
from tracker.face.acceptance import AcceptancePolicy
from tracker.face.classifier import FaceClassifier
from tracker.face.crop import bounds
from tracker.face.detector import FINE_WIDTH, Detector, intersection_over_union
from tracker.face.finder import FaceFinder
from tracker.face.landmarks import LandmarkReader
from tracker.face.networks import ModelStore
from training.datasets import VALIDATION, load_faces, load_scenes, runs_folder
from training.detector.data import Floats, free_window
from training.manifest import MODELS_FOLDER, update_quality
from training.photometric import Picture, add_noise, motion_blur

NAME = "detector"
THRESHOLD = 0.6
WINDOWS, FINE_WINDOWS = 6000, 2000
CONFIRMING = (3, -3)
PROPOSALS = 6
"""How many the tracker looks at for one face."""
HELD_FRAMES, MOST_FACES = 10, 5
FRAME = (360, 640)
"""Height and width of the frames made from scenes and windows."""
RELATIVE_HEIGHTS = (0.08, 0.1, 0.15, 0.25, 0.5, 0.8, 1.0)

Box = tuple[float, float, float, float]


def main_faces(fold: int) -> Iterator[tuple[str, Picture, Box]]:
    """Source, picture and main face of every scene of `fold` that has one."""
    scenes, _ = load_scenes()
    for i in scenes.indices(fold):
        if np.isfinite(scenes["main_box"][i, 0]):
            x, y, width, height = scenes["main_box"][i].tolist()
            yield str(scenes.source[i]), scenes.pixels[i], (x, y, width, height)


def windows(fold: int, count: int, seed: int = 5) -> Iterator[Picture]:
    """`count` windows of scenes of `fold` without any part of a face, as (H, W, 3) frames of 4:3 or 16:9."""
    rng = np.random.default_rng(seed)
    scenes, boxes = load_scenes()
    choice = scenes.indices(fold)
    while count:
        i = int(rng.choice(choice))
        main = scenes["main_box"][i : i + 1].astype(np.float32)
        known = np.concatenate([boxes[i], main[np.isfinite(main[:, 0])]])
        shape = scenes.pixels[i].shape[:2]
        aspect = float(rng.choice([4 / 3, 16 / 9, 1.0]))
        window = free_window((shape[0], shape[1]), known, rng, aspect, smallest=40)
        if window is not None:
            x, y, width, height = window
            yield scenes.pixels[i][y : y + height, x : x + width]
            count -= 1


def in_frame(picture: Picture, box: Box, relative_height: float) -> tuple[Picture, Box]:
    """The scene scaled and shifted into a frame, so that the face has that height and is centred."""
    height, width = FRAME
    scale = relative_height * height / box[3]
    if scale < 1:
        size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
        ratio = (size[0] / picture.shape[1], size[1] / picture.shape[0])
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        box = (box[0] * ratio[0], box[1] * ratio[1], box[2] * ratio[0], box[3] * ratio[1])
        scale = 1.0
    dx = width / 2 - (box[0] + box[2] / 2) * scale
    dy = height / 2 - (box[1] + box[3] / 2) * scale
    matrix = np.array([[scale, 0, dx], [0, scale, dy]])
    moved = cv2.warpAffine(picture, matrix, (width, height), borderValue=(90, 90, 90))
    box = (box[0] * scale + dx, box[1] * scale + dy, box[2] * scale, box[3] * scale)
    return moved.astype(np.uint8, copy=False), box


def found_share(detector: Detector, cases: list[tuple[Picture, Box]]) -> float:
    """Share of the faces that were found, in percent."""
    hits = 0
    for picture, box in cases:
        found = detector.detect(picture, THRESHOLD, 8)
        hits += any(intersection_over_union(box, candidate.detection.box) >= 0.5 for candidate in found)
    return round(100 * hits / max(len(cases), 1), 2)


def make_finder(model: int, detector: Detector) -> FaceFinder:
    """What the tracker finds faces with: the detector's proposals, confirmed with the landmarks of `model`."""
    store = ModelStore(MODELS_FOLDER)
    landmarks = store.load(f"landmarks_{model}")
    return FaceFinder(
        [detector],
        LandmarkReader(landmarks),
        FaceClassifier(store.load("classifier")),
        AcceptancePolicy.for_network(landmarks.metadata.threshold or 0.0, THRESHOLD),
    )


def confirmed(finder: FaceFinder, picture: Picture, looks: int = 1) -> list[Box]:
    """The boxes around the landmarks of all faces that the tracker would report, in any of the first `looks`.

    Every look includes one at heads leaning to one side, the next look to the other.
    """
    boxes = []
    for _ in range(looks):
        for candidate in finder.detect(picture, PROPOSALS, rotated=True):
            landmarks = finder.accept(picture, candidate)
            if landmarks is not None:
                boxes.append(bounds(landmarks.xy))
    if not boxes:
        levelled = (finder.accept_levelled(picture, c) for c in finder.detect_levelled(picture, PROPOSALS))
        boxes = [bounds(landmarks.xy) for landmarks in levelled if landmarks is not None]
    return boxes


def classifier_figures(detector: Detector, cases: list[tuple[str, Picture, Box]]) -> dict[str, object]:
    """What the classifier says of detections on main faces, and in windows without a face: log odds above zero."""
    classifier = FaceClassifier(ModelStore(MODELS_FOLDER).load("classifier"))

    def odds(picture: Picture, box: Box | None) -> float:
        found = detector.detect(picture, THRESHOLD, PROPOSALS)
        chosen = [c for c in found if box is None or intersection_over_union(box, c.detection.box) >= 0.5]
        return max((classifier.score_box(picture, c.detection.box, c.roll) for c in chosen), default=-np.inf)

    figures: dict[str, object] = {}
    sums = [(source, odds(picture, box)) for source, picture, box in cases]
    for wanted in ("uda", "mask", ""):
        above = [value > 0 for source, value in sums if wanted in source and np.isfinite(value)]
        figures[f"detected main faces above zero, % ({wanted or 'all'})"] = round(100 * float(np.mean(above)), 2)
    empty = np.array([odds(picture, None) for picture in windows(VALIDATION, WINDOWS)])
    figures["face-free windows"] = WINDOWS
    figures["face-free windows with a detection"] = int(np.isfinite(empty).sum())
    figures["face-free windows with a detection above zero"] = int((empty > 0).sum())
    return figures


def is_found(box: Box, faces: list[Box]) -> bool:
    """Whether one of `faces` lies on the true `box`."""
    return any(intersection_over_union(box, face) >= 0.5 for face in faces)


def confirmed_figures(model: int, detector: Detector, cases: list[tuple[str, Picture, Box]]) -> dict[str, object]:
    """Main faces found in one still and false faces, as the tracker with `model` reports them."""
    finder = make_finder(model, detector)
    found = [(source, is_found(box, confirmed(finder, picture))) for source, picture, box in cases]
    held = [(source, is_found(box, held_faces(model, picture))) for source, picture, box in cases]
    shares: dict[str, object] = {}
    for wanted in ("uda", "mask", ""):
        label = f"({wanted or 'all'})"
        hits = [hit for source, hit in found if wanted in source]
        shares[f"found and confirmed by model {model}, % {label}"] = round(100 * float(np.mean(hits)), 2)
        hits = [hit for source, hit in held if wanted in source]
        shares[f"held over {HELD_FRAMES} frames by model {model}, % {label}"] = round(100 * float(np.mean(hits)), 2)
    missed = [picture for (_, hit), (_, picture, _) in zip(found, cases, strict=True) if not hit]
    false = [picture for picture in windows(VALIDATION, WINDOWS) if confirmed(finder, picture, looks=2)]
    for name, pictures in (("missed", missed), ("false-confirmed", false)):
        for k, picture in enumerate(pictures[:24]):
            cv2.imwrite(str(runs_folder() / f"{name}-{model}-{k}.png"), picture)
    return shares | {f"windows with a false face confirmed by model {model}": len(false)}


def held_faces(model: int, picture: Picture) -> list[Box]:
    """The faces that the tracker reports in the last of HELD_FRAMES frames of one still."""
    with Tracker(model=model, max_faces=MOST_FACES) as tracker:
        for _ in range(HELD_FRAMES):
            result = tracker.process(picture)
    return [bounds(face.landmarks.xy) for face in result.faces]


def rolled_faces(degrees: float) -> Iterator[tuple[Picture, Box, float]]:
    """Fold-1 face crops turned by `degrees`: a frame, the box around the landmarks, and the roll in degrees."""
    faces = load_faces()
    for i in faces.indices(VALIDATION)[::6]:
        points: Floats = faces["lm66"][i]
        height, width = FRAME
        centre = (points.min(axis=0) + points.max(axis=0)) / 2
        scale = 0.4 * height / float(np.ptp(points[:, 1]))
        matrix = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), -degrees, scale)
        matrix[:, 2] += np.array([width, height]) / 2 - centre
        frame = cv2.warpAffine(faces.pixels[i], matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        moved = (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
        line = moved[topology.LEFT_EYE_OUTER] - moved[topology.RIGHT_EYE_OUTER]
        yield frame.astype(np.uint8, copy=False), bounds(moved), float(np.degrees(np.arctan2(line[1], line[0])))


def rolled_figures(detector: Detector, finder: FaceFinder, degrees: float) -> dict[str, object]:
    """Turned face crops: found by the detector, its mean roll error, and found by the tracker in two looks."""
    hits, errors, believed = 0, [], []
    for frame, box, truth in rolled_faces(degrees):
        for candidate in detector.detect(frame, THRESHOLD, 4):
            if intersection_over_union(box, candidate.detection.box) >= 0.5:
                hits += 1
                errors.append(abs((np.degrees(candidate.roll) - truth + 180) % 360 - 180))
                break
        believed.append(is_found(box, confirmed(finder, frame, looks=2)))
    key = f"face crops rolled by {degrees}"
    return {
        f"{key}: found, %": round(100 * hits / len(believed), 2),
        f"{key}: roll error, degrees": round(float(np.mean(errors)), 2),
        f"{key}: found and confirmed by model 3, %": round(100 * float(np.mean(believed)), 2),
    }


def dark(picture: Picture, rng: np.random.Generator) -> Picture:
    """A twelfth of the light, and its noise."""
    return add_noise((picture * 0.08).astype(np.uint8), 2.0, rng)


def false_faces(detector: Detector, label: str, count: int) -> int:
    """How many of `count` fold-1 windows hold a detection; pictures of the first of them are saved."""
    hits = []
    for picture in windows(VALIDATION, count):
        found = detector.detect(picture, THRESHOLD, 4)
        if found:
            shown = cv2.resize(picture, (320, 240)).astype(np.uint8, copy=False)
            across, down = 320 / picture.shape[1], 240 / picture.shape[0]
            for candidate in found:
                x, y, w, h = candidate.detection.box
                corner = (round((x + w) * across), round((y + h) * down))
                cv2.rectangle(shown, (round(x * across), round(y * down)), corner, (0, 255, 0), 1)
                cv2.putText(shown, f"{candidate.detection.score:.2f}", (4, 14), 0, 0.5, (0, 255, 255), 1)
            hits.append(shown)
    for k in range(0, min(len(hits), 120), 24):
        page = hits[k : k + 24] + [np.zeros((240, 320, 3), np.uint8)] * (-len(hits[k : k + 24]) % 6)
        rows = [np.hstack(page[j : j + 6]) for j in range(0, len(page), 6)]
        cv2.imwrite(str(runs_folder() / f"false-faces-{label}-{k // 24}.png"), np.vstack(rows))
    return len(hits)


def detector_figures(detector: Detector, cases: list[tuple[str, Picture, Box]]) -> dict[str, object]:
    """What the detector proposes on main faces and in windows without any."""
    figures: dict[str, object] = {}
    for source in ("uda", "mask", ""):
        chosen = [(picture, box) for where, picture, box in cases if source in where]
        figures[f"main faces found, % ({source or 'all'})"] = found_share(detector, chosen)
    overlaps = []
    for _, picture, box in cases:
        best = [intersection_over_union(box, c.detection.box) for c in detector.detect(picture, THRESHOLD, 8)]
        overlaps.append(max(best, default=0.0))
    figures["mean IoU of the found"] = round(float(np.mean([v for v in overlaps if v >= 0.5])), 3)
    figures["false faces, windows"] = WINDOWS
    figures["false faces, windows with any"] = false_faces(detector, "fast", WINDOWS)
    return figures


def hard_figures(detector: Detector, fine: Detector, cases: list[tuple[str, Picture, Box]]) -> dict[str, object]:
    """Sizes, darkness, blur, and the fine scan."""
    rng = np.random.default_rng(7)
    plain = [(picture, box) for _, picture, box in cases]
    figures: dict[str, object] = {}
    for relative in RELATIVE_HEIGHTS:
        key = f"found at {relative:.0%} of the frame's height, %"
        framed = [in_frame(picture, box, relative) for picture, box in plain]
        figures[key] = found_share(detector, framed)
        figures[f"{key} (fine)"] = found_share(fine, framed)
    figures["found in the dark (1/12 of the light), %"] = found_share(detector, [(dark(p, rng), b) for p, b in plain])
    figures["found motion-blurred (5 % of the width), %"] = found_share(
        detector, [(motion_blur(p, 0.05 * p.shape[1], rng), b) for p, b in plain]
    )
    figures["false faces, windows (fine)"] = FINE_WINDOWS
    figures["false faces, windows with any (fine)"] = false_faces(fine, "fine", FINE_WINDOWS)
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("detector", "tracker"), help="the detector alone, or what is made of it")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    network = ModelStore(MODELS_FOLDER).load(NAME)
    detector = Detector(network)
    cases = list(main_faces(VALIDATION))
    figures: dict[str, object] = {"fold": 1, "threshold": THRESHOLD}
    if args.part != "tracker":
        figures |= detector_figures(detector, cases)
        figures |= hard_figures(detector, Detector(network, FINE_WIDTH), cases)
    if args.part != "detector":
        of_classifier = classifier_figures(detector, cases)
        update_quality("classifier", {"fold": 1, **of_classifier})
        for key, value in of_classifier.items():
            print(f"classifier: {key:50s} {value}")
        for model in CONFIRMING:
            figures |= confirmed_figures(model, detector, cases)
        finder = make_finder(3, detector)
        for degrees in (0, 20, -20, 45, -45):
            figures |= rolled_figures(detector, finder, degrees)
    for key, value in figures.items():
        print(f"{key:60s} {value}")
    update_quality(NAME, figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
