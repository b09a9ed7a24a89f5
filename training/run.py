"""One training run with a budget of minutes: schedule, averaged weights, checkpoints, resuming, on a CPU or a GPU."""

from __future__ import annotations

import argparse
import copy
import time
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn

from training.packs import runs_folder

WARM_UP = 0.03
"""Share of the budget over which the learning rate rises."""


def add_run_arguments(parser: argparse.ArgumentParser, minutes: float) -> None:
    """The options all training scripts share."""
    parser.add_argument("--minutes", type=float, default=minutes, help="budget of training time (default %(default)s)")
    parser.add_argument(
        "--resume", action="store_true", help="go on from the last checkpoint of this run, if there is one"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument(
        "--device",
        type=torch.device,
        default=torch.device("cuda" if torch.cuda.is_available() else "cpu"),
        help="where networks learn (default: cuda where there is one, else cpu); pictures are made on the CPU",
    )


@dataclass
class Run:
    """Trains `module` for `minutes`, as measured over all resumed parts together.

    device: where the module is moved to. average: exponential moving average of the weights; what is evaluated and
    exported. Checkpoints can be resumed on another device.
    """

    name: str
    module: nn.Module
    minutes: float
    learning_rate: float
    device: torch.device
    weight_decay: float = 0.02
    decay: float = 0.998
    steps: int = 0
    spent_s: float = 0.0
    average: nn.Module = field(init=False)

    def __post_init__(self) -> None:
        self.module.to(device=self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.module).eval()
        flat = [p for p in self.module.parameters() if p.ndim < 2]
        deep = [p for p in self.module.parameters() if p.ndim >= 2]
        groups = [{"params": deep, "weight_decay": self.weight_decay}, {"params": flat, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=self.learning_rate, betas=(0.9, 0.98))
        self._started = time.monotonic()
        self._saved = time.monotonic()

    @property
    def file(self) -> Path:
        """The checkpoint."""
        return runs_folder() / f"{self.name}.pt"

    @property
    def elapsed_s(self) -> float:
        """Seconds trained, earlier parts included."""
        return self.spent_s + time.monotonic() - self._started

    @property
    def progress(self) -> float:
        """Share of the budget that is spent; the run is over at 1."""
        return self.elapsed_s / (60 * self.minutes)

    def step(self, loss: torch.Tensor) -> None:
        """One update of the weights and their average, at the learning rate the clock asks for."""
        progress = min(self.progress, 1.0)
        rise = min(1.0, progress / WARM_UP)
        fall = 0.5 * (1 + torch.cos(torch.tensor(progress * torch.pi)).item())
        for group in self.optimiser.param_groups:
            group["lr"] = self.learning_rate * max(rise * fall, 0.002)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.module.parameters(), 5.0)
        self.optimiser.step()
        self.steps += 1
        self._follow()

    def _follow(self) -> None:
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            for mean, value in zip(self.average.state_dict().values(), self.module.state_dict().values(), strict=True):
                if mean.dtype.is_floating_point:
                    mean.lerp_(value, 1 - decay)
                else:
                    mean.copy_(value)

    def save(self, *, every_s: float = 0) -> bool:
        """Write the checkpoint, but not sooner than `every_s` after the last one. True when written."""
        if time.monotonic() - self._saved < every_s:
            return False
        self._saved = time.monotonic()
        draft = self.file.with_suffix(".new")
        state = {
            "module": self.module.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "steps": self.steps,
            "spent_s": self.elapsed_s,
        }
        torch.save(state, draft)
        draft.replace(self.file)
        return True

    def resume(self) -> None:
        """Go on from the checkpoint. One that was kept (`python -m training.keep`) has the averaged weights alone."""
        if not self.file.exists():
            return
        state = torch.load(self.file, weights_only=True, map_location="cpu")
        self.module.load_state_dict(state.get("module", state["average"]))
        self.average.load_state_dict(state["average"])
        if "optimiser" in state:
            self.optimiser.load_state_dict(state["optimiser"])
        self.steps, self.spent_s = state["steps"], state["spent_s"]
        self._started = time.monotonic()


def load_average(name: str, module: nn.Module) -> tuple[nn.Module, dict[str, float]]:
    """`module` with the averaged weights of run `name`, and how long that run was trained."""
    state = torch.load(runs_folder() / f"{name}.pt", weights_only=True, map_location="cpu")
    module.load_state_dict(state["average"])
    return module.eval(), {"minutes": round(state["spent_s"] / 60, 1), "steps": int(state["steps"])}
