"""Static rANS: asymmetric numeral systems with the frequencies of `frequencies.py`.

Every chunk has the same schedule of tensors, so all chunks are coded in lock-step, one numpy
operation over [C chunks, K lanes] at a time. Symbol j of a chunk goes to lane j mod K in step
j // K, where K = max(1, N // 1024): long chunks take no more steps than short ones.

    chunk = K states (u32) | words (u16), in the order in which the decoder wants them

A state lies in [2**16, 2**32). The encoder starts every lane at 2**16, and the decoder must end
there with all words used: one accepted byte string per sequence, and damage does not pass.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, ClassVar, Final, final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from lgcodec.coding.base import Coder, Symbols, bad_payload
from lgcodec.coding.frequencies import PRECISION, TABLE, FrequencyTable
from lgcodec.errors import FileError

__all__ = ["Rans"]

LOWEST: Final = 1 << 16
SYMBOLS_PER_LANE: Final = 1024
SLOTS: Final = 1 << PRECISION
States = NDArray[np.uint64]


@final
class Rans(Coder):
    """Integers in close to their entropy under the table of their tensor; see rans.md."""

    name: ClassVar[str] = "rans"
    integers_only: ClassVar[bool] = True

    @classmethod
    @override
    def from_configuration(cls, configuration: Mapping[str, Any]) -> "Rans":
        if configuration:
            raise FileError("E_CONF", f"rans has {dict(configuration)}, expected nothing")
        return cls()

    @property
    @override
    def configuration(self) -> dict[str, Any]:
        return {}

    @property
    @override
    def table_bytes(self) -> int:
        return TABLE.size

    @override
    def table(self, symbols: Symbols) -> bytes:
        return FrequencyTable.fit(symbols).pack()

    @override
    def encode(self, tables: Sequence[bytes], symbols: Sequence[Symbols]) -> list[bytes]:
        if not symbols:
            return [b""]
        model = _Model(tables, [part.shape[1] for part in symbols])
        rows = np.concatenate([part.astype(np.int64) for part in symbols], axis=1)
        states = np.full((len(rows), model.lanes), LOWEST, np.uint64)
        words = np.zeros((model.steps, *states.shape), np.uint16)
        written = np.zeros(words.shape, np.bool_)
        for step, at in reversed(list(enumerate(model.schedule))):
            active = states[:, : at.stop - at.start]
            frequency, start = model.interval(at, rows[:, at])
            full = active >= frequency << np.uint64(32 - PRECISION)
            lanes = np.s_[step, :, : active.shape[1]]
            written[lanes], words[lanes] = full, (active & np.uint64(0xFFFF)).astype(np.uint16)
            active[full] >>= np.uint64(16)
            quotient, remainder = np.divmod(active, frequency)
            active[:] = (quotient << np.uint64(PRECISION)) + remainder + start
        heads = states.astype("<u4")
        return [
            head.tobytes() + words[:, chunk][written[:, chunk]].astype("<u2").tobytes()
            for chunk, head in enumerate(heads)
        ]

    @override
    def decode(
        self,
        tables: Sequence[bytes],
        chunks: Sequence[bytes],
        sizes: Sequence[int],
        symbol_type: np.dtype[Any],
    ) -> list[Symbols]:
        if not sizes:
            if longest := max(map(len, chunks), default=0):
                raise bad_payload(f"a chunk without tensors has {longest} bytes, it must be empty")
            return []
        stream = _Words(chunks, _lanes(sizes))  # first: what sizes claim must be in the chunks
        model = _Model(tables, sizes)
        model.check(symbol_type)
        rows = np.empty((len(chunks), sum(sizes)), symbol_type)
        states = stream.states
        for at in model.schedule:
            active = states[:, : at.stop - at.start]
            slot = (active & np.uint64(SLOTS - 1)).astype(np.int64)
            rows[:, at], frequency, start = model.symbol(at, slot)
            active[:] = frequency * (active >> np.uint64(PRECISION)) + slot.astype(np.uint64)
            active -= start
            stream.refill(active)
        stream.finish(states)
        return np.split(rows, np.cumsum(sizes)[:-1], axis=1)


def _lanes(sizes: Sequence[int]) -> int:
    return max(1, sum(sizes) // SYMBOLS_PER_LANE)


@final
class _Model:
    """The tables of a chunk's tensors, laid out for look-up by position and symbol or slot."""

    def __init__(self, tables: Sequence[bytes], sizes: Sequence[int]) -> None:
        total = sum(sizes)
        self.lanes = _lanes(sizes)
        borders = [*range(0, total, self.lanes), total]
        self.schedule = [slice(first, last) for first, last in pairwise(borders)]
        self.steps = len(self.schedule)
        parsed = [FrequencyTable.unpack(table) for table in tables]
        counts = [table.frequencies() for table in parsed]
        self._tensor = np.repeat(np.arange(len(sizes)), sizes)  # [N] tensor of each symbol
        self._least = np.array([table.least for table in parsed])
        self._size = np.array([len(count) for count in counts])
        self._first = np.cumsum([0, *self._size[:-1]])  # where each tensor's symbols begin
        self._frequency = np.concatenate(counts).astype(np.uint64)
        starts = [np.cumsum(count) - count for count in counts]
        self._start = np.concatenate(starts).astype(np.uint64)
        self._slot = np.concatenate(  # [tensors * SLOTS] index of the symbol that owns the slot
            [np.repeat(np.arange(len(c)) + f, c) for c, f in zip(counts, self._first, strict=True)]
        )

    def check(self, symbol_type: np.dtype[Any]) -> None:
        """FileError E_PAYLOAD if a table has a symbol that `symbol_type` cannot hold."""
        limits = np.iinfo(symbol_type)
        least, most = self._least.min(), (self._least + self._size).max() - 1
        if least < limits.min or most > limits.max:
            raise bad_payload(
                f"frequency tables have symbols from {least} to {most}, "
                f"the quantiser's are {limits.min} to {limits.max}"
            )

    def interval(self, at: slice, symbols: NDArray[np.int64]) -> tuple[States, States]:
        """Frequency and first slot of [C, lanes] symbols at the positions `at`."""
        tensor = self._tensor[at]
        place = symbols - self._least[tensor]
        if ((place < 0) | (place >= self._size[tensor])).any():
            raise ValueError("a symbol is outside its frequency table")
        place += self._first[tensor]
        return self._frequency[place], self._start[place]

    def symbol(
        self, at: slice, slot: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], States, States]:
        """Symbols that own [C, lanes] slots at the positions `at`, with frequency, first slot."""
        tensor = self._tensor[at]
        place = self._slot[tensor * SLOTS + slot]
        symbols = place - self._first[tensor] + self._least[tensor]
        return symbols, self._frequency[place], self._start[place]


@final
class _Words:
    """The words of every chunk, read in lock-step: lane after lane within a step."""

    def __init__(self, chunks: Sequence[bytes], lanes: int) -> None:
        for chunk in chunks:
            if len(chunk) < 4 * lanes or len(chunk) % 2:
                message = f"a rANS chunk has {len(chunk)} bytes, its {lanes} lanes need"
                raise bad_payload(f"{message} {4 * lanes} and whole words after them")
        heads = b"".join(chunk[: 4 * lanes] for chunk in chunks)
        self.states: States = (
            np.frombuffer(heads, "<u4").reshape(len(chunks), lanes).astype(np.uint64)
        )
        if (self.states < LOWEST).any():
            least = int(self.states.min())
            raise bad_payload(f"a rANS state is {least}, allowed are {LOWEST} to {2**32 - 1}")
        lengths = np.array([(len(chunk) - 4 * lanes) // 2 for chunk in chunks], np.int64)
        self._end = np.cumsum(lengths)
        self._next = self._end - lengths
        body = b"".join(chunk[4 * lanes :] for chunk in chunks)
        self._words = np.frombuffer(body, "<u2").astype(np.uint64)

    def refill(self, states: States) -> None:
        """Give a word to every [C, lanes] state below 2**16."""
        empty = states < LOWEST
        taken = np.cumsum(empty, axis=1)
        place = self._next[:, None] + taken - 1
        self._next += taken[:, -1]
        if (self._next > self._end).any():
            missing = int((self._next - self._end).max())
            raise bad_payload(f"a rANS chunk ends before its last symbol: {missing} words more")
        states[empty] = states[empty] << np.uint64(16) | self._words[place[empty]]

    def finish(self, states: States) -> None:
        """Check that all words are used and every lane is where the encoder began."""
        if (self._next != self._end).any():
            unused = int((self._end - self._next).max())
            raise bad_payload(f"a rANS chunk has {unused} words that no symbol needs")
        if (states != LOWEST).any():
            wrong = int(states[states != LOWEST][0])
            raise bad_payload(f"a rANS chunk ends with a state of {wrong}, it must be {LOWEST}")
