"""What static int8 would give: `python -m training.landmarks.quantise`. Nothing is kept of it.

Each landmark network is quantised after training (QDQ, weights per channel, ranges from photographs of fold 0) and
compared with itself in float: the time of one crop on one core, and the inner-49 errors of fold 1.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import timeit
from pathlib import Path

import numpy as np
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from tracker import topology as t
from tracker.face.crop import crop_around, cut
from tracker.face.landmarks import LandmarkReader
from tracker.face.networks import ModelStore, Network
from training import packs
from training.landmarks.evaluate import inner_49, predict, relative_error
from training.manifest import MODELS_FOLDER

CALIBRATION = 150
EVERY = {"uda": 1, "utk": 4, "muxspace": 4, "mtfl": 2, "mask_off": 1, "cew_closed": 1}
"""Sources, and of how many of their photographs one is measured."""


class Crops(CalibrationDataReader):
    """Crops of fold 0, one at a time."""

    def __init__(self, pack: packs.Pack, size: int) -> None:
        chosen = np.random.default_rng(0).choice(pack.indices(packs.TRAIN), CALIBRATION)
        self.crops = [cut(np.ascontiguousarray(pack.pixels[i]), crop_around(pack["lm66"][i]), size) for i in chosen]
        self._next = iter(self.crops)

    def get_next(self) -> dict[str, np.ndarray] | None:
        crop = next(self._next, None)
        return None if crop is None else {"image": crop[None].copy()}


def errors(network: Network, pack: packs.Pack) -> dict[str, float]:
    """Percent of the outer-eye distance against `lm66` per source, and against `fan68`."""
    reader, found = LandmarkReader(network), {}
    for source, every in EVERY.items():
        rows = np.flatnonzero((pack.fold == packs.VALIDATION) & (pack.source == source))[::every]
        landmarks = predict(reader, pack, rows, 0).landmarks
        found[source] = inner_49(relative_error(landmarks, pack["lm66"][rows]))
        third = pack["fan68"].astype(np.float32)[rows][:, t.IBUG_68]
        known = np.isfinite(third).all(axis=(1, 2))
        if known.any():
            found["fan68"] = inner_49(relative_error(landmarks[known], third[known]))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, nargs="+", default=[3, 0, -3])
    pack, store = packs.load_faces(), ModelStore(MODELS_FOLDER)
    for model in parser.parse_args().models:
        name = f"landmarks_{model}"
        facts = store.load(name).facts
        file, crops = MODELS_FOLDER / facts["file"], Crops(pack, facts["input"][1])
        with tempfile.TemporaryDirectory() as folder:
            prepared, small = Path(folder) / "prepared.onnx", Path(folder) / "int8.onnx"
            quant_pre_process(str(file), str(prepared), skip_symbolic_shape=True)
            quantize_static(
                str(prepared),
                str(small),
                crops,
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                op_types_to_quantize=["Conv", "Add", "Relu"],
            )
            for kind, data in (("float", file.read_bytes()), ("int8", small.read_bytes())):
                network = Network(data, facts, 1, facts["optional"])
                picture = crops.crops[0][None].copy()
                network.run(picture)
                runs = timeit.repeat(lambda: network.run(picture), number=20, repeat=40)  # noqa: B023
                shown = "  ".join(f"{source} {error:.3f}" for source, error in errors(network, pack).items())
                print(
                    f"{name:13s} {kind:6s} {1e3 * min(runs) / 20:.3f} ms  {len(data) // 1024} KiB  {shown}", flush=True
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
