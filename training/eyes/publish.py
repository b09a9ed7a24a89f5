"""Write a trained eye network to models/: `python -m training.eyes.publish --network eyes`."""

from __future__ import annotations

import argparse
import sys

import numpy as np
import torch

from training.datasets import TRAIN
from training.export import export_network
from training.eyes.data import CLOSED_GAP, SPAN, EyeSet
from training.eyes.evaluate import OUTER_EYE_WIDTHS, OUTPUTS, checkpoint_reader, pupil_errors
from training.eyes.losses import NEAR
from training.eyes.network import DecodedEyes
from training.eyes.train import NETWORKS, new_network
from training.logistic import fitted_logistic
from training.run import load_average

CARELESS = 0.04
"""Error of the corners, in eye widths, for which the confidence is calibrated."""


def calibrate(name: str, count: int = 1500) -> tuple[float, float]:
    """Slope and offset of the confidence's logit, so that on fold 0's open eyes it says how often it is right.

    Training sees far worse pictures than a webcam gives, so the raw confidence is too low.
    """
    eyes = EyeSet()
    known = np.flatnonzero((eyes.pack.fold == TRAIN) & (eyes.gap > CLOSED_GAP) & (eyes.closed != 1))
    chosen = np.random.default_rng(8).choice(known, count, replace=False)
    size, _ = NETWORKS[name]
    errors, _, confidence = pupil_errors(eyes, checkpoint_reader(name, name), size, chosen, CARELESS)
    near = (errors < 100 * NEAR / OUTER_EYE_WIDTHS).astype(np.float64)
    said = np.clip(confidence.astype(np.float64), 1e-5, 1 - 1e-5)
    slope, offset = fitted_logistic(np.log(said / (1 - said))[:, None], near)
    return slope, offset


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", choices=sorted(NETWORKS), default="eyes")
    args = parser.parse_args()
    torch.set_num_threads(1)
    (width, height), _ = NETWORKS[args.network]
    network = new_network(args.network)
    _, trained = load_average(args.network, network)
    slope, offset = calibrate(args.network)
    file = export_network(
        DecodedEyes(network, (1.0, 0.0, slope, offset)),
        args.network,
        (2, height, width, 3),
        kind="eyes",
        outputs=OUTPUTS,
        dynamic_axes={key: {0: "eyes"} for key in ("image", *OUTPUTS)},
        extra={
            "crop": f"upright, outer corner at image left, {SPAN[0]} x {SPAN[1]} eye widths about the middle",
            "points": "pupil and lids as fractions of the crop; lids from the outer corner over the upper lid and back",
            "aperture": "lid gap over eye width",
            "confidence": f"probability that the pupil lies within {NEAR} eye widths",
            "gaze": "degrees to the inner corner and up: within the head, then as seen in the crop",
            "openness": "lid gap over that of the same eye at rest",
            "blink": "0 to 1, how far the lids close; not for a smile or a lowered gaze",
            "seen": "probability that the eye is not behind dark glasses",
            "data": "fold 0 of eyes-0, lids closed by warping, irises moved by redrawing; rendered heads",
            "command": "python -m training.eyes.train --network eyes eyes_fine --begin-with {name} --packed eyes.npz "
            f"--workers 4 --pool 200000 --minutes 8 && python -m training.eyes.publish --network {args.network}",
            "trained": {**trained, "confidence_slope": round(slope, 4), "confidence_offset": round(offset, 4)},
        },
    )
    print(file, trained, f"confidence {slope:.3f} {offset:+.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
