"""Measure an eye network on fold 1: `python -m training.eyes.evaluate --network eyes`.

Pupil errors are in percent of the outer-eye distance, which is OUTER_EYE_WIDTHS eye widths (faces packs, median).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch

from tracker import topology
from tracker.face.eyes import EyeReader
from tracker.face.gaze import corners_of, to_pixels
from tracker.face.networks import ModelStore, Network
from training.datasets import VALIDATION, load_faces, load_mesh
from training.eyes.data import (
    CLOSED_GAP,
    LOOKING_GAP,
    SPAN,
    EyeSet,
    Floats,
    close_lids,
    crop_matrix,
    warp_crop,
)
from training.eyes.irises import INNER, IRIS, OUTER, SMALLEST_WIDTH, move_iris
from training.eyes.losses import NEAR
from training.eyes.network import DecodedEyes
from training.eyes.train import NETWORKS, as_tensor, new_network
from training.manifest import MODELS_FOLDER, update_quality
from training.photometric import Picture, add_noise
from training.run import load_average

OUTER_EYE_WIDTHS = 3.29
EQUAL_WIDTH = 20.0
"""Eye width in pixels to which crops of different sources are brought before they are compared."""
WEBCAM_WIDTH = 25.0
"""Eye width in pixels of a face of 200 pixels, as at arm's length from a camera of 640 x 360."""
LOOKS = np.linspace(-0.08, 0.08, 13)
"""Heights of pupils, eye widths below the corners' middle."""
LOOKING_EYES = 300
"""So many eyes are made to look up and down."""
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
MESH_IRIS = {"right": 468, "left": 473}

Answers = dict[str, npt.NDArray[np.float32]]
Reader = Callable[[list[Picture]], Answers]
OUTPUTS = ("pupil", "lids", "aperture", "closed", "confidence", "gaze", "openness", "blink", "seen")


def onnx_reader(network: Network) -> Reader:
    """Answers of the exported network."""
    return lambda crops: dict(zip(OUTPUTS, network.run(np.stack(crops)), strict=True))


def checkpoint_reader(run: str, name: str) -> Reader:
    """Answers of a run that was not exported."""
    network = new_network(name)
    load_average(run, network)
    decoded = DecodedEyes(network).eval()

    @torch.no_grad()
    def read(crops: list[Picture]) -> Answers:
        parts = decoded(as_tensor(list(crops)))
        return {key: value.numpy() for key, value in zip(OUTPUTS, parts, strict=True)}

    return read


def area_under_curve(high: Floats, low: Floats) -> float:
    """Probability that a value of `high` exceeds one of `low`, ties counting half."""
    order = np.sort(low)
    below = np.searchsorted(order, high, "left") + np.searchsorted(order, high, "right")
    return round(float(below.mean() / (2 * len(low))), 4)


def pupil_errors(
    eyes: EyeSet, read: Reader, size: tuple[int, int], chosen: npt.NDArray[np.intp], careless: float, seed: int = 3
) -> tuple[Floats, Floats, Floats]:
    """Errors of pupils and lids (percent of the outer-eye distance) and confidences of open eyes.

    careless: error of the corners the crop is made from, in eye widths (standard deviation per axis).
    """
    rng = np.random.default_rng(seed)
    crops, truths = [], []
    for i in chosen:
        truth = eyes.truth(int(i))
        width = float(np.hypot(*(truth.inner - truth.outer)))
        corners = np.stack([truth.outer, truth.inner]) + rng.normal(0, careless * width, (2, 2))
        matrix = crop_matrix(corners[0].astype(np.float32), corners[1].astype(np.float32), size)
        crops.append(warp_crop(eyes.pack.pixels[int(i)], matrix, size, averaged=True))
        fractions = (truth.points @ matrix[:, :2].T + matrix[:, 2] + 0.5) / np.array(size)
        # In eye widths of the truth, not of the careless corners.
        truths.append((fractions, float(np.hypot(*(corners[1] - corners[0]))) / width))
    found = read(crops)
    points = np.stack([points for points, _ in truths])
    scale = np.array([ratio for _, ratio in truths])[:, None] * np.array(SPAN) * 100 / OUTER_EYE_WIDTHS
    pupil = np.linalg.norm((found["pupil"] - points[:, IRIS]) * scale, axis=-1)
    lids = np.linalg.norm((found["lids"] - points[:, :16]) * scale[:, None], axis=-1).mean(axis=1)
    return pupil, lids, found["confidence"]


def height_read(eyes: EyeSet, read: Reader, size: tuple[int, int], chosen: npt.NDArray[np.intp]) -> list[float]:
    """How the pupil's height follows the truth: slope, and mean offset downwards in eye widths."""
    crops, truths = [], []
    for i in chosen:
        crop, matrix = eyes.crop(int(i), size)
        crops.append(crop)
        truths.append((float(matrix[1] @ [*eyes.points[i][IRIS], 1]) + 0.5) / size[1])
    true, found = (SPAN[1] * np.asarray(values) for values in (truths, read(crops)["pupil"][:, 1]))
    return [round(float(np.polyfit(true, found, 1)[0]), 2), round(float((found - true).mean()), 4)]


def order_of_looks(eyes: EyeSet, read: Reader, size: tuple[int, int]) -> dict[str, Any]:
    """Whether pupils are read in order while fold 1's irises, own or painted, go from high to low between still lids.

    The pictures are first made as small as those of a webcam. A lamp's reflection moves half as far as the iris.
    """
    widths = np.hypot(*(eyes.points[:, OUTER] - eyes.points[:, INNER]).T)
    chosen = np.flatnonzero((eyes.pack.fold == VALIDATION) & (eyes.gap > LOOKING_GAP) & (widths > SMALLEST_WIDTH))
    orders, slopes = [], []
    for i in chosen[:: max(1, len(chosen) // LOOKING_EYES)]:
        points, ratio = eyes.points[i], WEBCAM_WIDTH / widths[i]
        middle = (points[OUTER] + points[INNER]) / 2
        crops = []
        for height in LOOKS:
            shift = middle + (0, height * widths[i]) - points[IRIS]
            rng = np.random.default_rng(int(i))  # the same iris and the same lamps each time
            moved = move_iris(eyes.pack.pixels[i], points, shift.astype(np.float32), 0.0, rng)
            if moved is None:
                break
            small = cv2.resize(moved[0], None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
            scale = np.array(small.shape[1::-1]) / moved[0].shape[1::-1]
            outer, inner = ((points[[OUTER, INNER]] + 0.5) * scale - 0.5).astype(np.float32)
            matrix = crop_matrix(outer, inner, size)
            crops.append(warp_crop(small.astype(np.uint8, copy=False), matrix, size, averaged=False))
        if len(crops) == len(LOOKS):
            found = SPAN[1] * read(crops)["pupil"][:, 1]
            orders.append(np.corrcoef(np.arange(len(LOOKS)), np.argsort(np.argsort(found)))[0, 1])  # Spearman's
            slopes.append(np.polyfit(LOOKS, found, 1)[0])
    return {
        f"looks up to down, eyes {WEBCAM_WIDTH:.0f} px wide: mean Spearman": round(float(np.mean(orders)), 3),
        "of these, Spearman of the worst tenth at most": round(float(np.quantile(orders, 0.1)), 3),
        "of these, mean slope": round(float(np.mean(slopes)), 3),
    }


def at_equal_size(eyes: EyeSet, i: int, size: tuple[int, int]) -> Picture:
    """A grey crop of eye `i` that has passed through a picture in which the eye is EQUAL_WIDTH wide."""
    small_size = (round(EQUAL_WIDTH * SPAN[0]), round(EQUAL_WIDTH * SPAN[1]))
    small, _ = eyes.crop(i, small_size)
    grey = cv2.cvtColor(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return cv2.resize(grey, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


def openness_figures(eyes: EyeSet, read: Reader, size: tuple[int, int]) -> dict[str, Any]:
    """Areas under the curve for closed against open eyes."""
    source, fold = eyes.pack.source, eyes.pack.fold
    figures: dict[str, Any] = {}
    state = np.flatnonzero((source == "eye_state") & (fold == VALIDATION))
    answers = read([eyes.crop(int(i), size)[0] for i in state])
    closed = eyes.closed[state] == 1
    figures["AUC eye_state, closed"] = area_under_curve(answers["closed"][closed], answers["closed"][~closed])
    figures["AUC eye_state, aperture"] = area_under_curve(answers["aperture"][~closed], answers["aperture"][closed])
    shut = np.flatnonzero((source == "cew_closed") & (fold == VALIDATION))
    shut_answers = read([at_equal_size(eyes, int(i), size) for i in shut])
    for other in ("muxspace", "utk", "mask_off", "uda"):
        chosen = np.flatnonzero((source == other) & (fold == VALIDATION) & (eyes.gap > CLOSED_GAP))
        answers = read([at_equal_size(eyes, int(i), size) for i in chosen])
        figures[f"AUC cew_closed against {other}, grey, equal size, closed"] = area_under_curve(
            shut_answers["closed"], answers["closed"]
        )
        figures[f"AUC cew_closed against {other}, grey, equal size, aperture"] = area_under_curve(
            answers["aperture"], shut_answers["aperture"]
        )
    return figures


def lid_figures(eyes: EyeSet, read: Reader, size: tuple[int, int]) -> dict[str, Any]:
    """How the aperture follows lids closed step by step by warping fold 1's open eyes."""
    chosen = np.flatnonzero((eyes.pack.fold == VALIDATION) & (eyes.gap > 0.22) & (eyes.closed < 0))[::4]
    steps = []
    for share in SHARES:
        crops = []
        for i in chosen:
            crop, matrix = eyes.crop(int(i), size)
            points = eyes.points[i] @ matrix[:, :2].T + matrix[:, 2]
            crops.append(close_lids(crop, points, share)[0])
        steps.append(read(crops))
    aperture = np.stack([step["aperture"] for step in steps])
    figures: dict[str, Any] = {
        f"aperture at {1 - share:.0%} of the gap, of its own open value": round(
            float(np.mean(aperture[k] / np.maximum(aperture[0], 0.05))), 3
        )
        for k, share in enumerate(SHARES)
    }
    falls = np.diff(aperture, axis=0) < 0.01
    figures["eyes whose aperture falls at every step, %"] = round(100 * float(falls.all(axis=0).mean()), 1)
    open_eyes = np.flatnonzero((eyes.pack.fold == VALIDATION) & np.isfinite(eyes.gap) & (eyes.closed < 0))
    found = read([eyes.crop(int(i), size)[0] for i in open_eyes])["aperture"]
    figures["correlation of aperture with the annotators' gap"] = round(
        float(np.corrcoef(found, eyes.gap[open_eyes])[0, 1]), 3
    )
    figures["mean error of aperture, eye widths"] = round(float(np.abs(found - eyes.gap[open_eyes]).mean()), 4)
    return figures


def tracker_figures(network: Network) -> dict[str, Any]:
    """Pupil error through the tracker's own reader, from the landmarks of fold 1's face crops."""
    faces = load_faces()
    mesh = load_mesh(faces)
    reader = EyeReader(network)
    errors: dict[str, list[float]] = {}
    for i in faces.indices(VALIDATION):
        points = faces["lm66"][i]
        reading = reader.read(np.ascontiguousarray(faces.pixels[i]), points)
        pupils = to_pixels(corners_of(reading.refine(points)), reading.pupil_positions)
        outer = float(np.hypot(*(points[topology.LEFT_EYE_OUTER] - points[topology.RIGHT_EYE_OUTER])))
        for k, corners in enumerate((topology.RIGHT_EYE, topology.LEFT_EYE)):
            eye = points[corners]
            gap = float(np.linalg.norm(eye[[1, 2]].mean(axis=0) - eye[[5, 4]].mean(axis=0)))
            if gap > 0.15 * float(np.hypot(*(eye[3] - eye[0]))):
                iris = mesh[i, MESH_IRIS["right" if k == 0 else "left"], :2]
                error = 100 * float(np.hypot(*(pupils[k] - iris))) / outer
                errors.setdefault(str(faces.source[i]), []).append(error)
    return {
        f"pupil error through the tracker, % ({source})": round(float(np.mean(values)), 2)
        for source, values in sorted(errors.items())
    }


def reliability(confidence: Floats, error: Floats) -> dict[str, Any]:
    """Share of pupils within NEAR eye widths, per band of confidence."""
    near = error < 100 * NEAR / OUTER_EYE_WIDTHS
    table = {}
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        inside = (confidence >= low) & (confidence < low + 0.2 + 1e-6)
        if inside.any():
            said, true = float(confidence[inside].mean()), float(near[inside].mean())
            table[f"confidence {low:.1f} to {low + 0.2:.1f}: said, true, share"] = [
                round(said, 3), round(true, 3), round(float(inside.mean()), 3)
            ]  # fmt: skip
    return table


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", choices=sorted(NETWORKS), default="eyes")
    parser.add_argument("--run", help="openness figures of a run that is not exported; stored as a trial")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    size, _ = NETWORKS[args.network]
    eyes = EyeSet()
    figures: dict[str, Any] = {}
    if args.run:
        trial = openness_figures(eyes, checkpoint_reader(args.run, args.network), size)
        figures = {f"trial {args.run}: {key}": value for key, value in trial.items()}
    else:
        network = ModelStore(MODELS_FOLDER).load(args.network)
        read = onnx_reader(network)
        known = (eyes.pack.fold == VALIDATION) & (eyes.gap > CLOSED_GAP) & (eyes.closed != 1)
        for source in ("uda", "muxspace", "utk", "mask_off", "mask_on", "faker", "all"):
            chosen = np.flatnonzero(known & ((eyes.pack.source == source) | (source == "all")))
            pupil, lids, _ = pupil_errors(eyes, read, size, chosen, 0.0)
            loose, _, confidence = pupil_errors(eyes, read, size, chosen, 0.04)
            figures[f"pupil error, % ({source})"] = round(float(pupil.mean()), 2)
            figures[f"pupil error, 95th percentile, % ({source})"] = round(float(np.quantile(pupil, 0.95)), 2)
            figures[f"pupil error, corners off by 4 % of the eye width, % ({source})"] = round(float(loose.mean()), 2)
            figures[f"height read: slope, offset in eye widths ({source})"] = height_read(eyes, read, size, chosen)
            figures[f"lid contour error, % ({source})"] = round(float(lids.mean()), 2)
        figures |= reliability(confidence, loose)
        figures |= openness_figures(eyes, read, size) | lid_figures(eyes, read, size)
        figures |= order_of_looks(eyes, read, size) | tracker_figures(network)
        rng = np.random.default_rng(4)
        noisy: Reader = lambda crops: read([add_noise((crop * 0.1).astype(np.uint8), 2.0, rng) for crop in crops])  # noqa: E731
        chosen = np.flatnonzero(known)
        in_the_dark = pupil_errors(eyes, noisy, size, chosen, 0.0)[0]
        figures["pupil error in the dark (a tenth of the light), %"] = round(float(in_the_dark.mean()), 2)
    for key, value in figures.items():
        print(f"{key:75s} {value}")
    update_quality(args.network, {"fold": 1, **figures})
    return 0


if __name__ == "__main__":
    sys.exit(main())
