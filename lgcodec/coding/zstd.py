"""Zstandard over shuffled bytes: all first bytes of the symbols, then all second bytes, and so on.

The exponents of floats are alike and their mantissas are noise: apart, the former compress.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, final

import numpy as np
import zstandard
from numpy.typing import NDArray
from typing_extensions import override

from lgcodec.coding.base import Coder, Symbols, bad_payload
from lgcodec.errors import FileError

__all__ = ["Zstd"]

MAGIC: Final = b"\x28\xb5\x2f\xfd"
SINGLE_SEGMENT: Final = 1 << 5  # of the byte after MAGIC: no memory beside the content is needed
MOST_PER_BYTE: Final = 2**15  # a block takes 4 bytes or more and holds 2**17 or less
LEVEL: Final = 19
WINDOW_LOGS: Final = (10, 30)  # what the library takes


@final
class Zstd(Coder):
    """One Zstandard frame (RFC 8878) per chunk, without tables; specification: zstd.md."""

    name: ClassVar[str] = "zstd"

    @classmethod
    @override
    def from_configuration(cls, configuration: Mapping[str, Any]) -> "Zstd":
        if configuration:
            raise FileError("E_CONF", f"zstd has {dict(configuration)}, expected nothing")
        return cls()

    @property
    @override
    def configuration(self) -> dict[str, Any]:
        return {}

    @property
    @override
    def table_bytes(self) -> int:
        return 0

    @override
    def table(self, symbols: Symbols) -> bytes:
        return b""

    @override
    def encode(self, tables: Sequence[bytes], symbols: Sequence[Symbols]) -> list[bytes]:
        if not symbols:
            return [b""]
        rows = np.concatenate(symbols, axis=1)
        compressor = _compressor(rows.shape[1] * rows.itemsize)
        return [compressor.compress(_shuffled(row)) for row in rows]

    @override
    def decode(
        self,
        tables: Sequence[bytes],
        chunks: Sequence[bytes],
        sizes: Sequence[int],
        symbol_type: np.dtype[Any],
    ) -> list[Symbols]:
        if not sizes:
            if any(chunks):
                raise bad_payload("a chunk without tensors is not empty")
            return []
        length = sum(sizes) * symbol_type.itemsize
        for chunk in chunks:  # all of them before there is room made for any
            _check_header(chunk, length)
        rows = np.empty((len(chunks), sum(sizes)), symbol_type)
        decompressor = zstandard.ZstdDecompressor()
        for row, chunk in zip(rows, chunks, strict=True):
            planes = np.frombuffer(_content(decompressor, chunk, length), np.uint8)
            row[:] = planes.reshape(symbol_type.itemsize, -1).T.copy().view(symbol_type)[:, 0]
        return np.split(rows, np.cumsum(sizes)[:-1], axis=1)


def _compressor(length: int) -> zstandard.ZstdCompressor:
    """One whose window holds all `length` bytes, which makes a frame a single segment."""
    low, high = WINDOW_LOGS
    window = min(max(length.bit_length(), low), high)
    parameters = zstandard.ZstdCompressionParameters.from_level(
        LEVEL, source_size=length, window_log=window, write_content_size=True
    )
    return zstandard.ZstdCompressor(compression_params=parameters)


def _shuffled(symbols: NDArray[Any]) -> bytes:
    """Byte k of every symbol, for each k."""
    return symbols.view(np.uint8).reshape(len(symbols), -1).T.tobytes()


def _check_header(chunk: bytes, length: int) -> None:
    """Raise FileError E_PAYLOAD unless the frame is one that can hold `length` bytes, and does."""
    if chunk[:4] != MAGIC or len(chunk) == 4 or not chunk[4] & SINGLE_SEGMENT:
        raise bad_payload("a chunk is not a Zstandard frame of a single segment")
    if length > len(chunk) * MOST_PER_BYTE:
        raise bad_payload(
            f"a Zstandard frame of {len(chunk)} bytes is too short, its tensors need {length}"
        )
    try:
        header = zstandard.get_frame_parameters(chunk)
    except zstandard.ZstdError as error:
        raise bad_payload(f"a Zstandard frame is damaged: {error}") from error
    if (header.content_size, header.dict_id, header.has_checksum) != (length, 0, False):
        raise bad_payload(
            f"a Zstandard frame holds {header.content_size} bytes, its tensors need {length}; "
            "dictionaries and checksums are not allowed"
        )


def _content(decompressor: zstandard.ZstdDecompressor, chunk: bytes, length: int) -> bytes:
    """The `length` bytes of a frame whose header has been checked."""
    try:
        return decompressor.decompress(
            chunk, max_output_size=length, read_across_frames=False, allow_extra_data=False
        )
    except zstandard.ZstdError as error:
        raise bad_payload(f"a Zstandard frame is damaged: {error}") from error
