"""Scales of chunks: any symbols come back, the specification's reader reads them, damage shows."""

from pathlib import Path
from struct import pack

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from coding import reference
from lgcodec.coding.frequencies import UNIT, FrequencyTable
from lgcodec.coding.rans import Rans
from lgcodec.coding.scaled import BITS, LATER, SCALES, USUAL, Scaled
from lgcodec.errors import FileError
from lgcodec.format.conf import TensorSpec

INT8, INT32 = np.dtype("<i1"), np.dtype("<i4")
GROWING = 1  # the tensor that is coded as differences
CODER = Scaled([GROWING])
Symbols = list[NDArray[np.int32]]
scales = st.sampled_from(SCALES)


def drawn(seed: int, scale_of_chunk: list[int], sizes: list[int]) -> Symbols:
    """Tensors [chunks, size] of multiples of the scale of each chunk."""
    rng = np.random.default_rng(seed)
    scale = np.array(scale_of_chunk, np.int32)[:, None]
    parts = [np.rint(rng.laplace(0, 90, (len(scale), size)) / scale).astype("i4") for size in sizes]
    if len(parts) > GROWING:
        parts[GROWING] = np.sort(np.abs(parts[GROWING]), axis=1)
    return [part * scale for part in parts]


def coded(symbols: Symbols) -> tuple[list[bytes], list[bytes]]:
    tables = CODER.tables(symbols)
    return tables, CODER.encode(tables, symbols)


def damage(tables: list[bytes], chunk: bytes, sizes: list[int], kind: np.dtype = INT32) -> str:
    """What is said of the damage."""
    with pytest.raises(FileError) as raised:
        CODER.decode(tables, [chunk], sizes, kind)
    assert raised.value.code == "E_PAYLOAD"
    return str(raised.value)


@given(
    st.lists(scales, max_size=6),
    st.lists(st.sampled_from((1, 2, 7, 60, 400)), min_size=1, max_size=4),
    st.integers(0, 2**32),
)
@settings(max_examples=60)
def test_round_trip(scale_of_chunk: list[int], sizes: list[int], seed: int) -> None:
    """Whatever scales the chunks have, and one table serves them all."""
    symbols = drawn(seed, scale_of_chunk, sizes)
    tables, chunks = coded(symbols)
    decoded = CODER.decode(tables, chunks, sizes, INT32)
    for part, expected in zip(decoded, symbols, strict=True):
        assert part.dtype == INT32
        np.testing.assert_array_equal(part, expected)


@given(st.lists(st.lists(st.integers(-1000, 1000), min_size=3, max_size=3), min_size=1))
@settings(max_examples=20)
def test_round_trip_of_any_integers(rows: list[list[int]]) -> None:
    symbols = [np.array(rows, "i4")] * 2
    tables, chunks = coded(symbols)
    assert [part.tolist() for part in CODER.decode(tables, chunks, [3, 3], INT32)] == [rows, rows]


@given(st.lists(scales, min_size=1, max_size=3), st.integers(0, 2**32))
@settings(max_examples=20)
def test_the_plain_reader_of_the_specification_agrees(scale_of_chunk: list[int], seed: int) -> None:
    sizes = [30, 5, 2]
    symbols = drawn(seed, scale_of_chunk, sizes)
    tables, chunks = coded(symbols)
    for row, chunk in enumerate(chunks):
        found = reference.decode_scaled(tables, sizes, {GROWING}, chunk)
        assert found == [part[row].tolist() for part in symbols]


@pytest.mark.parametrize("size", [2**15 - 2, 2**15 - 1, 2**16, 3 * 2**15])
def test_many_symbols_have_several_lanes(size: int) -> None:
    """Which the plain reader takes turns with too."""
    (symbols,) = drawn(size, [24], [size])
    tables, (chunk,) = coded([symbols])
    (found,) = CODER.decode(tables, [chunk], [size], INT32)
    np.testing.assert_array_equal(found, symbols)
    assert reference.decode_scaled(tables, [size], set(), chunk) == symbols.tolist()


def test_zeros_cost_a_state_for_each_lane() -> None:
    """Two bytes for the code where there is one lane, and four of each where there are several."""
    for size, count in ((60_000, 2), (2**16, 2 * 4), (3 * 2**15, 3 * 4)):
        symbols = [np.zeros((1, size), "i4")]
        tables, (chunk,) = coded(symbols)
        assert len(chunk) == count  # a symbol that is certain takes no bits
        assert not CODER.decode(tables, [chunk], [size], INT32)[0].any()


def test_scales_are_those_of_the_specification() -> None:
    assert list(SCALES) == [reference.scale_of(code) for code in range(1, 32)]


def test_frequencies_are_those_of_the_specification() -> None:
    rng = np.random.default_rng(0)
    for scale in (*SCALES, *SCALES):
        middle, low, high = int(rng.integers(-300, 300)), *rng.integers(0, 400, 2)
        slope, bend = (int(n) for n in rng.integers(1, 65_536, 2))
        table = FrequencyTable(middle - int(low) - 120, middle + int(high), middle, slope, bend)
        first, counts = table.multiples(scale)
        expected = reference.multiples(table.pack(), scale)
        assert dict(enumerate(counts.tolist(), first)) == expected


def test_the_example_of_the_specification() -> None:
    page = (Path(__file__).parents[2] / "spec/codings/scaled.md").read_text()
    table = bytes.fromhex("0000 0800 0000 0080 ff ff")
    symbols = [np.array([[0, 32, 64, 32]], "i4")]
    assert dict(enumerate(FrequencyTable.unpack(table).multiples(USUAL).counts)) == {
        0: 15_364,
        1: 960,
        2: 60,
    }
    (chunk,) = Scaled().encode([table], symbols)
    assert f"The chunk is\n\n    {chunk.hex(' ')}\n" in page
    assert reference.decode_scaled([table], [4], set(), chunk) == [[0, 32, 64, 32]]


def test_coarse_chunks_take_fewer_bytes() -> None:
    """At least two of the three bits that a scale eight times as large saves of each number."""
    sizes, rows = [600, 10], 8
    fine, coarse = ([scale] * rows for scale in (8, 64))
    symbols = [
        np.concatenate(parts)
        for parts in zip(drawn(3, fine, sizes), drawn(3, coarse, sizes), strict=True)
    ]
    _, chunks = coded(symbols)
    lengths = [sum(map(len, part)) for part in (chunks[:rows], chunks[rows:])]
    assert lengths[0] - lengths[1] > 2 * sum(sizes) * rows / 8


def test_numbers_in_order_take_fewer_bytes() -> None:
    """Near log2(h!) bits of h of them."""
    rng = np.random.default_rng(0)
    plain = 8 * rng.integers(0, 200, (200, 20)).astype("i4")
    lengths = []
    for coder, part in ((Scaled(), plain), (Scaled([0]), np.sort(plain, axis=1))):
        lengths.append(sum(map(len, coder.encode(coder.tables([part]), [part]))))
    saved = 8 * (lengths[0] - lengths[1]) / 200
    assert 0.8 * 61 < saved < 1.1 * 61  # 20! = 2**61


def test_without_scales_it_takes_what_rans_takes() -> None:
    """But for the scale, and two bytes of each chunk that a state of 0 saves."""
    symbols = [np.rint(np.random.default_rng(1).laplace(0, 6, (50, 400))).astype("i4")]
    usual = [part * USUAL for part in symbols]
    own = sum(map(len, Scaled().encode(Scaled().tables(usual), usual)))
    plain = sum(map(len, Rans().encode(Rans().tables(symbols), symbols)))
    assert abs(own - plain) < 0.01 * plain


def test_chunks_that_come_later() -> None:
    """What tables cannot code becomes the nearest that they can, a multiple of one scale."""
    symbols = drawn(0, [USUAL] * 20, [50, 6])
    tables, _ = coded(symbols)
    wanted = [np.full((1, 50), 10_000, "i4"), np.array([[1, 3, 3, 200, 190, 10_000]], "i4")]
    first, second = CODER.nearest(tables, wanted)
    assert (first == symbols[0].max()).all()
    steps = symbols[1].max(initial=0)
    assert second[0, :3].tolist() == [16, 48, 48]
    assert (np.diff(second) <= steps).all()
    chunks = CODER.encode(tables, [first, second])
    found = CODER.decode(tables, chunks, [50, 6], INT32)
    assert all(np.array_equal(a, b) for a, b in zip(found, (first, second), strict=True))
    for (least, most), table in zip(CODER.limits(tables)[:1], tables[:1], strict=True):
        parsed = FrequencyTable.unpack(table)
        assert UNIT * parsed.least <= LATER * least <= LATER * most <= UNIT * parsed.most + UNIT - 1


@pytest.mark.parametrize(
    ("configuration", "code"),
    [
        ({}, "E_CONF"),
        ({"differences": 1}, "E_CONF"),
        ({"differences": [True]}, "E_CONF"),
        ({"differences": [-1]}, "E_CONF"),
        ({"differences": [2, 1]}, "E_CONF"),
        ({"differences": [1, 1]}, "E_CONF"),
        ({"differences": [1], "more": 1}, "E_CONF"),
        ({"differences": [1], "dependent": 0}, "E_CONF"),
        ({"differences": [1], "dependent": True}, "E_CONF"),
        ({"dependent": 1}, "E_CONF"),
        ({"differences": [3]}, "E_PROFILE"),
    ],
)
def test_wrong_configurations(configuration: dict[str, object], code: str) -> None:
    """LGI-K-50, LGI-K-51: a global tensor and two local ones."""
    local, global_ = [TensorSpec("a", (2,)), TensorSpec("b", (3,))], {"c": np.zeros(4, "f4")}
    with pytest.raises(FileError) as raised:
        Scaled.from_configuration(configuration).for_locals(local, global_)
    assert raised.value.code == code


def test_tensors_are_numbered_from_the_first_global_one() -> None:
    symbols = drawn(0, [16] * 3, [4, 5])
    local = Scaled([1]).for_locals([TensorSpec("a", (4,)), TensorSpec("b", (5,))], {"c": WEIGHT})
    plain = Scaled([0])
    tables = plain.tables(symbols)
    assert local.encode(tables, symbols) == plain.encode(tables, symbols)


WEIGHT = np.zeros(1, np.float32)


def test_a_scale_that_is_not_the_largest(monkeypatch: pytest.MonkeyPatch) -> None:
    """LGI-K-54: numbers that 32 divides, in a chunk of the scale 16."""
    symbols = [np.array([[32, 96, -64, 32]], "i4")]
    tables, (right,) = coded(symbols)
    monkeypatch.setattr(Scaled, "_heads", lambda *_: np.array([[1 + SCALES.index(16)]]))
    _, (wrong,) = coded(symbols)
    monkeypatch.undo()
    assert reference.decode_scaled(tables, [4], set(), wrong) == [[32, 96, -64, 32]]
    assert right != wrong
    assert "the scale 16, a larger one divides" in damage(tables, wrong, [4])


def test_impossible_chunks() -> None:
    """LGI-K-52, LGI-K-53, LGI-K-55, LGI-K-56."""
    sizes = [40, 5]
    tables, (chunk,) = coded(drawn(5, [USUAL], sizes))
    assert "end" in damage(tables, chunk + bytes(2), sizes)
    assert "end" in damage(tables, chunk[:-2], sizes)
    assert "fewer" in damage(tables, b"", sizes)
    assert "spans" in damage([pack("<hhhHH", 5, 4, 4, 1, 1), tables[1]], chunk, sizes)
    assert "symbols" in damage([pack("<hhhHH", 1, 2, 1, 1, 1), tables[1]], chunk, sizes)
    assert "symbols run" in damage(tables, chunk, sizes, INT8)
    with pytest.raises(FileError, match="must be empty"):
        CODER.decode([], [b"\0"], [], INT32)


def test_every_symbol_fits_the_quantiser() -> None:
    """Places of two bytes, UNIT numbers each, are whole numbers of so many bits."""
    assert UNIT * 2**15 == 2 ** (BITS - 1)
