"""INCODE's two helpers (Kazerouni et al., 2024, section 3): task-specific network and harmonizer.

The task-specific network turns the signal into a vector of features, and the harmonizer turns these
into the modulators of the sines. Of one signal the features are one constant vector: the harmonizer
is another parametrisation of a dozen numbers, and what it changes is the path that a fit takes.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Final, final

import torch
from torch import Tensor
from torch.nn import functional
from typing_extensions import override

from lgcodec.nets.conditioner import Conditioner

__all__ = ["FEATURES", "START", "Harmonizer", "random_features"]

FEATURES: Final = 64
START: Final = 0.0  # modulators before a fit: sines as in SIREN
CHANNELS: Final = (16, 32, FEATURES)
HIDDEN: Final = (FEATURES, 32)
SPREAD: Final = 0.001  # of the initial weights: modulators begin near START
# Of a penalty that keeps modulators a, b, c, d from getting negative, INCODE's choice.
PENALTIES: Final = (0.1993, 0.0196, 0.0588, 0.0269)


def random_features(signal: Tensor) -> Tensor:
    """[64] features of a signal [C, *grid] of one to three axes: three convolutions, pooled.

    Their weights are drawn with a fixed seed and stay as they are. The paper takes the first layers
    of a ResNet-34 that saw a million pictures, frozen as well; ours needs no download and serves
    every kind of signal, and knows nothing of pictures.
    """
    axes = signal.ndim - 1
    convolve = (functional.conv1d, functional.conv2d, functional.conv3d)[axes - 1]
    generator = torch.Generator().manual_seed(0)
    maps = signal[None]
    for channels in CHANNELS:
        shape = (channels, maps.shape[1], *[3] * axes)
        kernel = torch.randn(shape, generator=generator) * (2 / (shape[1] * 3**axes)) ** 0.5
        maps = convolve(maps, kernel.to(maps.device), stride=2, padding=1).relu()
    return maps.flatten(2).mean(2)[0]


@final
class Harmonizer(Conditioner):
    """A perceptron 64-64-32-4n with SiLU: a, b, c, d for each of n paths.

    emits      name of the tensor [n, 4] that it emits
    features   [64], constant
    """

    def __init__(self, emits: str, paths: int, features: Tensor) -> None:
        super().__init__()
        self._emits, self._paths = emits, paths
        self.register_buffer("_features", features, persistent=False)
        self.register_buffer("_penalties", torch.tensor(PENALTIES), persistent=False)
        widths = (FEATURES, *HIDDEN, 4 * paths)
        layers: list[torch.nn.Module] = []
        generator = torch.Generator().manual_seed(0)
        for inputs, outputs in pairwise(widths):
            linear = torch.nn.Linear(inputs, outputs)
            torch.nn.init.trunc_normal_(linear.weight, std=SPREAD, generator=generator)
            torch.nn.init.constant_(linear.bias, START)
            layers += [linear, torch.nn.SiLU()]
        self._layers = torch.nn.Sequential(*layers[:-1])

    @override
    def forward(self) -> tuple[Mapping[str, Tensor], Tensor]:
        modulators = self._layers(self._features).view(self._paths, 4)
        penalty = (self._penalties * (-modulators).relu()).sum()
        return {self._emits: modulators}, penalty
