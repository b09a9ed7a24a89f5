"""Settings for all tests."""

from hypothesis import settings

# No test asserts a speed: the machine may be busy with something else.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
