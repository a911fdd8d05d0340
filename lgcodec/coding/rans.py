"""Static rANS: asymmetric numeral systems with the frequencies of `frequencies.py`.

Every chunk has the same schedule of tensors. Symbol j of a chunk goes to lane j mod K, where
K = max(1, N // 1024): a reader may take many at a time.

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
from lgcodec.coding.frequencies import TABLE, FrequencyTable
from lgcodec.coding.lanes import LOWEST, Lanes, SlotTable, apart, lanes_of
from lgcodec.errors import FileError

__all__ = ["Rans"]

Integers = NDArray[np.int64]


@final
class Rans(Coder):
    """Integers in close to their entropy under the table of their tensor; see rans.md."""

    name: ClassVar[str] = "rans"
    integers_only: ClassVar[bool] = True
    self_checking: ClassVar[bool] = True

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
        from lgcodec.coding import rans_loops  # noqa: PLC0415 (numba, only when coding)

        if not symbols:
            return [b""]
        model = _Model(tables, [part.shape[1] for part in symbols])
        frequency, start = model.intervals(np.concatenate(symbols, axis=1, dtype=np.int64))
        count, total = frequency.shape
        states = np.full((count, lanes_of(total)), LOWEST, np.int64)
        lanes, ends = np.arange(total) % states.shape[1], np.arange(1, count + 1) * total
        words, lengths = rans_loops.write(
            frequency.ravel(), start.ravel(), np.tile(lanes, count), ends, states
        )
        heads, bodies = states.astype("<u4"), apart(words, lengths)
        return [h.tobytes() + body for h, body in zip(heads, bodies, strict=True)]

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
        symbols = lanes.symbols(table).astype(symbol_type)
        lanes.finish()
        return np.split(symbols, np.cumsum(sizes)[:-1], axis=1)


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
        self._frequency = np.concatenate(counts)
        self._start = np.concatenate([np.cumsum(count) - count for count in counts])

    def intervals(self, symbols: NDArray[np.int64]) -> tuple[Integers, Integers]:
        """Frequency and first slot [C, N] of the symbols [C, N] of chunks."""
        place = symbols - self._least[self._tensor]
        if ((place < 0) | (place >= self._size[self._tensor])).any():
            raise ValueError("a symbol is outside its frequency table")
        place += self._first[self._tensor]
        return self._frequency[place], self._start[place]
