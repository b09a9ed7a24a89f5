"""MediaPipe's Face Landmarker on single pictures: `scores` (N, 52) float32 and their `names` (52,), NaN without a face.

FILE is the landmarker that its publisher offers (`face_landmarker.task`); MediaPipe's package does not contain it.
"""

import argparse
import sys

import cv2
import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures")
    parser.add_argument("answers")
    parser.add_argument("--landmarker", metavar="FILE", required=True)
    arguments = parser.parse_args()
    try:
        import mediapipe as mp  # type: ignore[import-not-found,import-untyped,unused-ignore]
        from mediapipe.tasks import python as tasks  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError as error:
        sys.exit(f"this Python has no mediapipe==0.10.21 ({error})")
    options = tasks.vision.FaceLandmarkerOptions(
        base_options=tasks.BaseOptions(model_asset_path=arguments.landmarker),
        num_faces=1,
        output_face_blendshapes=True,
    )
    try:
        landmarker = tasks.vision.FaceLandmarker.create_from_options(options)
    except (RuntimeError, ValueError, OSError) as error:
        sys.exit(f"{arguments.landmarker} is no landmarker with blend shapes: {str(error).splitlines()[0]}")
    pictures = np.load(arguments.pictures, allow_pickle=True)["pictures"]
    answers: list[dict[str, float]] = []
    with landmarker:
        for picture in pictures:
            rgb = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
            faces = landmarker.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb)).face_blendshapes
            answers.append({each.category_name: each.score for each in faces[0]} if faces else {})
    names = sorted({name for answer in answers for name in answer})
    scores = [[answer.get(name, np.nan) for name in names] for answer in answers]
    np.savez(arguments.answers, names=names, scores=np.array(scores, np.float32).reshape(len(answers), len(names)))


if __name__ == "__main__":
    main()
