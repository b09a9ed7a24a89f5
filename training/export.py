"""From a trained torch module to models/NAME.onnx, its manifest entry and its parity sample.

Every network of ours takes pictures as a camera gives them: input `image`, (N, H, W, 3) uint8 BGR. The cast
and the transpose are in the graph, and the division by 255 is folded into the first convolution, so that
Python never copies a picture to floats. A module to export takes (N, 3, H, W) float32 BGR, 0 to 1.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import onnxslim
import torch
from torch import nn

from training.batches import free_batch
from training.manifest import MANIFEST_FILE, MODELS_FOLDER, changed_manifest, sha256_of, update_quality
from training.parity import RELATIVE_TOLERANCE, SEEDS, largest_difference, seeded_picture
from training.runtime_form import to_runtime_form

__all__ = ["count_multiply_adds", "export_network", "update_quality"]

OPSET = 17
PARITY_FOLDER = Path(__file__).resolve().parent.parent / "tests" / "face" / "data" / "parity"


class PictureInput(nn.Module):
    """`module` behind an input of (N, H, W, 3) uint8 BGR. The module's first convolution must take the picture."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = copy.deepcopy(module).eval()
        first = next(part for part in self.module.modules() if isinstance(part, nn.Conv2d))
        if first.in_channels != 3:
            raise ValueError(f"the first convolution must take 3 channels, got {first.in_channels}")
        with torch.no_grad():
            first.weight /= 255  # padding is 0 in either range, so this is exact

    def forward(self, image: torch.Tensor) -> Any:
        return self.module(image.permute(0, 3, 1, 2).float())


def count_multiply_adds(module: nn.Module, shape: Sequence[int]) -> int:
    """Multiply-adds of convolutions and linear layers for one picture of `shape` (N, H, W, 3), N taken as 1."""
    total = 0

    def count(part: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        nonlocal total
        if isinstance(part, nn.Linear):
            total += output.numel() * part.in_features
        elif isinstance(part, nn.ConvTranspose2d):
            total += inputs[0].numel() * part.weight[0].numel()
        elif isinstance(part, nn.Conv2d):
            total += output.numel() * part.weight[0].numel()

    counted = copy.deepcopy(module).eval()
    for part in counted.modules():
        if isinstance(part, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            part.register_forward_hook(count)
    with torch.no_grad():
        counted(torch.zeros(1, 3, shape[1], shape[2]))
    return total


def export_network(
    module: nn.Module,
    name: str,
    example_shape: tuple[int, int, int, int],
    *,
    kind: str,
    outputs: Sequence[str],
    dynamic_axes: Mapping[str, Mapping[int, str]] | None = None,
    batch: str | None = None,
    extra: Mapping[str, Any] | None = None,
    folder: Path = MODELS_FOLDER,
) -> Path:
    """Write models/`name`.onnx, its entry in the manifest and tests/face/data/parity/`name`.npz.

    folder: elsewhere than in models/, for trying; the parity sample is then put into parity/ below it.

    module: takes (N, 3, H, W) float32 BGR 0 to 1, returns one tensor or a tuple, in the order of `outputs`.
    example_shape: (N, H, W, 3), the size used normally; the cost in the manifest is for this size.
    dynamic_axes: as torch.onnx.export takes them, for the input `image` and the outputs.
    batch: for a network that is to take any number of pictures though exported for one, what that dimension is called.
    extra: further entries for the manifest: "data", "command", "trained", network-specific facts.
    Raises RuntimeError where ONNX Runtime and torch disagree. Returns the network's file.
    """
    wrapped = PictureInput(module).eval()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.onnx"
    draft = file.with_suffix(".onnx.new")
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            wrapped,
            (torch.zeros(example_shape, dtype=torch.uint8),),
            str(draft),
            dynamo=False,
            opset_version=OPSET,
            input_names=["image"],
            output_names=list(outputs),
            dynamic_axes={key: dict(axes) for key, axes in (dynamic_axes or {}).items()},
        )
    slim = onnxslim.slim(onnx.load(str(draft)))
    slim.graph.name = name
    to_runtime_form(slim)
    if batch is not None:
        free_batch(slim, batch)
    onnx.checker.check_model(slim)
    onnx.save(slim, str(draft))
    expected = _check(module, draft, example_shape, outputs)
    draft.replace(file)
    parity = PARITY_FOLDER if folder == MODELS_FOLDER else folder / "parity"
    parity.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(parity / f"{name}.npz", shape=np.array(example_shape), **expected)
    with changed_manifest(folder / MANIFEST_FILE.name) as manifest:
        manifest["networks"][name] = {
            "file": file.name,
            "sha256": sha256_of(file),
            "kind": kind,
            "input": list(example_shape),
            "range": "uint8 BGR 0-255",
            "outputs": list(outputs),
            "parameters": sum(parameter.numel() for parameter in module.parameters()),
            "multiply_adds": count_multiply_adds(module, example_shape),
            "licence": "BSD-2-Clause",
            **(extra or {}),
        }
    return file


def _check(module: nn.Module, file: Path, shape: tuple[int, int, int, int], outputs: Sequence[str]) -> dict[str, Any]:
    """Compare torch (unfolded, from floats) with ONNX; torch's outputs, keyed OUTPUT_SEED."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    module = copy.deepcopy(module).eval()
    expected: dict[str, Any] = {}
    for seed in SEEDS:
        picture = seeded_picture(seed, shape)
        with torch.no_grad():
            result = module(torch.from_numpy(picture).permute(0, 3, 1, 2).float() / 255)
        tensors = (result,) if isinstance(result, torch.Tensor) else result
        found = session.run(list(outputs), {"image": picture})
        for output, tensor, array in zip(outputs, tensors, found, strict=True):
            difference = largest_difference(tensor.numpy(), np.asarray(array))
            if difference > RELATIVE_TOLERANCE:
                raise RuntimeError(f"{file.stem}: {output} differs by {difference:.2g} between torch and ONNX")
            expected[f"{output}_{seed}"] = tensor.numpy().astype(np.float32)
    return expected
