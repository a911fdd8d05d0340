"""Static rANS: asymmetric numeral systems with the frequencies of `frequencies.py`.

Every chunk has the same schedule of tensors. Symbol j of a chunk goes to lane j mod K, where
K = max(1, N // 1024): a reader may take many at a time.

    chunk = K states (u32) | words (u16), in the order in which the decoder wants them

A state lies in [2**16, 2**32). The encoder starts every lane at 2**16, and the decoder must end
there with all words used: one accepted byte string per sequence, and damage does not pass.
"""

from collections.abc import Mapping, Sequence
from operator import add
from struct import unpack_from
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from lgcodec.coding.base import Coder, Symbols, bad_payload, check_empty
from lgcodec.coding.frequencies import TABLE, FrequencyTable
from lgcodec.coding.intervals import Intervals, written
from lgcodec.coding.lanes import LOWEST, Lanes, SlotTable, by_tensor, lanes_of
from lgcodec.errors import FileError

__all__ = ["Rans"]


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
    def limits(self, tables: Sequence[bytes]) -> list[tuple[int, int] | None]:
        parsed = [FrequencyTable.unpack(table) for table in tables]
        return [(table.least, table.most) for table in parsed]

    @override
    def encode(self, tables: Sequence[bytes], symbols: Sequence[Symbols]) -> list[bytes]:
        if not symbols:
            return [b""]
        frequency, start = self.intervals(tables, symbols)
        lanes = lanes_of(frequency.shape[1])
        return written(frequency, start, lanes=lanes, first=LOWEST, put=add)

    def intervals(
        self, tables: Sequence[bytes], symbols: Sequence[Symbols]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Frequency and first slot [C, N] of all symbols of chunks."""
        parsed = [FrequencyTable.unpack(table).distribution() for table in tables]
        intervals = Intervals(parsed, by_tensor([part.shape[1] for part in symbols]))
        return intervals.of(np.concatenate(symbols, axis=1, dtype=np.int64))

    @override
    def decode(
        self,
        tables: Sequence[bytes],
        chunks: Sequence[bytes],
        sizes: Sequence[int],
        symbol_type: np.dtype[Any],
    ) -> list[Symbols]:
        if not sizes:
            check_empty(chunks)
            return []
        count = lanes_of(sum(sizes))
        parts = [_opened(chunk, count) for chunk in chunks]  # what sizes claim must be there
        lanes = Lanes(parts, count, LOWEST)
        parsed = [FrequencyTable.unpack(table) for table in tables]
        _check_range(parsed, symbol_type)
        slots = SlotTable([table.distribution() for table in parsed], by_tensor(sizes))
        symbols = lanes.symbols(slots).astype(symbol_type)
        lanes.finish()
        return np.split(symbols, np.cumsum(sizes)[:-1], axis=1)


def _opened(chunk: bytes, lanes: int) -> tuple[bytes, bytes]:
    """States and words of a chunk; FileError E_PAYLOAD where there are too few bytes."""
    head = 4 * lanes
    if len(chunk) < head or len(chunk) % 2:
        message = f"a rANS chunk has {len(chunk)} bytes, its {lanes} lanes need"
        raise bad_payload(f"{message} {head} and whole words after them")
    if (least := min(unpack_from(f"<{lanes}I", chunk))) < LOWEST:
        raise bad_payload(f"a rANS state is {least}, allowed are {LOWEST} to {2**32 - 1}")
    return chunk[:head], chunk[head:]


def _check_range(tables: Sequence[FrequencyTable], symbol_type: np.dtype[Any]) -> None:
    """FileError E_PAYLOAD if a table has a symbol that `symbol_type` cannot hold."""
    limits = np.iinfo(symbol_type)
    least, most = min(table.least for table in tables), max(table.most for table in tables)
    if least < limits.min or most > limits.max:
        raise bad_payload(
            f"frequency tables have symbols from {least} to {most}, "
            f"the quantiser's are {limits.min} to {limits.max}"
        )
