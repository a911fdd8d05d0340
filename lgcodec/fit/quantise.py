"""Quantisation in the loop: round in the forward pass, learn the steps, let gradients through.

The straight-through estimator with a learned step per tensor: with q = w / step clipped to the
symbols there are, the network sees step * round(q), and the gradient takes round for the identity.
Steps are learned as logarithms, so that one learning rate suits tensors of every magnitude.
"""

from typing import final

import torch
from torch import Tensor

from lgcodec.coding.base import Quantiser
from lgcodec.nets import TensorWeights

__all__ = ["StepLearner"]


@final
class StepLearner:
    """Learned steps of every tensor for symbols of magnitude up to 2**(bits - 1) - 1."""

    def __init__(self, bits: int, weights: TensorWeights, quantiser: Quantiser) -> None:
        self._largest = 2 ** (bits - 1) - 1
        self.log_steps = {
            name: torch.tensor(quantiser.step(value.detach().cpu().numpy()))
            .log()
            .to(value.device)
            .requires_grad_()
            for name, value in weights.items()
        }

    def parameters(self) -> list[Tensor]:
        """Logarithms of the steps, one scalar per tensor."""
        return list(self.log_steps.values())

    def steps(self) -> dict[str, float]:
        """Steps by tensor name."""
        return {name: float(value.detach().exp()) for name, value in self.log_steps.items()}

    def __call__(self, weights: TensorWeights) -> TensorWeights:
        """Weights as the decoder will see them, differentiable in weights and steps."""
        return {name: self._rounded(value, self.log_steps[name]) for name, value in weights.items()}

    def _rounded(self, weights: Tensor, log_step: Tensor) -> Tensor:
        step = log_step.exp()
        scaled = (weights / step).clamp(-self._largest, self._largest)
        return (scaled + (scaled.round() - scaled).detach()) * step
