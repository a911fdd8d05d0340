"""rANS with a class per symbol, over many chunks in lock-step; the interval arithmetic of rans.md.

Symbol j of a chunk goes to lane j mod K, K = max(1, N // 2**15) for N symbols. An escape is
followed, in its lane, by the high and the low byte of the symbol plus 2**15.
"""

from collections.abc import Sequence
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.base import bad_payload
from lgcodec.coding.laplace import BYTES, PRECISION, slots
from lgcodec.coding.serial import (
    LOWEST,
    OFFSET,
    SerialReader,
    SerialWriter,
    closed,
    first_state,
    lanes_of,
    opened,
)

__all__ = ["LaneReader", "LaneWriter", "reader_of", "writer_of"]

FEW: Final = 12  # chunks, up to which a step over all takes longer than one after the other
Integers = NDArray[np.int64]


def reader_of(chunks: Sequence[bytes], total: int) -> "LaneReader | SerialReader":
    """The faster reader for so many chunks of `total` symbols each."""
    return (SerialReader if len(chunks) <= FEW else LaneReader)(chunks, total)


def writer_of(count: int, total: int) -> "LaneWriter | SerialWriter":
    """The faster writer for `count` chunks of `total` symbols each."""
    return (SerialWriter if count <= FEW else LaneWriter)(count, total)


@final
class LaneReader:
    """Chunks of `total` symbols each, read from the front; FileError E_PAYLOAD if damaged."""

    def __init__(self, chunks: Sequence[bytes], total: int) -> None:
        self._lanes = lanes_of(total)
        parts = [opened(chunk, self._lanes) for chunk in chunks]
        heads = b"".join(head for head, _ in parts)
        states = np.frombuffer(heads, "<u4").reshape(len(chunks), self._lanes).astype(np.int64)
        lengths = np.array([len(body) // 2 for _, body in parts], np.int64)
        self._last = first_state(self._lanes)
        self._states = np.ascontiguousarray(states.T)  # [K, chunks]
        self._end = np.cumsum(lengths)
        self._next = self._end - lengths
        words = b"".join(body for _, body in parts)
        self._words = np.append(np.frombuffer(words, "<u2").astype(np.int64), 0)
        self._count = 0

    def get(self, classes: NDArray[np.intp]) -> Integers:
        """The next symbols [chunks, n], of these classes."""
        table = slots()
        values = np.empty(classes.shape, np.int64)
        for j, column in enumerate(np.ascontiguousarray(classes.T)):
            state = self._states[self._count % self._lanes]
            place = self._take(state, column)
            values[:, j] = table.value[place]
            escaped = table.escape[place]
            if escaped.any():
                self._unescape(values[:, j], column, state, np.flatnonzero(escaped))
            self._count += 1
        return values

    def finish(self) -> None:
        """Check that all words are used and every lane is where the encoder began."""
        if (self._next != self._end).any() or (self._states != self._last).any():
            raise bad_payload("a chunk does not end where it must")

    def _take(self, state: Integers, classes: NDArray[np.intp]) -> NDArray[Any]:
        """Places of the next symbol of every chunk; `state` [chunks] moves on."""
        table = slots()
        slot = state & ((1 << PRECISION) - 1)
        place = table.owner[(classes << PRECISION) + slot]
        state >>= PRECISION
        state *= table.frequency[place]
        state += slot - table.start[place]
        self._refill(state, np.flatnonzero(state < LOWEST))
        return place

    def _refill(self, state: Integers, empty: NDArray[np.intp], rows: Any = slice(None)) -> None:
        if not empty.size:
            return
        chunks = np.arange(len(self._end))[rows][empty]
        more = self._next[chunks] < self._end[chunks]
        if self._last and not more.all():
            raise bad_payload("a chunk ends before its last symbol")
        empty, chunks = empty[more], chunks[more]
        state[empty] = state[empty] << 16 | self._words[self._next[chunks]]
        self._next[chunks] += 1

    def _unescape(
        self, values: Integers, classes: NDArray[np.intp], state: Integers, rows: NDArray[np.intp]
    ) -> None:
        """Read the two bytes of `rows`; a value that needed no escape is damage."""
        number = np.zeros(len(rows), np.int64)
        for _ in range(2):
            own = state[rows]
            slot = own & ((1 << PRECISION) - 1)
            place = slots().owner[(BYTES << PRECISION) + slot]
            own = slots().frequency[place] * (own >> PRECISION) + slot - slots().start[place]
            self._refill(own, np.flatnonzero(own < LOWEST), rows)
            state[rows] = own
            number = number << 8 | slots().value[place]
        number -= OFFSET
        if (np.abs(number) <= slots().most[classes[rows]]).any() or (number == -OFFSET).any():
            raise bad_payload("an escape stands for a symbol that needs none")
        values[rows] = number


@final
class LaneWriter:
    """Takes the symbols of `count` chunks in order, and gives their bytes at the end."""

    def __init__(self, count: int, total: int) -> None:
        self._count, self._lanes = count, lanes_of(total)
        self._places: list[NDArray[Any]] = []
        self._values: list[NDArray[Any]] = []

    def put(self, values: NDArray[Any], classes: NDArray[np.intp]) -> None:
        """The next symbols [chunks, n], -2**15 < symbol < 2**15, and their classes."""
        table = slots()
        most = table.most[classes]
        escaped = np.abs(values.astype(np.int64)) > most
        offset = np.where(escaped, 2 * most + 1, values.astype(np.int64) + most)
        self._places.append((table.first[classes] + offset).astype(np.int32))
        self._values.append(values.astype(np.int16))

    def chunks(self) -> list[bytes]:
        """The bytes of each chunk."""
        states = np.full((self._lanes, self._count), first_state(self._lanes), np.int64)
        self._rows: list[NDArray[np.intp]] = []
        self._words: list[NDArray[np.int64]] = []
        column = sum(part.shape[1] for part in self._places)
        for places, values in zip(reversed(self._places), reversed(self._values), strict=True):
            for j in reversed(range(places.shape[1])):
                column -= 1
                self._encode(states[column % self._lanes], places[:, j], values[:, j])
        return self._assembled(states)

    def _encode(self, state: Integers, places: NDArray[Any], values: NDArray[Any]) -> None:
        """One symbol of every chunk, last things first: `state` [chunks] moves on."""
        rows = np.flatnonzero(slots().escape[places])
        if rows.size:
            number = values[rows].astype(np.int64) + OFFSET
            own = state[rows]
            for byte in (number & 255, number >> 8):
                self._push(own, slots().first[BYTES] + byte, rows)
            state[rows] = own
        self._push(state, places, None)

    def _push(self, state: Integers, places: NDArray[Any], rows: NDArray[np.intp] | None) -> None:
        frequency, start = slots().frequency[places], slots().start[places]
        full = np.flatnonzero(state >= frequency << (32 - PRECISION))
        if full.size:
            self._rows.append(full if rows is None else rows[full])
            self._words.append(state[full] & 0xFFFF)
            state[full] >>= 16
        quotient, remainder = np.divmod(state, frequency)
        state[:] = (quotient << PRECISION) + remainder + start

    def _assembled(self, states: Integers) -> list[bytes]:
        empty = np.zeros(0, np.int64)
        rows = np.concatenate([empty, *reversed(self._rows)])
        words = np.concatenate([empty, *reversed(self._words)]).astype("<u2")
        order = np.argsort(rows, kind="stable")
        ends = np.searchsorted(rows[order], np.arange(self._count + 1))
        heads = states.T.astype("<u4")
        return [
            closed(head.tobytes(), words[order[first:last]].tobytes())
            for head, first, last in zip(heads, ends, ends[1:], strict=False)
        ]
