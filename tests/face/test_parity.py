"""The packaged networks are the ones that were trained and measured; no torch is needed to see that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from training.manifest import MODELS_FOLDER, read_manifest, sha256_of
from training.parity import RELATIVE_TOLERANCE, SEEDS, largest_difference, seeded_picture

PARITY_FOLDER = Path(__file__).parent / "data" / "parity"
NETWORKS: dict[str, dict[str, Any]] = read_manifest()["networks"]

each_network = pytest.mark.parametrize("name", sorted(NETWORKS))


def test_the_manifest_lists_exactly_the_networks_in_the_folder() -> None:
    files = {file.name for file in MODELS_FOLDER.glob("*.onnx")}
    assert files
    assert {entry["file"] for entry in NETWORKS.values()} == files


@each_network
def test_the_file_has_the_hash_the_manifest_names(name: str) -> None:
    assert sha256_of(MODELS_FOLDER / NETWORKS[name]["file"]) == NETWORKS[name]["sha256"]


@each_network
def test_the_quality_figures_were_measured_on_this_very_file(name: str) -> None:
    assert NETWORKS[name]["quality"]["measured_on_sha256"] == NETWORKS[name]["sha256"]


@each_network
def test_onnx_runtime_gives_what_torch_gave_at_export(name: str) -> None:
    entry = NETWORKS[name]
    expected = np.load(PARITY_FOLDER / f"{name}.npz")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        str(MODELS_FOLDER / entry["file"]), options, providers=["CPUExecutionProvider"]
    )
    height, width, channels = (int(side) for side in entry["input"][1:])
    for seed in SEEDS:
        picture = seeded_picture(seed, (int(entry["input"][0]), height, width, channels))
        for output, found in zip(entry["outputs"], session.run(entry["outputs"], {"image": picture}), strict=True):
            assert found.dtype == np.float32, output
            assert largest_difference(expected[f"{output}_{seed}"], np.asarray(found)) <= RELATIVE_TOLERANCE, output


def test_seeded_pictures_never_change() -> None:
    picture = seeded_picture(1, (1, 40, 48, 3))
    assert picture.dtype == np.uint8
    assert np.array_equal(picture, seeded_picture(1, (1, 40, 48, 3)))
    # Were this to change, every stored sample would be compared with outputs of other pictures.
    assert int(picture.astype(np.int64).sum()) == 753553
