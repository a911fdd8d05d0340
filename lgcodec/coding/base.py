"""What a quantiser and an entropy coder must offer; each stands in a file of its own.

A quantiser turns float32 weights into integer symbols and back. A coder turns the symbols of a
chunk into bytes and back, with tables that it keeps once, in the global chunk of the group. A
quantiser or coder is stored as name + configuration, and only the plug reads its configuration.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from lgcodec.errors import FileError
from lgcodec.format.conf import TensorSpec

__all__ = ["Coder", "Floats", "Quantiser", "Symbols", "bad_payload", "check_empty"]

Floats = NDArray[np.float32]
Symbols = NDArray[Any]  # an integer or float dtype, the quantiser's `symbol_type`


def bad_payload(message: str) -> FileError:
    """The error for chunk bytes whose checksum holds and whose content is impossible."""
    return FileError("E_PAYLOAD", message)


def check_empty(chunks: Sequence[bytes]) -> None:
    """FileError E_PAYLOAD unless all chunks, which have no tensors, are empty."""
    if longest := max(map(len, chunks), default=0):
        raise bad_payload(f"a chunk without tensors has {longest} bytes, it must be empty")


class Quantiser(ABC):
    """Weights <-> symbols, one tensor at a time."""

    name: ClassVar[str]

    @classmethod
    @abstractmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> "Quantiser":
        """Read what `configuration` wrote; FileError E_CONF if it is not that."""

    @property
    @abstractmethod
    def configuration(self) -> dict[str, Any]:
        """What a decoder must know."""

    @property
    @abstractmethod
    def symbol_type(self) -> np.dtype[Any]:
        """Little-endian dtype of a symbol."""

    @property
    @abstractmethod
    def has_step(self) -> bool:
        """Whether each tensor stores a step, one float32 in the global chunk."""

    @abstractmethod
    def step(self, weights: Floats) -> float:
        """A step that covers `weights` (any shape) when fitting has not learned one."""

    @abstractmethod
    def quantise(self, weights: Floats, step: float) -> Symbols:
        """Symbols of `weights`, same shape."""

    @abstractmethod
    def dequantise(self, symbols: Symbols, step: float) -> Floats:
        """Weights that `symbols` stand for, same shape."""


class Coder(ABC):
    """Symbols <-> bytes for many chunks that share one schedule of tensors.

    Letters in shapes: C chunks, N_k symbols of tensor k in each chunk. Symbols of one chunk are
    coded in the order of the tensors.
    """

    name: ClassVar[str]
    integers_only: ClassVar[bool] = False  # no use for a quantiser whose symbols are floats
    local_tables: ClassVar[bool] = True  # whether local tensors have tables in the global chunk
    later_scale: ClassVar[int] = 1  # that divides symbols which were chosen without scales
    self_checking: ClassVar[bool] = False  # whether few damaged chunks decode; see lgi-1.md, 7
    has_loops: ClassVar[bool] = False  # whether decoding takes long enough to be worth threads

    @classmethod
    def takes(cls, quantiser: Quantiser) -> bool:
        """Whether the symbols of `quantiser` can be coded."""
        return not (cls.integers_only and quantiser.symbol_type.kind == "f")

    @classmethod
    @abstractmethod
    def from_configuration(cls, configuration: Mapping[str, Any]) -> "Coder":
        """Read what `configuration` wrote; FileError E_CONF if it is not that."""

    @property
    @abstractmethod
    def configuration(self) -> dict[str, Any]:
        """What a decoder must know."""

    @property
    @abstractmethod
    def table_bytes(self) -> int:
        """Bytes of one tensor's table."""

    def for_locals(self, tensors: Sequence[TensorSpec], global_: Mapping[str, Floats]) -> "Coder":
        """The coder of local chunks: this one, unless it codes by what the global chunk says.

        `global_` holds the decoded global tensors; FileError E_PROFILE or E_PAYLOAD if they do
        not suit.
        """
        del tensors, global_
        return self

    def without(self, levels: int) -> "Coder":  # noqa: ARG002 (most have none)
        """The same, but that it may decode 0 for the symbols of so many of the finest levels."""
        return self

    @abstractmethod
    def table(self, symbols: Symbols) -> bytes:
        """The table of a tensor with these symbols, of any shape: `table_bytes` bytes."""

    def tables(self, symbols: Sequence[Symbols]) -> list[bytes]:
        """The table of each of a stream's tensors, [..., N_k] in their order."""
        return [self.table(part) for part in symbols]

    def limits(self, tables: Sequence[bytes]) -> list[tuple[int, int] | None]:
        """The least and the most symbol that each table can code; None if it codes all.

        Of chunks that come later, all whose symbols are multiples of `later_scale`: in so many.
        """
        return [None] * len(tables)

    def nearest(self, tables: Sequence[bytes], symbols: Sequence[Symbols]) -> list[Symbols]:
        """Symbols of chunks that come later, near [C, N_k] times `later_scale`; see `limits`."""
        return [
            part if ends is None else part.clip(*ends)
            for part, ends in zip(symbols, self.limits(tables), strict=True)
        ]

    @abstractmethod
    def encode(self, tables: Sequence[bytes], symbols: Sequence[Symbols]) -> list[bytes]:
        """Bytes of each of C chunks; `symbols[k]` is [C, N_k] and `tables[k]` its table."""

    @abstractmethod
    def decode(
        self,
        tables: Sequence[bytes],
        chunks: Sequence[bytes],
        sizes: Sequence[int],
        symbol_type: np.dtype[Any],
    ) -> list[Symbols]:
        """Undo `encode`: [C, N_k] for each of `sizes` N_k; FileError E_PAYLOAD if damaged."""
