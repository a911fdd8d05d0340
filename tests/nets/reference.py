"""The value of a position in plain numpy, written from spec/families and nothing else."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]
Tensors = Mapping[str, NDArray[np.float32]]
Rules = tuple[Callable[[str, Rows], Rows], Callable[[str, Rows], Rows]]  # act and feed of a path
PATHS = ("local", "global", "merge")


def value(
    name: str,
    configuration: Mapping[str, Any],
    local: Tensors,
    shared: Tensors,
    *,
    u: NDArray[Any],
    x: NDArray[Any],
) -> Rows:
    """Rows of C numbers at tile coordinates u and frame coordinates x, rows of D numbers each."""
    act, feed = {"siren": siren, "incode": incode, "relu-pe": relu_pe}[name](configuration, shared)
    u, x = u.astype(np.float64), x.astype(np.float64)
    layers = len(local) // 2
    p = feed("local", u if configuration["tile_range"] > 0 else x)
    q = feed("global", x)
    for layer in range(layers - 1):
        p = act("local", p @ local[f"{layer}.w"] + local[f"{layer}.b"])
        if "0.w" in shared:
            q = act("global", q @ shared[f"{layer}.w"] + shared[f"{layer}.b"])
            if configuration.get("merge") == "add":
                p = p + act("merge", q @ shared["merge.w"] + shared["merge.b"])
            else:
                both = np.concatenate([p, q], axis=1)
                p = act("merge", both @ shared["merge.w"] + shared["merge.b"])
    return p @ local[f"{layers - 1}.w"] + local[f"{layers - 1}.b"]


def siren(configuration: Mapping[str, Any], shared: Tensors) -> Rules:
    return (lambda path, z: np.sin(configuration["w0"] * z)), (lambda path, row: row)


def incode(configuration: Mapping[str, Any], shared: Tensors) -> Rules:
    def act(path: str, z: Rows) -> Rows:
        a, b, c, d = shared["modulators"][PATHS.index(path)].astype(np.float64)
        return np.exp(a) * np.sin(np.exp(b) * configuration["w0"] * z + c) + d

    return act, lambda path, row: row


def relu_pe(configuration: Mapping[str, Any], shared: Tensors) -> Rules:
    def feed(path: str, row: Rows) -> Rows:
        octaves = configuration["octaves"][PATHS.index(path)]
        waves = [
            wave(2.0**k * np.pi * row[:, axis])
            for axis in range(row.shape[1])
            for k in range(octaves)
            for wave in (np.sin, np.cos)
        ]
        return np.stack(waves, axis=1)

    return (lambda path, z: np.maximum(z, 0)), feed
