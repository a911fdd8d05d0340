"""By how much partitions differ in what they show, as bits that scales save."""

from collections.abc import Sequence
from math import log2
from typing import Final

import numpy as np

from lgcodec.partition import Tiling
from lgcodec.signal import Signal, peak_of

__all__ = ["unevenness"]

FLAT: Final = 1e-3  # of the peak: differences that count as none
MOST: Final = 1.0  # bits


def unevenness(signal: Signal, tilings: Sequence[Tiling]) -> float:
    """Bits of a weight, 0 to 1, that steps of its partition's own save at the same error.

    With V the mean squared difference of neighbours in a partition, log2(mean V / geometric mean V)
    / 2: the gain of dividing an error among sources of different variance (reverse water-filling,
    Cover and Thomas, chapter 10), where a partition's weights may err in proportion.
    """
    samples = signal.samples.astype(np.float32)
    energy = np.zeros(signal.grid)
    for axis in range(len(signal.grid)):
        later = [slice(None)] * len(signal.grid)
        later[axis] = slice(1, None)
        energy[tuple(later)] += (np.diff(samples, axis=axis) ** 2).sum(axis=-1)
    counts = np.ones(signal.grid)
    for axis, tiling in enumerate(tilings):
        starts = np.arange(0, signal.grid[axis], tiling.tile_len)
        energy, counts = (np.add.reduceat(part, starts, axis=axis) for part in (energy, counts))
    means = energy / counts + (FLAT * peak_of(signal.samples)) ** 2
    return min(max((log2(means.mean()) - float(np.log2(means).mean())) / 2, 0.0), MOST)
