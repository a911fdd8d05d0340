"""Uniform quantiser: symbol = round(weight / step), with one learned step for each tensor."""

from collections.abc import Mapping
from typing import Any, ClassVar, final

import numpy as np
from typing_extensions import override

from lgcodec.coding.base import Floats, Quantiser, Symbols, bad_payload
from lgcodec.errors import FileError, UsageError

__all__ = ["MAX_BITS", "Uniform"]

MIN_BITS, MAX_BITS = 2, 19
SMALLEST_STEP = 1e-30  # weights below it are zero for every purpose
CUTS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)


@final
class Uniform(Quantiser):
    """Symbols are integers of magnitude at most 2**(bits - 1) - 1; specification: uniform.md."""

    name: ClassVar[str] = "uniform"

    def __init__(self, bits: int) -> None:
        if not MIN_BITS <= bits <= MAX_BITS:
            raise UsageError(f"bits is {bits}, allowed are {MIN_BITS} to {MAX_BITS}")
        self.bits = bits

    @classmethod
    @override
    def from_configuration(cls, configuration: Mapping[str, Any]) -> "Uniform":
        bits = configuration.get("bits")
        if set(configuration) != {"bits"} or type(bits) is not int:
            raise FileError("E_CONF", f"uniform has {dict(configuration)}, expected {{bits: int}}")
        if not MIN_BITS <= bits <= MAX_BITS:
            raise FileError("E_CONF", f"bits is {bits}, allowed are {MIN_BITS} to {MAX_BITS}")
        return cls(bits)

    @property
    @override
    def configuration(self) -> dict[str, Any]:
        return {"bits": self.bits}

    @property
    @override
    def symbol_type(self) -> np.dtype[Any]:
        return np.dtype(f"<i{next(n for n in (1, 2, 4) if self.bits <= 8 * n)}")

    @property
    @override
    def has_step(self) -> bool:
        return True

    @property
    def largest(self) -> int:
        """Largest magnitude of a symbol."""
        return (1 << (self.bits - 1)) - 1

    def step(self, weights: Floats) -> float:
        """The step of least squared error among some that cut off none or a part of the range."""
        widest = float(np.abs(weights).max(initial=0)) / self.largest
        if widest < SMALLEST_STEP:
            return 1.0
        return min((widest * part for part in CUTS), key=lambda step: self._error(weights, step))

    def _error(self, weights: Floats, step: float) -> float:
        error = self.dequantise(self.quantise(weights, step), step) - weights
        return float(np.vdot(error, error))

    @override
    def quantise(self, weights: Floats, step: float) -> Symbols:
        scaled = np.rint(weights / np.float32(step))
        symbols: Symbols = np.clip(scaled, -self.largest, self.largest).astype(self.symbol_type)
        return symbols

    @override
    def dequantise(self, symbols: Symbols, step: float) -> Floats:
        least, most = int(symbols.min(initial=0)), int(symbols.max(initial=0))
        if max(-least, most) > self.largest:
            raise bad_payload(f"symbols run from {least} to {most}, allowed are ±{self.largest}")
        return symbols.astype(np.float32) * np.float32(step)
