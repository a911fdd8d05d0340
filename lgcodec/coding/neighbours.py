"""What is known about a symbol before it is decoded, as integers; specification: context.md.

Magnitudes m enter as g(m), a piecewise linear 16 log2(1 + m). What lies outside a band counts 0.
Arrays are [P partitions, *band] of one channel; float32 that hold integers below 2**24, for which
sums and products are exact in any order on any machine.
"""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from itertools import combinations
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.low import shifted
from lgcodec.coding.pyramid import Band, Pyramid

__all__ = ["ONE", "PAD", "Neighbourhood", "causal_offsets", "fitted", "fronts", "magnitude"]

ONE: Final = 16  # fixed-point one of a feature
PAD: Final = 2  # how far causal neighbours reach
MOST: Final = 2**12 - 1  # magnitudes above count as this
Floats = NDArray[np.float32]
Magnitudes = Mapping[tuple[int, int], Floats]  # (level, orientation) -> g [P, C, *band]


def magnitude(symbols: NDArray[Any]) -> Floats:
    """g of symbols, same shape."""
    values: Floats = _table()[np.minimum(np.abs(symbols.astype(np.int32)), MOST)]
    return values


@cache
def _table() -> Floats:
    ends = [m + 1 for m in range(MOST + 1)]
    bits = [end.bit_length() - 1 for end in ends]
    return np.array(
        [ONE * b + (end * ONE >> b) - ONE for end, b in zip(ends, bits, strict=True)], np.float32
    )


def causal_offsets(axes: int) -> list[tuple[int, ...]]:
    """Places of neighbours in the same band and channel that are decoded before a symbol."""
    unit = np.eye(axes, dtype=int)
    offsets = [-unit[axis] * far for axis in range(axes) for far in (1, 2)]
    for first, second in combinations(range(axes), 2):
        offsets += [-unit[first] - unit[second], -unit[first] + unit[second]]
    return [tuple(map(int, offset)) for offset in offsets]


@lru_cache(maxsize=256)  # bands of a few pyramids
def fronts(shape: tuple[int, ...]) -> tuple[NDArray[np.int64], ...]:
    """Raster places in a band that can be decoded together, in the order of decoding.

    A place p belongs to front sum_a (D - a) p_a: every causal neighbour is in an earlier one.
    """
    places = np.indices(shape).reshape(len(shape), -1)
    rank = np.arange(len(shape), 0, -1) @ places
    order = np.argsort(rank, kind="stable")
    borders = np.flatnonzero(np.diff(rank[order])) + 1
    return tuple(np.split(order, borders))


@final
class Neighbourhood:
    """Features of one channel of a band that do not depend on that channel's own symbols."""

    def __init__(
        self, pyramid: Pyramid, band: Band, known: Magnitudes, low: NDArray[np.int64]
    ) -> None:
        self._pyramid, self._band, self._low = pyramid, band, low
        above = {o: g for (level, o), g in known.items() if level == band.level + 1}
        self._parent, self._above = above.get(band.orientation), list(above.values())
        self._siblings = [
            g for (level, o), g in known.items() if level == band.level and o < band.orientation
        ]

    def features(self, own: Floats, channel: int) -> list[Floats]:
        """Features [P, *band]; `own` is g [P, C, *band] of this band's earlier channels."""
        empty = np.zeros((len(own), *self._band.shape), np.float32)
        parent = empty if self._parent is None else self._stretched(self._parent[:, channel])
        nearby = empty if self._parent is None else self._around(self._parent[:, channel])
        above = [self._stretched(g[:, channel]) for g in self._above]
        siblings = [fitted(g[:, channel], self._band.shape) for g in self._siblings]
        total = sum(siblings, start=empty)
        before = own[:, channel - 1] if channel else empty
        return [
            parent,
            nearby,
            sum(above, start=empty),
            total,
            around(total),
            before,
            around(before),
            own[:, : max(0, channel - 1)].sum(axis=1),
            *self._edges(channel),
        ]

    def _edges(self, channel: int) -> list[Floats]:
        """First and second differences of the low part along each axis."""
        low, found = self._low[:, channel], []
        for axis, up in enumerate(self._pyramid.high(self._band.orientation)):
            unit = [int(axis == other) for other in range(len(self._band.shape))]
            before, after = (shifted(low, [way * n for n in unit]) for way in (-1, 1))
            if up:  # odd samples lie between two of the low part
                beyond = shifted(low, [2 * n for n in unit])
                changes = after - low, before - low - after + beyond
            else:
                changes = after - before, before - 2 * low + after
            found += [self._inside(magnitude(np.abs(change) >> 2)) for change in changes]
        return found

    def _inside(self, values: Floats) -> Floats:
        return values[(slice(None), *(slice(0, n) for n in self._band.shape))]

    def constants(self, channel: int) -> list[float]:
        """Features that are the same at every place."""
        high = self._pyramid.high(self._band.orientation)
        return [ONE * float(v) for v in (channel == 1, channel >= 2, *high, self._band.level)]

    def _stretched(self, coarse: Floats) -> Floats:
        """A band of the level above, each value repeated where that level splits."""
        for axis, split in enumerate(self._pyramid.split(self._band.level + 1)):
            if split:
                coarse = np.repeat(coarse, 2, axis=axis + 1)
        return fitted(coarse, self._band.shape)

    def _around(self, coarse: Floats) -> Floats:
        return self._stretched(around(coarse))


def around(values: Floats) -> Floats:
    """Sum over the two neighbours along every axis of [P, *band]."""
    total = np.zeros_like(values)
    for axis in range(1, values.ndim):
        ahead: list[slice] = [slice(None)] * values.ndim
        behind = list(ahead)
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        total[tuple(behind)] += values[tuple(ahead)]
        total[tuple(ahead)] += values[tuple(behind)]
    return total


def fitted(values: Floats, shape: Sequence[int]) -> Floats:
    """`values` [P, *any] cut or extended by zeros to [P, *shape]: bands of a level may differ."""
    inside = tuple(slice(0, length) for length in shape)
    values = values[(slice(None), *inside)]
    if values.shape[1:] == tuple(shape):
        return values
    missing = [(0, want - have) for want, have in zip(shape, values.shape[1:], strict=True)]
    return np.pad(values, [(0, 0), *missing])
