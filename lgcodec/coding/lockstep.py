"""rANS with a class per symbol, over many chunks in lock-step; the interval arithmetic of rans.md.

Magnitude j of a chunk goes to lane j mod K, K = max(1, N // 2**15) for N of them, and so does its
sign j. An escape is followed, in its lane, by the high and the low byte of the magnitude.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.base import bad_payload
from lgcodec.coding.distributions import BYTES, PRECISION, SIGNS, slots
from lgcodec.coding.serial import (
    LARGEST,
    LOWEST,
    SerialReader,
    SerialWriter,
    closed,
    first_state,
    lanes_of,
    opened,
)

__all__ = ["LaneReader", "LaneWriter", "reader_of", "writer_of"]

FEW: Final = 64  # chunks, up to which a step over all takes longer than one after the other
Integers = NDArray[np.int64]


def reader_of(chunks: Sequence[bytes], total: int) -> "LaneReader | SerialReader":
    """The faster reader for so many chunks of `total` symbols each."""
    return (SerialReader if len(chunks) <= FEW else LaneReader)(chunks, total)


def writer_of(count: int, total: int) -> "LaneWriter | SerialWriter":
    """The faster writer for `count` chunks of `total` symbols each."""
    return (SerialWriter if count <= FEW else LaneWriter)(count, total)


@final
class LaneReader:
    """Chunks of `total` magnitudes each, read from the front; FileError E_PAYLOAD if damaged."""

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
        self._signs = np.zeros(len(chunks), np.int64)  # so far

    def get(self, classes: NDArray[np.intp]) -> Integers:
        """The next magnitudes [chunks, n], of these classes."""
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

    def signs(self, classes: NDArray[np.intp], counts: NDArray[np.intp]) -> Integers:
        """The next `counts` [chunks] signs of every chunk, chunk after chunk, of these classes."""
        values, first = np.empty(len(classes), np.int64), np.cumsum(counts) - counts
        for number in range(int(counts.max(initial=0))):
            rows = np.flatnonzero(counts > number)
            lanes, at = self._signs[rows] % self._lanes, first[rows] + number
            state = self._states[lanes, rows]
            values[at] = slots().value[self._take(state, SIGNS + classes[at], rows)]
            self._states[lanes, rows] = state
            self._signs[rows] += 1
        return values

    def finish(self) -> None:
        """Check that all words are used and every lane is where the encoder began."""
        if (self._next != self._end).any() or (self._states != self._last).any():
            raise bad_payload("a chunk does not end where it must")

    def _take(
        self, state: Integers, classes: NDArray[np.intp], rows: Any = slice(None)
    ) -> NDArray[Any]:
        """Places of the next symbol of the chunks `rows`; their `state` moves on."""
        table = slots()
        slot = state & ((1 << PRECISION) - 1)
        place = table.owner[(classes << PRECISION) + slot]
        state >>= PRECISION
        state *= table.frequency[place]
        state += slot - table.start[place]
        self._refill(state, np.flatnonzero(state < LOWEST), rows)
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
        number, own = np.zeros(len(rows), np.int64), state[rows]
        for _ in range(2):
            place = self._take(own, np.full(len(rows), BYTES), rows)
            number = number << 8 | slots().value[place]
        state[rows] = own
        if (number <= slots().most[classes[rows]]).any() or (number > LARGEST).any():
            raise bad_payload("an escape stands for a symbol that needs none")
        values[rows] = number


@final
class LaneWriter:
    """Takes the symbols of `count` chunks in order, and gives their bytes at the end."""

    def __init__(self, count: int, total: int) -> None:
        self._count, self._lanes = count, lanes_of(total)
        self._column, self._signs = 0, np.zeros(count, np.int64)
        self._steps: list[_Step] = []

    def put(self, values: NDArray[Any], classes: NDArray[np.intp]) -> None:
        """The next magnitudes [chunks, n], at most LARGEST, and their classes."""
        table, every = slots(), np.arange(self._count)
        places = table.first[classes] + np.minimum(values, table.most[classes] + 1)
        escaped = table.escape[places]
        some = escaped.any(axis=0).tolist()
        for number, place in enumerate(np.ascontiguousarray(places.T)):
            lane = (self._column + number) % self._lanes
            self._steps.append(_Step(every, lane, place))
            if some[number]:
                rows = np.flatnonzero(escaped[:, number])
                value = values[rows, number].astype(np.int64)
                for byte in (value >> 8, value & 255):
                    self._steps.append(_Step(rows, lane, table.first[BYTES] + byte))
        self._column += places.shape[1]

    def put_signs(
        self, values: NDArray[Any], classes: NDArray[np.intp], counts: NDArray[np.intp]
    ) -> None:
        """The next `counts` [chunks] signs of every chunk, chunk after chunk, and their classes."""
        places, first = slots().first[SIGNS + classes] + values, np.cumsum(counts) - counts
        for number in range(int(counts.max(initial=0))):
            rows = np.flatnonzero(counts > number)
            lanes = self._signs[rows] % self._lanes
            self._steps.append(_Step(rows, lanes, places[first[rows] + number]))
            self._signs[rows] += 1

    def chunks(self) -> list[bytes]:
        """The bytes of each chunk."""
        states = np.full((self._lanes, self._count), first_state(self._lanes), np.int64)
        written = [self._pushed(states, step) for step in reversed(self._steps)]
        rows = np.concatenate([np.zeros(0, np.int64), *(rows for rows, _ in reversed(written))])
        words = np.concatenate([np.zeros(0, np.int64), *(words for _, words in reversed(written))])
        order = np.argsort(rows, kind="stable")
        ends = np.searchsorted(rows[order], np.arange(self._count + 1))
        words = words[order].astype("<u2")
        heads = states.T.astype("<u4")
        return [
            closed(head.tobytes(), words[first:last].tobytes())
            for head, first, last in zip(heads, ends, ends[1:], strict=False)
        ]

    def _pushed(self, states: Integers, step: "_Step") -> tuple[NDArray[np.intp], Integers]:
        """One symbol of every chunk of a step; `states` move on. Chunks that give a word, words."""
        state = states[step.lanes, step.rows]
        frequency, start = slots().frequency[step.places], slots().start[step.places]
        full = np.flatnonzero(state >= frequency << (32 - PRECISION))
        words = state[full] & 0xFFFF
        state[full] >>= 16
        quotient, remainder = np.divmod(state, frequency)
        states[step.lanes, step.rows] = (quotient << PRECISION) + remainder + start
        return step.rows[full], words


@final
@dataclass(frozen=True)
class _Step:
    """One symbol of some chunks: their numbers `rows`, the lane of each or of all, its place."""

    rows: NDArray[np.intp]
    lanes: NDArray[np.intp] | int
    places: NDArray[Any]
