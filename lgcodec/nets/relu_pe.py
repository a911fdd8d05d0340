"""ReLU networks fed with positional encodings, as in NeRF (Mildenhall et al., 2020, equation 4).

    feed(x) = sin(pi x), cos(pi x), sin(2 pi x), cos(2 pi x), …, sin(2**(n-1) pi x), …

The baseline that sine networks are compared with. Across N samples the fastest octave has a wave
every four to eight samples, which was measured best for tiles and frames alike.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, log2, pi, sqrt
from typing import Any, ClassVar, Self, final

import torch
from torch import Tensor
from typing_extensions import override

from lgcodec.errors import UsageError
from lgcodec.format.conf import TensorSpec
from lgcodec.nets.base import TensorWeights
from lgcodec.nets.mlp import Mlp, Path
from lgcodec.nets.request import Request
from lgcodec.nets.sizing import sized

__all__ = ["ReluPe"]

MAX_OCTAVES = 16
MOST_FITTED = 10  # more, and binary32 no longer tells neighbouring phases apart


@final
@dataclass(frozen=True)
class ReluPe(Mlp):
    """A perceptron of rectified sums: see `Mlp` for the other fields.

    octaves   frequencies per axis that the local and the global network are fed, 1 to 16 each
    """

    octaves: tuple[int, ...] = (6, 6)

    name: ClassVar[str] = "relu-pe"
    keys: ClassVar[Mapping[str, Callable[[object], Any]]] = {"octaves": lambda item: item}

    def __post_init__(self) -> None:
        super().__post_init__()
        counts = self.octaves
        if not (isinstance(counts, tuple) and len(counts) == 2 and all(map(_allowed, counts))):
            raise UsageError(f"octaves is {counts}, expected two numbers from 1 to {MAX_OCTAVES}")

    @classmethod
    @override
    def for_request(cls, request: Request) -> Self:
        if request.w0 is not None:
            raise UsageError("w0 is the frequency of sines, relu-pe has none")
        frame, tile = (_octaves(max(n)) for n in (request.frame, request.tile))
        at_frame = request.coordinates == "frame"
        network = cls(
            channels=request.channels,
            local_width=1,
            global_width=0,
            ranges=((-1.0, 1.0),) * len(request.tile),
            tile_range=0.0 if at_frame else 1.0,
            layers=request.layers,
            merge=request.merge,
            octaves=(frame if at_frame else tile, frame),
        )
        return sized(network, request)

    @override
    def inputs(self, path: Path) -> int:
        return 2 * self.octaves[path == "global"] * len(self.ranges)

    @override
    def features(self, coordinates: Tensor, path: Path) -> Tensor:
        octaves = torch.arange(self.octaves[path == "global"], device=coordinates.device)
        phases = coordinates[..., None] * (pi * 2.0**octaves)  # [..., D, octaves]
        return torch.stack([phases.sin(), phases.cos()], -1).flatten(-3)

    @override
    def bounds(self, weight: TensorSpec) -> tuple[float, float]:
        """He's, which keep the magnitude of rectified features; biases 1 / sqrt(inputs)."""
        inputs = weight.shape[0]
        last = weight.name == f"{self.layers - 1}.w"
        return sqrt((1 if last else 6) / inputs), 1 / sqrt(inputs)

    @property
    @override
    def learning_rate(self) -> float:
        return 8e-2 * min(1.0, 16 / self.local_width)

    @override
    def activate(self, sums: Tensor, path: Path, weights: TensorWeights) -> Tensor:
        return sums.relu()

    @override
    def canonicalise(self, weights: TensorWeights) -> TensorWeights:
        """As they are: rectified sums have no period."""
        return weights

    @override
    def extra_bits(self, tensor: str) -> int:
        """Two for what all partitions share."""
        return 2 if tensor.startswith("global.") else 0


def _allowed(count: object) -> bool:
    return type(count) is int and 1 <= count <= MAX_OCTAVES


def _octaves(samples: int) -> int:
    return min(MOST_FITTED, max(1, ceil(log2(samples)) - 2))
