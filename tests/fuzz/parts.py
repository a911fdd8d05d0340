"""Harnesses of what files consist of; see `harnesses`."""

from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any, Final, TypeVar
from zlib import crc32

import numpy as np

from lgcodec.coding import CODERS, QUANTISERS, ChunkCodec
from lgcodec.coding.base import Coder, Quantiser
from lgcodec.coding.context import ENTROPY, Context
from lgcodec.errors import FileError, UsageError
from lgcodec.format import cbor
from lgcodec.format.conf import Conf, TensorSpec
from lgcodec.format.directory import Group
from lgcodec.format.geometry import Geometry

from .crops import meet
from .outcome import code_of

__all__ = ["HEAD", "SIZES", "codec_for", "codecs", "coding", "conf", "directory", "geometry"]

Plug = TypeVar("Plug", Quantiser, Coder)
EXAMPLES: Final[Mapping[str, list[dict[str, Any]]]] = {
    "uniform": [{"bits": 2}, {"bits": 8}, {"bits": 13}],
    "float": [{"bits": 16}, {"bits": 32}],
    "scaled": [{"differences": []}, {"differences": [0, 1]}, {"differences": [1], "dependent": 1}],
    "context": [{"tile": (5, 6), "levels": (1, 2), "channels": 2}],
}
# Coders with one byte string per sequence of symbols.
EXACT: Final = ("raw", "rans", "scaled", "context")
SIZES: Final = (1, 2, 3, 5, 8, 13, 21, 34, 55, 2050)  # of tensors; the last takes two lanes
VAST: Final = (2**14, 2**14)  # a shape that no input can hold, and that must cost no memory
HEAD: Final = 5  # bytes before the global chunk in an input of `coding`


def conf(data: bytes) -> str:
    """Strict CBOR, and the same bytes as a CONF."""
    try:
        assert cbor.encode(cbor.decode(data, 10)) == data, "accepted and not canonical"
    except UsageError as error:
        assert type(error) is UsageError
    try:
        assert Conf.unpack(data).pack() == data, "accepted and not canonical"
    except FileError as error:
        return code_of(error)
    return "ok"


def geometry(data: bytes) -> str:
    """The window touches tiles, and ids, indices and boxes agree about them."""
    try:
        found = Geometry.unpack(data)
    except FileError as error:
        return code_of(error)
    assert found.pack() == data, "accepted and not canonical"
    touched = found.tiles_touching(found.window)
    assert all(touched), "a window without tiles"
    rng = Random(crc32(data))
    for _ in range(4):
        index = tuple(rng.choice(tiles) for tiles in touched)
        partition = found.partition_at(index)
        assert found.partition_index(*partition) == index
        assert meet(found.box(*partition), found.window)
    return "ok"


def directory(data: bytes) -> str:
    """Ids, lengths and ends of a group fit each other."""
    try:
        group = Group.unpack(data, 0)
    except FileError as error:
        return code_of(error)
    assert group.pack() == data, "accepted and not canonical"
    assert len(group.ids) == len(group.lengths) == len(group.crcs)
    assert all(a < b for a, b in pairwise(group.ids))
    assert group.length == len(data) + group.global_len + sum(group.lengths)
    kept = Random(crc32(data)).sample(group.ids, min(3, len(group.ids)))
    assert Group.unpack(group.keeping(kept).pack(), 0).ids == tuple(sorted(kept))
    return "ok"


def coding(data: bytes) -> str:
    """The first bytes choose codec and sizes, the next say how long the global chunk is."""
    if len(data) < HEAD:
        return "ok"
    which, one, other = data[:3]
    codec = codec_for(which, one, other)
    split = HEAD + int.from_bytes(data[3:HEAD], "little")
    chunk = data[split:]
    try:
        head = codec.decode_global(data[HEAD:split])
        weights = codec.decode_local(head, [chunk])
    except FileError as error:
        return code_of(error)
    assert all(np.isfinite(value).all() for value in weights.values())
    if codec.coder.name in EXACT:
        coder = head.coder
        sizes = [tensor.size for tensor in codec.local]
        symbols = coder.decode(head.tables, [chunk], sizes, codec.quantiser.symbol_type)
        assert coder.encode(head.tables, symbols) == [chunk], "two byte strings of a chunk"
    return "ok"


def codec_for(which: int, one: int, other: int) -> ChunkCodec:
    """A codec of a local tensor l and a global one g, all of them counted round and round.

    Each has one of `SIZES`, or the shape `VAST`.
    """
    quantiser, coder = codecs()[which % len(codecs())]
    if isinstance(coder, Context):  # codes the tensors of its pyramid, by its network
        network = TensorSpec(ENTROPY, (coder.network_size,))
        return ChunkCodec(quantiser, coder, coder.pyramid.tensors(), (network,))
    shapes = (*((size,) for size in SIZES), VAST)
    local, global_ = (
        TensorSpec(name, shapes[at % len(shapes)]) for name, at in (("l", one), ("g", other))
    )
    return ChunkCodec(quantiser, coder, (local,), (global_,))


@cache
def codecs() -> list[tuple[Quantiser, Coder]]:
    """Quantisers and coders that go together; a plug without examples has no configuration."""
    return [
        (quantiser, coder)
        for quantiser in _plugs(QUANTISERS)
        for coder in _plugs(CODERS)
        if coder.takes(quantiser)
    ]


def _plugs(table: Mapping[str, type[Plug]]) -> list[Plug]:
    return [
        plug.from_configuration(configuration)
        for name, plug in table.items()
        for configuration in EXAMPLES.get(name, [{}])
    ]
