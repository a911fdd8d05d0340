"""Raw coder: symbols as they stand in memory, little-endian; no tables."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, final

import numpy as np

from lgcodec.coding.base import Coder, Symbols, bad_payload
from lgcodec.errors import FileError

__all__ = ["Raw"]


@final
class Raw(Coder):
    """Every symbol takes the bytes of its type; specification: raw.md."""

    name: ClassVar[str] = "raw"

    @classmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> "Raw":
        if configuration:
            raise FileError("E_CONF", f"raw has {dict(configuration)}, expected nothing")
        return cls()

    @property
    def configuration(self) -> dict[str, Any]:
        return {}

    @property
    def table_bytes(self) -> int:
        return 0

    def table(self, symbols: Symbols) -> bytes:  # noqa: ARG002 (there is nothing to tell)
        return b""

    def encode(self, tables: Sequence[bytes], symbols: Sequence[Symbols]) -> list[bytes]:  # noqa: ARG002
        return [row.tobytes() for row in np.concatenate(symbols, axis=1)] if symbols else [b""]

    def decode(
        self,
        tables: Sequence[bytes],  # noqa: ARG002
        chunks: Sequence[bytes],
        sizes: Sequence[int],
        symbol_type: np.dtype[Any],
    ) -> list[Symbols]:
        length = sum(sizes) * symbol_type.itemsize
        for chunk in chunks:
            if len(chunk) != length:
                raise bad_payload(f"a raw chunk has {len(chunk)} bytes, its tensors need {length}")
        rows = np.frombuffer(b"".join(chunks), symbol_type).reshape(len(chunks), -1)
        return np.split(rows, np.cumsum(sizes)[:-1], axis=1) if sizes else []
