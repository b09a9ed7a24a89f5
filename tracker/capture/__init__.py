"""Pixels in: cameras, files, streams, raw frames and the demo face, all as one kind of `FrameSource`.

`factory.open_source` chooses the source for what the user wrote after ``-c``; `devices` lists cameras
without loading OpenCV, so that listing them is quick.
"""
