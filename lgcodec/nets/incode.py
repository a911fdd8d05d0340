"""Local-Global INCODE: sines whose amplitude, frequency, phase and offset are fitted too.

    act(z) = exp(a) sin(exp(b) w0 z + c) + d

Paper `INCODE` (Kazerouni et al., 2024), equation 4, with four modulators for each path: local,
global and merge (Local-Global paper, section 4.6). A file stores the modulators; the networks that
emit them while fitting stand in `harmonizer`.
"""

from dataclasses import dataclass
from math import pi
from typing import ClassVar, final

import torch
from torch import Tensor
from typing_extensions import override

from lgcodec.format.conf import TensorSpec
from lgcodec.nets.base import TensorWeights
from lgcodec.nets.conditioner import Conditioner
from lgcodec.nets.harmonizer import START, Harmonizer, random_features
from lgcodec.nets.mlp import PATHS, Path, path_of
from lgcodec.nets.sine import Sine

__all__ = ["Incode"]

MODULATORS = "global.modulators"


@final
@dataclass(frozen=True)
class Incode(Sine):
    """Networks of modulated sines: see `Mlp` and `Sine` for the fields."""

    name: ClassVar[str] = "incode"

    @property
    def paths(self) -> int:
        """Paths that have modulators: one, or three with a global network."""
        return 3 if self.global_width else 1

    @override
    def global_tensors(self) -> tuple[TensorSpec, ...]:
        return (*super().global_tensors(), TensorSpec("modulators", (self.paths, 4)))

    @override
    def initialise(self, partitions: int, generator: torch.Generator) -> TensorWeights:
        modulators = torch.full((self.paths, 4), START)
        return {**super().initialise(partitions, generator), MODULATORS: modulators}

    @override
    def conditioner(self, overview: Tensor) -> Conditioner:
        return Harmonizer(MODULATORS, self.paths, random_features(overview))

    @override
    def prepared(self, weights: TensorWeights) -> TensorWeights:
        """exp(b) w0 times the weights, and c added to the biases: sums are arguments of sines."""
        gains = self.w0 * weights[MODULATORS][:, 1].exp()
        shifts = weights[MODULATORS][:, 2]
        result = {}
        for name, value in weights.items():
            if name != MODULATORS:
                path = PATHS.index(path_of(name))
                scaled = gains[path] * value
                result[name] = scaled + shifts[path] if name.endswith(".b") else scaled
        return result

    @override
    def activate(self, sums: Tensor, path: Path, weights: TensorWeights) -> Tensor:
        amplitude, _, _, offset = weights[MODULATORS][PATHS.index(path)]
        return torch.addcmul(offset, amplitude.exp(), sums.sin())

    @override
    def canonicalise(self, weights: TensorWeights) -> TensorWeights:
        """Wrap biases by the period of their path's sine."""
        periods = 2 * pi / self.w0 / weights[MODULATORS][:, 1].exp()
        return self.wrapped(weights, dict(zip(PATHS, periods, strict=False)))

    @override
    def extra_bits(self, tensor: str) -> int:
        """All there are for the modulators: a dozen numbers that everything passes through."""
        return 11 if tensor == MODULATORS else super().extra_bits(tensor)
