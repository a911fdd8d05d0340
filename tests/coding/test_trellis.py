"""Numbers that depend on each other: come back, cost a bit less each, and must if they can."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from coding import reference
from lgcodec.coding.frequencies import FrequencyTable
from lgcodec.coding.scaled import SCALES, Scaled
from lgcodec.errors import FileError

INT32 = np.dtype("<i4")
GROWING = 1  # the tensor that is coded as differences
CODER = Scaled([GROWING], dependent=True)
Symbols = list[NDArray[np.int32]]


def levels(values: NDArray[np.int32], path: int) -> tuple[list[int], int]:
    """Of values [N] in a row, from the state `path` on, and the state that they lead to."""
    found = []
    for value in values.tolist():
        found.append(reference.level_of(value, path > 1))
        path = 2 * ((path + value) % 2) + path // 2
    return found, path


def drawn(seed: int, scale_of_chunk: list[int], sizes: list[int]) -> Symbols:
    """Tensors [chunks, size] of numbers that depend on each other."""
    rng = np.random.default_rng(seed)
    tensors: Symbols = [np.zeros((len(scale_of_chunk), size), "i4") for size in sizes]
    for row, scale in enumerate(scale_of_chunk):
        path = 0
        for number, size in enumerate(sizes):
            values = np.rint(rng.laplace(0, 90, size) / scale).astype("i4")
            if number == GROWING:
                tensors[number][row] = np.sort(np.abs(values)) * scale
                continue
            found, path = levels(values, path)
            tensors[number][row] = np.array(found) * scale
    return tensors


def coded(symbols: Symbols, coder: Scaled = CODER) -> tuple[list[bytes], list[bytes]]:
    tables = coder.tables(symbols)
    return tables, coder.encode(tables, symbols)


@given(
    st.lists(st.sampled_from(SCALES[2:]), max_size=6),
    st.lists(st.sampled_from((1, 2, 7, 60, 400)), min_size=1, max_size=4),
    st.integers(0, 2**32),
)
@settings(max_examples=40, deadline=None)
def test_round_trip(scale_of_chunk: list[int], sizes: list[int], seed: int) -> None:
    """As the plain reader of the specification reads them, too."""
    symbols = drawn(seed, scale_of_chunk, sizes)
    tables, chunks = coded(symbols)
    for part, expected in zip(CODER.decode(tables, chunks, sizes, INT32), symbols, strict=True):
        np.testing.assert_array_equal(part, expected)
    if sum(sizes) < 100:
        for row, chunk in enumerate(chunks):
            found = reference.decode_scaled(tables, sizes, {GROWING}, chunk, may_depend=True)
            assert found == [part[row].tolist() for part in symbols]


@given(st.lists(st.lists(st.integers(-1000, 1000), min_size=3, max_size=3), min_size=1))
@settings(max_examples=20, deadline=None)
def test_round_trip_of_any_integers(rows: list[list[int]]) -> None:
    symbols = [np.array(rows, "i4")] * 2
    tables, chunks = coded(symbols)
    assert [part.tolist() for part in CODER.decode(tables, chunks, [3, 3], INT32)] == [rows, rows]
    for row, chunk in zip(rows, chunks, strict=True):
        found = reference.decode_scaled(tables, [3, 3], {GROWING}, chunk, may_depend=True)
        assert found == [row, row]


@pytest.mark.parametrize("size", [2**15 - 3, 2**15 - 2, 2**16])
def test_many_numbers_have_several_lanes(size: int) -> None:
    (symbols,) = drawn(size, [24], [size])
    tables, (chunk,) = coded([symbols])
    (found,) = CODER.decode(tables, [chunk], [size], INT32)
    np.testing.assert_array_equal(found, symbols)
    assert reference.decode_scaled(tables, [size], set(), chunk, True) == symbols.tolist()


def test_frequencies_are_those_of_the_specification() -> None:
    rng = np.random.default_rng(0)
    for scale, second in product(SCALES, (False, True)):
        middle, low, high = int(rng.integers(-300, 300)), *rng.integers(0, 400, 2)
        slope, bend = (int(n) for n in rng.integers(1, 65_536, 2))
        table = FrequencyTable(middle - int(low), middle + int(high), middle, slope, bend)
        first, counts = table.levels(scale, second=second)
        expected = reference.dependent(table.pack(), scale, second)
        assert dict(enumerate(counts.tolist(), first)) == expected


@pytest.mark.parametrize("place", [-3, 0, 1, 40])
def test_a_table_of_one_place_has_values_in_both_sets(place: int) -> None:
    """Those on either side of it, where it has none."""
    table = FrequencyTable(place, place, place, 1, 1)
    for scale, second in product(SCALES, (False, True)):
        first, counts = table.levels(scale, second=second)
        ends = [reference.level_of(first + at, second) * scale for at in (0, len(counts) - 1)]
        assert ends[0] <= 8 * place + 7
        assert ends[1] >= 8 * place


def test_it_saves_a_bit_of_each_number() -> None:
    """Against the multiples that both sets have together."""
    sizes = [500, 10, 90]
    symbols = drawn(3, [16] * 20, sizes)
    lengths = [sum(map(len, coded(symbols, coder)[1])) for coder in (Scaled([GROWING]), CODER)]
    assert 0.9 < (lengths[0] - lengths[1]) * 8 / (20 * 590) < 1  # 0 is in both sets


@pytest.mark.parametrize(
    "symbols",
    [
        drawn(1, [16], [30, 4]),
        [np.zeros((1, 9), "i4"), np.zeros((1, 4), "i4")],
        [np.zeros((1, 0), "i4"), np.array([[32, 32, 96, 160]], "i4")],
    ],
    ids=["numbers", "zeros", "numbers that grow alone"],
)
def test_numbers_that_may_depend_do(symbols: Symbols, monkeypatch: pytest.MonkeyPatch) -> None:
    """LGI-K-57: a second form of the same numbers is refused."""
    sizes = [part.shape[1] for part in symbols]
    tables, (right,) = coded(symbols)
    heads = Scaled._heads
    monkeypatch.setattr(Scaled, "_heads", lambda *of: heads(*of) * [1, 0])
    _, (wrong,) = coded(symbols)
    monkeypatch.undo()
    assert right != wrong
    for chunk in (right, wrong):
        found = reference.decode_scaled(tables, sizes, {GROWING}, chunk, may_depend=True)
        assert found == [part[0].tolist() for part in symbols]
    with pytest.raises(FileError, match="do not depend on each other, they may"):
        CODER.decode(tables, [wrong], sizes, INT32)


def test_the_example_of_the_specification() -> None:
    page = (Path(__file__).parents[2] / "spec/codings/scaled.md").read_text()
    table = bytes.fromhex("0000 0800 0000 0080 ff ff")
    symbols = [np.array([[0, 32, 16, 48]], "i4")]
    (chunk,) = Scaled(dependent=True).encode([table], symbols)
    assert f"The chunk is then\n\n    {chunk.hex(' ')}\n" in page
    found = reference.decode_scaled([table], [4], set(), chunk, may_depend=True)
    assert found == [[0, 32, 16, 48]]
