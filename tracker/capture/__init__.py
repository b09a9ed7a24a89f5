"""Frame sources: cameras, files, streams, raw frames and the demo face, all with the interface of `FrameSource`.

`open.open_source` chooses the source for the value of ``-c``; `camera.devices` lists cameras, without loading OpenCV
where the system allows.
"""
