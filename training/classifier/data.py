"""Crops with and without a face for the classifier: `python -m training.classifier.data --name first --count 60000`.

Most come from where the detector itself proposes a face at a low score, because these are what the classifier is
asked about: on real scenes, on scenes with faces and other things pasted in, in windows without a face, and on drawn
hands and avatars. To them come true boxes, boxes badly placed on faces, faces read the wrong way round, and boxes
around things pasted as faces are. A tenth of the scenes of fold 0 is held out, for choosing the threshold.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from tracker.face.classifier import MARGIN, FaceClassifier
from tracker.face.crop import CropBox, bounds, crop_around, crop_around_box, cut
from tracker.face.detector import FAST_WIDTH, FINE_WIDTH, Candidate, Detector, intersection_over_union
from tracker.face.finder import ALIGNMENT_PASSES, ROTATIONS
from tracker.face.landmarks import LandmarkReader
from tracker.face.light import is_unusual, level, level_around
from tracker.face.networks import ModelStore
from training.clutter import clutter
from training.datasets import TRAIN, load_scenes, runs_folder
from training.detector.cases import on_a_wall
from training.detector.data import Sample, Scenery, _similarity, flip, free_window, other_faces
from training.detector.heads import Heads
from training.hard_light import hard_light
from training.lookalikes import lookalike
from training.manifest import MODELS_FOLDER
from training.night import night
from training.photometric import Picture, degrade

WRONG_WAY_ROUND = "wrong way round"
WRONG_TURN = np.radians(70)
STORED_PX, STORED_MARGIN = 80, 2.0
"""Crops are kept larger than the network's, so that training can shift, turn and scale them."""
HELD_OUT = 10
PLACED_SHARE = 0.6
LEVELLED_SHARE = 0.5
"""In unusual light, so many pictures are levelled before the detector and the classifier see them."""
NIGHT_SHARE = 0.3
SHARES = {"mtfl": 5.0, "uda": 3.0, "utk": 0.3, "mask_on": 6.0, "mask_off": 2.0}
"""Weights of the face crops: those with large yaws and masks count more, the plainest less."""
UNLABELLED = (3229, 3155)
"""Scenes with a further face that no box names, found by looking at what a first classifier took for faces."""
LOW_SCORE = 0.1
LIKE, UNLIKE = 0.5, 0.3
"""Intersection over union with a true face from which a box counts as a face, and below which it does not."""

Box = tuple[float, float, float, float]
Crop = tuple[Picture, bool, float, str]
"""A crop, whether it holds a face, the detector's score (NaN: not proposed), and where it comes from."""


def held_out(i: int) -> bool:
    """Whether scene `i` of fold 0 is kept from training the classifier."""
    return i % HELD_OUT == 3


def stored(picture: Picture, box: Box, roll: float) -> Picture:
    """The crop around a box, as it is kept."""
    return cut(picture, crop_around_box(box, roll, STORED_MARGIN), STORED_PX)


class Miner:
    """An endless source of crops."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.rng = np.random.default_rng(seed)
        self.scenery = Scenery()
        self.scenery.with_face = np.array([i for i in self.scenery.with_face if not held_out(int(i))])
        masked = self.scenery.scenes.source[self.scenery.with_face] == "mask"
        self.scenery.scene_chance = np.where(masked, 2.0, 1.0) / np.where(masked, 2.0, 1.0).sum()
        self.scenery.empty = np.array([i for i in self.scenery.empty if not held_out(int(i))])
        self.both = np.setdiff1d(np.concatenate([self.scenery.with_face, self.scenery.empty]), UNLABELLED)
        self.scenery.heads = Heads(SHARES, otherwise=0.6)
        store = ModelStore(folder)
        network = store.load("detector")
        self.fast, self.fine = Detector(network, FAST_WIDTH), Detector(network, FINE_WIDTH)
        self.readers = [LandmarkReader(store.load(f"landmarks_{model}")) for model in (3, 0, -3)]

    def crops(self) -> Iterator[Crop]:
        """Crops of all kinds, mixed."""
        makers = (
            self._window, self._real, self._mixed, self._portrait, self._pasted_pieces, self._made_without,
            self._lookalikes, self._wrong_way_round,
        )  # fmt: skip
        shares = (0.55, 0.1, 0.1, 0.08, 0.015, 0.035, 0.09, 0.03)
        while True:
            yield from makers[int(self.rng.choice(len(makers), p=shares))]()

    def _window(self) -> Iterator[Crop]:
        """What the detector proposes where there is no face; at times in a disguise."""
        rng = self.rng
        i = int(rng.choice(self.both))
        picture = self.scenery.scenes.pixels[i]
        main = self.scenery.main[i : i + 1]
        known = np.concatenate([self.scenery.boxes[i], main[np.isfinite(main[:, 0])]])
        window = free_window(picture.shape[:2], known, rng, float(rng.choice([4 / 3, 16 / 9, 1.0])), smallest=36)
        if window is None:
            return
        x, y, width, height = window
        part = Sample(picture[y : y + height, x : x + width])
        if rng.random() < 0.6:
            part.picture = self._disguised(part.picture)
        for seen, candidate in self._proposed(part.picture, 5, 0.3):
            found = candidate.detection
            yield stored(seen, found.box, candidate.roll), False, found.score, "window"
            yield from self._placed(seen, candidate, False, "window placed")

    def _proposed(self, picture: Picture, limit: int, rotated: float) -> Iterator[tuple[Picture, Candidate]]:
        """What the detector proposes, and the picture it is judged in: in unusual light often a levelled one.

        rotated: how often heads with another roll are looked for as well.
        """
        detector = self._detector()
        candidates = detector.detect(picture, LOW_SCORE, limit)
        if self.rng.random() < rotated:
            rotation = ROTATIONS[int(self.rng.integers(len(ROTATIONS)))]
            candidates += detector.detect_rotated(picture, rotation, LOW_SCORE, limit)
        levelled = self.rng.random() < LEVELLED_SHARE and is_unusual(picture)
        if levelled:
            candidates += detector.detect(picture, LOW_SCORE, limit, levelled=True)
        for candidate in candidates:
            yield level_around(picture, candidate.detection.box) if levelled else picture, candidate

    def _placed(
        self, picture: Picture, candidate: Candidate, is_face: bool, kind: str, true: Sequence[Box] = ()
    ) -> Iterator[Crop]:
        """Every third crop again as the landmarks place it, which is where the tracker looks a second time."""
        if self.rng.random() > PLACED_SHARE:
            return
        reader = self.readers[int(self.rng.integers(len(self.readers)))]
        crop = crop_around_box(candidate.detection.box, candidate.roll)
        for _ in range(ALIGNMENT_PASSES + 1):
            xy = reader.read(picture, crop).xy
            crop = crop_around(xy)
        if is_face and all(intersection_over_union(bounds(xy), face) < LIKE for face in true):
            return
        around = crop_around(xy, STORED_MARGIN)
        if np.isfinite(xy).all() and around.side > 4:
            yield cut(picture, around, STORED_PX), is_face, candidate.detection.score, kind

    def _disguised(self, picture: Picture) -> Picture:
        rng = self.rng
        if rng.random() < 0.5:
            picture = np.ascontiguousarray(picture[:, ::-1])
        if rng.random() < 0.1:
            picture = np.ascontiguousarray(picture[::-1])
        if rng.random() < 0.3:
            height, width = picture.shape[:2]
            turn = cv2.getRotationMatrix2D((width / 2, height / 2), float(rng.uniform(-40, 40)), 1.0)
            picture = cv2.warpAffine(picture, turn, (width, height), borderMode=cv2.BORDER_REFLECT).astype(np.uint8)
        if rng.random() < 0.2:
            picture = np.ascontiguousarray(np.rot90(picture, int(rng.integers(1, 4))))
        if rng.random() < 0.15:
            picture = on_a_wall(picture, rng)
        if rng.random() < 0.05:
            picture = (255 - picture).astype(np.uint8)
        if rng.random() < 0.3:
            return hard_light(picture, [], rng) if rng.random() < 0.6 else night(picture, rng)
        return degrade(picture, rng, blur_px=0.8) if rng.random() < 0.7 else picture

    def _detector(self) -> Detector:
        return self.fast if self.rng.random() < 0.85 else self.fine

    def _real(self) -> Iterator[Crop]:
        """A main face in its scene, cropped to a random zoom: proposals, the true box, badly placed boxes."""
        rng = self.rng
        i = int(rng.choice(self.scenery.with_face, p=self.scenery.scene_chance))
        picture, main = self.scenery.scenes.pixels[i], self.scenery.main[i]
        height, width = picture.shape[:2]
        sample = Sample(picture, [(*main.tolist(), np.nan, np.nan)])
        others = other_faces(main, self.scenery.boxes[i])
        if rng.random() < 0.6:  # a part of the picture, the face somewhere in it
            reach = main[3] * float(np.exp(rng.uniform(np.log(0.6), np.log(4))))
            shift_x, shift_y = rng.uniform(-0.4, 0.4, 2) * reach
            centre_x, centre_y = main[0] + main[2] / 2 + shift_x, main[1] + main[3] / 2 + shift_y
            x0, y0 = int(max(centre_x - 1.3 * reach, 0)), int(max(centre_y - reach, 0))
            x1, y1 = int(min(centre_x + 1.3 * reach, width)), int(min(centre_y + reach, height))
            if x1 - x0 < 24 or y1 - y0 < 24:
                return
            sample.picture = picture[y0:y1, x0:x1]
            sample.faces = [(main[0] - x0, main[1] - y0, main[2], main[3], np.nan, np.nan)]
            others = [np.array([box[0] - x0, box[1] - y0, *box[2:]], np.float32) for box in others]
        sample.ignored = [tuple(box.tolist()) for box in others]
        if rng.random() < 0.5:
            flip(sample)
        worse = rng.random()
        if worse < 0.45:
            sample.picture = degrade(sample.picture, rng, blur_px=0.8)
        elif worse < 0.7:
            sample.picture = lit_hard(sample.picture, [*sample.faces, *sample.ignored], rng)
        yield from self._of_sample(sample, "real")

    def _mixed(self) -> Iterator[Crop]:
        """A training picture of the detector's, at sizes from small to fine."""
        rng = self.rng
        scale = float(rng.choice([1.0, 1.5, 2.5], p=[0.4, 0.35, 0.25]))
        sample = self.scenery.sample(int(144 * scale), int(224 * scale), rng)
        yield from self._of_sample(sample, "mixed")

    def _made_without(self) -> Iterator[Crop]:
        scale = float(self.rng.choice([1.0, 1.8]))
        sample = self.scenery._without_face(int(144 * scale), int(224 * scale), self.rng)
        picture = self._disguised(sample.picture)
        for candidate in self._detector().detect(picture, LOW_SCORE, 5):
            yield stored(picture, candidate.detection.box, candidate.roll), False, candidate.detection.score, "made"

    def _portrait(self) -> Iterator[Crop]:
        """A face crop as it is, now and then with a mask or glasses drawn on."""
        rng = self.rng
        picture, points = self.scenery.head(rng)
        worse = rng.random()
        if worse < 0.4:
            picture = degrade(picture, rng, blur_px=1.2)
        elif worse < 0.6:
            picture = lit_hard(picture, [bounds(points)], rng)
        around = crop_around(points, STORED_MARGIN)
        shift, scale = rng.normal(0, 0.02, 2) * around.side, float(np.exp(rng.normal(0, 0.06)))
        centre = (around.centre[0] + shift[0], around.centre[1] + shift[1])
        yield cut(picture, CropBox(centre, around.side * scale, around.roll), STORED_PX), True, np.nan, "portrait"

    def _wrong_way_round(self) -> Iterator[Crop]:
        """A face lying on its side or upside down in the crop: only its reading at the right roll counts."""
        rng = self.rng
        picture, points = self.scenery.head(rng)
        around = crop_around(points, STORED_MARGIN)
        turn = float(rng.uniform(WRONG_TURN, 2 * np.pi - WRONG_TURN))
        side = around.side * float(np.exp(rng.normal(0, 0.1)))
        yield cut(picture, CropBox(around.centre, side, around.roll + turn), STORED_PX), False, np.nan, WRONG_WAY_ROUND

    def _lookalikes(self) -> Iterator[Crop]:
        """Drawn hands, avatars and the like: what the detector proposes there, and the whole of them."""
        rng = self.rng
        picture = self.scenery.background(216, 336, rng)
        boxes: list[Box] = []
        for _ in range(2):
            side = float(np.exp(rng.uniform(np.log(40), np.log(200))))
            drawn = lookalike if rng.random() < 0.5 else clutter
            piece = drawn(128, self.scenery.background(128, 128, rng), rng)
            to = (rng.uniform(0.15, 0.85) * 336, rng.uniform(0.2, 0.8) * 216)
            self.scenery._paste(picture, piece, _similarity((64, 64), to, side / 128, float(rng.normal(0, 0.3))), rng)
            tight = float(rng.uniform(0.5, 0.75)) * side
            boxes.append((to[0] - tight / 2, to[1] - tight / 2, tight, tight))
        picture = self._disguised(picture) if rng.random() < 0.3 else picture
        for seen, candidate in self._proposed(picture, 5, 0.3):
            yield stored(seen, candidate.detection.box, candidate.roll), False, candidate.detection.score, "drawn"
            yield from self._placed(seen, candidate, False, "drawn placed")
        box = boxes[-1]
        yield stored(picture, box, float(rng.normal(0, 0.2))), False, np.nan, "drawn whole"

    def _pasted_pieces(self) -> Iterator[Crop]:
        """Things that are no faces pasted as faces are, lest the pasting be learnt."""
        rng = self.rng
        picture = self.scenery.background(216, 336, rng)
        for _ in range(3):
            piece = self.scenery.background(96, 96, rng)
            side = float(np.exp(rng.uniform(np.log(24), np.log(216))))
            to = (rng.uniform(0.1, 0.9) * 336, rng.uniform(0.1, 0.9) * 216)
            roll = float(rng.normal(0, 0.3))
            self.scenery._paste(picture, piece, _similarity((48, 48), to, side / 96, roll), rng)
            tight = side / MARGIN
            box = (to[0] - tight / 2, to[1] - tight / 2, tight, tight)
            yield stored(degrade(picture, rng, blur_px=0.8), box, roll), False, np.nan, "piece"

    def _of_sample(self, sample: Sample, kind: str) -> Iterator[Crop]:
        rng = self.rng
        true: list[Box] = [face[:4] for face in sample.faces]  # type: ignore[misc]
        ignored: list[Box] = [box[:4] for box in sample.ignored]  # type: ignore[misc]
        for seen, candidate in self._proposed(sample.picture, 8, 0.0):
            box, score = candidate.detection.box, candidate.detection.score
            overlap = max((intersection_over_union(box, face) for face in true), default=0.0)
            if overlap >= LIKE:
                yield stored(seen, box, candidate.roll), True, score, kind
                yield from self._placed(seen, candidate, True, f"{kind} placed", true)
            elif overlap < UNLIKE and not any(_near(box, other) for other in ignored + true):
                yield stored(seen, box, candidate.roll), False, score, f"{kind} background"
        for face in sample.faces:
            roll = float(np.arctan2(face[5], face[4])) if np.isfinite(face[4]) else 0.0
            if rng.random() < 0.35:
                yield stored(sample.picture, face[:4], roll), True, np.nan, f"{kind} true"  # type: ignore[arg-type]
            if rng.random() < 0.25:
                bad = _badly_placed(face[:4], rng)  # type: ignore[arg-type]
                if all(intersection_over_union(bad, other) < UNLIKE for other in true + ignored):
                    yield stored(sample.picture, bad, roll), False, np.nan, f"{kind} misplaced"


def lit_hard(picture: Picture, boxes: Sequence[Sequence[float]], rng: np.random.Generator) -> Picture:
    """The picture in hard light, at times levelled after it, as the tracker's second look has it."""
    lit = night(picture, rng) if rng.random() < NIGHT_SHARE else hard_light(picture, boxes, rng)
    return level(lit, max(boxes[0][2:4], default=0.0)) if rng.random() < 0.4 else lit


def _near(box: Box, other: Box) -> bool:
    """Whether the two touch at all, the other one enlarged by a fifth."""
    x, y, width, height = other
    return intersection_over_union(box, (x - 0.1 * width, y - 0.1 * height, 1.2 * width, 1.2 * height)) > 0


def _badly_placed(face: Box, rng: np.random.Generator) -> Box:
    """A box that partly covers a face, holds a small part of it, or is far too large."""
    x, y, width, height = face
    scale = float(np.exp(rng.choice([rng.uniform(-1.8, -0.7), rng.normal(0, 0.25), rng.uniform(0.7, 1.4)])))
    reach = 0.5 if abs(np.log(scale)) > 0.7 else 1.0
    centre_x, centre_y = x + width * (0.5 + rng.uniform(-reach, reach)), y + height * (0.5 + rng.uniform(-reach, reach))
    return (centre_x - scale * width / 2, centre_y - scale * height / 2, scale * width, scale * height)


def hard_ones(crops: Iterator[Crop], rng: np.random.Generator, folder: Path) -> Iterator[Crop]:
    """Those of which the classifier in `folder` is not sure, and a few of the others."""
    classifier = FaceClassifier(ModelStore(folder).load("classifier"))
    middle = CropBox((STORED_PX / 2 - 0.5, STORED_PX / 2 - 0.5), STORED_PX * MARGIN / STORED_MARGIN, 0.0)
    for crop in crops:
        odds = classifier.log_odds(crop[0], middle)
        sure = odds > 3 if crop[1] else odds < -4
        if not sure or rng.random() < 0.1:
            yield crop


def held_out_windows(count: int, seed: int) -> Iterator[Picture]:
    """Face-free windows of the held-out scenes, drawn as the evaluation draws them on fold 1."""
    rng = np.random.default_rng(seed)
    scenes, boxes = load_scenes()
    choice = [int(i) for i in scenes.indices(TRAIN) if held_out(int(i)) and np.isfinite(scenes["main_box"][i, 0])]
    while count:
        i = int(rng.choice(choice))
        main = scenes["main_box"][i : i + 1].astype(np.float32)
        known = np.concatenate([boxes[i], main])
        shape = scenes.pixels[i].shape[:2]
        window = free_window((shape[0], shape[1]), known, rng, float(rng.choice([4 / 3, 16 / 9, 1.0])), smallest=40)
        if window is not None:
            x, y, width, height = window
            yield scenes.pixels[i][y : y + height, x : x + width]
            count -= 1


def mine(name: str, count: int, seed: int, folder: Path, hard: bool = False) -> None:
    """Write `count` crops to the runs folder. folder: of the networks that propose them. hard: see `hard_ones`."""
    draft = runs_folder() / f"classifier-{name}.draft.npy"
    crops = np.lib.format.open_memmap(draft, "w+", np.uint8, (count, STORED_PX, STORED_PX, 3))
    is_face = np.zeros(count, bool)
    score = np.full(count, np.nan, np.float32)
    kinds: list[str] = []
    begun = time.monotonic()
    found = Miner(seed, folder).crops()
    if hard:
        found = hard_ones(found, np.random.default_rng(seed), folder)
    for k, (picture, face, proposed, kind) in enumerate(found):
        if k == count:
            break
        crops[k], is_face[k], score[k] = picture, face, proposed
        kinds.append(kind)
        if k % 1000 == 0:
            print(f"{k} crops, {time.monotonic() - begun:.0f} s", flush=True)
    np.savez(runs_folder() / f"classifier-{name}.npz", is_face=is_face, score=score, kind=np.array(kinds))
    draft.rename(runs_folder() / f"classifier-{name}-crops.npy")
    for kind in sorted(set(kinds)):
        chosen = np.array(kinds) == kind
        print(f"{kind:20s} {chosen.sum():6d} crops, {is_face[chosen].mean():.0%} faces", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True, help="of the file written to the runs folder")
    parser.add_argument("--count", type=int, default=60000)
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--hard", action="store_true", help="mostly what models/classifier.onnx is not sure of")
    parser.add_argument("--folder", type=Path, default=MODELS_FOLDER, help="of the networks (default: models/)")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    mine(args.name, args.count, args.seed, args.folder, args.hard)
    return 0


if __name__ == "__main__":
    sys.exit(main())
