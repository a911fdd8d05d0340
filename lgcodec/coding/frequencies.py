"""Symbol frequencies from a table of ten bytes, by integer arithmetic alone.

The weight of a symbol at distance k from the middle follows the recurrence

    w_0 = 2**30,   w_(k+1) = w_k * c_k >> 16,   c_(k+1) = c_k * bend >> 16,   c_0 = slope

so that log w falls by a parabola: Laplace-like for bend near 1, Gaussian in between, almost
uniform where both are near 1. Every machine gets the same frequencies, to the last bit.
"""

import struct
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.base import Symbols, bad_payload

__all__ = ["PRECISION", "SYMBOL_BITS", "TABLE", "UNIT", "Distribution", "FrequencyTable"]

PRECISION: Final = 14  # the frequencies of a table add up to 2**14
TABLE: Final = struct.Struct("<hhhHH")
SYMBOL_BITS: Final = 13  # of a quantiser all of whose symbols a table can hold
MAX_SYMBOLS: Final = 2**SYMBOL_BITS
UNIT: Final = 8  # of numbers that are multiples: so many share a weight
NODES: Final = 128  # at most so many distances are told apart when a table is fitted
Counts = NDArray[np.int64]


class Distribution(NamedTuple):
    """Symbols from `first` on, and counts of at least 1 that add up to 2**PRECISION."""

    first: int
    counts: Counts


@final
@dataclass(frozen=True)
class FrequencyTable:
    """Which symbols occur, `least` to `most`, and the shape of their distribution.

    middle         the most frequent symbol, least <= middle <= most
    slope, bend    16-bit fixed-point fractions of the recurrence above, at least 1
    """

    least: int
    most: int
    middle: int
    slope: int
    bend: int

    def __post_init__(self) -> None:
        if not self.least <= self.middle <= self.most:
            span = f"{self.least} to {self.most} around {self.middle}"
            raise bad_payload(f"a frequency table spans {span}, which is impossible")
        if not (self.slope and self.bend):
            found = f"slope is {self.slope}, bend {self.bend}"
            raise bad_payload(f"a frequency table has slope or bend 0: {found}, at least 1 allowed")

    def pack(self) -> bytes:
        """The ten bytes of this table."""
        return TABLE.pack(self.least, self.most, self.middle, self.slope, self.bend)

    @classmethod
    def unpack(cls, data: bytes) -> "FrequencyTable":
        """Read what `pack` wrote; FileError E_PAYLOAD if it is impossible."""
        return cls(*TABLE.unpack(data))

    def frequencies(self) -> Counts:
        """[most - least + 1] counts of at least 1 that add up to 2**PRECISION."""
        return self.distribution().counts

    def distribution(self) -> Distribution:
        """Of the symbols from `least` to `most`; FileError E_PAYLOAD if they are too many."""
        return self._of(self.least, np.arange(self.least, self.most + 1))

    def multiples(self, scale: int) -> Distribution:
        """Of s, where s * scale, in units of UNIT and rounded down, is a symbol of this table.

        FileError E_PAYLOAD if there is no such s, or more than there may be symbols.
        """
        first = -(-UNIT * self.least // scale)
        end = (UNIT * self.most + UNIT - 1) // scale + 1
        return self._of(first, np.arange(first, end) * scale // UNIT)

    def levels(self, scale: int, *, second: bool) -> Distribution:
        """Of values whose levels, times `scale`, are those of a set of `trellis_loops`.

        All that have a place in this table and, where none has the place of an end, the next one
        beyond it. FileError E_PAYLOAD if they are more than there may be symbols.
        """
        sign = scale if second else 0

        def below(most: int) -> int:  # the largest value whose number is at most this
            found = (most + sign) // (2 * scale) if most >= sign else (most - sign) // (2 * scale)
            return max(found, 0) if second and most >= 0 else found

        least, most = UNIT * self.least, UNIT * self.most
        first = min(-below(-least), below(least + UNIT - 1))
        last = max(below(most + UNIT - 1), -below(-most))
        values = np.arange(first, last + 1)
        places = (2 * values * scale - np.sign(values) * sign) // UNIT
        return self._of(first, places.clip(self.least, self.most))

    def _of(self, first: int, places: Counts) -> Distribution:
        """That of symbols from `first` on, by their places in this table."""
        if not 1 <= len(places) <= MAX_SYMBOLS:
            raise bad_payload(
                f"a frequency table spans {self.least} to {self.most} around {self.middle}, "
                f"{len(places)} symbols, allowed are 1 to {MAX_SYMBOLS}"
            )
        weights = self._weights[np.abs(places - self.middle)].astype(np.int64)
        spare = (1 << PRECISION) - len(weights)  # after one for every symbol
        counts = 1 + weights * spare // max(1, int(weights.sum()))
        counts[int(weights.argmax())] += (1 << PRECISION) - int(counts.sum())
        return Distribution(first, counts)

    @cached_property
    def _weights(self) -> NDArray[np.int32]:
        """Of every distance, whatever else is in the cache meanwhile."""
        return _weights(self)

    @classmethod
    def fit(cls, symbols: Symbols) -> "FrequencyTable":
        """The table that codes `symbols` (integers of any shape) in the fewest bits, nearly."""
        values, counts = np.unique(symbols.astype(np.int64), return_counts=True)
        if not len(values):
            return cls(0, 0, 0, 1, 1)
        middle = int(np.rint(np.average(values, weights=counts)))
        least, most = int(values[0]), int(values[-1])
        distance = np.abs(np.arange(least, most + 1) - middle)
        histogram = np.zeros(len(distance))
        histogram[values - least] = counts
        slope, bend = _best_shape(distance, histogram)
        return cls(least, most, middle, slope, bend)


@final
@dataclass(frozen=True)
class _Nodes:
    """Groups of distances: their mean, how many symbols are in each, and how often they occur."""

    distance: NDArray[np.float64]
    symbols: NDArray[np.float64]
    seen: NDArray[np.float64]


@lru_cache(maxsize=128)  # about those of a group; of hostile ones each takes 256 KiB
def _weights(table: FrequencyTable) -> NDArray[np.int32]:
    """The weight of every distance from the middle that occurs."""
    reach = max(table.most - table.middle, table.middle - table.least)
    weights, weight, ratio = np.zeros(reach + 1, np.int32), 1 << 30, table.slope
    for k in range(reach + 1):
        if not weight:
            break  # nor is any that follows above 0
        weights[k] = weight
        weight, ratio = weight * ratio >> 16, ratio * table.bend >> 16
    weights.flags.writeable = False
    return weights


def _best_shape(distance: Counts, histogram: NDArray[np.float64]) -> tuple[int, int]:
    """Maximum likelihood of log w = -a k - b k (k - 1) / 2 over a grid of (a, b), refined once."""
    nodes = _nodes(distance, histogram)
    a, b = _search(nodes, np.geomspace(1e-4, 10, 40), np.geomspace(1e-7, 10, 40))
    near = np.geomspace(0.6, 1.7, 15)
    a, b = _search(nodes, a * near, b * near)
    return tuple(int(np.clip(np.rint(65536 * np.exp(-x)), 1, 65535)) for x in (a, b))  # type: ignore[return-value]


def _nodes(distance: Counts, histogram: NDArray[np.float64]) -> _Nodes:
    """Neighbouring distances together, so that wide tables take no longer than narrow ones."""
    group = distance // (1 + int(distance.max()) // NODES)
    symbols = np.bincount(group).astype(np.float64)
    seen: NDArray[np.float64] = np.bincount(group, histogram).astype(np.float64)
    mean = np.bincount(group, distance) / np.maximum(symbols, 1)
    return _Nodes(mean[symbols > 0], symbols[symbols > 0], seen[symbols > 0])


def _search(
    nodes: _Nodes, linear: NDArray[np.float64], square: NDArray[np.float64]
) -> tuple[float, float]:
    a, b = np.meshgrid(linear, square, indexing="ij")
    k = nodes.distance
    energy = a[..., None] * k + b[..., None] * (k * (k - 1) / 2)
    floor = 2.0**-PRECISION  # every symbol has a frequency of at least 1
    likelihood = np.exp(energy.min(-1, keepdims=True) - energy)
    likelihood /= (likelihood * nodes.symbols).sum(-1, keepdims=True)
    share = max(1 - floor * nodes.symbols.sum(), 0.5)  # less: places, not all of them symbols
    bits = -(np.log2(likelihood * share + floor) * nodes.seen).sum(-1)
    best = np.unravel_index(int(bits.argmin()), bits.shape)
    return float(a[best]), float(b[best])
