"""Bits of weights under the tables that a file would hold, as a smooth function of the weights.

A table of the coder `rans` gives a symbol at distance k from the middle about

    a k + b k (k - 1) / 2 + c    nats,   a = -ln slope, b = -ln bend

(`coding/frequencies.py`). Taken at k = |weight / step - middle|, not rounded, this has a gradient:
towards smaller weights, and towards wider steps. Tables follow the weights now and then.
"""

from math import log
from typing import Final, final

import torch
from torch import Tensor

from lgcodec.coding.frequencies import FrequencyTable
from lgcodec.fit.quantise import StepLearner
from lgcodec.nets import TensorWeights

__all__ = ["RateModel"]

UNIT: Final = 2.0**16  # of slope and bend


@final
class RateModel:
    """The tables of all tensors, and the bits that weights take under them."""

    def __init__(self, weights: TensorWeights, learner: StepLearner) -> None:
        self._learner = learner
        self.tables: dict[str, FrequencyTable] = {}
        self.refresh(weights)

    def refresh(self, weights: TensorWeights) -> None:
        """Fit the tables to the symbols that `weights` have now."""
        self.tables = {
            name: FrequencyTable.fit(symbols.cpu().numpy())
            for name, symbols in self._learner.symbols(weights).items()
        }

    def bits(self, weights: TensorWeights) -> Tensor:
        """All weights together, a scalar; differentiable in weights and steps."""
        return torch.stack([self._bits(name, value) for name, value in weights.items()]).sum()

    def _bits(self, name: str, weights: Tensor) -> Tensor:
        table = self.tables[name]
        k = (weights / self._learner.log_steps[name].exp() - table.middle).abs()
        symbols = torch.arange(table.least, table.most + 1, device=k.device) - table.middle
        total = torch.logsumexp(-_energy(table, symbols.abs()), 0)
        return (_energy(table, k).sum() + k.numel() * total) / log(2)


def _energy(table: FrequencyTable, k: Tensor) -> Tensor:
    """Nats that a symbol at distance `k` takes more than the most frequent one."""
    slope, bend = -log(table.slope / UNIT), -log(table.bend / UNIT)
    return slope * k + bend / 2 * k * (k - 1)
