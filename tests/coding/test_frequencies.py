from struct import pack

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding.reference import frequencies
from lgcodec.coding.frequencies import FrequencyTable
from lgcodec.errors import FileError

fractions = st.one_of(st.integers(1, 65_535), st.integers(65_000, 65_535), st.integers(1, 9))


@st.composite
def tables(draw: st.DrawFn) -> FrequencyTable:
    least = draw(st.integers(-(2**15), 2**15 - 1))
    most = draw(st.integers(least, min(least + 4095, 2**15 - 1)))
    middle = draw(st.integers(least, most))
    return FrequencyTable(least, most, middle, draw(fractions), draw(fractions))


@given(tables())
def test_frequencies_add_up_and_none_is_zero(table: FrequencyTable) -> None:
    """LGI-K-12."""
    counts = table.frequencies()
    assert counts.sum() == 2**14
    assert counts.min() >= 1
    assert len(counts) == table.most - table.least + 1


@given(tables())
def test_frequencies_are_those_of_the_specification(table: FrequencyTable) -> None:
    assert table.frequencies().tolist() == list(frequencies(table.pack()).values())


@given(tables())
def test_tables_round_trip(table: FrequencyTable) -> None:
    assert FrequencyTable.unpack(table.pack()) == table


def test_literal_table() -> None:
    """The example of spec/codings/rans.md: weights 4 and 1, worked out there by hand."""
    table = FrequencyTable(0, 1, 0, 2**14, 1)
    assert table.pack() == bytes.fromhex("0000 0100 0000 0040 0100")
    assert table.frequencies().tolist() == [13_107, 3_277]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ((1, 0, 0, 1, 1), "spans 1 to 0"),
        ((0, 1, 2, 1, 1), "around 2"),
        ((0, 1, -1, 1, 1), "around -1"),
        ((0, 8192, 0, 1, 1), "8193 symbols, allowed are 1 to 8192"),
        ((0, 0, 0, 0, 1), "slope or bend 0"),
        ((0, 0, 0, 1, 0), "slope or bend 0"),
    ],
)
def test_impossible_tables(fields: tuple[int, ...], message: str) -> None:
    """LGI-K-12."""
    with pytest.raises(FileError, match=message) as raised:
        FrequencyTable.unpack(pack("<hhhHH", *fields)).frequencies()
    assert raised.value.code == "E_PAYLOAD"


@given(st.lists(st.integers(-2047, 2047)))
@settings(max_examples=20)
def test_a_fitted_table_covers_its_symbols(symbols: list[int]) -> None:
    table = FrequencyTable.fit(np.array(symbols, np.int16))
    assert all(table.least <= symbol <= table.most for symbol in symbols)


@pytest.mark.parametrize("scale", [0.3, 1, 3, 10, 30])
@pytest.mark.parametrize("shape", ["normal", "laplace"])
def test_a_fitted_table_is_close_to_the_entropy(shape: str, scale: float) -> None:
    """Within 1 % of the empirical entropy, for the distributions that weights have."""
    drawn = getattr(np.random.default_rng(0), shape)(0, scale, 20_000)
    symbols = np.rint(drawn).astype(np.int64)
    table = FrequencyTable.fit(symbols)
    values, counts = np.unique(symbols, return_counts=True)
    shares = counts / counts.sum()
    entropy = -(shares * np.log2(shares)).sum()
    bits = 14 - (shares * np.log2(table.frequencies()[values - table.least])).sum()
    assert entropy <= bits <= 1.01 * entropy
