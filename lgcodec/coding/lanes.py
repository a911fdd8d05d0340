"""The decoder's half of rANS: the lanes of chunks, and what every slot of a table stands for."""

from collections.abc import Sequence
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.base import bad_payload
from lgcodec.coding.frequencies import PRECISION, FrequencyTable

__all__ = ["LOWEST", "Lanes", "SlotTable", "apart", "lanes_of", "together"]

LOWEST: Final = 1 << 16  # of a state
SYMBOLS_PER_LANE: Final = 1024
SLOTS: Final = 1 << PRECISION
States = NDArray[np.uint32]
Integers = NDArray[np.int64]


def lanes_of(total: int) -> int:
    """Lanes of a chunk of `total` symbols."""
    return max(1, total // SYMBOLS_PER_LANE)


def apart(words: NDArray[np.uint16], counts: NDArray[np.int64]) -> list[bytes]:
    """The words of each chunk, which has so many of them [C]."""
    ends = np.cumsum(counts)
    first = ends - counts
    return [words[i:j].astype("<u2").tobytes() for i, j in zip(first, ends, strict=True)]


def together(
    parts: Sequence[tuple[bytes, bytes]], lanes: int
) -> tuple[Integers, NDArray[np.uint16], Integers, Integers]:
    """States [C, K] and words of chunks, each given as its K states of four bytes and its words.

    Words stand side by side, with one of 0 after the last; the first of each chunk [C]; and where
    each ends [C].
    """
    states = np.frombuffer(b"".join(head for head, _ in parts), "<u4").astype(np.int64)
    words = np.frombuffer(b"".join([*(body for _, body in parts), b"\0\0"]), "<u2")
    lengths = np.array([len(body) // 2 for _, body in parts], np.int64)
    ends = np.cumsum(lengths)
    return states.reshape(len(parts), lanes), words.astype(np.uint16), ends - lengths, ends


@final
class SlotTable:
    """What each slot of each tensor's table stands for; `sizes` symbols of each tensor.

    symbols   [tensors * SLOTS], which `symbol_type` can hold
    steps     [tensors * SLOTS] frequency << 16 | place of the slot within its symbol's slots
    first     [N] where the slots of the tensor of symbol j begin
    """

    def __init__(
        self, tables: Sequence[bytes], sizes: Sequence[int], symbol_type: np.dtype[Any]
    ) -> None:
        parsed = [FrequencyTable.unpack(table) for table in tables]
        _check_range(parsed, symbol_type)
        laid_out = [_slots_of(table) for table in parsed]
        self.symbols: NDArray[np.int16] = np.concatenate([symbols for symbols, _ in laid_out])
        self.steps: States = np.concatenate([steps for _, steps in laid_out])
        self.first = np.repeat(np.arange(len(sizes)) * SLOTS, sizes)


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
        parts = [(chunk[: 4 * lanes], chunk[4 * lanes :]) for chunk in chunks]
        self._states, self._words, self._next, self._end = together(parts, lanes)
        if (self._states < LOWEST).any():
            least = int(self._states.min())
            raise bad_payload(f"a rANS state is {least}, allowed are {LOWEST} to {2**32 - 1}")

    def symbols(self, table: SlotTable) -> NDArray[np.int16]:
        """All symbols [C, N] of the chunks."""
        from lgcodec.coding import rans_loops  # noqa: PLC0415 (numba, only when decoding)

        found = np.empty((len(self._states), len(table.first)), np.int16)
        rans_loops.read(
            self._states, self._words, self._next, table.first, table.steps, table.symbols, found
        )
        return found

    def finish(self) -> None:
        """Check that all words are used and every lane is where the encoder began."""
        over = self._next - self._end
        if over.any():
            words = (
                f"{over.max()} words too few" if over.max() > 0 else f"{-over.min()} words too many"
            )
            raise bad_payload(f"a rANS chunk does not end where it must: it has {words}")
        if (self._states != LOWEST).any():
            wrong = int(self._states[self._states != LOWEST][0])
            raise bad_payload(f"a rANS chunk ends with a state of {wrong}, it must be {LOWEST}")
