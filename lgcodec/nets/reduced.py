"""Smaller pictures from the coarse levels of a pyramid, for overviews: fast, and without aliasing.

What a wavelet leaves low after some levels is the picture at a fraction of its size. Its samples
lie where every so manyth of the tile lies, and are moved to the middle of those that they stand
for. That blurs, so one level more is decoded than is needed, and pairs become their mean.
"""

from dataclasses import replace
from functools import reduce

import torch
from torch import Tensor

from lgcodec.coding.pyramid import Pyramid
from lgcodec.nets.smooth import interpolated_along

__all__ = ["centred", "halved", "left_out", "loudness", "most_halvings", "reduced_pyramid"]


def left_out(halvings: int) -> int:
    """How many of the finest levels a lattice goes without that is halved so often."""
    return max(halvings - 1, 0)


def most_halvings(pyramid: Pyramid) -> int:
    """0 where an axis is split ahead: all details of a part come before the next part."""
    return 0 if pyramid.ahead else min(pyramid.levels)


def reduced_pyramid(pyramid: Pyramid, halvings: int) -> Pyramid:
    """What is decoded of one; its bands are the first of the whole one."""
    levels = left_out(halvings)
    kept = tuple(own - levels for own in pyramid.levels)
    return replace(pyramid, tile=pyramid.low(levels), levels=kept)


def loudness(pyramid: Pyramid, levels: int) -> float:
    """How many times as large constant samples are after so many levels."""
    return float(2 ** (levels * len(pyramid.tile) / 2))


def centred(low: Tensor, levels: int) -> Tensor:
    """Samples [P, C, *low] of every 2**levels-th place, moved to the middle of as many places."""
    moved = (1 - 0.5**levels) / 2
    axes = range(2, low.ndim) if levels else ()
    return reduce(lambda values, axis: interpolated_along(values, axis, moved), axes, low)


def halved(values: Tensor) -> Tensor:
    """Means of pairs along each axis of [P, C, *tile]; a last one alone stays as it is."""
    for axis in range(2, values.ndim):
        length = values.shape[axis]
        last = values.narrow(axis, length - 1, length % 2)
        lines = torch.cat([values, last], axis).movedim(axis, -1)
        values = ((lines[..., ::2] + lines[..., 1::2]) / 2).movedim(-1, axis)
    return values
