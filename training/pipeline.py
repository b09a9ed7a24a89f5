"""Everything in order, from the packs to the tables: `python -m training.pipeline`.

What is done is noted in pipeline.json of the runs folder: started again, it goes on where it ended, also in the middle
of a training. `--dry-run` prints the commands.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Step:
    """One command. steps: of its training; such a command can be told to `--resume`.

    goes_on: it resumes what an earlier step trained, whose steps count. count: of pictures it makes.
    """

    name: str
    module: str
    arguments: tuple[str, ...] = ()
    steps: int | None = None
    goes_on: bool = False
    count: int | None = None

    def command(self, scale: float, *, resume: bool) -> list[str]:
        """What to run. scale: multiplies `steps` and `count`."""
        command = [sys.executable, "-m", self.module, *self.arguments]
        if self.count is not None:
            command += ["--count", str(max(1, round(self.count * scale)))]
        if self.steps is not None:
            command += ["--steps", str(max(1, round(self.steps * scale)))]
            if resume or self.goes_on:
                command.append("--resume")
        return command


RENDERS = ("--renders", "ict", "makehuman")
SETS = ("--augmented", "pose_augmented", *RENDERS)
"""What the landmark networks learn from beside the photographs."""


def renders(family: str, identities: int, *, split: str = "train") -> Step:
    name = family if split == "train" else f"{family}-{split}"
    arguments = ("--family", family, "--identities", str(identities), "--split", split, "--seed", "1", "--out", name)
    return Step(f"renders {name}", "training.synthetic.render", arguments)


def landmarks(models: tuple[str, ...], steps: int, seed: str, *arguments: str) -> Step:
    """Landmark networks; those after model 3 follow its answers."""
    chosen = ("--models", *models, *SETS, *arguments, "--seed", seed)
    return Step(f"landmarks {' and '.join(models)}", "training.landmarks.train", chosen, steps)


def heads(model: str) -> Step:
    """Heads fitted from the one that learnt along with `model`, and their mean."""
    how = ("--heads", "3", "--keep", "0.4", "--steps", "1500", "--learning-rate", "1e-3")
    return Step(f"heads {model}", "training.landmarks.fit_head", ("--model", model, *RENDERS, *how))


STEPS = (
    Step("head", "training.make_head"),
    Step("demo face", "training.make_demo_face"),
    Step("pose-augmented faces", "training.landmarks.pose_augment", ("--seed", "5"), count=8000),
    renders("ict", 1500),
    renders("makehuman", 1500),
    renders("ict", 120, split="test"),
    renders("makehuman", 100, split="test"),
    landmarks(("3",), 30000, "11"),
    heads("3"),
    landmarks(("0", "-3"), 15000, "12", "--teacher", "3"),
    heads("0"),
    heads("-3"),
    landmarks(("2", "1"), 1500, "13", "--begin-with", "3", "3", "--teacher", "3"),
    landmarks(("-1",), 2000, "14", "--begin-with", "0", "--teacher", "3"),
    landmarks(("-2",), 3000, "15", "--begin-with", "-3", "--teacher", "3"),
    Step("landmarks export", "training.landmarks.export", ("--models", "3", "2", "1", "0", "-1", "-2", "-3")),
    Step("pose correction", "training.make_pose", ("--renders", "ict", "makehuman")),
    Step("detector", "training.detector.train", (), 19400),
    Step("detector export", "training.detector.publish"),
    Step("crops for the classifier", "training.classifier.data", ("--name", "second", "--seed", "31"), count=85000),
    Step("first classifier", "training.classifier.train", ("--crops", "second"), 2900),
    Step("first classifier export", "training.classifier.publish"),
    Step(
        "hard crops for the classifier",
        "training.classifier.data",
        ("--hard", "--name", "hard3", "--seed", "303"),
        count=55000,
    ),
    Step("second classifier", "training.classifier.train", ("--resume", "--crops", "second", "hard3"), 25500),
    Step("second classifier export", "training.classifier.publish"),
    Step(
        "hardest crops for the classifier",
        "training.classifier.data",
        ("--hard", "--name", "hard6", "--seed", "808"),
        count=40000,
    ),
    Step("classifier", "training.classifier.train", ("--resume", "--crops", "second", "hard3", "hard6"), 41600),
    Step("classifier export", "training.classifier.publish"),
    Step(
        "eyes",
        "training.eyes.train",
        ("--network", "eyes_fine", "eyes", "--renders", "ict", "makehuman"),
        16000,
    ),
    Step("eyes export", "training.eyes.publish", ("--network", "eyes")),
    Step("fine eyes export", "training.eyes.publish", ("--network", "eyes_fine")),
    Step("eyes' points", "training.eyes.points"),
    Step("figures", "training.evaluate"),
    Step("kept weights", "training.archive_checkpoints"),
    Step("tables", "training.tables"),
    Step("plot", "training.plot"),
)


class Progress:
    """Which steps have begun and which are done, in `file`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._states: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def __getitem__(self, step: Step) -> str:
        """ "", "begun" or "done"."""
        return self._states.get(step.name, "")

    def __setitem__(self, step: Step, state: str) -> None:
        self._states[step.name] = state
        draft = self._file.with_suffix(".new")
        draft.write_text(json.dumps(self._states, indent=1) + "\n", encoding="utf-8")
        draft.replace(self._file)


def run(steps: Sequence[Step], progress: Progress, scale: float, *, dry: bool) -> int:
    """The exit status of the first step that fails, else 0."""
    for step in steps:
        if progress[step] == "done":
            print(f"# {step.name}: done")
            continue
        command = step.command(scale, resume=progress[step] == "begun")
        print(f"# {step.name}\n{shlex.join(command)}", flush=True)
        if dry:
            continue
        progress[step] = "begun"
        status = subprocess.run(command, check=False).returncode
        if status:
            print(f"{step.name} failed with {status}; mend it and start this again", file=sys.stderr)
            return status
        progress[step] = "done"
    return 0


def main() -> int:
    from training.datasets import runs_folder

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="only print the commands that are left")
    parser.add_argument(
        "--scale",
        type=float,
        default=1,
        help="multiplies training time and counts of pictures (default 1)",
    )
    parser.add_argument("--again", action="store_true", help="forget what is done")
    arguments = parser.parse_args()
    file = runs_folder() / "pipeline.json"
    if arguments.again:
        file.unlink(missing_ok=True)
    return run(STEPS, Progress(file), arguments.scale, dry=arguments.dry_run)


if __name__ == "__main__":
    sys.exit(main())
