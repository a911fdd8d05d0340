"""Static rANS: asymmetric numeral systems with the frequencies of `frequencies.py`.

Every chunk has the same schedule of tensors, so all chunks are coded in lock-step, one numpy
operation over [C chunks, K lanes] at a time. Symbol j of a chunk goes to lane j mod K in step
j // K, where K = max(1, N // 1024): long chunks take no more steps than short ones.

    chunk = K states (u32) | words (u16), in the order in which the decoder wants them

A state lies in [2**16, 2**32). The encoder starts every lane at 2**16, and the decoder must end
there with all words used: one accepted byte string per sequence, and damage does not pass.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from lgcodec.coding.base import Coder, Symbols, bad_payload
from lgcodec.coding.frequencies import PRECISION, TABLE, FrequencyTable
from lgcodec.coding.lanes import LOWEST, Lanes, SlotTable, lanes_of, schedule_of
from lgcodec.errors import FileError

__all__ = ["Rans"]

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
    def limits(self, table: bytes) -> tuple[int, int]:
        parsed = FrequencyTable.unpack(table)
        return parsed.least, parsed.most

    @override
    def encode(self, tables: Sequence[bytes], symbols: Sequence[Symbols]) -> list[bytes]:
        if not symbols:
            return [b""]
        model = _Model(tables, [part.shape[1] for part in symbols])
        rows = np.concatenate([part.astype(np.int64) for part in symbols], axis=1)
        schedule = schedule_of(rows.shape[1])
        states = np.full((len(rows), lanes_of(rows.shape[1])), LOWEST, np.uint64)
        words = np.zeros((len(schedule), *states.shape), np.uint16)
        written = np.zeros(words.shape, np.bool_)
        for step, at in reversed(list(enumerate(schedule))):
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
        total = sum(sizes)
        lanes = Lanes(chunks, lanes_of(total))  # first: what sizes claim must be in the chunks
        table = SlotTable(tables, sizes, symbol_type)
        rows = np.empty((total, len(chunks)), symbol_type)
        if rows.shape[1] == lanes_of(total) == 1:
            rows[:, 0] = lanes.alone(table)
        else:
            for at in schedule_of(total):
                lanes.take(table, at, rows[at])
        lanes.finish()
        return np.split(np.ascontiguousarray(rows.T), np.cumsum(sizes)[:-1], axis=1)


@final
class _Model:
    """The tables of a chunk's tensors, laid out for look-up by position and symbol."""

    def __init__(self, tables: Sequence[bytes], sizes: Sequence[int]) -> None:
        parsed = [FrequencyTable.unpack(table) for table in tables]
        counts = [table.frequencies() for table in parsed]
        self._tensor = np.repeat(np.arange(len(sizes)), sizes)  # [N] tensor of each symbol
        self._least = np.array([table.least for table in parsed])
        self._size = np.array([len(count) for count in counts])
        self._first = np.cumsum([0, *self._size[:-1]])  # where each tensor's symbols begin
        self._frequency = np.concatenate(counts).astype(np.uint64)
        starts = [np.cumsum(count) - count for count in counts]
        self._start = np.concatenate(starts).astype(np.uint64)

    def interval(self, at: slice, symbols: NDArray[np.int64]) -> tuple[States, States]:
        """Frequency and first slot of [C, lanes] symbols at the positions `at`."""
        tensor = self._tensor[at]
        place = symbols - self._least[tensor]
        if ((place < 0) | (place >= self._size[tensor])).any():
            raise ValueError("a symbol is outside its frequency table")
        place += self._first[tensor]
        return self._frequency[place], self._start[place]
