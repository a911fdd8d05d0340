"""Bytes of a stream's weights: as coded, by their tables in theory, and by zstandard level 19.

    coded    all chunks without steps and tables
    ideal    sum of -log2(frequency / 2**14) over all symbols
    zstd     of each chunk apart, as a file that can be cut needs it; solid: of all at once

zstandard gets the same integers, one byte each where a tensor's fit one, else all low bytes of the
tensor and then all high ones. Its frames have neither a magic number nor a length.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, final

import numpy as np
import zstandard
from numpy.typing import NDArray

from lgcodec.coding import codec_of
from lgcodec.coding.frequencies import PRECISION
from lgcodec.coding.rans import Rans
from lgcodec.coding.scaled import Scaled
from lgcodec.format.container import BytesSource, Reader, Stream

__all__ = ["CodeLengths", "code_lengths"]

ZSTD: Final = zstandard.ZstdCompressionParameters.from_level(
    19, format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_content_size=0
)
STEP: Final = 4
Symbols = NDArray[Any]  # [chunks, symbols of a tensor]


@final
@dataclass(frozen=True)
class CodeLengths:
    """Bytes of all weights of a file; see the module."""

    coded: int
    ideal: float
    zstd: int
    solid: int


def code_lengths(data: bytes) -> CodeLengths:
    """Of the first stream of a file of rANS-coded weights."""
    with Reader(BytesSource(data)) as reader:
        stream = reader.streams[0]
        found = [_of_group(stream, ordinal) for ordinal in stream.groups]
    return CodeLengths(*(sum(part) for part in zip(*found, strict=True)))


def _of_group(stream: Stream, ordinal: int) -> tuple[int, float, int, int]:
    codec = codec_of(stream.conf)
    chunk = stream.read_global(ordinal)
    chunks = list(stream.read_locals(ordinal, stream.groups[ordinal].ids).values())
    count, width = len(codec.global_) + len(codec.local), codec.coder.table_bytes
    head = STEP * count
    tables = [chunk[at : at + width] for at in range(head, head + width * count, width)]
    split, body = len(codec.global_), chunk[head + width * count :]
    coded, ideal, zstd, solid = 0, 0.0, 0, 0
    for coder, specs, own, parts in (
        (codec.coder, codec.global_, tables[:split], [body]),
        (codec.decode_global(chunk).coder, codec.local, tables[split:], chunks),
    ):
        sizes = [tensor.size for tensor in specs]
        symbols = coder.decode(own, parts, sizes, codec.quantiser.symbol_type)
        coded += sum(map(len, parts))
        if not isinstance(coder, Rans | Scaled):
            raise TypeError(f"weights are coded by {coder.name}, not by rANS")
        ideal += _ideal(coder, own, symbols) / 8
        planes = [_plane(part) for part in _integers(coder, symbols)]
        zstd += sum(_zstd([plane[i] for plane in planes]) for i in range(len(parts)))
        solid += _zstd(planes)
    return coded, ideal, zstd, solid


def _ideal(coder: Rans | Scaled, tables: Sequence[bytes], symbols: Sequence[Symbols]) -> float:
    """Bits of all chunks."""
    if not symbols:
        return 0.0
    frequency, _ = coder.intervals(tables, symbols)
    return float((PRECISION - np.log2(frequency)).sum())


def _integers(coder: Rans | Scaled, symbols: Sequence[Symbols]) -> Sequence[Symbols]:
    """What is coded, tensor after tensor: of numbers with a scale those without."""
    if not isinstance(coder, Scaled) or not symbols:
        return symbols
    _, values, _ = coder.coded(symbols)
    return np.split(values, np.cumsum([part.shape[1] for part in symbols])[:-1], axis=1)


def _plane(symbols: Symbols) -> Symbols:
    """[chunks, bytes]: one byte of each symbol if it fits, else first the low ones."""
    if np.abs(symbols.astype(np.int64)).max(initial=0) < 128:
        return symbols.astype(np.int8).view(np.uint8)
    pairs = symbols.astype("<i2")[..., None].view(np.uint8)
    return np.concatenate([pairs[..., 0], pairs[..., 1]], axis=1)


def _zstd(planes: Sequence[Symbols]) -> int:
    data = b"".join(plane.tobytes() for plane in planes)
    return len(zstandard.ZstdCompressor(compression_params=ZSTD).compress(data)) if data else 0
