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
from lgcodec.coding.distributions import BYTES, PRECISION, SIGNS, slots

__all__ = [
    "LARGEST",
    "LOWEST",
    "SerialReader",
    "SerialWriter",
    "closed",
    "first_state",
    "lanes_of",
    "opened",
]

LOWEST: Final = 1 << 16  # of a state while there are words
SYMBOLS_PER_LANE: Final = 2**15  # so that few bytes cannot claim many symbols
LARGEST: Final = (1 << 15) - 1  # magnitude
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
    """`distributions.Slots` in what Python reads fastest."""

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
        """The next magnitudes [chunks, n], of these classes."""
        rows = zip(self._readers, classes.tolist(), strict=True)
        values = [reader.get(row) for reader, row in rows]
        return np.array(values, np.int64).reshape(classes.shape)

    def signs(self, classes: NDArray[np.intp], counts: NDArray[np.intp]) -> NDArray[np.int64]:
        """The next `counts` [chunks] signs of every chunk, chunk after chunk, of these classes."""
        parts = np.split(classes, np.cumsum(counts)[:-1]) if len(counts) else []
        pairs = zip(self._readers, parts, strict=True)
        return np.array(
            [v for reader, part in pairs for v in reader.signs(part.tolist())], np.int64
        )

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
        self._count, self._signs = 0, 0

    def get(self, classes: Sequence[int]) -> list[int]:
        """The next magnitudes, of these classes."""
        table, lanes, states = _lists(), len(self._states), self._states
        frequency, start, owner, escape = table.frequency, table.start, table.owner, table.escape
        values = []
        for count, class_ in enumerate(classes, self._count):  # `_take`, without its call
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

    def signs(self, classes: Sequence[int]) -> list[int]:
        """The next signs, of these classes."""
        value, lanes, first = _lists().value, len(self._states), self._signs
        self._signs += len(classes)
        return [
            value[self._take(count % lanes, SIGNS + class_)]
            for count, class_ in enumerate(classes, first)
        ]

    def _take(self, lane: int, class_: int) -> int:
        """The place of the next symbol of a lane."""
        table, state = _lists(), self._states[lane]
        slot = state & MASK
        place: int = table.owner[class_ << PRECISION | slot]
        state = table.frequency[place] * (state >> PRECISION) + slot - table.start[place]
        self._states[lane] = self._refilled(state) if state < LOWEST else state
        return place

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
        value = _lists().value
        high, low = (value[self._take(lane, BYTES)] for _ in range(2))
        number = high << 8 | low
        if not _lists().most[class_] < number <= LARGEST:
            raise bad_payload("an escape stands for a symbol that needs none")
        return number


@final
class SerialWriter:
    """`lockstep.LaneWriter` for few chunks."""

    def __init__(self, count: int, total: int) -> None:
        self._lanes = lanes_of(total)
        self._writers = [_ChunkWriter(lanes_of(total)) for _ in range(count)]

    def put(self, values: NDArray[Any], classes: NDArray[np.intp]) -> None:
        """The next magnitudes [chunks, n], at most LARGEST, and their classes."""
        for writer, *part in zip(self._writers, values, classes, strict=True):
            writer.put(*part)

    def put_signs(
        self, values: NDArray[Any], classes: NDArray[np.intp], counts: NDArray[np.intp]
    ) -> None:
        """The next `counts` [chunks] signs of every chunk, chunk after chunk, and their classes."""
        ends = np.cumsum(counts)
        for writer, first, last in zip(self._writers, ends - counts, ends, strict=True):
            writer.put_signs(values[first:last], classes[first:last])

    def chunks(self) -> list[bytes]:
        """The bytes of each chunk."""
        return [writer.chunk() for writer in self._writers]


@final
class _ChunkWriter:
    """The symbols of one chunk."""

    def __init__(self, lanes: int) -> None:
        self._lane_count = lanes
        self._count, self._signs = 0, 0
        self._places: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
        self._lanes: list[NDArray[np.intp]] = [np.zeros(0, np.intp)]

    def put(self, values: NDArray[Any], classes: NDArray[np.intp]) -> None:
        """Magnitudes; two bytes after every escape, in its lane."""
        table, values = slots(), values.astype(np.int64)
        places = table.first[classes] + np.minimum(values, table.most[classes] + 1)
        lanes = (self._count + np.arange(len(values))) % self._lane_count
        escaped = np.flatnonzero(table.escape[places])
        number, after = values[escaped], np.repeat(escaped + 1, 2)
        halves = table.first[BYTES] + np.stack([number >> 8, number & 255], axis=-1).ravel()
        self._places.append(np.insert(places, after, halves))
        self._lanes.append(np.insert(lanes, after, lanes[after - 1]))
        self._count += len(values)

    def put_signs(self, values: NDArray[Any], classes: NDArray[np.intp]) -> None:
        """Signs."""
        self._places.append(slots().first[SIGNS + classes] + values)
        self._lanes.append((self._signs + np.arange(len(values))) % self._lane_count)
        self._signs += len(values)

    def chunk(self) -> bytes:
        """Symbols from the last to the first: the encoder undoes what the decoder does."""
        table, words = _lists(), []
        states = [first_state(self._lane_count)] * self._lane_count
        places, lanes = np.concatenate(self._places)[::-1], np.concatenate(self._lanes)[::-1]
        for place, lane in zip(places.tolist(), lanes.tolist(), strict=True):
            frequency, state = table.frequency[place], states[lane]
            if state >= frequency << (32 - PRECISION):
                words.append(state & 0xFFFF)
                state >>= 16
            quotient, remainder = divmod(state, frequency)
            states[lane] = (quotient << PRECISION) + remainder + table.start[place]
        return closed(pack(f"<{len(states)}I", *states), np.array(words[::-1], "<u2").tobytes())
