"""Measure models/detector.onnx on fold 1, through the tracker's own code: `python -m training.detector.evaluate`.

Found: a detection with an intersection over union of at least 0.5 with the box around the main face's landmarks.
False faces: detections in windows that miss every face enlarged by half; pictures of them go to the runs folder.
Both also for what the tracker does with them: it believes a detection only when the landmarks confirm it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

import cv2
import numpy as np

from tracker import topology
from tracker.face.detector import FINE_WIDTH, Detector, intersection_over_union
from tracker.face.finder import FaceFinder
from tracker.face.identity import bounds
from tracker.face.landmarks import LandmarkReader
from tracker.face.networks import ModelStore
from training.detector.data import Floats, free_window
from training.manifest import MODELS_FOLDER, update_quality
from training.packs import VALIDATION, load_faces, load_scenes, runs_folder
from training.photometric import Picture, add_noise, motion_blur

NAME = "detector"
THRESHOLD = 0.6
WINDOWS, FINE_WINDOWS = 6000, 2000
CONFIRMING = (3, -3)
PROPOSALS = 6
"""How many the tracker looks at for one face."""
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
    """What the tracker finds faces with: the detector's proposals, confirmed by the landmarks of `model`."""
    landmarks = ModelStore(MODELS_FOLDER).load(f"landmarks_{model}")
    return FaceFinder([detector], LandmarkReader(landmarks), landmarks.facts["threshold"], THRESHOLD)


def confirmed(finder: FaceFinder, picture: Picture) -> list[Box]:
    """The boxes around the landmarks of all faces that the tracker would report."""
    found = (finder.confirm(picture, candidate) for candidate in finder.propose(picture, PROPOSALS))
    return [bounds(landmarks.xy) for landmarks in found if landmarks is not None]


def confirmed_figures(model: int, detector: Detector, cases: list[tuple[str, Picture, Box]]) -> dict[str, object]:
    """Main faces found and false faces, as the tracker with `model` reports them."""
    finder = make_finder(model, detector)
    found = [
        (source, any(intersection_over_union(box, face) >= 0.5 for face in confirmed(finder, picture)))
        for source, picture, box in cases
    ]
    shares: dict[str, object] = {}
    for wanted in ("uda", "mask", ""):
        hits = [hit for source, hit in found if wanted in source]
        shares[f"found and confirmed by model {model}, % ({wanted or 'all'})"] = round(100 * float(np.mean(hits)), 2)
    false = [picture for picture in windows(VALIDATION, WINDOWS) if confirmed(finder, picture)]
    for k, picture in enumerate(false[:24]):
        cv2.imwrite(str(runs_folder() / f"false-confirmed-{model}-{k}.png"), picture)
    return shares | {f"windows with a false face confirmed by model {model}": len(false)}


def rolled(detector: Detector, degrees: float) -> tuple[float, float]:
    """Of fold-1 face crops turned by `degrees`: share found in percent, mean roll error in degrees."""
    faces = load_faces()
    hits, errors, count = 0, [], 0
    for i in faces.indices(VALIDATION)[::6]:
        points: Floats = faces["lm66"][i]
        height, width = FRAME
        centre = (points.min(axis=0) + points.max(axis=0)) / 2
        scale = 0.4 * height / float(np.ptp(points[:, 1]))
        matrix = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), -degrees, scale)
        matrix[:, 2] += np.array([width, height]) / 2 - centre
        frame = cv2.warpAffine(faces.pixels[i], matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
        moved = points @ matrix[:, :2].T + matrix[:, 2]
        low, high = moved.min(axis=0), moved.max(axis=0)
        box = (float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))
        line = moved[topology.LEFT_EYE_OUTER] - moved[topology.RIGHT_EYE_OUTER]
        truth = np.degrees(np.arctan2(line[1], line[0]))
        count += 1
        for candidate in detector.detect(frame.astype(np.uint8, copy=False), THRESHOLD, 4):
            if intersection_over_union(box, candidate.detection.box) >= 0.5:
                hits += 1
                errors.append(abs((np.degrees(candidate.roll) - truth + 180) % 360 - 180))
                break
    return round(100 * hits / count, 2), round(float(np.mean(errors)), 2)


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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="main faces and false faces only; stores nothing")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    network = ModelStore(MODELS_FOLDER).load(NAME)
    detector, fine = Detector(network), Detector(network, FINE_WIDTH)
    rng = np.random.default_rng(7)
    cases = list(main_faces(VALIDATION))
    figures: dict[str, object] = {}

    for source in ("uda", "mask", ""):
        chosen = [(picture, box) for where, picture, box in cases if source in where]
        figures[f"main faces found, % ({source or 'all'})"] = found_share(detector, chosen)
    plain = [(picture, box) for _, picture, box in cases]
    overlaps = []
    for picture, box in plain:
        best = [intersection_over_union(box, c.detection.box) for c in detector.detect(picture, THRESHOLD, 8)]
        overlaps.append(max(best, default=0.0))
    figures["mean IoU of the found"] = round(float(np.mean([v for v in overlaps if v >= 0.5])), 3)
    figures["false faces, windows"] = WINDOWS
    figures["false faces, windows with any"] = false_faces(detector, "fast", WINDOWS)
    for model in CONFIRMING:
        figures |= confirmed_figures(model, detector, cases)
    if not args.quick:
        for relative in RELATIVE_HEIGHTS:
            key = f"found at {relative:.0%} of the frame's height, %"
            framed = [in_frame(picture, box, relative) for picture, box in plain]
            figures[key] = found_share(detector, framed)
            figures[f"{key} (fine)"] = found_share(fine, framed)
        figures["found in the dark (1/12 of the light), %"] = found_share(
            detector, [(dark(p, rng), b) for p, b in plain]
        )
        figures["found motion-blurred (5 % of the width), %"] = found_share(
            detector, [(motion_blur(p, 0.05 * p.shape[1], rng), b) for p, b in plain]
        )
        for degrees in (0, 20, -20, 45, -45):
            share, error = rolled(detector, degrees)
            figures[f"face crops rolled by {degrees}: found, %"] = share
            figures[f"face crops rolled by {degrees}: roll error, degrees"] = error
        figures["false faces, windows (fine)"] = FINE_WINDOWS
        figures["false faces, windows with any (fine)"] = false_faces(fine, "fine", FINE_WINDOWS)
    for key, value in figures.items():
        print(f"{key:60s} {value}")
    if not args.quick:
        update_quality(NAME, {"fold": 1, "threshold": THRESHOLD, **figures})
    return 0


if __name__ == "__main__":
    sys.exit(main())
