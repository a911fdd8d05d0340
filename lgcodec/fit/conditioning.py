"""Fitting weights that a network emits, without the loop knowing: emit before, take after."""

from typing import final

import torch
from torch import Tensor

from lgcodec.nets import Conditioner, TensorWeights

__all__ = ["Conditioning"]


@final
class Conditioning:
    """Keeps emitted weights equal to what `conditioner` emits, and passes their gradients on.

    The emitted ones of `weights` are leaves like all others, so blocks, measurements and the best
    weights need to know nothing. Without a conditioner everything here does nothing.
    """

    def __init__(self, conditioner: Conditioner | None, weights: TensorWeights) -> None:
        self._conditioner = conditioner
        self._weights = weights
        self._emitted: TensorWeights = {}
        self._penalty = torch.zeros(())
        self.emit()

    def parameters(self) -> list[Tensor]:
        """What to train in the stead of the emitted weights."""
        return list(self._conditioner.parameters()) if self._conditioner else []

    def emit(self) -> None:
        """Bring the emitted weights up to date; after every step of the optimiser."""
        if self._conditioner is None:
            return
        self._emitted, self._penalty = self._conditioner()
        with torch.no_grad():
            for name, value in self._emitted.items():
                self._weights[name].copy_(value)

    def take(self) -> None:
        """Turn gradients of emitted weights into those of the parameters; before every step."""
        if self._conditioner is None:
            return
        gradients = [self._weights[name].grad for name in self._emitted]
        torch.autograd.backward(
            [*self._emitted.values(), self._penalty], [*gradients, torch.ones_like(self._penalty)]
        )

    def bake(self) -> None:
        """Forget the conditioner: from here on the emitted weights are fitted themselves."""
        self._conditioner = None

    def state(self) -> dict[str, Tensor]:
        """Parameters by name, to be saved; none once they are baked away."""
        return dict(self._conditioner.state_dict()) if self._conditioner else {}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Undo `state`."""
        if state and self._conditioner:
            self._conditioner.load_state_dict(state)
            self.emit()
        else:
            self.bake()
