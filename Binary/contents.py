"""What goes into the frozen program, read from setup.cfg so that nothing is listed twice."""

from __future__ import annotations

import configparser
import importlib.util
import platform
import runpy
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODELS_PACKAGE = "tracker.models"
"""The networks lie beside the program, where launchers and users look for them, not inside."""

UNUSED = [
    # Large parts of the libraries that nothing here imports, but that their own lazy imports would pull in.
    "numpy.f2py", "numpy.testing", "numpy.distutils", "numpy.ctypeslib",
    "onnxruntime.backend", "onnxruntime.datasets", "onnxruntime.quantization", "onnxruntime.tools",
    "onnxruntime.transformers", "cv2.gapi", "psutil.tests", "tqdm.contrib", "tqdm.notebook", "tqdm.gui", "tqdm.tk",
    # Packages that are used where they are present.
    "IPython", "matplotlib", "pandas", "scipy", "sympy", "torch", "tensorflow", "onnx", "ml_dtypes",
    # Python's own tools.
    "tkinter", "turtle", "idlelib", "lib2to3", "pydoc", "pydoc_data", "doctest", "test", "ensurepip", "venv",
    "distutils", "setuptools", "pkg_resources", "pip",
]  # fmt: skip

UNUSED_FILES = (
    # How pip installed it, with hashes of scripts that name the folder it was built in.
    "*.dist-info/RECORD", "*.dist-info/INSTALLER", "*.dist-info/REQUESTED", "*.dist-info/direct_url.json",
    # A second copy of the whole library, for programs in C.
    # (The small providers_shared library stays: without it onnxruntime warns at every start.)
    "onnxruntime/capi/libonnxruntime.so*", "onnxruntime/capi/libonnxruntime.[0-9]*.dylib",
    "onnxruntime/capi/onnxruntime.dll",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Program:
    """One executable.

    entry: the script it runs. packages: ours that it needs, with their data files. excludes: modules that are used
    where they are there, and that it does without. assets: (package, file in it) that are wanted without its code.
    """

    name: str
    entry: Path
    packages: tuple[str, ...]
    description: str
    excludes: tuple[str, ...] = ()
    assets: tuple[tuple[str, str], ...] = ()


TRACKER = Program(
    "facetracker",
    ROOT / "facetracker.py",
    ("protocol", "tracker"),
    "Webcam face tracker",
)
LAUNCHER = Program(
    "facetracker-launcher",
    ROOT / "Binary" / "facetracker_launcher.py",
    ("launcher", "protocol"),
    "Starts and watches the face tracker",
    # The window is served by starlette and uvicorn; NiceGUI lends it the 3D library.
    excludes=(
        *("nicegui", "fastapi", "pydantic", "jinja2", "itsdangerous", "httpx", "aiohttp", "python_multipart", "yaml"),
        *("dotenv", "watchfiles", "uvloop", "httptools", "wsproto", "gunicorn", "trio", "cv2", "onnxruntime", "PIL"),
    ),
    assets=(("nicegui", "elements/scene/dist/index.js"),),
)


def programs(with_launcher: bool = True) -> list[Program]:
    """The executables of the bundle, the tracker first."""
    return [program for program in (TRACKER, LAUNCHER) if program is TRACKER or with_launcher]


def setup_cfg() -> configparser.ConfigParser:
    """The package's own description of itself."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def version() -> str:
    """The version of facetracker, which setup.cfg takes from the same file."""
    return str(runpy.run_path(str(ROOT / "tracker" / "version.py"))["VERSION"])


def package_data(packages: tuple[str, ...]) -> list[tuple[str, str]]:
    """(file, folder inside the bundle) of every data file of `packages` and their subpackages."""
    found: list[tuple[str, str]] = []
    for package, patterns in setup_cfg()["options.package_data"].items():
        if package == MODELS_PACKAGE or package.partition(".")[0] not in packages:
            continue
        folder = ROOT / package.replace(".", "/")
        for pattern in patterns.replace("\n", ",").split(","):
            for file in sorted(folder.glob(pattern.strip())) if pattern.strip() else []:
                if file.is_file() and file.name != "py.typed":
                    found.append((str(file), str(file.parent.relative_to(ROOT))))
    return found


def assets(program: Program) -> list[tuple[str, str]]:
    """(file, folder inside the bundle) of the files that `program` takes from packages without their code.

    Raises FileNotFoundError for one that is not there.
    """
    found: list[tuple[str, str]] = []
    for package, name in program.assets:
        spec = importlib.util.find_spec(package)
        places = [Path(folder) / name for folder in spec.submodule_search_locations or ()] if spec else []
        file = next((place for place in places if place.is_file()), None)
        if file is None:
            raise FileNotFoundError(f"{package} has no {name}")
        found.append((str(file), str(Path(package, name).parent)))
    return found


def modules(packages: tuple[str, ...]) -> list[str]:
    """Every module of `packages`: some are imported by a name that is only put together at run time."""
    names: list[str] = []
    for package in packages:
        for file in sorted((ROOT / package).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


def models() -> list[Path]:
    """The files that make up the folder `models`: the manifest, all networks and what they were made from."""
    return sorted(file for file in (ROOT / "models").iterdir() if file.suffix in (".onnx", ".json", ".md"))


def system() -> str:
    """The name of this system and processor in the archive's name: linux-x86_64, windows-amd64, macos-arm64."""
    names = {"linux": "linux", "win32": "windows", "darwin": "macos"}
    return f"{names.get(sys.platform, sys.platform)}-{platform.machine().lower()}"
