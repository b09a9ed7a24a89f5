import json
import logging
import shutil

import numpy as np
import pytest

from tracker.errors import ModelError
from tracker.face.networks import ModelStore


@pytest.fixture
def copy(tmp_path):
    folder = tmp_path / "models"
    shutil.copytree(ModelStore().folder, folder)
    return folder


def test_every_network_of_the_manifest_loads():
    store = ModelStore()
    manifest = json.loads((store.folder / "manifest.json").read_text(encoding="utf-8"))
    for name in manifest["networks"]:
        assert store.load(name).input_shape[3] == 3


def test_every_model_number_has_networks_of_rising_cost():
    networks = json.loads((ModelStore().folder / "manifest.json").read_text(encoding="utf-8"))["networks"]
    costs = [networks[f"landmarks_{model}"]["multiply_adds"] for model in range(-3, 4)]
    assert costs == sorted(set(costs))
    assert networks["eyes"]["multiply_adds"] < networks["eyes_fine"]["multiply_adds"]


@pytest.mark.parametrize(
    ("name", "others"), [("eyes", (5, 36, 48, 3)), ("classifier", (5, 64, 64, 3)), ("detector", (1, 192, 256, 3))]
)
def test_a_run_leaves_earlier_results_alone_and_does_not_depend_on_them(name, others):
    random = np.random.default_rng(0)
    network = ModelStore().load(name)
    pictures = [random.integers(0, 256, network.input_shape, dtype=np.uint8) for _ in range(3)]
    alone = [ModelStore().load(name).run(picture) for picture in pictures]
    network.run(random.integers(0, 256, others, dtype=np.uint8))
    together = [network.run(picture) for picture in pictures]
    assert len(network.run(random.integers(0, 256, others, dtype=np.uint8))[0]) == others[0]
    for expected, found in zip(alone, together, strict=True):
        for one, other in zip(expected, found, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_folder_of_foreign_networks_falls_back_to_the_packaged_ones_with_one_line(tmp_path, caplog):
    (tmp_path / "lm_model0_opt.onnx").write_bytes(b"somebody else's")
    with caplog.at_level(logging.INFO):
        store = ModelStore(tmp_path)
    assert store.folder == ModelStore().folder
    assert len(caplog.records) == 1 and str(tmp_path) in caplog.text


def test_a_folder_of_ours_is_used(copy):
    assert ModelStore(copy).folder == copy
    ModelStore(copy).load("eyes")


def test_a_damaged_network_is_named(copy):
    with (copy / "eyes.onnx").open("r+b") as file:
        file.seek(100)
        file.write(b"damage")
    with pytest.raises(ModelError, match=r"eyes\.onnx is damaged .*install facetracker again"):
        ModelStore(copy).load("eyes")


def test_a_missing_network_is_named(copy):
    (copy / "eyes.onnx").unlink()
    with pytest.raises(ModelError, match=r"cannot read the network .*eyes\.onnx: No such file"):
        ModelStore(copy).load("eyes")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 99, "networks": {}}', '{"version": 1}'])
def test_a_damaged_manifest_is_named(copy, text):
    (copy / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=r"manifest\.json"):
        ModelStore(copy).load("eyes")
