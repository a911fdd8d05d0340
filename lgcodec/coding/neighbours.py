"""What is known about a symbol before it is decoded, as integers; specification: context.md.

Magnitudes m enter as g(m), a piecewise linear 16 log2(1 + m). What lies outside a band counts 0.
Arrays are [P partitions, *band] of one channel, or [P * C, *band] of all; float32 that hold
integers below 2**24, for which sums and products are exact in any order on any machine.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import combinations
from math import prod
from typing import Any, Final, NamedTuple, TypeVar, final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.pyramid import MAX_AXES, Band, Pyramid

__all__ = [
    "MOST",
    "ONE",
    "PAD",
    "Kinds",
    "Magnitudes",
    "Neighbourhood",
    "Places",
    "causal_offsets",
    "fitted",
    "fronts",
    "kinds_of",
    "magnitude",
    "magnitudes",
    "places_of",
]

ONE: Final = 16  # fixed-point one of a feature
PAD: Final = 2  # how far causal neighbours reach
MOST: Final = 2**12 - 1  # magnitudes above count as this
Number = TypeVar("Number", bound=np.generic)
Floats = NDArray[np.float32]
Magnitudes = dict[tuple[int, int, int], Floats]  # part, level, orientation -> g [P, C, *band]


def magnitude(symbols: NDArray[Any]) -> Floats:
    """g of symbols, same shape."""
    from lgcodec.coding import feature_loops  # noqa: PLC0415 (numba, only when coding)

    flat = symbols.astype(np.int32).reshape(-1)
    return feature_loops.g_of(flat).reshape(symbols.shape)


@cache
def magnitudes() -> Floats:
    """g of every magnitude up to MOST."""
    ends = [m + 1 for m in range(MOST + 1)]
    bits = [end.bit_length() - 1 for end in ends]
    return np.array(
        [ONE * b + (end * ONE >> b) - ONE for end, b in zip(ends, bits, strict=True)], np.float32
    )


@cache
def causal_offsets(axes: int) -> tuple[tuple[int, ...], ...]:
    """Places of neighbours in the same band and channel that are decoded before a symbol."""
    unit = np.eye(axes, dtype=int)
    offsets = [-unit[axis] * far for axis in range(axes) for far in (1, 2)]
    for first, second in combinations(range(axes), 2):
        offsets += [-unit[first] - unit[second], -unit[first] + unit[second]]
    return tuple(tuple(map(int, offset)) for offset in offsets)


@lru_cache(maxsize=1024)  # bands of a few pyramids
def fronts(shape: tuple[int, ...]) -> tuple[NDArray[np.int64], ...]:
    """Raster places in a band that can be decoded together, in the order of decoding.

    A place p belongs to front sum_a (D - a) p_a: every causal neighbour is in an earlier one.
    """
    places = np.indices(shape).reshape(len(shape), -1)
    rank = np.arange(len(shape), 0, -1) @ places
    order = np.argsort(rank, kind="stable")
    borders = np.flatnonzero(np.diff(rank[order])) + 1
    return tuple(np.split(order, borders))


class Kinds(NamedTuple):
    """Places of a band by where it begins and ends: nothing is known of what lies beyond.

    features   [K, 2 D] of every kind, along each axis whether it begins and whether it ends there
    of         [N] the kind of each place, in raster order
    """

    features: Floats
    of: NDArray[np.intp]


@lru_cache(maxsize=1024)
def kinds_of(shape: tuple[int, ...]) -> Kinds:
    """Those of a band of this shape."""
    places = np.indices(shape).reshape(len(shape), -1)
    ends = [place == end for place, n in zip(places, shape, strict=True) for end in (0, n - 1)]
    kinds, of = np.unique(np.stack(ends, axis=1), axis=0, return_inverse=True)
    return Kinds(ONE * kinds.astype(np.float32), of.reshape(-1))


class Places(NamedTuple):
    """The places of a band in the order of coding [N], in it and in one that is wider all around.

    kind     [N] of `kinds_of`
    causal   [K] from a place to its causal neighbours, in the wider one of `wide` places
    beside   [2 D] to those before and after it along each axis
    """

    kind: NDArray[np.intp]
    inner: NDArray[np.int64]
    outer: NDArray[np.int64]
    causal: NDArray[np.int64]
    beside: NDArray[np.int64]
    wide: int


@lru_cache(maxsize=1024)
def places_of(shape: tuple[int, ...]) -> Places:
    """The places of a band of this shape."""
    order, axes = np.concatenate(fronts(shape)), len(shape)
    wide = tuple(length + 2 * PAD for length in shape)
    strides = np.array([prod(wide[axis + 1 :]) for axis in range(axes)])
    outer = strides @ np.stack(np.unravel_index(order, shape)) + PAD * int(strides.sum())
    beside = np.concatenate([way * np.eye(axes, dtype=int) for way in (-1, 1)])
    causal = np.array(causal_offsets(axes))
    kind = kinds_of(shape).of[order]
    return Places(kind, order, outer, causal @ strides, beside @ strides, prod(wide))


@final
class Neighbourhood:
    """Features of a band of P partitions and C channels, but for those in the band and channel.

    known   g [P, C, *band] of earlier bands; low [P, C, *low] what their level leaves low
    """

    def __init__(
        self, pyramid: Pyramid, band: Band, known: Magnitudes, low: NDArray[np.int64]
    ) -> None:
        self._pyramid, self._band = pyramid, band
        self._low = _flat(low).astype(np.int32)  # at most 2**20, and half of what is moved
        own = {(level, o): _flat(g) for (part, level, o), g in known.items() if part == band.part}
        above = {o: g for (level, o), g in own.items() if level == band.level + 1}
        self._parent, self._above = above.get(band.orientation), list(above.values())
        self._siblings = [
            fitted(g, band.shape)
            for (level, o), g in own.items()
            if level == band.level and o < band.orientation
        ]
        self._slower = self._of_part(known, band.part - 1)
        self._still = self._of_part(known, 0) if band.part else None

    def features(self, own: Floats) -> list[Floats]:
        """Features [P * C, *band]; `own` is g [P, C, *band] of the band's earlier channels."""
        return [*self.before(), *_across(own), *self.after()]

    def before(self) -> list[Floats]:
        """Those before the features of earlier channels: of other bands."""
        empty = np.zeros((len(self._low), *self._band.shape), np.float32)
        total = sum(self._siblings, start=empty)
        return [
            *([empty] * 2 if self._parent is None else self._of_parent(self._parent)),
            sum(map(self._stretched, self._above), start=empty),
            total,
            around(total),
        ]

    def _of_parent(self, parent: Floats) -> list[Floats]:
        return [self._stretched(parent), self._stretched(around(parent))]

    def after(self) -> list[Floats]:
        """Those after the features of earlier channels, before those of `kinds`."""
        return [*self._edges(), *self._slow()]

    def _edges(self) -> list[Floats]:
        """First and second differences of the low part along each axis."""
        from lgcodec.coding import feature_loops  # noqa: PLC0415 (numba, only when coding)

        low, shape, found = _on_three_axes(self._low), self._band.shape, list[Floats]()
        first = MAX_AXES - len(shape)
        for axis, between in enumerate(self._pyramid.between(self._band.orientation), first):
            both = feature_loops.edges(low, (1,) * first + shape, axis, between)
            found.extend(both.reshape(2, -1, *shape))
        return found

    def _slow(self) -> list[Floats]:
        """Of the same band in the part before, and in the low one, where an axis is split ahead."""
        if not self._pyramid.ahead:
            return []
        empty = np.zeros((len(self._low), *self._band.shape), np.float32)
        slower = empty if self._slower is None else self._slower
        return [slower, around(slower), empty if self._still is None else self._still]

    def _of_part(self, known: Magnitudes, part: int) -> Floats | None:
        """The same band in an earlier part, each value repeated as long as it lasts."""
        level, orientation = self._band.level, self._band.orientation
        inside = orientation if part > 0 else orientation & ~self._pyramid.bit_ahead
        found = known.get((part, level, inside))
        if found is None:
            return None
        longer = 1 << (self._band.part - max(part, 1))
        return fitted(np.repeat(_flat(found), longer, axis=1), self._band.shape)

    @property
    def kinds(self) -> Kinds:
        """Features of places, after the others."""
        return kinds_of(self._band.shape)

    def constants(self) -> Floats:
        """Features [C, n] that are the same at every place of a channel."""
        high, channels = self._pyramid.high(self._band.orientation), range(self._pyramid.channels)
        depth = self._band.depths[: self._pyramid.ahead]
        rows = [[c == 1, c >= 2, *high, self._band.level, *depth] for c in channels]
        return np.array(rows, np.float32) * ONE

    def _stretched(self, coarse: Floats) -> Floats:
        """A band of the level above, each value repeated where that level splits."""
        for axis, split in enumerate(self._pyramid.split(self._band.level + 1)):
            if split:
                coarse = np.repeat(coarse, 2, axis=axis + 1)
        return fitted(coarse, self._band.shape)


def _flat(values: NDArray[Number]) -> NDArray[Number]:
    """[P, C, *any] as [P * C, *any]."""
    return values.reshape(-1, *values.shape[2:])


def _across(own: Floats) -> list[Floats]:
    """Features [P * C, *band] of earlier channels, from g [P, C, *band]."""
    before, earlier = np.zeros_like(own), np.zeros_like(own)
    before[:, 1:] = own[:, :-1]
    earlier[:, 2:] = own.cumsum(axis=1)[:, :-2]
    return [_flat(before), around(_flat(before)), _flat(earlier)]


def around(values: Floats) -> Floats:
    """Sum over the two neighbours along every axis of [P, *band]."""
    from lgcodec.coding import feature_loops  # noqa: PLC0415 (numba, only when coding)

    return feature_loops.sums_around(_on_three_axes(values)).reshape(values.shape)


def _on_three_axes(values: NDArray[Number]) -> NDArray[Number]:
    """[P, *any] with axes of one place ahead of others."""
    shape = values.shape[1:]
    return np.ascontiguousarray(values.reshape(-1, *(1,) * (MAX_AXES - len(shape)), *shape))


def fitted(values: Floats, shape: Sequence[int]) -> Floats:
    """`values` [P, *any] cut or extended by zeros to [P, *shape]: bands of a level may differ."""
    inside = tuple(slice(0, length) for length in shape)
    values = values[(slice(None), *inside)]
    if values.shape[1:] == tuple(shape):
        return values
    missing = [(0, want - have) for want, have in zip(shape, values.shape[1:], strict=True)]
    return np.pad(values, [(0, 0), *missing])
