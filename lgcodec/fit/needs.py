"""What groups of latents need to be equally good: what the bytes of a file are shared by."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lgcodec.fit.steps import FINEST, WIDEST
from lgcodec.nets.latent import STEP_UNIT

__all__ = ["LOOKED_AT", "needs"]

LOOKED_AT: Final = (-5 * STEP_UNIT, -5 * STEP_UNIT // 2, 0)  # steps: of 50, of 38, of 25 dB or so
SPARE: Final = 64.0  # bytes more for every group: in which next to nothing is seen needs some
STEEPEST, FLATTEST = -1 / 16, -1 / 512  # what a step may change of the logarithm beyond them


def needs(looks: Sequence[Sequence[float]], size: float) -> tuple[int, list[float]]:
    """The one step at which all groups have `size` bytes together, and how many each has there.

    looks   of every group, its bytes at the steps LOOKED_AT

    With one step a bit takes off the same squared error in all groups, so that none could give
    bytes to another and all be better for it.
    """
    steps = np.arange(FINEST, WIDEST + 1)
    found = np.exp([_between(np.log(own), steps) for own in looks])
    best = np.argmin(np.abs(np.log(found.sum(0) / size)))
    return int(steps[best]), [SPARE + float(own) for own in found[:, best]]


def _between(logs: NDArray[np.float64], steps: NDArray[np.int64]) -> NDArray[np.float64]:
    """The logarithm of bytes at `steps` from those at LOOKED_AT: in line, and on in line."""
    slopes = (np.diff(logs) / np.diff(LOOKED_AT)).clip(STEEPEST, FLATTEST)
    inside = np.interp(steps, LOOKED_AT, logs)
    before = slopes[0] * np.minimum(steps - LOOKED_AT[0], 0)
    return np.asarray(inside + before + slopes[-1] * np.maximum(steps - LOOKED_AT[-1], 0))
