"""The decoder's half of rANS: all lanes of all chunks in lock-step.

States are [K lanes, C chunks] of 32 bits, so that chunks, of which there are many, lie side by side
in memory. A step takes a symbol from every lane and gives a word to the lanes that need one.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.base import Symbols, bad_payload
from lgcodec.coding.frequencies import PRECISION, FrequencyTable

__all__ = ["LOWEST", "Lanes", "SlotTable", "lanes_of", "schedule_of"]

LOWEST: Final = 1 << 16  # of a state
SYMBOLS_PER_LANE: Final = 1024
SLOTS: Final = 1 << PRECISION
WIDE: Final = 512  # lanes from which a running sum is faster than a product of matrices
States = NDArray[np.uint32]
# Arrays without axes: a Python number takes longer to become one than to be worked with.
SLOT, PLACE, FREQUENCY, STATE, LEAST, WORD = (
    np.array(value, np.uint32) for value in (SLOTS - 1, 0xFFFF, 16, PRECISION, LOWEST, 4)
)


def lanes_of(total: int) -> int:
    """Lanes of a chunk of `total` symbols."""
    return max(1, total // SYMBOLS_PER_LANE)


def schedule_of(total: int) -> list[slice]:
    """Positions of the symbols that a chunk of `total` codes in each step, one in each lane."""
    borders = [*range(0, total, lanes_of(total)), total]
    return [slice(first, last) for first, last in pairwise(borders)]


@final
class SlotTable:
    """What each slot of each tensor's table stands for; `sizes` symbols of each tensor.

    symbols   [tensors * SLOTS] of `symbol_type`
    steps     [tensors * SLOTS] frequency << 16 | place of the slot within its symbol's slots
    first     [N, 1] where the slots of the tensor of symbol j begin
    """

    def __init__(
        self, tables: Sequence[bytes], sizes: Sequence[int], symbol_type: np.dtype[Any]
    ) -> None:
        parsed = [FrequencyTable.unpack(table) for table in tables]
        _check_range(parsed, symbol_type)
        laid_out = [_slots_of(table) for table in parsed]
        self.symbols: Symbols = np.concatenate([s.astype(symbol_type) for s, _ in laid_out])
        self.steps: States = np.concatenate([steps for _, steps in laid_out])
        self.first = np.repeat(np.arange(len(sizes)) * SLOTS, sizes)[:, None]


def _slots_of(table: FrequencyTable) -> tuple[NDArray[np.int16], States]:
    """The symbol and the step of every slot of a table."""
    counts = table.frequencies()
    symbols = np.repeat(np.arange(table.least, table.most + 1, dtype=np.int16), counts)
    start = np.cumsum(counts) - counts
    steps: States = np.repeat(((counts << 16) - start).astype(np.uint32), counts)
    steps += np.arange(SLOTS, dtype=np.uint32)
    return symbols, steps


def _check_range(tables: Sequence[FrequencyTable], symbol_type: np.dtype[Any]) -> None:
    """FileError E_PAYLOAD if a table has a symbol that `symbol_type` cannot hold."""
    limits = np.iinfo(symbol_type)
    least, most = min(table.least for table in tables), max(table.most for table in tables)
    if least < limits.min or most > limits.max:
        raise bad_payload(
            f"frequency tables have symbols from {least} to {most}, "
            f"the quantiser's are {limits.min} to {limits.max}"
        )


@final
class Lanes:
    """States and words of every chunk; FileError E_PAYLOAD where there are too few bytes."""

    def __init__(self, chunks: Sequence[bytes], lanes: int) -> None:
        for chunk in chunks:
            if len(chunk) < 4 * lanes or len(chunk) % 2:
                message = f"a rANS chunk has {len(chunk)} bytes, its {lanes} lanes need"
                raise bad_payload(f"{message} {4 * lanes} and whole words after them")
        heads = b"".join(chunk[: 4 * lanes] for chunk in chunks)
        self._states = np.frombuffer(heads, "<u4").astype(np.uint32).reshape(len(chunks), lanes)
        self._states = self._states.T.copy()
        if (self._states < LOWEST).any():
            least = int(self._states.min())
            raise bad_payload(f"a rANS state is {least}, allowed are {LOWEST} to {2**32 - 1}")
        lengths = np.array([(len(chunk) - 4 * lanes) // 2 for chunk in chunks], np.int64)
        self._end = np.cumsum(lengths)
        self._last = self._end - lengths - 1  # the word that was used last
        self._triangle = np.tril(np.ones((min(lanes, WIDE),) * 2, np.float32))
        body = b"".join([*(chunk[4 * lanes :] for chunk in chunks), b"\0\0"])
        self._words = np.frombuffer(body, "<u2").astype(np.uint32)

    def take(self, table: SlotTable, at: slice, symbols: Symbols) -> None:
        """Put the symbols at the positions `at` of each chunk into `symbols`, [lanes, C]."""
        states = self._states[: at.stop - at.start]
        slot = (states & SLOT).astype(np.int64)
        slot += table.first[at]
        table.symbols.take(slot, out=symbols, mode="clip")  # other modes go through a buffer
        step = table.steps.take(slot, mode="clip")
        states >>= STATE
        states *= step >> FREQUENCY
        step &= PLACE
        states += step
        self._refill(states)

    def alone(self, table: SlotTable) -> list[int]:
        """All symbols of a single chunk of one lane: plain numbers cost less than arrays of one."""
        state, last, words = int(self._states[0, 0]), int(self._last[0]), self._words.tolist()
        steps, values, found = table.steps.data, table.symbols.data, []
        for first in table.first[:, 0].tolist():
            slot = first + (state & (SLOTS - 1))
            step = steps[slot]
            state = (state >> PRECISION) * (step >> 16) + (step & 0xFFFF)
            if state < LOWEST:
                last += 1
                state = state << 16 | words[min(last, len(words) - 1)]
            found.append(values[slot])
        self._states[0, 0], self._last[0] = state, last
        return found

    def finish(self) -> None:
        """Check that all words are used and every lane is where the encoder began."""
        over = self._last + 1 - self._end
        if over.any():
            words = (
                f"{over.max()} words too few" if over.max() > 0 else f"{-over.min()} words too many"
            )
            raise bad_payload(f"a rANS chunk does not end where it must: it has {words}")
        if (self._states != LOWEST).any():
            wrong = int(self._states[self._states != LOWEST][0])
            raise bad_payload(f"a rANS chunk ends with a state of {wrong}, it must be {LOWEST}")

    def _refill(self, states: States) -> None:
        """Give a word to every state below 2**16, lane after lane.

        Past its end a chunk reads words of others, which `finish` notices.
        """
        empty = states < LEAST
        place = self._running_sum(empty)
        place += self._last
        self._last = place[-1]
        # By arithmetic, not by a mask: whether a lane is empty is as good as random.
        needs = empty.astype(np.uint32)
        words = self._words.take(place, mode="clip")
        words *= needs
        needs <<= WORD
        states <<= needs
        states |= words

    def _running_sum(self, flags: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Along the lanes; exact, as there are few, and far faster than cumsum."""
        lanes = len(flags)
        if lanes > WIDE:
            return np.cumsum(flags, axis=0, dtype=np.int64)
        return (self._triangle[:lanes, :lanes] @ flags).astype(np.int64)
