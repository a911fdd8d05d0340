"""Local-Global SIREN, and its two baselines with the global path switched off: act = sin(w0 z)."""

from dataclasses import dataclass
from math import pi
from typing import ClassVar, final

import torch
from torch import Tensor
from typing_extensions import override

from lgcodec.nets.base import TensorWeights
from lgcodec.nets.mlp import PATHS, Path
from lgcodec.nets.sine import Sine

__all__ = ["Siren"]


@final
@dataclass(frozen=True)
class Siren(Sine):
    """Networks of sines of one frequency: see `Mlp` and `Sine` for the fields."""

    name: ClassVar[str] = "siren"

    @override
    def prepared(self, weights: TensorWeights) -> TensorWeights:
        return {name: value * self.w0 for name, value in weights.items()}

    @override
    def activate(self, sums: Tensor, path: Path, weights: TensorWeights) -> Tensor:
        return torch.sin(sums)

    @override
    def canonicalise(self, weights: TensorWeights, first: int = 0) -> TensorWeights:
        """Use the symmetries of the sine to make biases small: same outputs, fewer bits.

        The period 2 pi / w0 wraps every bias of a sine layer. Without a merge, a neuron's output
        may also change its sign, which the next layer's weights take back: sin(x + pi) = -sin(x)
        and sin(-x) = -sin(x) bring biases into 0 to pi / (2 w0). Nor does the order of neurons
        matter: that of their biases needs log2 h! bits less for the h of them. Layers before
        `first` stay as they are.
        """
        if self.global_width:
            return self.wrapped(weights, dict.fromkeys(PATHS, 2 * pi / self.w0))
        result = dict(weights)
        for layer in range(first, self.layers - 1):
            self._make_positive(result, layer)
            self._put_in_order(result, layer)
        return result

    @property
    @override
    def ascending(self) -> tuple[str, ...]:
        hidden = range(0 if self.global_width else self.layers - 1)
        return tuple(f"{layer}.b" for layer in hidden)

    def _make_positive(self, weights: dict[str, Tensor], layer: int) -> None:
        """Bring the biases [P, h] of a layer into 0 to pi / (2 w0)."""
        bias, incoming = f"local.{layer}.b", f"local.{layer}.w"
        outgoing = f"local.{layer + 1}.w"
        turns = torch.round(weights[bias] * (self.w0 / pi))
        wrapped = weights[bias] - turns * (pi / self.w0)
        flip = torch.where(wrapped < 0, -1.0, 1.0)
        sign = flip * (1 - 2 * (turns % 2))
        weights[bias] = wrapped * flip
        weights[incoming] = weights[incoming] * flip[:, None, :]
        weights[outgoing] = weights[outgoing] * sign[:, :, None]

    def _put_in_order(self, weights: dict[str, Tensor], layer: int) -> None:
        """Let the biases [P, h] of a layer grow."""
        bias, incoming = f"local.{layer}.b", f"local.{layer}.w"
        outgoing = f"local.{layer + 1}.w"
        weights[bias], order = weights[bias].sort(dim=1, stable=True)
        into = order[:, None].expand_as(weights[incoming])
        weights[incoming] = weights[incoming].gather(2, into)
        weights[outgoing] = weights[outgoing].gather(
            1, order[:, :, None].expand_as(weights[outgoing])
        )
