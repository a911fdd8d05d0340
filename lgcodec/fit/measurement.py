"""Fitting a signal that nobody has to what was measured of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from typing_extensions import override

__all__ = ["Measurement"]


@final
@dataclass(frozen=True, eq=False)
class Measurement:
    """A fit makes operator(signal) equal to `values`, in the mean of squares.

    operator   [*grid, C] float32 in network units, -1 to 1, to the shape of `values`; of torch
               operations with gradients
    values     float32
    """

    operator: Callable[[Tensor], Tensor]
    values: NDArray[np.float32]

    def pair(self, signal: Tensor) -> tuple[Tensor, Tensor]:
        """What would be measured of `signal` [*grid, C], and what was."""
        return self.operator(signal), torch.from_numpy(self.values).to(signal.device)

    @override
    def __repr__(self) -> str:
        """Short, and another one for other values: checkpoints tell fits apart by it."""
        return f"Measurement({crc32(np.ascontiguousarray(self.values).data):08x})"
