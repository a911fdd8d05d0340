"""What every quantiser, coder and rule must do. A new row needs an example here, and is tested."""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import product
from struct import unpack_from
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lgcodec.coding import CODERS, QUANTISERS, ChunkCodec, Weights
from lgcodec.coding.base import Coder, Quantiser
from lgcodec.coding.chunks import GlobalPart
from lgcodec.coding.context import Context
from lgcodec.coding.pyramid import Pyramid
from lgcodec.errors import FileError, UsageError
from lgcodec.format.conf import Plug, TensorSpec
from lgcodec.partition import RULES

Configuration = Mapping[str, Any]

QUANTISER_EXAMPLES: dict[str, list[Configuration]] = {
    "uniform": [{"bits": 2}, {"bits": 8}, {"bits": 12}],
    "float": [{"bits": 16}, {"bits": 32}],
    "integer": [{}],
}
CONTEXT = Context(Pyramid((6, 4), (2, 1), 2))
CODER_EXAMPLES: dict[str, list[Configuration]] = {
    "raw": [{}],
    "rans": [{}],
    "scaled": [{"differences": []}, {"differences": [0, 1]}, {"differences": [1], "dependent": 1}],
    "zstd": [{}],
    "context": [CONTEXT.configuration],
}


def test_every_row_has_an_example() -> None:
    assert set(QUANTISER_EXAMPLES) == set(QUANTISERS)
    assert set(CODER_EXAMPLES) == set(CODERS)


def test_rows_stand_under_their_names() -> None:
    for table in (QUANTISERS, CODERS):
        assert all(plug.name == name for name, plug in table.items())


# --- quantisers

quantisers = pytest.mark.parametrize(
    "quantiser",
    [
        QUANTISERS[name].from_configuration(configuration)
        for name, examples in QUANTISER_EXAMPLES.items()
        for configuration in examples
    ],
    ids=lambda quantiser: f"{quantiser.name}{quantiser.configuration}",
)
WEIGHTS = np.random.default_rng(0).normal(0, 0.1, (6, 40)).astype(np.float32)


def weights_for(quantiser: Quantiser) -> NDArray[np.float32]:
    """[6, 40] numbers that the quantiser is made for."""
    return np.rint(100 * WEIGHTS) if quantiser.name == "integer" else WEIGHTS


@quantisers
def test_a_quantiser_is_rebuilt_from_what_is_stored(quantiser: Quantiser) -> None:
    check_configuration(quantiser, QUANTISERS)


@quantisers
def test_symbols_of_a_quantiser(quantiser: Quantiser) -> None:
    """Of its type and of the weights' shape; their weights have the same symbols again."""
    step = quantiser.step(weights_for(quantiser))
    symbols = quantiser.quantise(weights_for(quantiser), step)
    assert (symbols.dtype, symbols.shape) == (quantiser.symbol_type, WEIGHTS.shape)
    assert symbols.dtype.newbyteorder("<") == symbols.dtype
    weights = quantiser.dequantise(symbols, step)
    assert (weights.dtype, weights.shape) == (np.float32, WEIGHTS.shape)
    assert quantiser.quantise(weights, step).tobytes() == symbols.tobytes()


@quantisers
def test_errors_of_a_quantiser(quantiser: Quantiser) -> None:
    """Never worse than dropping the weights, nor beyond the largest of them."""
    weights = weights_for(quantiser)
    step = quantiser.step(weights)
    found = quantiser.dequantise(quantiser.quantise(weights, step), step)
    assert ((found - weights) ** 2).sum() < (weights**2).sum()
    assert np.abs(found).max() <= np.abs(weights).max() * 1.001


@quantisers
def test_no_weights(quantiser: Quantiser) -> None:
    none = np.empty((0, 7), np.float32)
    step = quantiser.step(none)
    assert quantiser.dequantise(quantiser.quantise(none, step), step).shape == (0, 7)


# --- coders


def compatible(quantiser: Quantiser, coder: type[Coder]) -> bool:
    return coder.takes(quantiser)


pairs = pytest.mark.parametrize(
    ("quantiser", "coder"),
    [
        (quantiser, CODERS[name].from_configuration(configuration))
        for quantiser in quantisers.args[1]
        for name, examples in CODER_EXAMPLES.items()
        for configuration in examples
        if compatible(quantiser, CODERS[name])
    ],
    ids=lambda plug: f"{plug.name}{plug.configuration}",
)


def check_configuration(plug: Any, table: Mapping[str, Any]) -> None:
    stored = Plug(plug.name, plug.configuration)
    again = table[plug.name].from_configuration(stored.configuration)
    assert again.configuration == plug.configuration
    with pytest.raises(FileError, match="E_CONF"):
        table[plug.name].from_configuration({**plug.configuration, "unknown": 1})


@pairs
def test_a_coder_is_rebuilt_from_what_is_stored(quantiser: Quantiser, coder: Coder) -> None:
    check_configuration(coder, CODERS)


@pairs
@pytest.mark.parametrize("chunks", [0, 1, 5])
@pytest.mark.parametrize("sizes", [[1], [40], [3, 1, 2000], [1100, 1100]])
def test_symbols_come_back(
    quantiser: Quantiser, coder: Coder, chunks: int, sizes: Sequence[int]
) -> None:
    """LGI-K-06: and the bytes do not depend on which chunks are coded together."""
    rng = np.random.default_rng(len(sizes))
    wide = 3 if quantiser.name == "integer" else 0.1
    weights = [rng.normal(0, wide, (chunks, size)).astype(np.float32) for size in sizes]
    symbols = [quantiser.quantise(part, 0.01) for part in weights]
    tables = coder.tables(symbols)
    assert {len(table) for table in tables} == {coder.table_bytes}
    coded = coder.encode(tables, symbols)
    assert len(coded) == chunks
    decoded = coder.decode(tables, coded, sizes, quantiser.symbol_type)
    for found, expected in zip(decoded, symbols, strict=True):
        assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
        assert found.tobytes() == expected.tobytes()
    assert coder.encode(tables, decoded) == coded
    for row, alone in enumerate(coded):
        part = coder.decode(tables, [alone], sizes, quantiser.symbol_type)
        assert all((p[0] == s[row]).all() for p, s in zip(part, symbols, strict=True))


@cache
def codec_with_chunks(quantiser: Quantiser, coder: Coder) -> tuple[ChunkCodec, list[bytes]]:
    """A codec with the global chunk and the local chunks of some weights."""
    local, global_, weights = (
        TensorSpec("w", (4, 10)),
        TensorSpec("g", (5,)),
        weights_for(quantiser),
    )
    if isinstance(coder, Context):  # codes the tensors of its pyramid, by its network
        (local,), global_ = coder.pyramid.tensors(), TensorSpec("entropy", (coder.network_size,))
    codec = ChunkCodec(quantiser, coder, (local,), (global_,))
    shared = {global_.name: np.resize(weights[0], global_.shape)}
    head, chunks = codec.encode(shared, {local.name: np.resize(weights, (6, *local.shape))})
    return codec, [head, *chunks]


def recoded(codec: ChunkCodec, part: GlobalPart, local: Weights, head: bytes) -> list[bytes]:
    """All chunks of the decoded weights of a tensor each, by the steps and tables of `head`."""
    steps, width = 4 * 2 * codec.quantiser.has_step, codec.coder.table_bytes
    ends = steps + width * (1 + codec.coder.local_tables)
    tables = head[steps : steps + width], head[steps + width : ends]
    (of_all,), (own,), coded = part.weights.values(), local.values(), []
    for coder, table, step, weights in (
        (codec.coder, tables[0], unpack_from("<f", head)[0], of_all[None]),
        (part.coder, tables[1], part.steps[0], own),
    ):
        symbols = codec.quantiser.quantise(weights.reshape(len(weights), -1), step)
        coded += coder.encode([table], [symbols])
    return [head[:ends] + coded[0], *coded[1:]]


@pairs
@given(at=st.integers(0, 10**6), change=st.integers(1, 255), cut=st.integers(-3, 3))
@example(at=1369, change=1, cut=-1)  # a chunk of context that decodes, to other weights
def test_damage_is_noticed_or_gives_other_weights(
    quantiser: Quantiser, coder: Coder, at: int, change: int, cut: int
) -> None:
    """E_PAYLOAD is the only error that bytes can cause."""
    codec, chunks = codec_with_chunks(quantiser, coder)
    for which in (0, 1):
        parts = [bytearray(chunk) for chunk in chunks]
        parts[which][at % len(parts[which])] ^= change
        if cut < 0:
            del parts[which][cut:]
        parts[which] += bytes(max(cut, 0))
        try:
            part = codec.decode_global(bytes(parts[0]))
            found = codec.decode_local(part, [bytes(chunk) for chunk in parts[1:]])
        except FileError as error:
            assert error.code == "E_PAYLOAD"
        else:
            if cut != 0:  # another chunk, and the only one of its weights
                assert recoded(codec, part, found, bytes(parts[0])) == [bytes(p) for p in parts]
            assert {n: v.shape for n, v in found.items()} == {
                t.name: (6, *t.shape) for t in codec.local
            }
            assert all(np.isfinite(value).all() for value in found.values())


# --- rules


@pytest.mark.parametrize("rule", RULES)
@given(data=st.data())
def test_tiles_cover_an_axis_and_none_is_empty(rule: str, data: st.DataObject) -> None:
    grid = data.draw(st.lists(st.integers(1, 400), min_size=1, max_size=3))
    wanted = [data.draw(st.integers(1, size)) for size in grid]
    tilings = RULES[rule](grid, wanted)
    assert len(tilings) == len(grid)
    for size, tiling in zip(grid, tilings, strict=True):
        assert 1 <= tiling.tile_len <= size
        assert (tiling.tiles - 1) * tiling.tile_len < size <= tiling.tiles * tiling.tile_len


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("wanted", [(), (1,), (1, 1, 1), (0, 1), (1, -1)])
def test_what_rules_refuse(rule: str, wanted: tuple[int, ...]) -> None:
    with pytest.raises(UsageError):
        RULES[rule]((8, 8), wanted)


def test_pairs_that_are_not_compatible_are_these() -> None:
    """Integer coders take no floats, `context` whole numbers alone; all else goes together."""
    refused = {
        (quantiser.name, name)
        for quantiser, (name, coder) in product(quantisers.args[1], CODERS.items())
        if not compatible(quantiser, coder)
    }
    assert refused == {
        *(("float", "rans"), ("float", "scaled"), ("float", "context")),
        ("uniform", "context"),
    }
