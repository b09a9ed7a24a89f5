"""Other trackers, run on the same pictures in environments of their own: see `training.evaluate --help`.

Each script here but `asking` is started by that environment's Python and imports nothing of this project:
`python SCRIPT PICTURES.npz ANSWERS.npz`. PICTURES holds `pictures` (N,) of (H, W, 3) uint8 BGR, ANSWERS gets
`points` or `scores`, NaN where no face was found.
"""
