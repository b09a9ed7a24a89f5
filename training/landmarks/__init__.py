"""Landmark networks: 66 points and a confidence for each, for every `--model`."""
