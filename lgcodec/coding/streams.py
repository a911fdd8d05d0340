"""Chunks of magnitudes and signs, each under a class: rANS, with the arithmetic of rans.md.

Magnitude j of a chunk goes to lane j mod K, K = max(1, N // 2**17) for N of them, and so does its
sign j; what comes before them all goes to lane 0. An escape is followed, in its lane, by how far
the magnitude is beyond the largest of its class, 1 or more, in Elias' gamma code.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.base import Floats, bad_payload
from lgcodec.coding.distributions import SIGNS, slots
from lgcodec.coding.lanes import apart, together
from lgcodec.coding.neighbours import Places, magnitudes
from lgcodec.coding.network import Layers
from lgcodec.coding.signs import Seen, SignLayers, SignPlaces
from lgcodec.coding.states import closed, few_lanes_of, first_state, opened

__all__ = ["LARGEST", "Reader", "Words", "Writer"]

LARGEST: Final = (1 << 15) - 1  # magnitude
SYMBOLS_PER_LANE: Final = 1 << 17
Integers = NDArray[np.int64]


class Words(NamedTuple):
    """Where the decoder of P chunks of K lanes stands.

    states      [P, K]
    words, at, end   words of all chunks; of each [P] the next one and the one after its last
    must_last   whether a chunk needs a word whenever a state falls below LOWEST
    """

    states: Integers
    words: NDArray[np.uint16]
    at: Integers
    end: Integers
    must_last: bool


@final
class Reader:
    """Chunks of `total` magnitudes each, read from the front; FileError E_PAYLOAD if damaged."""

    def __init__(self, chunks: Sequence[bytes], total: int) -> None:
        from lgcodec.coding import context_loops  # noqa: PLC0415 (numba, only when decoding)

        self._loops, lanes = context_loops, few_lanes_of(total, SYMBOLS_PER_LANE)
        parts = [opened(chunk, lanes) for chunk in chunks]
        self._words = Words(*together(parts, lanes), must_last=lanes > 1)
        self._magnitudes, self._signs = 0, np.zeros(len(chunks), np.int64)  # so far

    @property
    def chunks(self) -> int:
        """How many there are."""
        return len(self._signs)

    def magnitudes(
        self, layers: Layers, places: Places, features: Floats, own: Floats, channel: int
    ) -> Integers:
        """The next magnitudes [P, N] in raster order: those of a channel of a band.

        features   [F, P, C, N] what is known before the band
        own        [P, C, places.wide] g of the band so far, which these are put into
        """
        busy = features[:, :, channel].max(axis=0) > 0
        first, table = self._magnitudes, magnitudes()
        values, found = self._loops.read_magnitudes(
            slots(), self._words, layers, places, features, busy, own, channel, first, table
        )
        self._check(found)
        self._magnitudes += values.shape[1]
        return values

    def signs(
        self, layers: SignLayers, places: SignPlaces, seen: Seen, sizes: Integers, channel: int
    ) -> Integers:
        """Symbols [P, N] from the magnitudes [P, N] of a channel of a band, and the next signs.

        seen   what signs are told from, which these are put into
        """
        values, found = self._loops.read_signs(
            slots(), self._words, layers, places, seen, sizes, channel, self._signs, magnitudes()
        )
        self._check(found)
        return values

    def motion(self, numbers: Integers) -> None:
        """The numbers [P, M, I, J, 3] of every chunk, where 0 were: see `coding/motion.py`."""
        self._check(self._loops.read_motion(slots(), self._words, numbers))

    def finish(self) -> None:
        """Check that all words are used and every lane is where the encoder began."""
        last = first_state(self._words.states.shape[1])
        if (self._words.at != self._words.end).any() or (self._words.states != last).any():
            raise bad_payload("a chunk does not end where it must")

    def _check(self, found: int) -> None:
        if found == self._loops.ENDS:
            raise bad_payload("a chunk ends before its last symbol")
        if found == self._loops.BEYOND:
            raise bad_payload(f"a magnitude is above {LARGEST}")
        if found == self._loops.FAR:
            raise bad_payload("a number of motion is none that there is")
        if found == self._loops.KNOWN:
            raise bad_payload("a block is said to move on its own, and moves as another")
        if found == self._loops.STILL:
            raise bad_payload("a tile is said to move, and does not")


@final
class Writer:
    """Takes the symbols of `count` chunks in order, and gives their bytes at the end."""

    def __init__(self, count: int, total: int) -> None:
        self._count, self._lanes = count, few_lanes_of(total, SYMBOLS_PER_LANE)
        self._magnitudes, self._signs = 0, np.zeros(count, np.int64)  # so far
        self._symbols: list[tuple[NDArray[np.int32], ...]] = []  # row, lane, place

    def put(self, values: Integers, classes: Integers) -> None:
        """The next magnitudes [P, n], at most 2**15 - 1, and their classes."""
        table = slots()
        places = (table.first[classes] + np.minimum(values, table.most[classes] + 1)).ravel()
        row, number = (part.ravel() for part in np.indices(values.shape, np.int32))
        escaped = np.flatnonzero(table.escape[places])
        beyond = (values - table.most[classes]).ravel()[escaped]
        bits, counts = _gamma(beyond)
        after, halves = np.repeat(escaped + 1, counts), table.first[SIGNS] + bits
        lane = (number + self._magnitudes) % self._lanes
        self._add(
            np.insert(row, after, row[after - 1]),
            np.insert(lane, after, lane[after - 1]),
            np.insert(places, after, halves),
        )
        self._magnitudes += values.shape[1]

    def put_signs(self, values: NDArray[Any], classes: Integers, counts: Integers) -> None:
        """The next `counts` [P] signs of every chunk, chunk after chunk, and their classes."""
        rows = np.repeat(np.arange(self._count), counts)
        earlier = np.cumsum(counts) - counts - self._signs
        lanes = (np.arange(len(rows)) - earlier[rows]) % self._lanes
        self._add(rows, lanes, slots().first[SIGNS + classes] + values)
        self._signs += counts

    def put_alone(self, rows: Integers, places: Integers) -> None:
        """Places of symbols of chunks `rows`, which count neither as magnitudes nor as signs."""
        self._add(rows, np.zeros_like(rows), places)

    def chunks(self) -> list[bytes]:
        """The bytes of each chunk."""
        from lgcodec.coding import rans_loops  # noqa: PLC0415 (numba, only when coding)

        rows, lanes, places = (np.concatenate(parts) for parts in zip(*self._symbols, strict=True))
        order = np.argsort(rows, kind="stable")
        ends = np.searchsorted(rows[order], np.arange(1, self._count + 1))
        states = np.full((self._count, self._lanes), first_state(self._lanes), np.int64)
        places = places[order]
        words, counts = rans_loops.write(
            slots().frequency[places], slots().start[places], lanes[order], ends, states
        )
        heads, bodies = states.astype("<u4"), apart(words, counts)
        return [closed(h.tobytes(), body) for h, body in zip(heads, bodies, strict=True)]

    def _add(self, *symbols: Integers | NDArray[np.int32]) -> None:
        self._symbols.append(tuple(part.astype(np.int32) for part in symbols))


def _gamma(numbers: Integers) -> tuple[Integers, Integers]:
    """Bits of all numbers, each 1 or more, and how many each has: as many ones as bits follow."""
    lengths = np.frexp(numbers)[1].astype(np.int64) - 1
    counts = 2 * lengths + 1
    of_each = np.repeat(np.arange(len(numbers)), counts)
    place = np.arange(len(of_each)) - (np.cumsum(counts) - counts)[of_each]
    length = lengths[of_each]
    lower = numbers[of_each] >> np.maximum(2 * length - place, 0) & 1
    bits: Integers = np.where(place <= length, place < length, lower)
    return bits, counts
