"""What static int8 would give: `python -m training.landmarks.quantise`. Nothing is kept of it.

Each landmark network is quantised after training (QDQ, ranges from photographs of fold 0, weights of seven bits per
channel, so that processors without VNNI find the same), whole or only its layers at an eighth of the input and
coarser. It is compared with itself in float: the time of one crop on one core, the inner-49 errors of fold 1, and how
rough a path the points take while a still face slides through the crop by a pixel.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import timeit
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from tracker import topology as t
from tracker.face.crop import crop_around, cut
from tracker.face.landmarks import LandmarkReader
from tracker.face.networks import ModelStore, Network
from training import datasets
from training.landmarks.evaluate import inner_49, predict, relative_error
from training.manifest import MODELS_FOLDER

CALIBRATION = 150
ROUNDS = 60
EVERY = {"uda": 1, "utk": 4, "muxspace": 4, "mtfl": 2, "mask_off": 1, "cew_closed": 1}
"""Sources, and of how many of their photographs one is measured."""
SLIDING_FACES, SLIDE = 20, np.linspace(0, 1, 21)
"""So many faces slide by these parts of a crop's pixel."""
FINE = ("maps", "merge4", "stem", "stage4", "merge8")
"""Parts of the network whose answers or inputs are finer than an eighth of the crop."""


class Crops(CalibrationDataReader):
    """Crops of fold 0, one at a time."""

    def __init__(self, pack: datasets.Pack, size: int) -> None:
        chosen = np.random.default_rng(0).choice(pack.indices(datasets.TRAIN), CALIBRATION)
        self.crops = [cut(np.ascontiguousarray(pack.pixels[i]), crop_around(pack["lm66"][i]), size) for i in chosen]
        self._next = iter(self.crops)

    def get_next(self) -> dict[str, np.ndarray] | None:
        crop = next(self._next, None)
        return None if crop is None else {"image": crop[None].copy()}


def errors(network: Network, pack: datasets.Pack) -> dict[str, float]:
    """Percent of the outer-eye distance against `lm66` per source, and against `fan68`."""
    reader, found = LandmarkReader(network), {}
    for source, every in EVERY.items():
        rows = np.flatnonzero((pack.fold == datasets.VALIDATION) & (pack.source == source))[::every]
        landmarks = predict(reader, pack, rows, 0).landmarks
        found[source] = inner_49(relative_error(landmarks, pack["lm66"][rows]))
        third = pack["fan68"].astype(np.float32)[rows][:, t.IBUG_68]
        known = np.isfinite(third).all(axis=(1, 2))
        if known.any():
            found["fan68"] = inner_49(relative_error(landmarks[known], third[known]))
    return found


def roughness(network: Network, pack: datasets.Pack) -> float:
    """Standard deviation of a sliding face's coordinates around a smooth (cubic) path, % of the outer-eye distance."""
    reader, apart = LandmarkReader(network), []
    for i in np.flatnonzero((pack.fold == datasets.VALIDATION) & (pack.source == "utk"))[:SLIDING_FACES]:
        picture, box = np.ascontiguousarray(pack.pixels[i]), crop_around(pack["lm66"][i])
        places = [box.centre[0] + part * box.side / reader.crop_px for part in SLIDE]
        path = np.stack([reader.read(picture, replace(box, centre=(x, box.centre[1]))).xy for x in places])
        flat = path.reshape(len(SLIDE), -1)
        smooth = np.polynomial.Polynomial.fit
        rest = [values - smooth(SLIDE, values, 3)(SLIDE) for values in flat.T]
        outer = np.hypot(*(path[0, t.LEFT_EYE_OUTER] - path[0, t.RIGHT_EYE_OUTER]))
        apart.append(100 * np.std(rest, axis=1).mean() / outer)
    return float(np.mean(apart))


def quantised(prepared: Path, crops: Crops, *, without: tuple[str, ...]) -> bytes:
    """The network in `prepared` with its layers in int8, but for those whose names hold one of `without`."""
    names = [node.name for node in onnx.load(str(prepared)).graph.node]
    small = prepared.with_name("int8.onnx")
    quantize_static(
        str(prepared),
        str(small),
        crops,
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["Conv", "Add", "Relu"],
        nodes_to_exclude=[name for name in names if any(part in name for part in without)],
    )
    return small.read_bytes()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, nargs="+", default=[3, 0, -3])
    pack, store = datasets.load_faces(), ModelStore(MODELS_FOLDER)
    for model in parser.parse_args().models:
        name = f"landmarks_{model}"
        entry = store.load(name).metadata
        file, size = MODELS_FOLDER / entry.file, entry.input_shape[1]
        picture = Crops(pack, size).crops[0][None].copy()
        with tempfile.TemporaryDirectory() as folder:
            prepared = Path(folder) / "prepared.onnx"
            quant_pre_process(str(file), str(prepared), skip_symbolic_shape=True)
            kinds = {
                "float": file.read_bytes(),
                "int8, coarse layers": quantised(prepared, Crops(pack, size), without=FINE),
                "int8": quantised(prepared, Crops(pack, size), without=()),
            }
        networks = {kind: Network(data, entry, 1) for kind, data in kinds.items()}
        best = dict.fromkeys(networks, np.inf)
        for _ in range(ROUNDS):  # in turn, so that a busy machine is busy for all
            for kind, network in networks.items():
                best[kind] = min(best[kind], timeit.timeit(lambda: network.run(picture), number=20) / 20)  # noqa: B023
        for kind, network in networks.items():
            shown = "  ".join(f"{source} {error:.3f}" for source, error in errors(network, pack).items())
            print(
                f"{name:13s} {kind:19s} {1e3 * best[kind]:.3f} ms  {len(kinds[kind]) // 1024} KiB  "
                f"roughness {roughness(network, pack):.3f} %  {shown}",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
