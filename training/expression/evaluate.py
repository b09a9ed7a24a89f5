"""How good the coefficients are: `python -m training.expression.evaluate --models 3 --renders ict-test makehuman-test`.

On renders of heads never trained on, per family and against exact truth; on the development clips, as correlation
within a clip with an annotator, for the network alone and through the tracker; on held-out photographs; and what
faces without expression are said to do. `--details` prints every coefficient. `--peer PYTHON --landmarker FILE` prints
MediaPipe's figures on the same renders beside ours; of clips and photographs its landmarker is itself the annotator.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from tracker import Tracker
from tracker import topology as t
from tracker.topology import BLENDSHAPE_NAMES
from training import datasets
from training.baselines.asking import ask
from training.expression.clips import Clip, load_clips
from training.expression.metrics import (
    GAZE,
    against_truth,
    area_under_curve,
    pearson,
    reach,
    summary,
    within_clips,
)
from training.expression.reader import NetworkReader
from training.landmarks import face_sets
from training.manifest import MODELS_FOLDER
from training.synthetic.shards import RenderSet

FALSE = 0.3
"""More than this of anything on a face without expression is a false answer."""
POOR = 0.4
REACH_SHOWN = 12
BLINKS = np.array([name.startswith("eyeBlink") for name in BLENDSHAPE_NAMES])
INDEX = {name: j for j, name in enumerate(BLENDSHAPE_NAMES)}
PEER_BORDER_PX = 64
"""Around renders, for another tracker's detector, which wants some room about a face."""
HARDLY_SHOWN = ("tongueOut", "cheekPuff")
"""Nearly nobody shows these on a photograph."""
TURNS_DEG = (0, 12, 25, 40, 90)
"""Groups of heads by the angle between where they face and the camera's axis."""
TAUGHT_TRUST = 0.5
"""Coefficients of photographs that the annotator tells well enough to correlate with."""


def false_answers(coefficients: np.ndarray) -> tuple[float, str]:
    """Percent of (N, 52) answers for faces at rest with anything but blinks and gaze above FALSE; the commonest two."""
    wrong = (coefficients > FALSE) & ~GAZE & ~BLINKS
    most = np.argsort(-wrong.mean(axis=0))[:2]
    shown = ", ".join(f"{BLENDSHAPE_NAMES[j]} {100 * wrong[:, j].mean():.1f} %" for j in most)
    return 100 * float(wrong.any(axis=1).mean()), shown


def smile_pairs(found: np.ndarray, truth: np.ndarray, identity: np.ndarray, neutral: np.ndarray) -> str:
    """Renders that smile without blinking or opening the jaw, less the same person's neutral one."""
    rise, blinks, jaws = [], [], []
    smile, blink, jaw = INDEX["mouthSmileLeft"], INDEX["eyeBlinkLeft"], INDEX["jawOpen"]
    for i in np.flatnonzero(truth[:, [smile, smile + 1]].min(axis=1) > 0.4):
        rest = np.flatnonzero((identity == identity[i]) & neutral)
        if not len(rest):
            continue
        change = found[i] - found[rest].mean(axis=0)
        rise.append(change[[smile, smile + 1]].mean() > 0.3)
        if truth[i, [blink, INDEX["eyeBlinkRight"]]].max() < 0.05:
            blinks.append(change[[blink, INDEX["eyeBlinkRight"]]].mean() > 0.1)
        if truth[i, jaw] < 0.05:
            jaws.append(change[jaw] > 0.1)
    if not rise:
        return "no smiles"
    shares = [f"{100 * np.mean(part):.0f} % of {len(part)}" for part in (rise, blinks, jaws) if part]
    return " / ".join(shares)


class Landmarker(NamedTuple):
    """MediaPipe's: the Python of an environment with `mediapipe==0.10.21`, and the file of its publisher."""

    python: str
    file: str

    def scores(self, renders: RenderSet, rows: np.ndarray) -> np.ndarray:
        """(R, 52) of the pictures `rows` (R,) in our order; NaN where it found no face, and of coefficients that it
        does not have."""
        pictures = [cv2.copyMakeBorder(renders.picture(i), *[PEER_BORDER_PX] * 4, cv2.BORDER_REPLICATE) for i in rows]
        answer = ask(self.python, "mediapipe_landmarker.py", pictures, "--landmarker", self.file)
        names = answer["names"].tolist()
        scores = np.full((len(pictures), len(BLENDSHAPE_NAMES)), np.nan, np.float32)
        for j, name in enumerate(BLENDSHAPE_NAMES):
            if name in names:
                scores[:, j] = answer["scores"][:, names.index(name)]
        return scores


def by_turn(renders: RenderSet, found: np.ndarray, rows: np.ndarray) -> None:
    """Figures by how far the heads are turned; arrays as `report_renders` takes them."""
    away = np.degrees(np.arccos(np.clip(np.abs(renders["rotation"][rows][:, 2, 2]), 0, 1)))
    truth, known = renders["coefficients"][rows].astype(np.float32), renders["known"][rows]
    for low, high in pairwise(TURNS_DEG):
        part = (away >= low) & (away < high)
        if part.any():
            figures = summary(against_truth(found[part], truth[part], known[part]))
            print(f"  turned by {low} to {high} degrees ({part.sum()}): {figures}")


def on_renders(
    reader: NetworkReader, name: str, details: bool, peer: Landmarker | None = None, pictures: int | None = None
) -> None:
    """One rendered set: AUC, r, false answers of neutral faces, smiles, looking down; the peer's beside ours.

    pictures: at most so many, drawn at random."""
    renders = RenderSet([name])
    rows = np.arange(len(renders))
    if pictures is not None and pictures < len(rows):
        rows = np.sort(np.random.default_rng(0).choice(rows, pictures, replace=False))
    found = np.stack(
        [reader.settle(renders.picture(i), renders["points"][i, : t.N_LANDMARKS]).coefficients for i in rows]
    )
    report_renders(f"renders {name} ({len(rows)} pictures)", renders, found, rows, details)
    if details:
        by_turn(renders, found, rows)
    if peer is not None:
        scores = peer.scores(renders, rows)
        met = np.isfinite(scores).any(axis=1)
        if not met.any():
            print(f"renders {name}: MediaPipe finds no face")
            return
        where = f"renders {name}, the {met.sum()} pictures in which MediaPipe finds a face"
        report_renders(f"{where}, ours", renders, found[met], rows[met], False)
        report_renders(f"{where}, MediaPipe", renders, scores[met], rows[met], details)


def report_renders(title: str, renders: RenderSet, found: np.ndarray, rows: np.ndarray, details: bool) -> None:
    """Figures of the answers `found` (R, 52), NaN where there is none, on the pictures `rows` (R,)."""
    truth, known = renders["coefficients"][rows].astype(np.float32), renders["known"][rows]
    figures = against_truth(found, truth, known)
    print(f"{title}: {summary(figures)}")
    neutral, identity = renders["neutral"][rows], renders["identity"][rows]
    if neutral.any():
        share, most = false_answers(found[neutral])
        print(f"  neutral ({neutral.sum()}): {share:.1f} % say something above {FALSE}: {most}")
    print(f"  smiles +0.3 / false blink / false jaw: {smile_pairs(found, truth, identity, neutral)}")
    gaze = [pearson(truth[:, j], found[:, j]) for j in np.flatnonzero(GAZE)]
    print(f"  looks: mean r {np.mean(gaze):.3f}")
    blink = INDEX["eyeBlinkRight"], INDEX["eyeBlinkLeft"]
    down = (renders["gaze_deg"][rows][:, :, 1].mean(axis=1) < -15) & (truth[:, blink].max(axis=1) < 0.1)
    shut = truth[:, blink].min(axis=1) > 0.8
    if down.sum() > 5 and shut.sum() > 5:
        answer = found[:, blink].mean(axis=1)
        print(
            f"  looking down ({down.sum()}): blink {answer[down].mean():.2f}, shut ({shut.sum()}): "
            f"{answer[shut].mean():.2f}, AUC {area_under_curve(answer[shut], answer[down]):.3f}"
        )
    reached = {n: share for n, share in reach(found, truth, known).items() if not n.startswith("eyeLook")}
    if reached:
        least = sorted(reached, key=reached.__getitem__)[:REACH_SHOWN]
        print(
            f"  answer over truth where shown fully, median {np.median(list(reached.values())):.2f}; least: "
            + ", ".join(f"{n} {reached[n]:.2f}" for n in least)
        )
    print("  below 0.8: " + ", ".join(f"{n} {f.auc:.2f}" for n, f in figures.items() if f.auc < 0.8))
    if details:
        for n, figure in figures.items():
            print(f"    {n:22s} AUC {figure.auc:.3f}  r {figure.r:.3f}")


def network_alone(reader: NetworkReader, clip: Clip) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (frames, 52) and points (frames, 66, 2), each read around the points of the frame before."""
    answers = np.full(clip.scores.shape, np.nan, np.float32)
    points = np.full((len(answers), t.N_LANDMARKS, 2), np.nan, np.float32)
    xy = None
    for k, picture in enumerate(clip.frames()):
        if xy is None:
            xy = _first_points(picture)
            if xy is None:
                continue
        reading = reader.settle(picture, xy, times=1 if k else 2)
        answers[k], points[k] = reading.coefficients, reading.xy
        xy = reading.xy if reading.confidence.mean() > 0.3 else None
    return answers, points


def _first_points(picture: np.ndarray) -> np.ndarray | None:
    with Tracker(model=0, max_faces=1, smoothing=0) as tracker:
        result = tracker.process(np.ascontiguousarray(picture))
    return np.asarray(result.faces[0].landmarks.xy) if result.faces else None


def through_tracker(model: int, folder: Path, clip: Clip) -> np.ndarray:
    """(frames, 52) as `Tracker` gives them."""
    answers = np.full(clip.scores.shape, np.nan, np.float32)
    with Tracker(model=model, max_faces=1, model_dir=folder) as tracker:
        fps = clip.fps
        for k, picture in enumerate(clip.frames()):
            result = tracker.process(picture, k / fps)
            if result.faces and result.faces[0].blendshapes is not None:
                answers[k] = result.faces[0].blendshapes
    return answers


def report_clips(name: str, answers: list[np.ndarray], clips: list[Clip], details: bool) -> None:
    figures = within_clips(answers, [clip.scores for clip in clips])
    values = np.array(list(figures.values()))
    few = int((values < POOR).sum())
    poor = ", ".join(f"{n} {r:.2f}" for n, r in figures.items() if r < POOR)
    print(f"clips, {name}: r median {np.median(values):.3f} of {len(values)}, below {POOR}: {few} ({poor})")
    if details:
        print("  " + "  ".join(f"{n} {r:.2f}" for n, r in figures.items()))


def on_photographs(reader: NetworkReader, rows: int) -> None:
    """r on stills of the validation fold, and false answers of those at rest by the annotator."""
    pack = datasets.load_faces()
    scores = datasets.load_scores(pack)
    faces = face_sets.photographs(datasets.VALIDATION)
    chosen = np.flatnonzero(pack.source[pack.indices(datasets.VALIDATION)] != "mask_on")[:rows]
    found = np.stack([reader.settle(faces.picture(i), faces.points[i, : t.N_LANDMARKS]).coefficients for i in chosen])
    target, trust = faces.coefficients[chosen], faces.trust[chosen]
    told = (trust > TAUGHT_TRUST) & (np.isfinite(scores[pack.indices(datasets.VALIDATION)][chosen]))
    r = [pearson(found[told[:, j], j], target[told[:, j], j]) for j in range(52) if told[:, j].sum() > 100]
    print(f"photographs of the validation fold ({len(chosen)}): r median {np.median(r):.3f} of {len(r)}")
    calm = (np.where(trust > 0, target, 0)[:, ~GAZE & ~BLINKS].max(axis=1) < 0.15) & (trust.max(axis=1) > 0)
    share, most = false_answers(found[calm])
    print(f"  at rest ({calm.sum()}): {share:.1f} % say something above {FALSE}: {most}")
    shares = [f"{name} {100 * float((found[:, INDEX[name]] > FALSE).mean()):.2f} %" for name in HARDLY_SHOWN]
    print(f"  hardly shown, but said above {FALSE}: {', '.join(shares)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, nargs="+", default=[3])
    parser.add_argument("--folder", type=Path, default=MODELS_FOLDER, help="of the networks (default: models/)")
    parser.add_argument("--renders", nargs="*", default=[], help="names of rendered test sets, one family each")
    parser.add_argument("--pictures", type=int, metavar="N", help="at most N of each rendered set (default: all)")
    parser.add_argument("--photographs", type=int, default=2000, help="at most so many of the validation fold")
    parser.add_argument("--skip-clips", action="store_true")
    parser.add_argument("--tracker", action="store_true", help="clips through the tracker too")
    parser.add_argument("--details", action="store_true")
    parser.add_argument("--peer", metavar="PYTHON", help="of an environment with mediapipe==0.10.21")
    parser.add_argument("--landmarker", metavar="FILE", help="its publisher's face_landmarker.task, for --peer")
    arguments = parser.parse_args()
    if (arguments.peer is None) != (arguments.landmarker is None):
        parser.error("--peer and --landmarker go together: MediaPipe's package does not contain its landmarker")
    if arguments.landmarker is not None and not Path(arguments.landmarker).is_file():
        parser.error(f"there is no file {arguments.landmarker}: take face_landmarker.task from MediaPipe's publisher")
    for model in arguments.models:
        print(f"model {model}")
        evaluate(model, arguments)


def evaluate(model: int, arguments: argparse.Namespace) -> None:
    reader = NetworkReader(model, arguments.folder)
    names: Iterable[str] = arguments.renders
    peer = None if arguments.peer is None else Landmarker(arguments.peer, arguments.landmarker)
    for name in names:
        on_renders(reader, name, arguments.details, peer, arguments.pictures)
    if arguments.photographs:
        on_photographs(reader, arguments.photographs)
    if arguments.skip_clips:
        return
    clips = load_clips()
    report_clips("network alone", [network_alone(reader, clip)[0] for clip in clips], clips, arguments.details)
    if arguments.tracker:
        answers = [through_tracker(model, arguments.folder, clip) for clip in clips]
        report_clips("tracker", answers, clips, arguments.details)


if __name__ == "__main__":
    main()
