"""The decoder's half of rANS: the lanes of chunks, and what every slot of a table stands for."""

from collections.abc import Sequence
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from lgcodec.coding.base import bad_payload
from lgcodec.coding.frequencies import PRECISION, Distribution

__all__ = ["LOWEST", "Lanes", "SlotTable", "apart", "by_tensor", "lanes_of", "together"]

LOWEST: Final = 1 << 16  # of a state
SYMBOLS_PER_LANE: Final = 1024
SLOTS: Final = 1 << PRECISION
States = NDArray[np.uint32]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


def lanes_of(total: int) -> int:
    """Lanes of a chunk of `total` symbols."""
    return max(1, total // SYMBOLS_PER_LANE)


def by_tensor(sizes: Sequence[int]) -> Integers:
    """[1, N] the tensor of each symbol, of tensors of these sizes."""
    return np.repeat(np.arange(len(sizes)), sizes)[None]


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
    """What each slot of each of D distributions stands for.

    which     [K, N] the distribution of each symbol, in each of K sets of them
    symbols   [D * SLOTS]
    steps     [D * SLOTS] frequency << 16 | place of the slot within its symbol's slots
    first     [K, N] where the slots of these distributions begin
    follows   [N] whether a symbol is of the set that those before it lead to: `trellis_loops`
    """

    def __init__(
        self, tables: Sequence[Distribution], which: Integers, follows: Flags | None = None
    ) -> None:
        laid_out = [_slots_of(table) for table in tables]
        self.symbols: NDArray[np.int32] = np.concatenate([symbols for symbols, _ in laid_out])
        self.steps: States = np.concatenate([steps for _, steps in laid_out])
        self.first = which * SLOTS
        self.follows = np.zeros(which.shape[1], np.bool_) if follows is None else follows


def _slots_of(table: Distribution) -> tuple[NDArray[np.int32], States]:
    """The symbol and the step of every slot of a distribution."""
    first, counts = table
    symbols = np.repeat(np.arange(first, first + len(counts), dtype=np.int32), counts)
    start = np.cumsum(counts) - counts
    steps: States = np.repeat(((counts << 16) - start).astype(np.uint32), counts)
    steps += np.arange(SLOTS, dtype=np.uint32)
    return symbols, steps


@final
class Lanes:
    """States and words of chunks, each given as its K states of four bytes and its words.

    last   the state of every lane that an encoder begins with: LOWEST, or 0, which a state stays
           below LOWEST for once all words are used
    """

    def __init__(self, parts: Sequence[tuple[bytes, bytes]], lanes: int, last: int) -> None:
        self._states, self._words, self._next, self._end = together(parts, lanes)
        self._last = last

    def symbols(self, table: SlotTable) -> NDArray[np.int32]:
        """All symbols [C, N] of the chunks."""
        from lgcodec.coding import rans_loops  # noqa: PLC0415 (numba, only when decoding)

        found = np.empty((len(self._states), len(table.follows)), np.int32)
        slots = (table.follows, table.first, table.steps, table.symbols)
        must_last = self._last == LOWEST
        rans_loops.read(self._states, self._words, self._next, self._end, must_last, *slots, found)
        return found

    def finish(self) -> None:
        """Check that all words are used and every lane is where the encoder began.

        FileError E_PAYLOAD if not.
        """
        over = self._next - self._end
        if over.any():
            words = (
                f"{over.max()} words too few" if over.max() > 0 else f"{-over.min()} words too many"
            )
            raise bad_payload(f"a rANS chunk does not end where it must: it has {words}")
        if (self._states != self._last).any():
            wrong = int(self._states[self._states != self._last][0])
            raise bad_payload(f"a rANS chunk ends with a state of {wrong}, it must be {self._last}")
