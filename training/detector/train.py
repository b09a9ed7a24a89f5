"""Train the detector: `python -m training.detector.train --steps 19400`."""

from __future__ import annotations

import argparse
import sys

import cv2
import numpy as np
import torch
from torch.nn import functional

from training.detector.data import Sample, Scenery, flip
from training.detector.network import STRIDE, Detector, decode_boxes
from training.photometric import degrade
from training.run import SAVE_EVERY_S, Clock, Run, add_run_arguments

NAME = "detector"
# Heights and widths of training pictures with their share; small ones teach more per second.
SHAPES = (
    ((128, 192), 0.45), ((160, 256), 0.25), ((192, 128), 0.1),
    ((256, 192), 0.05), ((192, 256), 0.05), ((128, 448), 0.1),
)  # fmt: skip
BATCH_PIXELS = 24 * 160 * 256
HARD_POOL = 400
HARD_SCORE = 0.35
HEAT_WEIGHT = 5.0
PLATEAU = 1.6
FREEZE_FROM = 0.5
"""Share of the steps after which the first levels no longer learn, unless another one is given."""


def targets(samples: list[Sample]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Heat (N, h, w), care (N, h, w; 0 = no loss), box and roll (N, 6, h, w), and their weight (N, h, w)."""
    height, width = (size // STRIDE for size in samples[0].picture.shape[:2])
    count = len(samples)
    heat = np.zeros((count, height, width), np.float32)
    care = np.ones_like(heat)
    value = np.zeros((count, 6, height, width), np.float32)
    weight = np.zeros_like(heat)
    column, row = np.arange(width) + 0.5, np.arange(height) + 0.5
    for n, sample in enumerate(samples):
        for x, y, w, h in sample.ignored:
            inside_x = np.abs(column - (x + w / 2) / STRIDE) < 0.6 * w / STRIDE + 0.5
            inside_y = np.abs(row - (y + h / 2) / STRIDE) < 0.6 * h / STRIDE + 0.5
            care[n][np.ix_(inside_y, inside_x)] = 0
        for face in sample.faces:
            x, y, w, h = face[:4]
            off_x, off_y = column - (x + w / 2) / STRIDE, row - (y + h / 2) / STRIDE
            bell_x = np.exp(-0.5 * (off_x / max(0.65, 0.11 * w / STRIDE)) ** 2)
            bell_y = np.exp(-0.5 * (off_y / max(0.65, 0.11 * h / STRIDE)) ** 2)
            bell = (bell_y[:, None] * bell_x).astype(np.float32)
            peak = np.unravel_index(bell.argmax(), bell.shape)
            bell[peak] = 1
            ours = (bell > 0.4) & (bell > weight[n])
            value[n][:, ours] = np.array(face, np.float32)[:, None]
            weight[n][ours] = bell[ours]
            # A plateau: being a cell beside the centre must not cost a clear face its score.
            heat[n] = np.maximum(heat[n], np.minimum(PLATEAU * bell, 1))
            care[n][bell > 0.01] = 1
    return torch.from_numpy(heat), torch.from_numpy(care), torch.from_numpy(value), torch.from_numpy(weight)


def detection_loss(
    out: torch.Tensor, heat: torch.Tensor, care: torch.Tensor, value: torch.Tensor, weight: torch.Tensor
) -> torch.Tensor:
    """Quality focal loss on the heat, generalised overlap of the boxes, and the roll where it is known."""
    logit = out[:, 0]
    # Every cell of the bell teaches; where only its peak counted as a face, scores rose several times slower.
    wrong = functional.binary_cross_entropy_with_logits(logit, heat, reduction="none")
    centre = (wrong * (torch.sigmoid(logit) - heat).abs() * care).sum() / (heat * care).sum().clamp(min=1)

    where = weight > 0
    box, truth = decode_boxes(out).permute(0, 2, 3, 1)[where], value.permute(0, 2, 3, 1)[where]
    each = weight[where]
    low, high = box[:, :2], box[:, :2] + box[:, 2:]
    low_t, high_t = truth[:, :2], truth[:, :2] + truth[:, 2:4]
    both = (torch.minimum(high, high_t) - torch.maximum(low, low_t)).clamp(min=0).prod(1)
    either = box[:, 2:].prod(1) + truth[:, 2:4].prod(1) - both
    hull = (torch.maximum(high, high_t) - torch.minimum(low, low_t)).prod(1)
    overlap = both / either - (hull - either) / hull
    scale = truth[:, 2:4].repeat(1, 2)
    distance = functional.smooth_l1_loss(torch.cat([low, high], 1) / scale, torch.cat([low_t, high_t], 1) / scale,
                                         reduction="none", beta=0.05).sum(1)  # fmt: skip
    boxes = ((1 - overlap + distance) * each).sum() / each.sum().clamp(min=1)

    known = torch.isfinite(truth[:, 4])
    roll = out[:, 5:7].permute(0, 2, 3, 1)[where][known]
    off_roll = functional.smooth_l1_loss(roll, truth[known, 4:6], reduction="none", beta=0.1).sum(1)
    rolls = (off_roll * each[known]).sum() / each[known].sum().clamp(min=1)
    # Boxes are learnt long before faces are told from what is no face: weigh the latter more.
    return HEAT_WEIGHT * centre + boxes + 0.5 * rolls


def as_tensor(samples: list[Sample]) -> torch.Tensor:
    """The pictures as (N, 3, H, W) floats 0 to 1, channels last in memory."""
    pictures = torch.from_numpy(np.stack([sample.picture for sample in samples]))
    return pictures.permute(0, 3, 1, 2).float().div_(255).contiguous(memory_format=torch.channels_last)


class HardPool:
    """Face-free pictures on which the network saw faces, shown again."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []

    def collect(self, samples: list[Sample], out: torch.Tensor, rng: np.random.Generator) -> None:
        """Keep the face-free pictures with a score above HARD_SCORE."""
        best = torch.sigmoid(out[:, 0].detach().flatten(1).amax(1))
        for sample, score in zip(samples, best.tolist(), strict=True):
            if not sample.faces and not sample.ignored and score > HARD_SCORE:
                if len(self.samples) < HARD_POOL:
                    self.samples.append(sample)
                else:
                    self.samples[int(rng.integers(HARD_POOL))] = sample

    def draw(self, height: int, width: int, rng: np.random.Generator) -> Sample | None:
        """One of them in a fresh disguise, when one of this size is there."""
        fitting = [sample for sample in self.samples if sample.picture.shape[:2] == (height, width)]
        if len(fitting) < 8:
            return None
        sample = Sample(fitting[int(rng.integers(len(fitting)))].picture)
        if rng.random() < 0.5:
            flip(sample)
        sample.picture = degrade(sample.picture, rng, blur_px=0.6)
        return sample


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_run_arguments(parser, steps=19400)
    parser.add_argument("--begin-with", metavar="RUN", help="start from the weights of this run")
    parser.add_argument(
        "--freeze-from", type=float, default=FREEZE_FROM, help="share of the steps (default %(default)s)"
    )
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(args.seed)
    detector = Detector()
    run = Run(NAME, detector, args.steps, args.learning_rate, args.device)
    if args.resume:
        run.resume()
    elif args.begin_with:
        run.begin_with(args.begin_with)
    rng = np.random.default_rng([args.seed, run.done])
    scenery, pool = Scenery(), HardPool()
    shapes, shares = [shape for shape, _ in SHAPES], [share for _, share in SHAPES]
    clock = Clock([run])
    detector.train()
    while run.progress < 1:
        if run.progress > args.freeze_from:
            detector.freeze_first_levels()
        height, width = shapes[int(rng.choice(len(shapes), p=shares))]
        samples = []
        for _ in range(BATCH_PIXELS // (height * width)):
            hard = pool.draw(height, width, rng) if rng.random() < 0.12 else None
            samples.append(hard or scenery.sample(height, width, rng))
        out = detector(as_tensor(samples).to(run.device))
        pool.collect(samples, out, rng)
        loss = detection_loss(out, *(target.to(run.device) for target in targets(samples)))
        run.step(loss)
        clock.report([loss.item()], f"hard {len(pool.samples)}")
        run.save(every_s=SAVE_EVERY_S)
    run.save()
    return 0


if __name__ == "__main__":
    sys.exit(main())
