"""The face detector: where the faces are, and how far each is rolled."""
