"""Weights kept as IEEE floats, for exchange and for measuring what quantisation costs."""

from collections.abc import Mapping
from typing import Any, ClassVar, final

import numpy as np
from typing_extensions import override

from lgcodec.coding.base import Floats, Quantiser, Symbols
from lgcodec.errors import FileError

__all__ = ["Float"]


@final
class Float(Quantiser):
    """A symbol is the float itself, 16 or 32 bits wide; specification: float.md."""

    name: ClassVar[str] = "float"

    def __init__(self, bits: int) -> None:
        self.bits = bits

    @classmethod
    @override
    def from_configuration(cls, configuration: Mapping[str, Any]) -> "Float":
        bits = configuration.get("bits")
        if set(configuration) != {"bits"} or type(bits) is not int or bits not in (16, 32):
            raise FileError("E_CONF", f"float has {dict(configuration)}, expected bits 16 or 32")
        return cls(bits)

    @property
    @override
    def configuration(self) -> dict[str, Any]:
        return {"bits": self.bits}

    @property
    @override
    def symbol_type(self) -> np.dtype[Any]:
        return np.dtype("<f2" if self.bits == 16 else "<f4")

    @property
    @override
    def has_step(self) -> bool:
        return False

    @override
    def step(self, weights: Floats) -> float:
        return 1.0

    @override
    def quantise(self, weights: Floats, step: float) -> Symbols:
        largest = np.finfo(self.symbol_type).max
        return np.clip(weights, -largest, largest).astype(self.symbol_type)

    @override
    def dequantise(self, symbols: Symbols, step: float) -> Floats:
        return symbols.astype(np.float32)
