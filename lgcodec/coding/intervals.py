"""The encoder's half of rANS: the interval of every symbol, and chunks made of them."""

from collections.abc import Callable, Sequence
from typing import final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.frequencies import Distribution
from lgcodec.coding.lanes import apart

__all__ = ["Intervals", "written"]

Integers = NDArray[np.int64]


@final
class Intervals:
    """Distributions, laid out for look-up by position and symbol.

    which   [K, N] the distribution of each symbol, in each of K sets of them
    """

    def __init__(self, tables: Sequence[Distribution], which: Integers) -> None:
        self._which = which
        self._least = np.array([table.first for table in tables])
        self._size = np.array([len(table.counts) for table in tables])
        self._first = np.cumsum([0, *self._size[:-1]])  # where the symbols of each begin
        self._frequency = np.concatenate([table.counts for table in tables])
        self._start = np.concatenate([np.cumsum(t.counts) - t.counts for t in tables])

    def of(self, symbols: Integers, sets: Integers | int = 0) -> tuple[Integers, Integers]:
        """Frequency and first slot [C, N] of symbols [C, N], each of one of `sets`."""
        which = self._which[sets, np.arange(symbols.shape[1])]
        place = symbols - self._least[which]
        if ((place < 0) | (place >= self._size[which])).any():
            raise ValueError("a symbol is outside its frequency table")
        place += self._first[which]
        return self._frequency[place], self._start[place]


def written(
    frequency: Integers,
    start: Integers,
    *,
    lanes: int,
    first: int,
    put: Callable[[bytes, bytes], bytes],
) -> list[bytes]:
    """Chunks of symbols with these intervals [C, N], whose lanes begin with the state `first`.

    put   makes a chunk of its states, four bytes each, and its words
    """
    from lgcodec.coding import rans_loops  # noqa: PLC0415 (numba, only when coding)

    count, total = frequency.shape
    states = np.full((count, lanes), first, np.int64)
    places, ends = np.tile(np.arange(total) % lanes, count), np.arange(1, count + 1) * total
    words, lengths = rans_loops.write(frequency.ravel(), start.ravel(), places, ends, states)
    heads, bodies = states.astype("<u4"), apart(words, lengths)
    return [put(head.tobytes(), body) for head, body in zip(heads, bodies, strict=True)]
