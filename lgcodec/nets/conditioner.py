"""What a family may need while it is fitted and never again: networks that emit weights."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor

__all__ = ["Conditioner"]


class Conditioner(torch.nn.Module, ABC):
    """Emits some of a family's weights from parameters of its own; the file stores what it emits.

    Its parameters are trained with the weights, and dropped when these are rounded.
    """

    @abstractmethod
    def forward(self) -> tuple[Mapping[str, Tensor], Tensor]:
        """Weights by name, which take the place of fitted ones; a penalty to add to the error."""
