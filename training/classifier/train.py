"""Train the classifier: `python -m training.classifier.train --steps 20000 --crops first`."""

from __future__ import annotations

import argparse
import sys

import cv2
import numpy as np
import torch
from torch.nn import functional

from tracker.face.classifier import MARGIN
from training.classifier.data import STORED_PX, WRONG_WAY_ROUND, lit_hard, mine
from training.classifier.network import CROP_PX, FaceClassifier
from training.datasets import runs_folder
from training.manifest import MODELS_FOLDER
from training.photometric import Picture, degrade
from training.run import SAVE_EVERY_S, Clock, Run, add_run_arguments

NAME = "classifier"
BATCH = 128
HARD_SHARE = 0.5
"""Share of a batch drawn by how wrong the network was on a crop when it last saw it."""
SMOOTHING = 0.01
HARD_LIGHT_SHARE = 0.15
MIDDLE_BOX = (CROP_PX * (0.5 - 0.5 / MARGIN), CROP_PX * (0.5 - 0.5 / MARGIN), CROP_PX / MARGIN, CROP_PX / MARGIN)
"""Where the face is in a crop."""
REJECT_LOG_ODDS = 0.98
"""Faces pasted into the dark can be invisible: no crop is drawn more often for being more wrong than this."""


class Crops:
    """The mined crops, and how wrong the network last was on each."""

    def __init__(self, names: list[str]) -> None:
        self.files = [np.load(runs_folder() / f"classifier-{name}-crops.npy", mmap_mode="r") for name in names]
        facts = [np.load(runs_folder() / f"classifier-{name}.npz") for name in names]
        self.is_face = np.concatenate([one["is_face"] for one in facts])
        self.turns = ~self.is_face & (np.concatenate([one["kind"] for one in facts]) != WRONG_WAY_ROUND)
        """Which crops may be turned at will: those that hold no face at all."""
        self.starts = np.cumsum([0, *(len(file) for file in self.files)])
        self.wrong = np.full(len(self.is_face), 0.5, np.float32)
        self.of_class = [np.flatnonzero(self.is_face == face) for face in (False, True)]

    def __getitem__(self, i: int) -> Picture:
        file = int(np.searchsorted(self.starts, i, side="right")) - 1
        return self.files[file][i - self.starts[file]]

    def draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Indices of `count` crops, half of them faces, partly those that are hard."""
        chosen = []
        for members in self.of_class:
            hard = int(count / 2 * HARD_SHARE)
            chosen.append(rng.choice(members, count // 2 - hard))
            cumulative = np.cumsum(np.minimum(self.wrong[members], REJECT_LOG_ODDS) ** 1.5 + 1e-4)
            chosen.append(members[np.searchsorted(cumulative, rng.random(hard) * cumulative[-1])])
        return np.concatenate(chosen)


def disturbed(crop: Picture, turns: bool, rng: np.random.Generator) -> Picture:
    """The network's view of a stored crop: shifted, scaled, turned, mirrored, made worse. turns: by any angle."""
    wild = rng.random() < 0.2
    shift = rng.normal(0, 0.05 if wild else 0.025, 2) * CROP_PX
    scale = float(np.exp(rng.normal(0, 0.12 if wild else 0.05)))
    turn = float(rng.uniform(-0.6, 0.6) if wild else rng.normal(0, 0.08))
    if turns and rng.random() < 0.1:
        turn = float(rng.uniform(-np.pi, np.pi))
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    middle, half = (STORED_PX - 1) / 2, (CROP_PX - 1) / 2
    matrix = np.array([[cos, -sin, 0], [sin, cos, 0]])
    matrix[:, 2] = half + shift - matrix[:, :2] @ [middle, middle]
    if rng.random() < 0.25:  # a smaller face: fewer pixels behind it
        small = int(np.exp(rng.uniform(np.log(14), np.log(56))) * STORED_PX / CROP_PX)
        less = cv2.resize(crop, (small, small), interpolation=cv2.INTER_AREA)
        crop = cv2.resize(less, (STORED_PX, STORED_PX), interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
    out = cv2.warpAffine(crop, matrix, (CROP_PX, CROP_PX), borderMode=cv2.BORDER_REPLICATE).astype(np.uint8, copy=False)
    if rng.random() < 0.5:
        out = np.ascontiguousarray(out[:, ::-1])
    if rng.random() < 0.12:
        _cover(out, rng)
    worse = rng.random()
    if worse < HARD_LIGHT_SHARE:
        return lit_hard(out, [MIDDLE_BOX], rng)
    return degrade(out, rng, blur_px=0.7, grey=0.1) if worse < 0.55 else out


def _cover(picture: Picture, rng: np.random.Generator) -> None:
    """A hand, a microphone, a label: an ellipse or box of one colour over a part, in place."""
    centre = rng.integers(0, CROP_PX, 2).tolist()
    axes = rng.integers(4, 16, 2).tolist()
    colour = rng.integers(0, 256, 3).tolist()
    if rng.random() < 0.5:
        cv2.ellipse(picture, centre, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA)
    else:
        cv2.rectangle(picture, centre, (centre[0] + axes[0], centre[1] + axes[1]), colour, -1)


def as_tensor(pictures: list[Picture]) -> torch.Tensor:
    """(N, 3, 64, 64) floats 0 to 1, channels last in memory."""
    stacked = torch.from_numpy(np.stack(pictures))
    return stacked.permute(0, 3, 1, 2).float().div_(255).contiguous(memory_format=torch.channels_last)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, steps=20000)
    parser.add_argument("--crops", nargs="+", required=True, help="names given to training.classifier.data")
    parser.add_argument("--begin-with", metavar="RUN", help="start from the weights of this run")
    parser.add_argument("--mine", type=int, metavar="COUNT", help="mine so many crops of a set that is not there yet")
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(args.seed)
    classifier = FaceClassifier()
    run = Run(NAME, classifier, args.steps, args.learning_rate, args.device)
    if args.resume:
        run.resume()
    elif args.begin_with:
        run.begin_with(args.begin_with)
    rng = np.random.default_rng([args.seed, run.done])
    for name in args.crops:
        if args.mine and not (runs_folder() / f"classifier-{name}.npz").exists():
            mine(name, args.mine, args.seed, MODELS_FOLDER)
    crops = Crops(args.crops)
    print(f"{len(crops.is_face)} crops, {crops.is_face.mean():.1%} faces", flush=True)
    clock = Clock([run])
    classifier.train()
    while run.progress < 1:
        chosen = crops.draw(BATCH, rng)
        faces = crops.is_face[chosen]
        pictures = as_tensor([disturbed(crops[i], bool(crops.turns[i]), rng) for i in chosen])
        logit = classifier(pictures.to(run.device))
        truth = torch.from_numpy(faces.astype(np.float32)).to(run.device)
        soft = truth * (1 - 2 * SMOOTHING) + SMOOTHING
        loss = functional.binary_cross_entropy_with_logits(logit, soft)
        run.step(loss)
        crops.wrong[chosen] = np.abs(torch.sigmoid(logit.detach()).cpu().numpy() - faces)
        wrong = [float((crops.wrong[members] > 0.5).mean()) for members in crops.of_class]
        clock.report([loss.item()], f"wrong: {wrong[0]:.2%} of others, {wrong[1]:.2%} of faces")
        run.save(every_s=SAVE_EVERY_S)
    run.save()
    return 0


if __name__ == "__main__":
    sys.exit(main())
