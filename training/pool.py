"""Examples kept on the device that learns, from which batches are drawn several times.

Processes that make examples on the CPU fall behind a GPU by an order of magnitude. Kept in a ring and drawn again with
fresh light and noise each is seen some ten times instead of once, and no two batches are the same.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset


class Pool:
    """The last `capacity` examples that were added, each a row of several tensors; safe to fill from a thread."""

    def __init__(self, capacity: int, device: torch.device) -> None:
        self.capacity, self.device = capacity, device
        self.added = 0
        self._parts: list[Tensor] = []
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return min(self.added, self.capacity)

    def add(self, parts: Sequence[Tensor]) -> None:
        """Take in a batch: tensors whose first axis is the example; beyond the capacity the oldest are forgotten."""
        # From pinned memory this does not wait until the device has done what it was asked to before.
        moved = [part.to(self.device, non_blocking=True) for part in parts]
        count = len(moved[0])
        with self._lock:
            if not self._parts:
                self._parts = [part.new_empty((self.capacity, *part.shape[1:])) for part in moved]
            rows = torch.arange(self.added, self.added + count, device=self.device) % self.capacity
            for kept, part in zip(self._parts, moved, strict=True):
                kept[rows] = part
            self.added += count

    def draw(self, count: int) -> tuple[Tensor, ...]:
        """`count` examples at random, the same ones perhaps twice. Raises IndexError while there are none."""
        with self._lock:
            if not self.added:
                raise IndexError("the pool is empty")
            rows = torch.randint(len(self), (count,), device=self.device)
            return tuple(kept[rows] for kept in self._parts)


class Feeding(threading.Thread):
    """Fills `pool` from `batches`, for as long as there are any or until it is told to stop."""

    def __init__(self, pool: Pool, batches: Iterable[Sequence[Tensor]]) -> None:
        super().__init__(name="feeds the pool", daemon=True)
        self._pool, self._batches = pool, batches
        self._over = threading.Event()

    def run(self) -> None:
        for batch in self._batches:
            if self._over.is_set():
                return
            self._pool.add(batch)

    def stop(self) -> None:
        """Take in no more; returns when the thread has ended."""
        self._over.set()
        self.join()


def feed(pool: Pool, batches: Iterable[Sequence[Tensor]]) -> Feeding:
    """Fill `pool` from `batches` in a thread."""
    feeding = Feeding(pool, batches)
    feeding.start()
    return feeding


def wait_for(pool: Pool, count: int, feeding: threading.Thread) -> None:
    """Return when the pool holds `count` examples. Raises RuntimeError when what feeds it has ended before."""
    while len(pool) < count:
        if not feeding.is_alive():
            raise RuntimeError(f"no more examples after {len(pool)}")
        time.sleep(0.05)


@contextmanager
def drawn(batches: Iterable[Sequence[Tensor]], pool: Pool, count: int) -> Iterator[Callable[[], tuple[Tensor, ...]]]:
    """Feed `pool` while the block lasts; what it gets draws `count` examples at a call."""
    feeding = feed(pool, batches)
    try:
        wait_for(pool, min(pool.capacity, 2 * count), feeding)
        yield lambda: pool.draw(count)
    finally:
        feeding.stop()


def add_pool_arguments(parser: argparse.ArgumentParser, workers: int, draw: int) -> None:
    """The options that `source_of` reads, and --minutes."""
    parser.add_argument(
        "--workers", type=int, default=workers, help="processes that make examples; 0 is this one (default %(default)s)"
    )
    parser.add_argument(
        "--pool", type=int, default=0, metavar="N", help="keep the last N examples on the device, each step draws some"
    )
    parser.add_argument("--draw", type=int, default=draw, help="examples a step draws from the pool (%(default)s)")
    parser.add_argument(
        "--minutes", type=float, help="end so long after the start; --steps counts only in the first moments"
    )


@contextmanager
def source_of(
    batches: IterableDataset[Any], options: argparse.Namespace, prefetch: int
) -> Iterator[Callable[[], Sequence[Tensor]]]:
    """What gives the examples of each step: newly made ones, or those drawn from a pool that fills meanwhile.

    prefetch: batches that each process makes ahead.
    """
    loader = DataLoader(
        batches,
        batch_size=None,
        num_workers=options.workers,
        prefetch_factor=prefetch if options.workers else None,
        pin_memory=options.device.type == "cuda",
        in_order=not options.workers,
    )
    if options.pool:
        with drawn(loader, Pool(options.pool, options.device), options.draw) as draw:
            yield draw
    else:
        made = iter(loader)
        yield lambda: next(made)
