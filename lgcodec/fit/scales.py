"""Scales of partitions, and what symbols cost under the tables of the coder `scaled`."""

from typing import Final, final

import numpy as np
import torch
from torch import Tensor

from lgcodec.coding.frequencies import PRECISION, UNIT, FrequencyTable
from lgcodec.coding.scaled import SCALES, USUAL

__all__ = ["Costs", "largest", "scales_of"]

LEAST: Final = 4  # of the scales that are used: finer ones have too many symbols in a place
LARGEST: Final = 4090  # value in a chunk of the finest scale, whose tables hold 2**13 of them
FURTHEST: Final = UNIT * (2**15 - 1)  # multiple that has a place


def scales_of(steps: Tensor, counts: Tensor, reach: Tensor) -> Tensor:
    """Scales [P], the nearest that there are to what each partition's steps [P, T] have in common.

    None is so fine that a table cannot reach the largest number of its tensor.

    counts   [T] numbers of each tensor
    reach    [T] the largest magnitude
    """
    logs = steps.log2()
    wanted = ((logs - logs.mean(0)) * counts).sum(1) / counts.sum()
    units = (logs - wanted[:, None]).mean(0).exp2() / USUAL  # that scales multiply
    finest = min(max(float((reach / units).max()) / LARGEST, LEAST), USUAL)
    usable = torch.tensor([s for s in SCALES if s >= finest], dtype=logs.dtype)
    nearest = (wanted.cpu()[:, None] - (usable / USUAL).log2()).abs().argmin(1)
    return usable[nearest].to(steps)


def largest(scales: Tensor, *, grows: bool) -> float:
    """The largest number that a table can place, so that the finest of scales [P] can code it."""
    whole = LARGEST // 2 if grows else LARGEST  # a difference is up to twice as large
    return min(whole * float(scales.min()), FURTHEST)


@final
class Costs:
    """Bits under the table of the symbols [P, n] of a tensor.

    scales   [P] of partitions
    grows    whether a symbol is coded as what it is more than the one before it
    """

    def __init__(self, symbols: Tensor, scales: Tensor, *, grows: bool) -> None:
        self._grows = grows
        stored = torch.diff(symbols, dim=1, prepend=symbols[:, :1] * 0) if grows else symbols
        places = (stored * scales[:, None]).cpu().numpy().astype(np.int64) // UNIT
        table = FrequencyTable.fit(places)
        kinds, which = torch.unique(scales.cpu(), return_inverse=True)
        found = [table.multiples(int(scale)) for scale in kinds]
        longest = max(len(d.counts) for d in found)
        bits = [np.pad(np.log2(d.counts), (0, longest - len(d.counts)), "edge") for d in found]
        device = symbols.device
        self._bits = torch.from_numpy(PRECISION - np.stack(bits)).to(device)
        self._first = torch.tensor([d.first for d in found])[which].to(device)
        self._last = torch.tensor([len(d.counts) - 1 for d in found])[which].to(device)
        self._which = which.to(device)

    def __call__(self, choices: Tensor, before: Tensor | None) -> Tensor:
        """[K, P] of choices [K, P] for a symbol, after `before` [P]; beyond a table as its end."""
        stored = choices - before if self._grows and before is not None else choices
        places = (stored.long() - self._first).clamp(min=0).minimum(self._last)
        return self._bits[self._which, places]
