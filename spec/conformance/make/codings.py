"""Chunks of drawn numbers, in every quantiser and coder.

Numbers, tables and steps come from integer arithmetic and from `random.random`, whose sequence
Python promises to keep, so that every machine makes the same bytes. A coder without an entry in
TABLES describes the symbols itself, and one without an entry in ENCODERS codes them itself.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Final

import numpy as np

from lgcodec.coding import ChunkCodec, codec_of
from lgcodec.coding.base import Coder, Quantiser, Symbols
from lgcodec.coding.context import ENTROPY, Context
from lgcodec.coding.frequencies import UNIT, FrequencyTable
from lgcodec.coding.network import MAX_WEIGHT
from lgcodec.coding.pyramid import MOTION
from lgcodec.coding.scaled import SCALES, Scaled
from lgcodec.coding.trellis import levels_of
from lgcodec.coding.uniform import Uniform
from lgcodec.format.conf import Conf, Plug, TensorSpec

__all__ = ["CODINGS", "DEPENDENT", "SCALED", "chunks", "frame"]

# Every quantiser and every coder, and each pair that fits.
CODINGS: Final[Sequence[tuple[Plug, Plug]]] = (
    (Plug("uniform", {"bits": 8}), Plug("rans")),
    (Plug("uniform", {"bits": 12}), Plug("rans")),
    (Plug("uniform", {"bits": 6}), Plug("raw")),
    (Plug("uniform", {"bits": 13}), Plug("raw")),
    (Plug("float", {"bits": 32}), Plug("raw")),
    (Plug("float", {"bits": 16}), Plug("raw")),
    (Plug("float", {"bits": 32}), Plug("zstd")),
    (Plug("uniform", {"bits": 10}), Plug("zstd")),
)
# Biases of the first two layers of a network without a global part are differences.
SCALED: Final = (Plug("uniform", {"bits": 10}), Plug("scaled", {"differences": [1, 3]}))
DEPENDENT: Final = (
    Plug("uniform", {"bits": 11}),
    Plug("scaled", {"differences": [1, 3], "dependent": 1}),
)
# Of the tensors of latents: the middle and half the reach of their numbers.
RANGES: Final = {"entropy": (0, 10), "steps": (-88, 10), "coarse": (0, 6), "latents": (0, 14)}
LARGEST: Final = 0.25  # magnitude of a weight: phases and values of a network stay small


def _frequencies(symbols: Symbols) -> bytes:
    least, most = int(symbols.min(initial=0)), int(symbols.max(initial=0))
    return FrequencyTable(least, most, 0, 65_535 - 2**15 // (1 + most - least), 65_000).pack()


def _places(symbols: Symbols) -> bytes:
    """As many for differences, which are up to twice as large."""
    reach = 2 * int(np.abs(symbols.astype(int)).max(initial=0)) // UNIT + 1
    return FrequencyTable(-reach, reach, 0, 65_535 - 2**15 // (1 + reach), 65_000).pack()


def _scale(row: int) -> int:
    """Of a chunk."""
    return SCALES[(5 * row + 11) % 20]


def _multiples(symbols: Symbols) -> Symbols:
    """Nearer to 0, so that a scale of its own divides each chunk."""
    scales = np.array([_scale(row) for row in range(len(symbols))])[:, None]
    whole = symbols.astype(int)
    multiples: Symbols = np.sign(whole) * (np.abs(whole) // scales * scales)
    return multiples.astype(symbols.dtype)


def _frames(symbols: Symbols) -> list[bytes]:
    planes = [row.view(np.uint8).reshape(len(row), -1).T.tobytes() for row in symbols]
    return [frame(part, 0x60 if len(part) > 255 else 0x20) for part in planes]


def frame(content: bytes, flags: int) -> bytes:
    """A Zstandard frame (RFC 8878) of one raw block: what a library makes depends on its version.

    Flags of 0x60 are for 256 to 65 791 bytes, 0x20 for fewer.
    """
    size = len(content)
    length = (size - 256).to_bytes(2, "little") if flags & 0xC0 else bytes([size])
    block = (size << 3 | 1).to_bytes(3, "little") + content
    return b"\x28\xb5\x2f\xfd" + bytes([flags]) + length + block


TABLES: Final[Mapping[str, Callable[[Symbols], bytes]]] = {
    "rans": _frequencies,
    "scaled": _places,
    "context": _frequencies,
}
ENCODERS: Final[Mapping[str, Callable[[Symbols], list[bytes]]]] = {"zstd": _frames}


def chunks(conf: Conf, partitions: int, seed: int) -> tuple[bytes, list[bytes]]:
    """A global chunk, and a local chunk for each of `partitions`."""
    codec, rng = codec_of(conf), Random(seed)
    tensors = [*((1, t) for t in codec.global_), *((partitions, t) for t in codec.local)]
    symbols = [
        _allowed(codec.coder, tensor, _drawn(codec.quantiser, count, tensor, rng))
        for count, tensor in tensors
    ]
    split = len(codec.global_)
    symbols = [
        *_depending(codec.coder, symbols[:split], 0),
        *_depending(codec.coder, symbols[split:], split),
    ]
    make = TABLES.get(codec.coder.name, codec.coder.table)
    tables = [make(part) for part in symbols]
    (body,) = _encoded(codec.coder, tables[:split], symbols[:split])
    kept = tables if codec.coder.local_tables else tables[:split]
    chunk = _steps(codec, len(tensors)) + b"".join(kept) + body
    coder = codec.decode_global(chunk).coder
    return chunk, _encoded(coder, tables[split:], symbols[split:])


def _encoded(coder: Coder, tables: list[bytes], symbols: list[Symbols]) -> list[bytes]:
    own = ENCODERS.get(coder.name)
    if own is None or not symbols:
        return coder.encode(tables, symbols)
    return own(np.concatenate(symbols, axis=1))


def _depending(coder: Coder, symbols: list[Symbols], before: int) -> list[Symbols]:
    """Half as many levels, which depend on each other, where a coder can say so.

    Every fourth chunk stays as it is.

    before   tensors that are numbered before these
    """
    if not symbols or not coder.configuration.get("dependent"):
        return symbols
    numbers = range(before, before + len(symbols))
    sizes = [part.shape[1] for part in symbols]
    follows = np.repeat([n not in coder.configuration["differences"] for n in numbers], sizes)
    whole = np.concatenate(symbols, axis=1)
    scales = np.array([_scale(row) for row in range(len(whole))])[:, None]
    values = np.sign(whole) * (np.abs(whole) // scales // 2)
    made = levels_of(values, follows) * scales
    made[3::4] = whole[3::4]
    return np.split(made.astype(whole.dtype), np.cumsum(sizes)[:-1], axis=1)


def _drawn(quantiser: Quantiser, count: int, tensor: TensorSpec, rng: Random) -> Symbols:
    """[count, tensor.size] symbols, small ones more often than large ones."""
    if quantiser.name == "integer":
        return _integers(count, tensor, rng).astype(quantiser.symbol_type)
    largest = quantiser.largest if isinstance(quantiser, Uniform) else 2**10
    numbers = [
        int((2 * largest + 1) * rng.random() * rng.random()) * (1 if rng.random() < 0.5 else -1)
        for _ in range(count * tensor.size)
    ]
    whole = np.clip(numbers, -largest, largest).reshape(count, tensor.size)
    scale = LARGEST / 2**10 if quantiser.symbol_type.kind == "f" else 1
    return (whole * scale).astype(quantiser.symbol_type)


def _allowed(coder: Coder, tensor: TensorSpec, symbols: Symbols) -> Symbols:
    """What a coder cannot have made otherwise.

    Multiples for a coder with scales; differences to the network of the specification within its
    limits; blocks that move as others, and 0 to 2 for which neighbours they see; all else as it is.
    """
    if tensor.name == MOTION:
        return _moving(symbols.reshape(-1, *tensor.shape)).reshape(symbols.shape)
    if isinstance(coder, Scaled) and tensor.name not in RANGES:
        return _multiples(symbols)
    if tensor.name != ENTROPY or not isinstance(coder, Context):
        return symbols
    most = np.maximum(np.abs(coder.usual), MAX_WEIGHT)
    sums = np.clip(coder.usual + symbols, -most, most)
    return (sums - coder.usual).astype(symbols.dtype)


def _moving(blocks: Symbols) -> Symbols:
    """[P, M, I, J, 3] of which a third are as the block on the left, and a third as that above."""
    blocks[..., 2] = np.abs(blocks[..., 2]) % 3
    for picture, row, column in np.ndindex(blocks.shape[1:4]):
        kind = (picture + row + 2 * column) % 3
        if kind == 1 and column:
            blocks[:, picture, row, column] = blocks[:, picture, row, column - 1]
        if kind == 2 and row:
            blocks[:, picture, row, column] = blocks[:, picture, row - 1, column]
    return blocks


def _integers(count: int, tensor: TensorSpec, rng: Random) -> Symbols:
    """Most numbers of a tensor of latents near the middle of its range, a few far off."""
    middle, reach = RANGES.get(tensor.name, (0, 3))
    numbers = []
    for _ in range(count * tensor.size):
        share = rng.random() * rng.random() * rng.random()
        numbers.append(middle + int((2 * reach + 1) * share) * (1 if rng.random() < 0.5 else -1))
    return np.array(numbers).reshape(count, tensor.size)


def _steps(codec: ChunkCodec, count: int) -> bytes:
    """Steps near LARGEST over the largest symbol, no two neighbours the same."""
    if not isinstance(codec.quantiser, Uniform):
        return b""
    unit = LARGEST / (codec.quantiser.largest + 1) / 16
    return np.array([unit * (16 - i % 5) for i in range(count)], "<f4").tobytes()
