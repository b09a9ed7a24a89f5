"""One training run of a given number of steps: schedule, averaged weights, checkpoints, resuming, on a CPU or a GPU."""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from training.datasets import runs_folder

WARM_UP = 0.03
"""Share of the steps over which the learning rate rises."""
SLOWEST = 0.002
"""Share of the learning rate that is left in the end."""
SAVE_EVERY_S = 120
REPORT_EVERY = 50
SETTLING = 20
"""Steps that do not tell how long those to come will take."""
ARCHIVE = Path(__file__).with_name("checkpoints")
"""Averaged weights of finished runs, in half precision: `python -m training.archive_checkpoints`."""


def add_run_arguments(parser: argparse.ArgumentParser, steps: int, learning_rate: float = 2e-3) -> None:
    """The options all training scripts share."""
    parser.add_argument("--steps", type=int, default=steps, help="length of the schedule (default %(default)s)")
    parser.add_argument(
        "--resume", action="store_true", help="go on from the last checkpoint of this run, if there is one"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--learning-rate", type=float, default=learning_rate)
    parser.add_argument(
        "--device",
        type=torch.device,
        default=torch.device("cuda" if torch.cuda.is_available() else "cpu"),
        help="where networks learn (default: cuda where there is one, else cpu); pictures are made on the CPU",
    )


class Average:
    """An exponential moving average of a module's weights that begins as a plain one, so that what was random is soon
    forgotten. It never waits for the device."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.module = copy.deepcopy(module).eval()
        self.made = 0
        self._decay = decay

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Take in the weights as they are now; the first time they are all there is."""
        pairs = list(zip(self.module.state_dict().values(), module.state_dict().values(), strict=True))
        if self.made:
            decay = min(self._decay, (1 + self.made) / (10 + self.made))
            floating = [pair for pair in pairs if pair[0].is_floating_point()]
            get_ema_multi_avg_fn(decay)([own for own, _ in floating], [other for _, other in floating], self.made)
        else:
            for own, other in pairs:
                own.copy_(other)
        self.made += 1


@dataclass
class Run:
    """Trains `module` for `steps` steps.

    device: where the module is moved to. faster: factors on the learning rate of the module's parts. average: moving
    average of the weights; what is evaluated and exported. done: steps made, in all resumed parts together.
    Checkpoints can be resumed on another device.
    """

    name: str
    module: nn.Module
    steps: int
    learning_rate: float
    device: torch.device
    weight_decay: float = 0.02
    decay: float = 0.998
    faster: Mapping[str, float] = field(default_factory=dict)
    done: int = 0
    average: Average = field(init=False)

    def __post_init__(self) -> None:
        self.module.to(device=self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average_anew()
        groups: dict[tuple[float, float], dict[str, Any]] = {}
        for name, parameter in self.module.named_parameters():
            decay = self.weight_decay if parameter.ndim >= 2 else 0.0
            rate = self.faster.get(name.partition(".")[0], 1.0)
            group = groups.setdefault((decay, rate), {"params": [], "weight_decay": decay, "rate": rate})
            group["params"].append(parameter)
        self.optimiser = torch.optim.AdamW(list(groups.values()), lr=self.learning_rate, betas=(0.9, 0.98))
        self._saved = time.monotonic()

    def average_anew(self) -> None:
        """Call after the module's weights were set from outside."""
        self.average = Average(self.module, self.decay)

    @property
    def file(self) -> Path:
        """The checkpoint."""
        return runs_folder() / f"{self.name}.pt"

    @property
    def progress(self) -> float:
        """Share of the steps that is made; the run is over at 1."""
        return self.done / max(self.steps, 1)

    def step(self, loss: torch.Tensor) -> None:
        """One update of the weights and their average."""
        rise = min(1.0, (self.done + 1) / max(WARM_UP * self.steps, 1))
        fall = 0.5 * (1 + torch.cos(torch.tensor(min(self.progress, 1.0) * torch.pi)).item())
        for group in self.optimiser.param_groups:
            group["lr"] = group["rate"] * self.learning_rate * max(rise * fall, SLOWEST)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.module.parameters(), 5.0)
        self.optimiser.step()
        self.average.update(self.module)
        self.done += 1

    def save(self, *, every_s: float = 0) -> bool:
        """Write the checkpoint, but not sooner than `every_s` after the last one. True when written."""
        if time.monotonic() - self._saved < every_s:
            return False
        self._saved = time.monotonic()
        draft = self.file.with_suffix(".new")
        state = {
            "module": self.module.state_dict(),
            "average": self.average.module.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "steps": self.done,
        }
        torch.save(state, draft)
        draft.replace(self.file)
        return True

    def resume(self) -> None:
        """Go on from the checkpoint, if there is one."""
        if not self.file.exists():
            return
        state = torch.load(self.file, weights_only=True, map_location="cpu")
        self.module.load_state_dict(state["module"])
        self.average_anew()
        self.average.module.load_state_dict(state["average"])
        self.average.made = state["steps"]
        self.optimiser.load_state_dict(state["optimiser"])
        self.done = state["steps"]

    def begin_with(self, name: str) -> None:
        """Take the averaged weights of run `name` where they fit, with a schedule of its own."""
        missing = load_weights(self.module, find_checkpoint(name)["average"])
        if missing:
            print(f"{self.name}: {', '.join(missing)} begin anew", flush=True)
        self.average_anew()


def find_checkpoint(name: str) -> dict[str, dict[str, torch.Tensor]]:
    """The state of run `name`: of the runs folder, else the archived one. Raises FileNotFoundError."""
    file = runs_folder() / f"{name}.pt"
    state: dict[str, dict[str, torch.Tensor]] = torch.load(
        file if file.exists() else ARCHIVE / f"{name}.pt", weights_only=True, map_location="cpu"
    )
    return state


def load_weights(module: nn.Module, weights: dict[str, torch.Tensor]) -> list[str]:
    """Copy what has the same name and shape; the parts of `module` that `weights` lack."""
    own = module.state_dict()
    fitting = {key: value for key, value in weights.items() if key in own and own[key].shape == value.shape}
    module.load_state_dict({**own, **fitting})
    return sorted({key.rpartition(".")[0] for key in own if key not in fitting})


def load_average(name: str, module: nn.Module) -> tuple[nn.Module, dict[str, int]]:
    """`module` with the averaged weights of run `name`, and how long that run was trained."""
    state = find_checkpoint(name)
    module.load_state_dict({key: value.to(module.state_dict()[key].dtype) for key, value in state["average"].items()})
    return module.eval(), {"steps": int(state["steps"])}  # type: ignore[call-overload]


class Clock:
    """Prints what a run will take once that can be told, and how far it is."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = runs
        self._started, self._first = time.monotonic(), runs[0].done

    def report(self, losses: Sequence[float | torch.Tensor], note: str = "") -> None:
        """Call after every step. losses: tensors are read only when there is something to print."""
        run = self._runs[0]
        made = run.done - self._first
        if run.done % REPORT_EVERY and made != 10:
            return
        per_step = (time.monotonic() - self._started) / made
        left = per_step * (run.steps - run.done) / 60
        shown = " ".join(f"{float(loss):.4f}" for loss in losses)
        print(
            f"step {run.done} of {run.steps}  {per_step:.2f} s a step, {left:.0f} min left  loss {shown}  {note}",
            flush=True,
        )


class TimeLimit:
    """Fits the length of runs that take turns to `minutes` from now, whatever else the machine has to do."""

    def __init__(self, runs: Sequence[Run], minutes: float) -> None:
        self._runs = runs
        self._ends = time.monotonic() + 60 * minutes
        self._settled_at = runs[0].done + SETTLING
        self._settled_s = 0.0

    def keep(self) -> None:
        """Call after every step."""
        now = time.monotonic()
        made = self._runs[0].done - self._settled_at
        if made <= 0:
            self._settled_s = now  # the first steps take longer
            return
        left = max(self._ends - now, 0) * made / (now - self._settled_s)
        for run in self._runs:
            run.steps = run.done + round(left)
