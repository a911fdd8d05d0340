import tracemalloc
from struct import pack

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding import reference
from coding.reference import frequencies
from lgcodec.coding.frequencies import FrequencyTable
from lgcodec.coding.rans import Rans
from lgcodec.errors import FileError

RANS = Rans()
INT8, INT16 = np.dtype("<i1"), np.dtype("<i2")
LENGTHS = (1, 2, 1023, 1024, 1025, 2047, 2048, 2049, 3072)  # lanes: 1 below 2048, then 2 and 3


def symbols_of(rng: np.random.Generator, chunks: int, sizes: list[int]) -> list[np.ndarray]:
    """Symbols of tensors with different distributions, [chunks, size] each."""
    scales = rng.uniform(0.2, 40, len(sizes))
    return [
        np.rint(rng.laplace(rng.uniform(-9, 9), scale, (chunks, size)))
        .clip(-2047, 2047)
        .astype("i2")
        for scale, size in zip(scales, sizes, strict=True)
    ]


def damage(tables: list[bytes], chunks: list[bytes], sizes: list[int]) -> str:
    """The code of the error that decoding raises."""
    with pytest.raises(FileError) as raised:
        RANS.decode(tables, chunks, sizes, INT16)
    return raised.value.code


def split_at(length: int, first: int) -> list[int]:
    """A schedule of `length` symbols in two tensors, or in one."""
    return [first, length - first] if 0 < first < length else [length]


# --- round trips


@given(
    st.integers(0, 5),
    st.lists(st.one_of(st.integers(1, 40), st.sampled_from(LENGTHS)), min_size=1, max_size=4),
    st.integers(0, 2**32),
)
@settings(max_examples=60)
def test_round_trip(chunks: int, sizes: list[int], seed: int) -> None:
    """Any number of chunks and tensors, of lengths around the borders of lanes."""
    symbols = symbols_of(np.random.default_rng(seed), chunks, sizes)
    tables = [RANS.table(part) for part in symbols]
    coded = RANS.encode(tables, symbols)
    decoded = RANS.decode(tables, coded, sizes, INT16)
    assert [part.dtype for part in decoded] == [INT16] * len(sizes)
    for part, expected in zip(decoded, symbols, strict=True):
        np.testing.assert_array_equal(part, expected)


@given(st.lists(st.lists(st.integers(-2047, 2047), min_size=3, max_size=3), min_size=1))
@settings(max_examples=20)
def test_round_trip_of_any_integers(rows: list[list[int]]) -> None:
    symbols = [np.array(rows, "i2")]
    tables = [RANS.table(symbols[0])]
    (decoded,) = RANS.decode(tables, RANS.encode(tables, symbols), [3], INT16)
    assert decoded.tolist() == rows


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("first", [0, 1, 700])
def test_lock_step_is_the_algorithm_of_the_specification(length: int, first: int) -> None:
    """A decoder in plain Python, symbol by symbol, reads what all chunks at once have written."""
    sizes = split_at(length, first)
    symbols = symbols_of(np.random.default_rng(length), 2, sizes)
    tables = [RANS.table(part) for part in symbols]
    for row, chunk in enumerate(RANS.encode(tables, symbols)):
        expected = [int(symbol) for part in symbols for symbol in part[row]]
        assert reference.decode(tables, sizes, chunk) == expected


def test_a_chunk_does_not_depend_on_the_others() -> None:
    """LGI-K-03."""
    symbols = symbols_of(np.random.default_rng(3), 4, [50, 2100])
    tables = [RANS.table(part) for part in symbols]
    together = RANS.encode(tables, symbols)
    for row, chunk in enumerate(together):
        assert RANS.encode(tables, [part[row : row + 1] for part in symbols]) == [chunk]
        alone = RANS.decode(tables, [chunk], [50, 2100], INT16)
        assert all((a[0] == part[row]).all() for a, part in zip(alone, symbols, strict=True))


def test_literal_chunk() -> None:
    """The example of spec/codings/rans.md, worked out there by hand."""
    table = bytes.fromhex("0000 0100 0000 0040 0100")
    chunk = bytes.fromhex("063d0100 2cf6")
    assert RANS.encode([table], [np.ones((1, 7), "i1")]) == [chunk]
    (decoded,) = RANS.decode([table], [chunk], [7], INT8)
    assert decoded.tolist() == [[1] * 7]


def test_one_symbol_costs_nothing_but_the_state() -> None:
    symbols = [np.full((1, 500), -3, "i1")]
    tables = [RANS.table(symbols[0])]
    assert RANS.encode(tables, symbols) == [pack("<I", 2**16)]


def test_no_tensors() -> None:
    """LGI-K-15."""
    assert RANS.encode([], []) == [b""]
    assert RANS.decode([], [b""], [], INT8) == []
    assert damage([], [b"\0"], []) == "E_PAYLOAD"


@pytest.mark.parametrize(("chunks", "size"), [(64, 687), (4, 9626), (1, 23_058)])
def test_size_is_near_the_ideal_code_length(chunks: int, size: int) -> None:
    """Within 2 %, for the local and global chunks of the networks of the paper's tables."""
    symbols = [np.rint(np.random.default_rng(1).normal(0, 25, (chunks, size))).astype("i2")]
    tables = [RANS.table(symbols[0])]
    counts = frequencies(tables[0])
    ideal = sum(14 - np.log2(counts[symbol]) for symbol in symbols[0].ravel().tolist()) / 8
    total = sum(map(len, RANS.encode(tables, symbols)))
    assert ideal <= total <= 1.02 * ideal


# --- damage


SIZES = [30, 2100]
SYMBOLS = symbols_of(np.random.default_rng(5), 2, SIZES)
TABLES = [RANS.table(part) for part in SYMBOLS]
CHUNKS = RANS.encode(TABLES, SYMBOLS)
LANES = 2


@given(st.integers(0, 8 * len(CHUNKS[0]) - 1))
@settings(max_examples=60)
def test_flipped_bits(at: int) -> None:
    """LGI-K-14: a chunk either fails as damaged or is what encoding its symbols gives."""
    data = bytearray(CHUNKS[0])
    data[at // 8] ^= 1 << at % 8
    check_canonical([bytes(data), CHUNKS[1]])


@given(st.binary(min_size=4 * LANES, max_size=60))
def test_arbitrary_chunks(data: bytes) -> None:
    check_canonical([data, CHUNKS[1]])


def check_canonical(chunks: list[bytes]) -> None:
    """LGI-K-06."""
    try:
        decoded = RANS.decode(TABLES, chunks, SIZES, INT16)
    except FileError as error:
        assert error.code == "E_PAYLOAD"
    else:
        assert RANS.encode(TABLES, decoded) == chunks


@given(st.lists(st.integers(0, 1), min_size=1, max_size=40), st.integers(-(2**16), 2**16))
def test_short_chunks_have_one_state(symbols: list[int], change: int) -> None:
    """LGI-K-06, LGI-K-14: any other state in its place is damage."""
    table = [bytes.fromhex("0000 0100 0000 0040 0100")]
    (chunk,) = RANS.encode(table, [np.array([symbols])])
    state = int.from_bytes(chunk[:4], "little") + change
    other = pack("<I", min(max(state, 0), 2**32 - 1)) + chunk[4:]
    try:
        decoded = RANS.decode(table, [other], [len(symbols)], INT8)
    except FileError as error:
        assert error.code == "E_PAYLOAD"
    else:
        assert RANS.encode(table, decoded) == [other]


@pytest.mark.parametrize("length", [*range(4 * LANES + 3), len(CHUNKS[0]) // 2, len(CHUNKS[0]) - 2])
def test_truncated_chunks(length: int) -> None:
    """LGI-K-13, LGI-K-14."""
    assert damage(TABLES, [CHUNKS[0][:length], CHUNKS[1]], SIZES) == "E_PAYLOAD"


def test_nothing_is_allocated_for_symbols_that_a_short_chunk_cannot_hold() -> None:
    """Tensor tables of a few bytes can claim 2**36 symbols, which need 2**28 bytes of states."""
    table = FrequencyTable(0, 0, 0, 1, 1).pack()
    tracemalloc.start()
    assert damage([table] * 256, [bytes(300)], [2**28] * 256) == "E_PAYLOAD"
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize("tail", [b"\0", b"\0\0", bytes(100)])
def test_extended_chunks(tail: bytes) -> None:
    """LGI-K-13, LGI-K-14."""
    assert damage(TABLES, [CHUNKS[0], CHUNKS[1] + tail], SIZES) == "E_PAYLOAD"


def test_a_word_is_not_borrowed_from_the_next_chunk() -> None:
    """LGI-K-03: what one chunk lacks another has too much of."""
    moved = [CHUNKS[0][:-2], CHUNKS[1][:8] + CHUNKS[0][-2:] + CHUNKS[1][8:]]
    assert damage(TABLES, moved, SIZES) == "E_PAYLOAD"


@pytest.mark.parametrize("state", [0, 1, 2**16 - 1])
def test_states_below_their_range(state: int) -> None:
    """LGI-K-13."""
    assert damage(TABLES, [pack("<I", state) + CHUNKS[0][4:], CHUNKS[1]], SIZES) == "E_PAYLOAD"


def test_a_state_below_its_range_that_ends_well() -> None:
    """LGI-K-06, LGI-K-13: 1 takes the word 0 and is 2**16, which the encoder writes at once."""
    table = [FrequencyTable(0, 0, 0, 1, 1).pack()]
    assert damage(table, [pack("<IH", 1, 0)], [1]) == "E_PAYLOAD"


def test_a_wrong_final_state() -> None:
    """LGI-K-14: one symbol of frequency 2**14 leaves the state as it is."""
    table = [FrequencyTable(0, 0, 0, 1, 1).pack()]
    assert damage(table, [pack("<I", 2**16 + 1)], [5]) == "E_PAYLOAD"


@pytest.mark.parametrize("symbol", [128, -129, 200])
def test_symbols_that_the_quantiser_cannot_hold(symbol: int) -> None:
    """LGI-K-12: nothing wraps around."""
    table = FrequencyTable(symbol, symbol, symbol, 1, 1).pack()
    with pytest.raises(FileError, match="E_PAYLOAD: frequency tables have symbols"):
        RANS.decode([table], [pack("<I", 2**16)], [1], INT8)


def test_a_symbol_outside_its_table_is_not_encoded() -> None:
    table = FrequencyTable(0, 1, 0, 1, 1).pack()
    for symbol in (-1, 2):
        with pytest.raises(ValueError, match="outside its frequency table"):
            RANS.encode([table], [np.array([[symbol]])])


def test_configuration() -> None:
    """LGI-K-11."""
    with pytest.raises(FileError, match=r"E_CONF: rans has \{'bits': 8\}"):
        Rans.from_configuration({"bits": 8})
