"""What families of sine networks share: frequency, initialisation, sensitivity to rounding."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, log2, sqrt
from typing import Any, ClassVar, Final, Self

import torch
from torch import Tensor
from typing_extensions import override

from lgcodec.errors import UsageError
from lgcodec.format.conf import TensorSpec
from lgcodec.nets.base import TensorWeights
from lgcodec.nets.mlp import MOST, Mlp, Path, a_float, path_of
from lgcodec.nets.request import Request
from lgcodec.nets.sizing import sized
from lgcodec.signal import Kind

__all__ = ["Sine"]

# Borders of a tile in tile coordinates: how many periods the first sine can put into a tile.
TILE_RANGE: Final[Mapping[Kind, float]] = {"audio": 3.0, "image": 0.6, "video": 0.5, "volume": 0.5}
USUAL_EDGE: Final = 64  # pixels; where one partition is a whole picture, longer ones span more
FRAME_RANGE: Final[Mapping[Kind, float]] = {
    "audio": 100.0,
    "image": 1.0,
    "video": 1.0,
    "volume": 1.0,
}


@dataclass(frozen=True)
class Sine(Mlp):
    """A perceptron whose activation is a sine of w0 times the sums.

    w0   frequency of every sine
    """

    w0: float = 30.0

    keys: ClassVar[Mapping[str, Callable[[object], Any]]] = {"w0": a_float}

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.w0 <= MOST:
            raise UsageError(f"w0 is {self.w0}, expected a number above 0, at most {MOST}")

    @classmethod
    @override
    def for_request(cls, request: Request) -> Self:
        reach = FRAME_RANGE[request.kind]
        tile_range = TILE_RANGE[request.kind]
        if request.partitions == 1 and request.kind == "image":
            tile_range *= sqrt(max(1.0, max(request.tile) / USUAL_EDGE))
        network = cls(
            channels=request.channels,
            local_width=1,
            global_width=0,
            ranges=((-reach, reach),) * len(request.tile),
            tile_range=0.0 if request.coordinates == "frame" else tile_range,
            layers=request.layers,
            merge=request.merge,
            w0=30.0 if request.w0 is None else request.w0,
        )
        return sized(network, request)

    @override
    def bounds(self, weight: TensorSpec) -> tuple[float, float]:
        """SIREN's: first layer 1/D, others sqrt(6 / inputs) / w0; biases 1 / sqrt(inputs)."""
        inputs = weight.shape[0]
        reach = 1 / inputs if weight.name == "0.w" else sqrt(6 / inputs) / self.w0
        return reach, 1 / sqrt(inputs)

    def wrapped(
        self, weights: TensorWeights, periods: Mapping[Path, Tensor | float]
    ) -> dict[str, Tensor]:
        """Biases of hidden layers within half a period of their path's sine; the rest as it is."""
        result = dict(weights)
        for name, value in weights.items():
            if name.endswith(".b") and name != f"local.{self.layers - 1}.b":
                period = periods[path_of(name)]
                result[name] = value - torch.round(value / period) * period
        return result

    @override
    def moved(self, local: TensorWeights, sign: Tensor, shift: Tensor) -> TensorWeights:
        weight, bias = local["local.0.w"], local["local.0.b"]  # [P, D, h], [P, h]
        return {
            **local,
            "local.0.w": weight * sign[:, :, None],
            "local.0.b": bias + torch.einsum("pd,pdh->ph", shift, weight),
        }

    @override
    def extra_bits(self, tensor: str) -> int:
        """Two for what all partitions share, two to five for first layers.

        At 8 bits, rounding the first weights alone costs 0.42 of the 0.57 dB that all tensors
        cost together (chelsea, 8x8 tiles), and they are 4 % of the weights: a phase of ±w0 needs
        finer steps than the sum of a layer's terms does, the finer the wider its coordinates.
        Where these are wide, as for sound, the layer's biases and the next weights matter too.
        """
        frame = max(abs(end) for ends in self.ranges for end in ends)
        reach = self.tile_range or frame
        if tensor.endswith(".0.w"):
            return 2 + min(3, ceil(log2(max(1.0, 2 * (frame if "global" in tensor else reach)))))
        if tensor.startswith("global."):
            return 2
        return {"local.0.b": 2, "local.1.w": 1}.get(tensor, 0) if reach > 1 else 0
