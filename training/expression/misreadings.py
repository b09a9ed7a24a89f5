"""What a landmark network reads from renders of unseen people, beside the truth, for `training.expression.taught`:
`python -m training.expression.misreadings READINGS.npz --model 3 --folder MODELS --renders ict-test-b makehuman-test`.

The file holds, of each set, NAME_found and NAME_true (N, 52), NAME_known (N, 52) bool and NAME_identity (N,).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from tracker import topology as t
from training.expression.reader import NetworkReader
from training.synthetic.shards import RenderSet


def readings(reader: NetworkReader, name: str) -> dict[str, np.ndarray]:
    """One rendered set."""
    renders = RenderSet([name])
    found = [
        reader.settle(renders.picture(i), renders["points"][i, : t.N_LANDMARKS]).coefficients
        for i in range(len(renders))
    ]
    return {
        f"{name}_found": np.stack(found),
        f"{name}_true": renders["coefficients"].astype(np.float32),
        f"{name}_known": renders["known"],
        f"{name}_identity": renders["identity"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("file", type=Path)
    parser.add_argument("--model", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("models"), help="of the networks")
    parser.add_argument("--renders", nargs="+", default=["ict-test-b", "makehuman-test"], metavar="SET")
    arguments = parser.parse_args()
    reader = NetworkReader(arguments.model, arguments.folder)
    arrays: dict[str, np.ndarray] = {}
    for name in arguments.renders:
        arrays |= readings(reader, name)
    np.savez(arguments.file, **arrays)


if __name__ == "__main__":
    main()
