"""What bits of weights cost, as a force that makes weights smaller while they are float."""

from collections.abc import Mapping
from math import log
from typing import Final, final

import torch
from torch import Tensor

from lgcodec.nets import TensorWeights

__all__ = ["PRICE", "Pull"]

PRICE: Final = 0.2  # of the error a weight, a bit


@final
class Pull:
    """The gradient of the bits that a Laplace distribution gives to matrices of weights.

    Of mean magnitude m a weight w takes |w| / (m ln 2) bits more than 0. A bit is to cost the share
    PRICE of the error that there is for each weight, about what rounding will take for it.

    error   mean square, as last measured
    """

    def __init__(self, weights: TensorWeights) -> None:
        self._matrices = [value for name, value in weights.items() if name.endswith(".w")]
        self._count = sum(value.numel() for value in weights.values())
        self.error = 0.0

    @torch.no_grad()
    def add(self, share: float) -> None:
        """Add so much of it to the `grad` of the matrices."""
        price = share * PRICE * self.error / self._count
        for matrix in self._matrices:
            if matrix.grad is not None:
                mean = float(matrix.abs().mean())
                matrix.grad.add_(matrix.sign(), alpha=price / (mean * log(2)))

    def state(self) -> dict[str, Tensor]:
        """What `restore` needs."""
        return {"error": torch.tensor(self.error, dtype=torch.double)}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Undo `state`."""
        self.error = float(tensors["error"])
