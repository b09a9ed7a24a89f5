"""Commands that change networks which are exported already, with the same answers, and what their manifest says."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import onnx

from training.manifest import MANIFEST_FILE, MODELS_FOLDER, changed_manifest, sha256_of


def rewrite(description: str | None, change: Callable[[onnx.ModelProto], bool]) -> None:
    """`change` the networks named on the command line. change: returns whether there was anything to do."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("networks", nargs="+", help="names, without .onnx")
    parser.add_argument("--folder", type=Path, default=MODELS_FOLDER, help="default: models/")
    arguments = parser.parse_args()
    for name in arguments.networks:
        file = arguments.folder / f"{name}.onnx"
        model, before = onnx.load(str(file)), sha256_of(file)
        if not change(model):
            print(f"{file}: unchanged")
            continue
        onnx.save(model, str(file))
        with changed_manifest(arguments.folder / MANIFEST_FILE.name) as manifest:
            entry = manifest["networks"][name]
            entry["sha256"] = after = sha256_of(file)
            quality = entry.get("quality", {})
            if quality.get("measured_on_sha256") == before:  # what it answers is the same
                quality["measured_on_sha256"] = after
        print(f"{file}: changed")
