"""An OpenSeeFace checkout on single pictures: `points` (N, 68, 2) pixels, the pupils last.

Written after its documented `Tracker.predict`; each point of a face is row, column, confidence.
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures")
    parser.add_argument("answers")
    parser.add_argument("--checkout", required=True)
    parser.add_argument("--model", type=int, default=3)
    arguments = parser.parse_args()
    pictures = np.load(arguments.pictures, allow_pickle=True)["pictures"]
    answers = Path(arguments.answers).resolve()
    os.chdir(arguments.checkout)  # it looks for its networks from there
    sys.path.insert(0, str(Path.cwd()))
    from tracker import Tracker  # type: ignore[attr-defined,unused-ignore]  # the checkout's, not ours

    points = np.full((len(pictures), 68, 2), np.nan, np.float32)
    trackers = {}
    for k, picture in enumerate(pictures):
        height, width = picture.shape[:2]
        if (height, width) not in trackers:
            trackers[height, width] = Tracker(
                width, height, model_type=arguments.model, max_threads=1, silent=True, discard_after=0, scan_every=0
            )
        tracker = trackers[height, width]
        tracker.predict(np.zeros_like(picture))  # lose the face of the last picture
        tracker.predict(picture)
        faces = tracker.predict(picture)  # the second look starts from the first
        if faces and faces[0].lms is not None:
            points[k] = np.asarray(faces[0].lms)[:68, 1::-1]
    np.savez(answers, points=points)


if __name__ == "__main__":
    main()
