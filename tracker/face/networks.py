"""Our ONNX networks: finding, verifying and running them.

A folder contains our networks if it has a `manifest.json`, which lists them with their SHA-256.
"""

from __future__ import annotations

import hashlib
import logging
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from tracker.errors import ModelError
from tracker.manifest import REINSTALL, NetworkEntry, read_manifest

log = logging.getLogger(__name__)

MANIFEST = "manifest.json"


def packaged_folders() -> list[Path]:
    """Folders in which the packaged networks may be, nearest first."""
    package = Path(__file__).resolve().parent.parent
    folders = [package / "models", package.parent / "models"]  # installed; checkout
    if getattr(sys, "frozen", False):
        program = Path(sys.executable).resolve().parent
        folders = [program / "models", program.parent / "models", *folders]
    return folders


def one_line(error: Exception) -> str:
    """The first line of a library's message, which may fill a page."""
    return str(error).strip().partition("\n")[0][:200] or type(error).__name__


class ModelStore:
    """Networks by name, from `folder` if it contains ours, else from those packaged with the program.

    Launchers pass the folder of OpenSeeFace's own networks (`--model-dir ..\\models\\`): a folder without our manifest
    is ignored, with one log line. Raises ModelError when no networks are found or the manifest cannot be read.
    """

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None and not (folder / MANIFEST).is_file():
            log.info("no networks of facetracker in %s: using the packaged ones", folder)
            folder = None
        if folder is None:
            candidates = packaged_folders()
            folder = next((found for found in candidates if (found / MANIFEST).is_file()), None)
            if folder is None:
                raise ModelError(f"the networks are missing: no {MANIFEST} in {candidates[0]}; {REINSTALL}")
        self.folder = folder

    @cached_property
    def _networks(self) -> Mapping[str, NetworkEntry]:
        return read_manifest(self.folder / MANIFEST)

    def load(self, name: str, threads: int = 1) -> Network:
        """The network `name`, ready to run. Raises ModelError when its file is missing or damaged."""
        entry = self._networks.get(name)
        if entry is None:
            raise ModelError(f"{self.folder / MANIFEST} does not list the network {name}; {REINSTALL}")
        file = self.folder / entry.file
        try:
            data = file.read_bytes()
        except OSError as error:
            raise ModelError(f"cannot read the network {file}: {error.strerror}; {REINSTALL}") from error
        if hashlib.sha256(data).hexdigest() != entry.sha256:
            raise ModelError(f"the network {file} is damaged (its SHA-256 is not the manifest's); {REINSTALL}")
        try:
            return Network(data, entry, threads)
        except Exception as error:  # onnxruntime's own kinds, which share no other base
            raise ModelError(f"the network {file} cannot be loaded ({one_line(error)}); {REINSTALL}") from error


class Network:
    """One network: images in, arrays out.

    metadata: its entry in the manifest. input_shape: (N, H, W, 3). outputs: names, in order.
    Raises ValueError when `data` lacks an output that `entry` lists.
    """

    def __init__(self, data: bytes, entry: NetworkEntry, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # A tracker shares its cores with a game: idle threads must sleep, not spin.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.metadata = entry
        self.input_shape = entry.input_shape
        self.outputs = entry.outputs
        # Never let the library choose a provider: what is installed differs between machines.
        self._session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        missing = set(self.outputs) - {output.name for output in self._session.get_outputs()}
        if missing:
            raise ValueError(f"it lacks the output {min(missing)}")
        self._takes_batches = isinstance(self._session.get_inputs()[0].shape[0], str)
        self._shared: BoundNetwork | None = None
        self._in_use = threading.Lock()  # the detector also runs in the background

    def most_at_once(self, count: int) -> int:
        """How many of `count` images one run takes."""
        return count if self._takes_batches else min(count, self.input_shape[0])

    def bind(self, count: int) -> BoundNetwork:
        """The network with arrays of its own for `count` images at once."""
        return BoundNetwork(self._session, self.outputs, (count, *self.input_shape[1:]))

    def run(self, images: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.float32]]:
        """The `outputs` for (N, H, W, 3) uint8 BGR `images`. May be called from any thread."""
        if images.shape != self.input_shape:
            found: list[npt.NDArray[np.float32]] = self._session.run(list(self.outputs), {"image": images})
            return found
        with self._in_use:
            if self._shared is None:
                self._shared = self.bind(len(images))
            np.copyto(self._shared.images, images)
            return [array.copy() for array in self._shared.run()]


class BoundNetwork:
    """A network bound to arrays that live on. For one thread.

    Passing new arrays with every run costs 20 to 30 us, a twentieth of a frame of the small models.

    images: (N, H, W, 3) uint8 BGR, to be written before `run`. outputs: as `Network.outputs` names them; the next run
    overwrites them.
    """

    def __init__(
        self, session: onnxruntime.InferenceSession, names: Sequence[str], shape: tuple[int, int, int, int]
    ) -> None:
        self.images: npt.NDArray[np.uint8] = np.zeros(shape, np.uint8)
        # A first run tells the outputs' shapes, and makes the session reserve its memory.
        self.outputs: list[npt.NDArray[np.float32]] = session.run(list(names), {"image": self.images})
        self._run, self._binding = session.run_with_iobinding, session.io_binding()
        # On the CPU an OrtValue shares the array's memory.
        self._binding.bind_ortvalue_input("image", onnxruntime.OrtValue.ortvalue_from_numpy(self.images))
        for name, array in zip(names, self.outputs, strict=True):
            self._binding.bind_ortvalue_output(name, onnxruntime.OrtValue.ortvalue_from_numpy(array))

    def run(self) -> list[npt.NDArray[np.float32]]:
        """Run on `images`. Returns `outputs`."""
        self._run(self._binding)
        return self.outputs
