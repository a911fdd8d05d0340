"""Integer quantiser: weights that are integers already, for families that count in fixed point."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, final

import numpy as np
from typing_extensions import override

from lgcodec.coding.base import Floats, Quantiser, Symbols, bad_payload
from lgcodec.errors import FileError

__all__ = ["LARGEST", "Integer"]

LARGEST: Final = 2**15 - 1


@final
class Integer(Quantiser):
    """A symbol is the weight itself, from -LARGEST to LARGEST; specification: integer.md."""

    name: ClassVar[str] = "integer"

    @classmethod
    @override
    def from_configuration(cls, configuration: Mapping[str, Any]) -> "Integer":
        if configuration:
            raise FileError("E_CONF", f"integer has {dict(configuration)}, expected nothing")
        return cls()

    @property
    @override
    def configuration(self) -> dict[str, Any]:
        return {}

    @property
    @override
    def symbol_type(self) -> np.dtype[Any]:
        return np.dtype("<i2")

    @property
    @override
    def has_step(self) -> bool:
        return False

    @override
    def step(self, weights: Floats) -> float:
        return 1.0

    @override
    def quantise(self, weights: Floats, step: float) -> Symbols:
        if weights.dtype == self.symbol_type:  # of a fit that found symbols
            return weights
        symbols: Symbols = np.clip(np.rint(weights), -LARGEST, LARGEST).astype(self.symbol_type)
        return symbols

    @override
    def dequantise(self, symbols: Symbols, step: float) -> Floats:
        if (symbols < -LARGEST).any():
            raise bad_payload(f"a symbol is {symbols.min()}, allowed are -{LARGEST} to {LARGEST}")
        return symbols.astype(np.float32)
