"""The value of a position in plain numpy, written from spec/families and nothing else."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]


def value(
    local: Mapping[str, NDArray[np.float32]],
    shared: Mapping[str, NDArray[np.float32]],
    u: Rows,
    x: Rows,
    *,
    w0: float,
    tile_range: float,
    merge: str = "concat",
) -> Rows:
    """Rows of C numbers at tile coordinates u and frame coordinates x, rows of D numbers each."""
    layers = len(local) // 2
    p, q = (u if tile_range > 0 else x), x
    for layer in range(layers - 1):
        p = np.sin(w0 * (p @ local[f"{layer}.w"] + local[f"{layer}.b"]))
        if shared:
            q = np.sin(w0 * (q @ shared[f"{layer}.w"] + shared[f"{layer}.b"]))
            mixed = q if merge == "add" else np.concatenate([p, q], axis=1)
            merged = np.sin(w0 * (mixed @ shared["merge.w"] + shared["merge.b"]))
            p = p + merged if merge == "add" else merged
    return p @ local[f"{layers - 1}.w"] + local[f"{layers - 1}.b"]
