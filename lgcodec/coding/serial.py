"""rANS with a class per symbol, one symbol after the other: what `lockstep` does, for few chunks.

A step over all chunks costs as much for one chunk as for twenty; plain integers are far cheaper.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from struct import pack, unpack_from
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.base import bad_payload
from lgcodec.coding.laplace import BYTES, PRECISION, slots

__all__ = [
    "LOWEST",
    "OFFSET",
    "SerialReader",
    "SerialWriter",
    "closed",
    "first_state",
    "lanes_of",
    "opened",
]

LOWEST: Final = 1 << 16  # of a state while there are words
SYMBOLS_PER_LANE: Final = 2**15  # so that few bytes cannot claim many symbols
OFFSET: Final = 1 << 15  # of an escaped symbol, so that it is two bytes
MASK: Final = (1 << PRECISION) - 1


def lanes_of(total: int) -> int:
    """States of a chunk of `total` symbols."""
    return max(1, total // SYMBOLS_PER_LANE)


def first_state(lanes: int) -> int:
    """What an encoder starts with: nothing, which saves two bytes, where no lane waits for another.

    A lane alone has used all words once its state stays below LOWEST.
    """
    return LOWEST if lanes > 1 else 0


def opened(chunk: bytes, lanes: int) -> tuple[bytes, bytes]:
    """The states of a chunk, four bytes each, and its words; FileError E_PAYLOAD if damaged.

    A lane alone writes its state in as few bytes as hold it, three or four before words: whether
    their number is odd tells which.
    """
    if lanes == 1 and len(chunk) <= 4:
        if not chunk or (len(chunk) > 1 and not chunk[-1]):
            raise bad_payload(f"a state of {len(chunk)} bytes that would fit fewer")
        return chunk.ljust(4, b"\0"), b""
    head = 4 * lanes - (lanes == 1) * (len(chunk) % 2)
    if len(chunk) < head or (len(chunk) - head) % 2:
        raise bad_payload(f"a chunk of {lanes} lanes has {len(chunk)} bytes")
    states = chunk[:head].ljust(4 * lanes, b"\0")
    if min(unpack_from(f"<{lanes}I", states)) < (LOWEST if head % 4 or lanes > 1 else 1 << 24):
        raise bad_payload("a rANS state is below 2**16, or would fit fewer bytes")
    return states, chunk[head:]


def closed(states: bytes, words: bytes) -> bytes:
    """The chunk of states, four bytes each, and words."""
    if len(states) > 4:
        return states + words
    short = states.rstrip(b"\0")
    return (short or b"\0") if not words else short.ljust(3, b"\0") + words


@final
@dataclass(frozen=True)
class _Lists:
    """`laplace.Slots` in what Python reads fastest."""

    most: list[int]
    frequency: list[int]
    start: list[int]
    value: list[int]
    escape: list[bool]
    owner: "memoryview[int]"


@cache
def _lists() -> _Lists:
    table = slots()
    return _Lists(
        most=table.most.tolist(),
        frequency=table.frequency.tolist(),
        start=table.start.tolist(),
        value=table.value.tolist(),
        escape=table.escape.tolist(),
        owner=table.owner.data,
    )


@final
class SerialReader:
    """`lockstep.LaneReader` for few chunks."""

    def __init__(self, chunks: Sequence[bytes], total: int) -> None:
        self._readers = [_ChunkReader(chunk, lanes_of(total)) for chunk in chunks]

    def get(self, classes: NDArray[np.intp]) -> NDArray[np.int64]:
        """The next symbols [chunks, n], of these classes."""
        rows = zip(self._readers, classes.tolist(), strict=True)
        values = [reader.get(row) for reader, row in rows]
        return np.array(values, np.int64).reshape(classes.shape)

    def finish(self) -> None:
        """Check that all words are used and every lane is where the encoder began."""
        for reader in self._readers:
            reader.finish()


@final
class _ChunkReader:
    """One chunk, read from the front; FileError E_PAYLOAD if damaged."""

    def __init__(self, chunk: bytes, lanes: int) -> None:
        states, body = opened(chunk, lanes)
        self._states = list(unpack_from(f"<{lanes}I", states))
        self._end = first_state(lanes)
        words: list[int] = np.frombuffer(body, "<u2").tolist()
        self._words = iter(words)
        self._count = 0

    def get(self, classes: Sequence[int]) -> list[int]:
        """The next symbols, of these classes."""
        table, lanes, states = _lists(), len(self._states), self._states
        frequency, start, owner, escape = table.frequency, table.start, table.owner, table.escape
        values = []
        for count, class_ in enumerate(classes, self._count):
            state = states[count % lanes]
            slot = state & MASK
            place = owner[class_ << PRECISION | slot]
            state = frequency[place] * (state >> PRECISION) + slot - start[place]
            states[count % lanes] = self._refilled(state) if state < LOWEST else state
            values.append(
                self._escaped(count % lanes, class_) if escape[place] else table.value[place]
            )
        self._count += len(classes)
        return values

    def finish(self) -> None:
        """As `SerialReader.finish`."""
        if next(self._words, None) is not None or set(self._states) != {self._end}:
            raise bad_payload("a chunk does not end where it must")

    def _refilled(self, state: int) -> int:
        word = next(self._words, None)
        if word is None and self._end:
            raise bad_payload("a chunk ends before its last symbol")
        return state if word is None else state << 16 | word

    def _escaped(self, lane: int, class_: int) -> int:
        """The value of the two bytes that follow; one that needed no escape is damage."""
        table, number = _lists(), -OFFSET
        for weight in (256, 1):
            slot = self._states[lane] & MASK
            place = table.owner[BYTES << PRECISION | slot]
            whole = self._states[lane] >> PRECISION
            state = table.frequency[place] * whole + slot - table.start[place]
            self._states[lane] = self._refilled(state) if state < LOWEST else state
            number += weight * table.value[place]
        if abs(number) <= table.most[class_] or number == -OFFSET:
            raise bad_payload("an escape stands for a symbol that needs none")
        return number


@final
class SerialWriter:
    """`lockstep.LaneWriter` for few chunks."""

    def __init__(self, count: int, total: int) -> None:
        self._lanes = lanes_of(total)
        self._values: list[NDArray[Any]] = [np.zeros((count, 0), np.int64)]
        self._classes: list[NDArray[np.intp]] = [np.zeros((count, 0), np.intp)]

    def put(self, values: NDArray[Any], classes: NDArray[np.intp]) -> None:
        """The next symbols [chunks, n], -2**15 < symbol < 2**15, and their classes."""
        self._values.append(values)
        self._classes.append(classes)

    def chunks(self) -> list[bytes]:
        """The bytes of each chunk."""
        values, classes = np.concatenate(self._values, 1), np.concatenate(self._classes, 1)
        return [self._chunk(*pair) for pair in zip(values, classes, strict=True)]

    def _chunk(self, values: NDArray[Any], classes: NDArray[np.intp]) -> bytes:
        """Symbols from the last to the first: the encoder undoes what the decoder does."""
        table, words = _lists(), []
        states = [first_state(self._lanes)] * self._lanes
        places, lanes = self._places(values.astype(np.int64), classes)
        for place, lane in zip(reversed(places), reversed(lanes), strict=True):
            frequency, state = table.frequency[place], states[lane]
            if state >= frequency << (32 - PRECISION):
                words.append(state & 0xFFFF)
                state >>= 16
            quotient, remainder = divmod(state, frequency)
            states[lane] = (quotient << PRECISION) + remainder + table.start[place]
        return closed(pack(f"<{len(states)}I", *states), np.array(words[::-1], "<u2").tobytes())

    def _places(
        self, values: NDArray[np.int64], classes: NDArray[np.intp]
    ) -> tuple[list[int], list[int]]:
        """Places of all symbols in the table, two bytes after every escape, and their lanes."""
        table = slots()
        most, lanes = table.most[classes], np.arange(len(values)) % self._lanes
        escaped = np.flatnonzero(np.abs(values) > most)
        offsets = values + most
        offsets[escaped] = 2 * most[escaped] + 1
        number = values[escaped] + OFFSET
        after = np.repeat(escaped + 1, 2)
        halves = table.first[BYTES] + np.stack([number >> 8, number & 255], axis=-1).ravel()
        places = np.insert(table.first[classes] + offsets, after, halves)
        return places.tolist(), np.insert(lanes, after, lanes[after - 1]).tolist()
