"""Scales of partitions, and what symbols cost under the tables of the coder `scaled`."""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lgcodec.coding.frequencies import PRECISION, UNIT, Distribution, FrequencyTable
from lgcodec.coding.scaled import SCALES

__all__ = ["USUAL", "largest", "scales_of", "tabled"]

USUAL: Final = 16  # scale of a partition like the others: a set has every second level
LEAST: Final = 2  # of the scales that are used: finer ones have too many values in a place
COARSEST: Final = 14 * USUAL  # of a quiet partition of a sound steps 20 times the usual ones broke
LARGEST: Final = 4090  # value in a chunk of the finest scale, whose tables hold 2**13 of them
FURTHEST: Final = UNIT * (2**15 - 1)  # multiple that has a place
Integers = NDArray[np.int64]
Numbers = NDArray[np.float64]


def scales_of(steps: Tensor, counts: Tensor, reach: Tensor) -> Tensor:
    """Scales [P], the nearest that there are to what each partition's steps [P, T] have in common.

    None is so fine that a table cannot reach the largest number of its tensor, nor so coarse that
    what is said of small shifts holds no more.

    counts   [T] numbers of each tensor
    reach    [T] the largest magnitude
    """
    logs = steps.log2()
    wanted = ((logs - logs.mean(0)) * counts).sum(1) / counts.sum()
    units = (logs - wanted[:, None]).mean(0).exp2() / USUAL  # that scales multiply
    finest = min(max(float((reach / units).max()) / LARGEST, LEAST), USUAL)
    usable = torch.tensor([s for s in SCALES if finest <= s <= COARSEST], dtype=logs.dtype)
    nearest = (wanted.cpu()[:, None] - (usable / USUAL).log2()).abs().argmin(1)
    return usable[nearest].to(steps)


def largest(scales: Tensor, *, grows: bool) -> float:
    """The largest number that a table can place, so that the finest of scales [P] can code it."""
    # A difference is up to twice as large; values of a set stand for every second level.
    whole = LARGEST // 2 if grows else 2 * LARGEST
    return min(whole * float(scales.min()), FURTHEST)


def tabled(levels: Tensor, scales: Tensor, *, grows: bool) -> tuple[Integers, Numbers, Integers]:
    """What values cost under the table of the levels [P, n] of a tensor in chunks of scales [P].

    Kinds of tables of partitions [P], bits [T, 2, L] and first values [T, 2]: see
    `rounding_loops.Choice`.

    grows    whether a level is coded as what it is more than the one before it
    """
    stored = torch.diff(levels, dim=1, prepend=levels[:, :1] * 0) if grows else levels
    places = (stored * scales[:, None]).cpu().numpy().astype(np.int64) // UNIT
    table = FrequencyTable.fit(places)
    kinds, which = torch.unique(scales.cpu(), return_inverse=True)
    found = [_sets(table, int(scale), grows=grows) for scale in kinds]
    longest = max(len(one.counts) for pair in found for one in pair)
    bits = [
        [np.pad(-np.log2(one.counts), (0, longest - len(one.counts)), "edge") for one in pair]
        for pair in found
    ]
    first = [[one.first for one in pair] for pair in found]
    return which.numpy(), PRECISION + np.array(bits), np.array(first, np.int64)


def _sets(table: FrequencyTable, scale: int, *, grows: bool) -> list[Distribution]:
    """Of values of either set."""
    if grows:
        return [table.multiples(scale)] * 2
    return [table.levels(scale, second=second) for second in (False, True)]
