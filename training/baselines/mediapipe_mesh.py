"""MediaPipe's FaceMesh with irises on single pictures: `points` (N, 478, 2) pixels."""

import argparse

import cv2
import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures")
    parser.add_argument("answers")
    arguments = parser.parse_args()
    from mediapipe.python.solutions import face_mesh  # type: ignore[import-not-found,import-untyped,unused-ignore]

    pictures = np.load(arguments.pictures, allow_pickle=True)["pictures"]
    points = np.full((len(pictures), 478, 2), np.nan, np.float32)
    with face_mesh.FaceMesh(static_image_mode=True, max_num_faces=1, refine_landmarks=True) as mesh:
        for k, picture in enumerate(pictures):
            height, width = picture.shape[:2]
            faces = mesh.process(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)).multi_face_landmarks
            if faces:
                points[k] = [(p.x * width - 0.5, p.y * height - 0.5) for p in faces[0].landmark]
    np.savez(arguments.answers, points=points)


if __name__ == "__main__":
    main()
