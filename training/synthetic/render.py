"""Render a set of heads with exact truth.

    python -m training.synthetic.render --family ict --identities 1500 --expressions 12 --seed 1 --out ict-a

Every person has its own random numbers, so that a set is the same however it is cut into runs; shards that are there
already are left as they are. Persons of the split "test" never occur in "train": their numbers are drawn with another
seed, and their skins come from photographs of other people. With --held, people hold expressions (`held`).
"""

from __future__ import annotations

import argparse
import os
import time

os.environ.setdefault("LP_NUM_THREADS", "1")  # Mesa's software renderer would take every core

import cv2
import numpy as np
import numpy.typing as npt

from training.synthetic import held
from training.synthetic.shards import encoded, set_folder, shard_file, write_shard
from training.synthetic.studio import Family, Studio
from training.synthetic.truth import Truth

SHARD_PICTURES = 1000
SPLITS = ("train", "test")


def make_family(name: str, split: str) -> Family:
    """The heads of a family; imported here because each brings its own data."""
    if name == "ict":
        from training.synthetic.ict import Heads

        return Heads(split)
    from training.synthetic.makehuman import Heads as MakeHumanHeads

    return MakeHumanHeads(split)


def person_rng(family: str, split: str, seed: int, number: int) -> np.random.Generator:
    """The random numbers of one person."""
    return np.random.default_rng([("ict", "makehuman").index(family), SPLITS.index(split), seed, number])


def render(
    family: str,
    split: str,
    identities: int,
    expressions: int,
    seed: int,
    size: int,
    out: str,
    shard_pictures: int = SHARD_PICTURES,
) -> None:
    """Render what is missing of the set `out`; prints pictures a second."""
    set_folder(out).mkdir(parents=True, exist_ok=True)
    per_shard = max(1, shard_pictures // expressions)
    heads: Family | None = None
    studio: Studio | None = None
    done, started = 0, time.monotonic()
    for shard, first in enumerate(range(0, identities, per_shard)):
        if shard_file(out, shard).exists():
            continue
        if heads is None or studio is None:
            heads, studio = make_family(family, split), Studio(size)
            started = time.monotonic()
        images: list[npt.NDArray[np.uint8]] = []
        truths: list[Truth] = []
        for number in range(first, min(identities, first + per_shard)):
            rng = person_rng(family, split, seed, number)
            person = heads.person(seed * 1_000_000 + number, rng)
            for picture, truth in studio.session(person, expressions, rng):
                images.append(encoded(picture))
                truths.append(truth)
        write_shard(shard_file(out, shard), images, truths)
        done += len(images)
        rate = done / (time.monotonic() - started)
        print(f"{out}: shard {shard}, {done} pictures, {rate:.1f} a second", flush=True)


def render_held(family: str, split: str, identities: int, seed: int, size: int, out: str) -> None:
    """Render what is missing of the set `out` of people who hold expressions, a shard for each person."""
    set_folder(out).mkdir(parents=True, exist_ok=True)
    heads: Family | None = None
    for number in range(identities):
        if shard_file(out, number).exists():
            continue
        if heads is None:
            heads, studio = make_family(family, split), Studio(size)
        rng = person_rng(family, split, seed, number)
        held.write_person(out, number, held.session(studio, heads.person(seed * 1_000_000 + number, rng), split, rng))
        print(f"{out}: person {number + 1} of {identities}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--family", choices=("ict", "makehuman"), required=True)
    parser.add_argument("--identities", type=int, required=True)
    parser.add_argument("--expressions", type=int, default=12, help="pictures of each person, the first one neutral")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--size", type=int, default=256, help="side of the pictures in pixels")
    parser.add_argument("--split", choices=SPLITS, default="train")
    parser.add_argument(
        "--shard", type=int, default=SHARD_PICTURES, help="pictures in a file; the same in every run that adds to a set"
    )
    parser.add_argument("--out", required=True, help="name of the set")
    parser.add_argument("--held", action="store_true", help="of each person seven expressions, 16 times each")
    options = parser.parse_args()
    cv2.setNumThreads(1)  # a process renders on one core, so that as many may run as there are
    if options.held:
        render_held(options.family, options.split, options.identities, options.seed, options.size, options.out)
        return
    render(
        options.family,
        options.split,
        options.identities,
        options.expressions,
        options.seed,
        options.size,
        options.out,
        options.shard,
    )


if __name__ == "__main__":
    main()
