"""Symbols chosen by what they do to the samples, all others as they are.

The wavelet is not orthonormal: what one number leaves out, others can make good. Band after band,
symbols go to where the error of the signal's samples and the price of their bits are least
(coordinate descent, those of a phase of a band at once). No tile needs another.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lgcodec.coding.base import Symbols
from lgcodec.coding.pyramid import Band, Pyramid
from lgcodec.fit.rounding import cheapest
from lgcodec.nets.lifting import inverse
from lgcodec.nets.norms import norms

__all__ = ["descend"]


def descend(
    pyramid: Pyramid,
    scales: Sequence[Tensor],
    error: Tensor,
    inside: Tensor,
    *,
    symbols: Sequence[Symbols],
    classes: Sequence[NDArray[np.intp]],
    odds: Sequence[NDArray[np.int64]],
    phases: int,
) -> list[Symbols]:
    """Better symbols [P, N_k] of every band, for their `classes` and `odds` [P, N_k].

    scales   of every band [C, *band]: what a symbol of 1 stands for
    error    [P, C, *tile]: what `symbols` decode to less what they should
    inside   [P, *tile]: whether a sample counts
    phases   1: all places of a band at once; 2: every other place along each axis in turn
    """
    chosen, counts = list(symbols), inside[:, None]
    plan = zip(pyramid.bands, scales, norms(pyramid), strict=True)
    for place, (band, scale, norm) in enumerate(plan):
        for mask in _phases(band.shape, phases):
            slope = _slope(pyramid, band, error * counts) / (scale * norm**2)
            better = cheapest(chosen[place] - slope.flatten(1).numpy(), classes[place], odds[place])
            own = np.tile(mask.ravel(), pyramid.channels)
            change = np.where(own, better - chosen[place], 0).astype(np.float32)
            values = torch.from_numpy(change).view(-1, *scale.shape) * scale
            error = error + _alone(pyramid, band, values)
            chosen[place] = chosen[place] + change.astype(np.int16)
    return chosen


def _alone(pyramid: Pyramid, band: Band, values: Tensor) -> Tensor:
    """The tiles [P, C, *tile] that one band makes."""
    high = pyramid.high(band.orientation)
    for level in reversed(range(max(band.depths))):
        for axis in reversed(range(len(band.depths))):
            if level < band.depths[axis]:
                up = high[axis] and level == band.depths[axis] - 1
                values = _longer(values, axis + 2, -(-pyramid.tile[axis] // 2**level), high=up)
    return values


def _longer(part: Tensor, axis: int, length: int, *, high: bool) -> Tensor:
    """What becomes of a low or high part alone, `length` samples long."""
    shape = list(part.shape)
    shape[axis] = length - shape[axis]
    other = part.new_zeros(()).expand(shape)
    return inverse(other, part, axis) if high else inverse(part, other, axis)


def _slope(pyramid: Pyramid, band: Band, error: Tensor) -> Tensor:
    """How half the squared error grows with each number of a band, [P, C, *band]."""
    values = error.new_zeros(len(error), pyramid.channels, *band.shape).requires_grad_()
    (slope,) = torch.autograd.grad(_alone(pyramid, band, values), values, error)
    return slope


def _phases(shape: Sequence[int], count: int) -> list[NDArray[np.bool_]]:
    """Places of a band that are changed at once."""
    if count == 1:
        return [np.ones(shape, np.bool_)]
    phase = np.zeros(shape, np.intp)
    for index in np.indices(shape):
        phase = count * phase + index % count
    return [phase == number for number in range(count ** len(shape))]
