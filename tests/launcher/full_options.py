"""Options of which none is what it is when nothing is set."""

from launcher.options import Receiver, TrackerOptions

FULL = TrackerOptions(
    camera="Kamera „A“",
    width=1280,
    height=720,
    fps=60,
    dformat="MJPG",
    model=-3,
    faces=2,
    smoothing=0.5,
    mirror_input=True,
    gaze_tracking=False,
    receivers=(Receiver("::1", 4000), Receiver("host", 39539, "vmc", (("mirror", "1"), ("model", "C:\\ä.vrm")))),
    profile="Anna",
    extra_args=("--fov", "70"),
)
