"""Quantisation in the loop: round in the forward pass, learn the steps, let gradients through.

The straight-through estimator with a learned step per tensor: with q = w / step clipped to the
symbols there are, the network sees step * round(q), and the gradient takes round for the identity.
Steps are learned as logarithms, so that one learning rate suits tensors of every magnitude.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import log
from typing import Final, final

import torch
from torch import Tensor

from lgcodec.coding.frequencies import SYMBOL_BITS
from lgcodec.coding.uniform import Uniform
from lgcodec.nets import Family, TensorWeights

__all__ = ["FixedStep", "StepLearner", "bits_of"]


@final
@dataclass(frozen=True)
class FixedStep:
    """How a file quantises a tensor: its step, and the symbols that its table can code."""

    step: float
    least: int
    most: int


SMALLEST: Final = 1e-30  # weight that is told from 0


def bits_of(family: Family, nominal: int) -> dict[str, int]:
    """Bits of every tensor, by "local.<name>" and "global.<name>", for `nominal` bits."""
    names = [f"local.{tensor.name}" for tensor in family.local_tensors()]
    names += [f"global.{tensor.name}" for tensor in family.global_tensors()]
    return {name: min(nominal + family.extra_bits(name), SYMBOL_BITS) for name in names}


@final
class StepLearner:
    """Learned steps of every tensor.

    bits   the precision that steps begin with, by name; wider symbols are cut off
    free   cut off only what no file can hold, so that steps may become finer
    fixed  tensors whose steps are not learned
    kept   steps and symbols of a file that do not change, in the place of all these; tensors that
           it does not name are not rounded
    """

    def __init__(
        self,
        weights: TensorWeights,
        bits: Mapping[str, int],
        *,
        free: bool = False,
        fixed: Collection[str] = (),
        kept: Mapping[str, FixedStep] | None = None,
    ) -> None:
        quantisers = {name: Uniform(width) for name, width in bits.items()}
        self.bits = SYMBOL_BITS if free else max(bits.values())
        largest = {
            name: Uniform(SYMBOL_BITS).largest if free else quantiser.largest
            for name, quantiser in quantisers.items()
        }
        self._limits = {name: (-most, most) for name, most in largest.items()}
        self._finest = {
            name: log(max(float(value.detach().abs().max()), SMALLEST) / largest[name])
            for name, value in weights.items()
        }
        if kept is not None:
            self._limits = {name: (part.least, part.most) for name, part in kept.items()}
            self.log_steps = {
                name: torch.tensor(log(part.step)).to(weights[name].device)
                for name, part in kept.items()
            }
            return
        self.log_steps = {
            name: torch.tensor(log(quantisers[name].step(value.detach().cpu().numpy())))
            .to(value.device)
            .requires_grad_(name not in fixed)
            for name, value in weights.items()
        }

    def parameters(self) -> list[Tensor]:
        """Logarithms of the steps that are learned, one scalar per tensor."""
        return [step for step in self.log_steps.values() if step.requires_grad]

    def steps(self) -> dict[str, float]:
        """Steps by tensor name."""
        return {name: float(value.detach().exp()) for name, value in self.log_steps.items()}

    @torch.no_grad()
    def widen(self, factor: float, *, fixed: bool = False) -> None:
        """Multiply the steps that are learned, those that are not as well if `fixed`.

        No step becomes so fine that it would cut off weights that it was begun for.
        """
        for name, step in self.log_steps.items():
            if fixed or step.requires_grad:
                least = min(self._finest[name], float(step.detach()))
                step.add_(log(factor)).clamp_(min=least)

    @torch.no_grad()
    def symbols(self, weights: TensorWeights) -> dict[str, Tensor]:
        """What a file would hold."""
        return {name: self._scaled(name, value).round() for name, value in weights.items()}

    def __call__(self, weights: TensorWeights) -> TensorWeights:
        """Weights as the decoder will see them, differentiable in weights and steps."""
        return {
            name: self._rounded(name, value) if name in self.log_steps else value
            for name, value in weights.items()
        }

    def _rounded(self, name: str, weights: Tensor) -> Tensor:
        scaled = self._scaled(name, weights)
        return (scaled + (scaled.round() - scaled).detach()) * self.log_steps[name].exp()

    def _scaled(self, name: str, weights: Tensor) -> Tensor:
        return (weights / self.log_steps[name].exp()).clamp(*self._limits[name])
