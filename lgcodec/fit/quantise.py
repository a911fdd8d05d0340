"""Quantisation in the loop: round in the forward pass, learn the steps, let gradients through.

The straight-through estimator with a learned step per tensor: with q = w / step clipped to the
symbols there are, the network sees step * round(q), and the gradient takes round for the identity.
Steps are learned as logarithms, so that one learning rate suits tensors of every magnitude.
"""

from collections.abc import Mapping
from math import log
from typing import final

import torch
from torch import Tensor

from lgcodec.coding.uniform import MAX_BITS, Uniform
from lgcodec.nets import Family, TensorWeights

__all__ = ["StepLearner", "bits_of"]


def bits_of(family: Family, nominal: int) -> dict[str, int]:
    """Bits of every tensor, by "local.<name>" and "global.<name>", for `nominal` bits."""
    names = [f"local.{tensor.name}" for tensor in family.local_tensors()]
    names += [f"global.{tensor.name}" for tensor in family.global_tensors()]
    return {name: min(nominal + family.extra_bits(name), MAX_BITS) for name in names}


@final
class StepLearner:
    """Learned steps of every tensor; `bits` gives their precision, by name."""

    def __init__(self, weights: TensorWeights, bits: Mapping[str, int]) -> None:
        quantisers = {name: Uniform(width) for name, width in bits.items()}
        self._largest = {name: quantiser.largest for name, quantiser in quantisers.items()}
        self.log_steps = {
            name: torch.tensor(log(quantisers[name].step(value.detach().cpu().numpy())))
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
        return {name: self._rounded(name, value) for name, value in weights.items()}

    def _rounded(self, name: str, weights: Tensor) -> Tensor:
        step, largest = self.log_steps[name].exp(), self._largest[name]
        scaled = (weights / step).clamp(-largest, largest)
        return (scaled + (scaled.round() - scaled).detach()) * step
