"""Raw coder: symbols as they stand in memory, little-endian; no tables."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

import numpy as np
from typing_extensions import override

from lgcodec.coding.base import Coder, Symbols, bad_payload
from lgcodec.errors import FileError

__all__ = ["Raw"]


@final
class Raw(Coder):
    """Every symbol takes the bytes of its type; specification: raw.md."""

    name: ClassVar[str] = "raw"

    @classmethod
    @override
    def from_configuration(cls, configuration: Mapping[str, Any]) -> "Raw":
        if configuration:
            raise FileError("E_CONF", f"raw has {dict(configuration)}, expected nothing")
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
        return [row.tobytes() for row in np.concatenate(symbols, axis=1)] if symbols else [b""]

    @override
    def decode(
        self,
        tables: Sequence[bytes],
        chunks: Sequence[bytes],
        sizes: Sequence[int],
        symbol_type: np.dtype[Any],
    ) -> list[Symbols]:
        length = sum(sizes) * symbol_type.itemsize
        for chunk in chunks:
            if len(chunk) != length:
                raise bad_payload(f"a raw chunk has {len(chunk)} bytes, its tensors need {length}")
        rows = np.frombuffer(b"".join(chunks), symbol_type).reshape(len(chunks), sum(sizes))
        return np.split(rows, np.cumsum(sizes)[:-1], axis=1) if sizes else []
