"""Numbers of the specification that no formula gives: by `benchmarks.train_latent`, `train_motion`.

The same files stand in spec/codings, one row of whole numbers a line.
"""

from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

__all__ = ["magnitudes", "motion", "networks"]


@cache
def magnitudes() -> NDArray[np.int64]:
    """[64, 5]: of every class zero, one, ratio, most and escape; see `distributions`."""
    return _numbers("magnitudes.csv").reshape(-1, 5)


@cache
def networks(axes: int, ahead: int = 0) -> NDArray[np.int64]:
    """All weights for grids of `axes` axes: those of classes, then of signs; see `context`.

    ahead   how many axes are split ahead of the others
    """
    return _numbers(f"context-{axes}d{'-ahead' * ahead}.csv")


@cache
def motion() -> tuple[NDArray[np.int64], ...]:
    """Of every class of motion the frequencies of its symbols; see `distributions`."""
    lines = _text("motion.csv").splitlines()
    return tuple(np.array(line.split(","), np.int64) for line in lines)


def _numbers(name: str) -> NDArray[np.int64]:
    return np.array(_text(name).replace("\n", ",").rstrip(",").split(","), np.int64)


def _text(name: str) -> str:
    return (files(__package__) / name).read_text("ascii")
