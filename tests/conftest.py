"""Settings for all tests."""

import signal

from hypothesis import settings

# No test asserts a speed: the machine may be busy with something else.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

# Started behind nohup or &, some signals are ignored, which programs rightly inherit: the tests are about the others.
for name in ("SIGHUP", "SIGINT"):
    if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) == signal.SIG_IGN:
        signal.signal(getattr(signal, name), signal.SIG_DFL if name == "SIGHUP" else signal.default_int_handler)
