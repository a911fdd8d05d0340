"""Smaller pictures from the coarse levels of a pyramid, for overviews: fast, and without aliasing.

What a wavelet leaves low after n levels is the picture at 2**-n of its size. Its samples lie at
every 2**n-th place of the tile, and are moved to the middle of those that they stand for. That
blurs, so one level more is decoded than is needed, and pairs become their mean.
"""

from dataclasses import replace
from functools import reduce
from operator import add

import torch
from torch import Tensor

from lgcodec.coding.pyramid import Pyramid
from lgcodec.nets.smooth import catmull_rom

__all__ = [
    "centred",
    "extended",
    "halved",
    "left_out",
    "low_gain",
    "most_halvings",
    "reduced_pyramid",
]


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


def low_gain(pyramid: Pyramid, levels: int) -> float:
    """Gain of the low-pass filters of so many levels at frequency 0: sqrt(2) by level and axis."""
    return float(2 ** (levels * len(pyramid.tile) / 2))


def centred(low: Tensor, levels: int) -> Tensor:
    """Samples [P, C, *low] of every 2**levels-th place, moved to the middle of as many places."""
    weights = catmull_rom(torch.tensor((1 - 0.5**levels) / 2)).tolist()
    for axis in range(2, low.ndim if levels else 0):
        last = low.shape[axis] - 1
        lines, places = low.movedim(axis, -1), torch.arange(last + 1, device=low.device)
        # The last sample repeats: linear extrapolation was 1 to 3 dB worse on textures.
        terms = (
            lines[..., (places + at).clamp(0, last)] * weight
            for at, weight in zip(range(-1, 3), weights, strict=True)
        )
        low = reduce(add, terms).movedim(-1, axis)
    return low


def halved(values: Tensor) -> Tensor:
    """Means of pairs along each axis of [P, C, *tile]; an odd length is extrapolated by one."""
    for axis in range(2, values.ndim):
        lines = extended(values, axis, 0, values.shape[axis] % 2).movedim(axis, -1)
        values = ((lines[..., ::2] + lines[..., 1::2]) / 2).movedim(-1, axis)
    return values


def extended(values: Tensor, axis: int, before: int, after: int) -> Tensor:
    """With so many samples more at either end of an axis, extrapolated from the last two."""
    length = values.shape[axis]
    ends = []
    for end, towards, count in ((0, 1, before), (length - 1, -1, after)):
        last = values.narrow(axis, end, 1)
        step = last - values.narrow(axis, end + towards, 1) if length > 1 else 0 * last
        ends.append([last + n * step for n in range(1, count + 1)])
    return torch.cat([*ends[0][::-1], values, *ends[1]], axis)
