"""Local-Global SIREN, and its two baselines with the global path switched off.

    x ─┬─ local 0 ─ merge ─ local 1 ─ merge ─ … ─ local L-2 ─ merge ─ local L-1 ─ values
       │             │                 │                       │
       └─ global 0 ──┴──── global 1 ───┴──── …  ── global L-2 ─┘

Paper `Towards Croppable Implicit Neural Representations`, section 3.3 and equation 1:

    h = sin(w0 (h W_l + b_l)),  g = sin(w0 (g V_l + c_l)),  h = sin(w0 ([h, g] M + m))

The merge operator (M, m) is one for all depths and all partitions; the output layer is linear.
Without a global width this is SIREN-per-partition, and with one partition the plain SIREN.

The paper feeds frame coordinates to both paths. By default ours feeds tile coordinates to the
local path: the same functions (a bias absorbs the shift), but the first weights are no longer
multiplied by the distance to the frame's centre. On the 512x512 camera picture (16x16 tiles, 200k
parameters, 400 steps) that is worth 3.4 dB, and far more once the weights are rounded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, log2, pi, sqrt
from typing import Any, ClassVar, final

import torch
from torch import Tensor
from typing_extensions import override

from lgcodec.errors import FileError, UsageError
from lgcodec.format.conf import TensorSpec
from lgcodec.nets.base import Family, TensorWeights

__all__ = ["Siren"]

MAX_LAYERS = 16
MAX_WIDTH = 4096
MOST = 2.0**24  # magnitude of coordinates and frequencies


@final
@dataclass(frozen=True)
class Siren(Family):
    """Sine networks of `layers` layers, the linear output layer counted.

    channels        values per sample, C
    local_width     h, hidden width of every local sub-network, 1 to 4096
    global_width    g, hidden width of the global sub-network; 0 switches it off
    ranges          per axis, the frame coordinates of the borders of the frame; D axes
    tile_range      tile coordinates of the local path run from minus this to this between the
                    borders of a tile; 0 feeds it frame coordinates, as the paper does
    w0              frequency of every sine
    """

    channels: int
    local_width: int
    global_width: int
    ranges: tuple[tuple[float, float], ...]
    tile_range: float = 1.0
    layers: int = 5
    w0: float = 30.0

    name: ClassVar[str] = "siren"

    def __post_init__(self) -> None:
        if not 2 <= self.layers <= MAX_LAYERS:
            raise UsageError(f"layers is {self.layers}, allowed are 2 to {MAX_LAYERS}")
        if not 1 <= self.local_width <= MAX_WIDTH or not 0 <= self.global_width <= MAX_WIDTH:
            raise UsageError(
                f"hidden widths are {self.local_width} and {self.global_width}, "
                f"allowed are 1 to {MAX_WIDTH} (local) and 0 to {MAX_WIDTH} (global)"
            )
        ordered = self.ranges and all(-MOST <= lo < hi <= MOST for lo, hi in self.ranges)
        if not (0 < self.w0 <= MOST and 0 <= self.tile_range <= MOST and ordered):
            raise UsageError(
                f"w0 is {self.w0}, tile_range {self.tile_range}, ranges {self.ranges}; expected w0 "
                f"above 0, tile_range at least 0, lo < hi for every axis, none beyond ±{MOST}"
            )

    @classmethod
    @override
    def from_tables(
        cls,
        configuration: Mapping[str, Any],
        local: Sequence[TensorSpec],
        global_: Sequence[TensorSpec],
    ) -> "Siren":
        try:
            family = cls(
                channels=local[-1].shape[0],
                local_width=local[0].shape[1],
                global_width=global_[0].shape[1] if global_ else 0,
                ranges=tuple((_float(lo), _float(hi)) for lo, hi in configuration["ranges"]),
                tile_range=_float(configuration["tile_range"]),
                layers=len(local) // 2,
                w0=_float(configuration["w0"]),
            )
        except (IndexError, KeyError, TypeError, ValueError, UsageError) as error:
            raise FileError("E_PROFILE", f"the tables are not a siren network: {error}") from error
        if (
            family.configuration != dict(configuration)
            or family.local_tensors() != tuple(local)
            or family.global_tensors() != tuple(global_)
        ):
            raise FileError("E_PROFILE", "tensor tables and configuration of siren disagree")
        return family

    @property
    @override
    def configuration(self) -> dict[str, Any]:
        return {"ranges": self.ranges, "tile_range": self.tile_range, "w0": self.w0}

    @override
    def local_tensors(self) -> tuple[TensorSpec, ...]:
        return _layers(self._widths(self.local_width, self.channels))

    @override
    def global_tensors(self) -> tuple[TensorSpec, ...]:
        if not self.global_width:
            return ()
        merge = (self.local_width + self.global_width, self.local_width)
        return (
            *_layers(self._widths(self.global_width)),
            TensorSpec("merge.w", merge),
            TensorSpec("merge.b", merge[1:]),
        )

    def _widths(self, hidden: int, *output: int) -> list[int]:
        return [len(self.ranges), *([hidden] * (self.layers - 1)), *output]

    def initialise(self, partitions: int, generator: torch.Generator) -> TensorWeights:
        """SIREN's initialisation: first layer U(±1/D), others U(±sqrt(6 / inputs) / w0).

        Biases are U(±1 / sqrt(inputs)), as in the paper's reference code.
        """
        weights = {}
        tables = (("local", self.local_tensors()), ("global", self.global_tensors()))
        for scope, tensors in tables:
            lead = (partitions,) if scope == "local" else ()
            for weight, bias in zip(tensors[::2], tensors[1::2], strict=True):
                inputs = weight.shape[0]
                bound = 1 / inputs if weight.name == "0.w" else sqrt(6 / inputs) / self.w0
                for tensor, reach in ((weight, bound), (bias, 1 / sqrt(inputs))):
                    drawn = torch.rand((*lead, *tensor.shape), generator=generator)
                    weights[f"{scope}.{tensor.name}"] = (2 * drawn - 1) * reach
        return weights

    def canonicalise(self, weights: TensorWeights) -> TensorWeights:
        """Use the symmetries of the sine to make biases small: same outputs, fewer bits.

        The period 2 pi / w0 wraps every bias of a sine layer. Without a merge, a neuron's output
        may also change its sign, which the next layer's weights take back: sin(x + pi) = -sin(x)
        and sin(-x) = -sin(x) bring biases into 0 to pi / (2 w0).
        """
        result = dict(weights)
        if self.global_width:
            period = 2 * pi / self.w0
            linear = f"local.{self.layers - 1}.b"
            for name in weights:
                if name.endswith(".b") and name != linear:
                    result[name] = weights[name] - torch.round(weights[name] / period) * period
            return result
        for layer in range(self.layers - 1):
            self._make_positive(result, layer)
        return result

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

    @override
    def forward(self, weights: TensorWeights, tile: Tensor, frame: Tensor) -> Tensor:
        partitions, samples, _ = frame.shape
        scaled = {name: value * self.w0 for name, value in weights.items()}
        h = tile if self.tile_range else frame  # [P, S, D]
        g = frame.flatten(0, 1)  # [P * S, D]
        for layer in range(self.layers - 1):
            bias = scaled[f"local.{layer}.b"][:, None]
            h = torch.sin(torch.baddbmm(bias, h, scaled[f"local.{layer}.w"]))  # [P, S, h]
            if self.global_width:
                g = torch.sin(
                    torch.addmm(scaled[f"global.{layer}.b"], g, scaled[f"global.{layer}.w"])
                )  # [P * S, g]
                h = self._merge(scaled, h.flatten(0, 1), g).view(partitions, samples, -1)
        last = f"local.{self.layers - 1}"
        return torch.baddbmm(weights[f"{last}.b"][:, None], h, weights[f"{last}.w"])  # [P, S, C]

    def _merge(self, scaled: TensorWeights, h: Tensor, g: Tensor) -> Tensor:
        """Equation 1 without building the concatenation: [h, g] M = h M_h + g M_g."""
        merge, width = scaled["global.merge.w"], self.local_width
        return torch.sin(
            torch.addmm(torch.addmm(scaled["global.merge.b"], h, merge[:width]), g, merge[width:])
        )

    def extra_bits(self, tensor: str) -> int:
        """Two for what all partitions share, two to five for first layers.

        At 8 bits, rounding the first weights alone costs 0.42 of the 0.57 dB that all tensors
        cost together (chelsea, 8x8 tiles), and they are 4 % of the weights: a phase of ±w0 needs
        finer steps than the sum of a layer's terms does, the finer the wider its coordinates.
        Where these are wide, as for sound, the layer's biases and the next weights matter too.
        """
        reach = self.tile_range or max(abs(end) for ends in self.ranges for end in ends)
        if tensor == "local.0.w":
            return 2 + min(3, ceil(log2(max(1.0, 2 * reach))))
        if tensor.startswith("global."):
            return 2
        return {"local.0.b": 2, "local.1.w": 1}.get(tensor, 0) if reach > 1 else 0

    @override
    def multiplications(self) -> int:
        tensors = [*self.local_tensors(), *self.global_tensors()]
        merges = (self.layers - 1) * (self.local_width + self.global_width) * self.local_width
        weights = sum(t.size for t in tensors if t.name.endswith("w") and t.name != "merge.w")
        return weights + (merges if self.global_width else 0)


def _float(value: object) -> float:
    if type(value) is not float:
        raise TypeError(f"{value!r} is not a float")
    return value


def _layers(widths: Sequence[int]) -> tuple[TensorSpec, ...]:
    """Weight [in, out] and bias [out] of each layer between consecutive widths."""
    return tuple(
        tensor
        for layer, (inputs, outputs) in enumerate(pairwise(widths))
        for tensor in (
            TensorSpec(f"{layer}.w", (inputs, outputs)),
            TensorSpec(f"{layer}.b", (outputs,)),
        )
    )
