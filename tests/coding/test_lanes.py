"""The decoder's lanes: where words go, and what slots stand for."""

import numpy as np
import pytest

from lgcodec.coding.frequencies import FrequencyTable
from lgcodec.coding.lanes import SlotTable, by_tensor, lanes_of
from lgcodec.coding.rans import Rans
from lgcodec.errors import FileError

RANS = Rans()
INT8 = np.dtype("<i1")
TABLE = FrequencyTable(0, 1, 0, 1, 1).pack()


def coded(chunks: int, length: int) -> tuple[np.ndarray, bytes, list[bytes]]:
    symbols = np.random.default_rng(length).normal(0, 20, (chunks, length)).clip(-127, 127)
    symbols = np.rint(symbols).astype(INT8)
    table = RANS.table(symbols)
    return symbols, table, RANS.encode([table], [symbols])


@pytest.mark.parametrize(
    ("total", "count"), [(1, 1), (1024, 1), (2047, 1), (2048, 2), (9628, 9), (111_440, 108)]
)
def test_lanes_grow_with_the_chunk(total: int, count: int) -> None:
    assert lanes_of(total) == count


def test_slots_of_a_table() -> None:
    """Each symbol owns as many slots as its frequency, and knows its place among them."""
    symbols, table, _ = coded(1, 900)
    distribution = FrequencyTable.unpack(table).distribution()
    slots = SlotTable([distribution, distribution], by_tensor([900, 3]))
    assert len(slots.steps) == len(slots.symbols) == 2 << 14
    frequency, place = slots.steps >> 16, slots.steps & 0xFFFF
    values, first, counts = np.unique(
        slots.symbols[: 1 << 14], return_index=True, return_counts=True
    )
    assert set(symbols.ravel()) <= set(values)
    for start, count in zip(first, counts, strict=True):
        assert (frequency[start : start + count] == count).all()
        assert (place[start : start + count] == np.arange(count)).all()
    assert slots.first.tolist() == [[0] * 900 + [1 << 14] * 3]


def test_a_chunk_that_ends_early_reads_none_of_its_neighbour() -> None:
    """Words go missing from the first of two chunks: both are refused, whatever comes after."""
    _, table, data = coded(2, 300)
    with pytest.raises(FileError, match="words too few"):
        RANS.decode([table], [data[0][:-20], data[1]], [300], INT8)
    with pytest.raises(FileError, match="2 words too many"):
        RANS.decode([table], [data[0] + b"abcd", data[1]], [300], INT8)


def test_too_few_bytes_for_the_states() -> None:
    with pytest.raises(FileError, match="7 bytes, its 2 lanes need 8"):
        RANS.decode([TABLE], [bytes(7)], [2048], INT8)
    with pytest.raises(FileError, match="a rANS state is 5, allowed are 65536"):
        RANS.decode([TABLE], [(5).to_bytes(4, "little")], [1], INT8)
