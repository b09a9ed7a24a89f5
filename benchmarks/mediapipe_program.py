"""MediaPipe's face mesh with irises as a program: raw frames on standard input, a datagram for each frame with a face.

`benchmarks.paced` runs it in an environment of its own, so it imports nothing of facetracker.
"""

from __future__ import annotations

import argparse
import socket
import struct
import sys
import time

import cv2
import numpy as np


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw-rgb", type=int, help="ignored: frames are always raw")
    parser.add_argument("-W", type=int, required=True, help="width of the frames")
    parser.add_argument("-H", type=int, required=True, help="height of the frames")
    parser.add_argument("-F", help="ignored: frames are taken as they come")
    parser.add_argument("--faces", type=int, default=1)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    from mediapipe.python.solutions import face_mesh  # type: ignore[import-not-found,import-untyped,unused-ignore]

    sending = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    frame = np.empty((options.H, options.W, 3), np.uint8)
    with face_mesh.FaceMesh(max_num_faces=options.faces, refine_landmarks=True) as mesh:
        while sys.stdin.buffer.readinto(frame.data.cast("B")) == frame.size:
            arrived = time.time()
            if mesh.process(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)).multi_face_landmarks:
                sending.sendto(struct.pack("<d", arrived), ("127.0.0.1", options.port))


if __name__ == "__main__":
    main()
