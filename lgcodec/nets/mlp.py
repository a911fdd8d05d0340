"""Local perceptrons of coordinates, perhaps merged with a global one: what their families share.

    x ─┬─ local 0 ─ merge ─ local 1 ─ merge ─ … ─ local L-2 ─ merge ─ local L-1 ─ values
       │             │                 │                       │
       └─ global 0 ──┴──── global 1 ───┴──── …  ── global L-2 ─┘

Paper `Towards Croppable Implicit Neural Representations`, section 3.3:

    h = act(h W_l + b_l),  g = act(g V_l + c_l),  h = merge(h, g)

The merge operator is one for all depths and all partitions; the output layer is linear. Without a
global width this is a network per partition, and with one partition a single network.

The paper feeds frame coordinates to both paths. By default ours feeds tile coordinates to the
local path: the same functions (a bias absorbs the shift), but the first weights are no longer
multiplied by the distance to the frame's centre. On the 512x512 camera picture (16x16 tiles, 200k
parameters, 400 steps) that is worth 3.4 dB, and far more once the weights are rounded.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import sqrt
from typing import Any, ClassVar, Literal, Self

import torch
from torch import Tensor
from typing_extensions import override

from lgcodec.errors import FileError, UsageError
from lgcodec.format.conf import TensorSpec
from lgcodec.format.geometry import Geometry
from lgcodec.nets.base import Family, TensorWeights
from lgcodec.nets.merge import MERGES

__all__ = ["MOST", "PATHS", "Mlp", "Path", "a_float", "path_of"]

MAX_LAYERS = 64
MAX_WIDTH = 4096
MOST = 2.0**24  # magnitude of coordinates and frequencies
Path = Literal["local", "global", "merge"]
PATHS: tuple[Path, ...] = ("local", "global", "merge")


@dataclass(frozen=True)
class Mlp(Family):
    """Networks of `layers` layers, the linear output layer counted.

    channels        values per sample, C
    local_width     h, hidden width of every local sub-network, 1 to 4096
    global_width    g, hidden width of the global sub-network; 0 switches it off
    ranges          per axis, the frame coordinates of the borders of the frame; D axes
    tile_range      tile coordinates of the local path run from minus this to this between the
                    borders of a tile; 0 feeds it frame coordinates, as the paper does
    layers          2 to 64
    merge           name of the merge operator, see `merge.MERGES`
    """

    channels: int
    local_width: int
    global_width: int
    ranges: tuple[tuple[float, float], ...]
    tile_range: float = 1.0
    layers: int = 5
    merge: str = "concat"

    keys: ClassVar[Mapping[str, Callable[[object], Any]]]  # of the configuration, own ones; readers

    def __post_init__(self) -> None:
        if not 2 <= self.layers <= MAX_LAYERS:
            raise UsageError(f"layers is {self.layers}, allowed are 2 to {MAX_LAYERS}")
        if not 1 <= self.local_width <= MAX_WIDTH or not 0 <= self.global_width <= MAX_WIDTH:
            raise UsageError(
                f"hidden widths are {self.local_width} and {self.global_width}, "
                f"allowed are 1 to {MAX_WIDTH} (local) and 0 to {MAX_WIDTH} (global)"
            )
        ordered = self.ranges and all(-MOST <= lo < hi <= MOST for lo, hi in self.ranges)
        if not (0 <= self.tile_range <= MOST and ordered):
            raise UsageError(
                f"tile_range is {self.tile_range}, ranges {self.ranges}; expected tile_range at "
                f"least 0, lo < hi for every axis, none beyond ±{MOST}"
            )
        if self.merge not in MERGES:
            raise UsageError(f"merge is {self.merge!r}, allowed are {', '.join(MERGES)}")

    @classmethod
    @override
    def from_tables(
        cls,
        configuration: Mapping[str, Any],
        local: Sequence[TensorSpec],
        global_: Sequence[TensorSpec],
        geometry: Geometry,
    ) -> Self:
        del geometry  # see `check`
        try:
            family = cls(
                channels=local[-1].shape[0],
                local_width=local[0].shape[1],
                global_width=next((t.shape[1] for t in global_ if t.name == "0.w"), 0),
                ranges=tuple((a_float(lo), a_float(hi)) for lo, hi in configuration["ranges"]),
                tile_range=a_float(configuration["tile_range"]),
                layers=len(local) // 2,
                merge=configuration.get("merge", "concat"),
                **{key: read(configuration[key]) for key, read in cls.keys.items()},
            )
        except (IndexError, KeyError, TypeError, ValueError, UsageError) as error:
            message = f"the tables are not a {cls.name} network: {error}"
            raise FileError("E_PROFILE", message) from error
        family.check_tables(configuration, local, global_)
        return family

    @property
    @override
    def configuration(self) -> dict[str, Any]:
        """The default merge is left out: one network has one stored form."""
        own = {key: getattr(self, key) for key in self.keys}
        named = self.global_width and self.merge != "concat"
        merge = {"merge": self.merge} if named else {}
        return {"ranges": self.ranges, "tile_range": self.tile_range, **own, **merge}

    @override
    def local_tensors(self) -> tuple[TensorSpec, ...]:
        return self._layers("local", self.local_width, self.channels)

    @override
    def global_tensors(self) -> tuple[TensorSpec, ...]:
        if not self.global_width:
            return ()
        rows = MERGES[self.merge].inputs(self.local_width, self.global_width)
        return (
            *self._layers("global", self.global_width),
            TensorSpec("merge.w", (rows, self.local_width)),
            TensorSpec("merge.b", (self.local_width,)),
        )

    def _layers(self, path: Path, hidden: int, *output: int) -> tuple[TensorSpec, ...]:
        """Weight [in, out] and bias [out] of each layer of a path."""
        widths = [self.inputs(path), *([hidden] * (self.layers - 1)), *output]
        return tuple(
            tensor
            for layer, (inputs, outputs) in enumerate(pairwise(widths))
            for tensor in (
                TensorSpec(f"{layer}.w", (inputs, outputs)),
                TensorSpec(f"{layer}.b", (outputs,)),
            )
        )

    @override
    def initialise(self, partitions: int, generator: torch.Generator) -> TensorWeights:
        """Weights and biases drawn uniformly within the bounds of the family."""
        weights = {}
        for scope, tensors in (("local", self.local_tensors()), ("global", self.global_tensors())):
            lead = (partitions,) if scope == "local" else ()
            layers = [tensor for tensor in tensors if tensor.name.endswith((".w", ".b"))]
            for weight, bias in zip(layers[::2], layers[1::2], strict=True):
                reaches = self.bounds(weight)
                for tensor, reach in zip((weight, bias), reaches, strict=True):
                    drawn = torch.rand((*lead, *tensor.shape), generator=generator)
                    weights[f"{scope}.{tensor.name}"] = (2 * drawn - 1) * reach
        return weights

    @override
    def forward(self, weights: TensorWeights, tile: Tensor, frame: Tensor) -> Tensor:
        partitions, samples, _ = frame.shape
        hidden = self.prepared(weights)
        h = self.features(tile if self.tile_range else frame, "local")  # [P, S, inputs]
        g = self.features(frame.flatten(0, 1), "global") if self.global_width else frame
        local, global_, merge = (
            partial(self.activate, path=path, weights=weights)
            for path in ("local", "global", "merge")
        )
        for layer in range(self.layers - 1):
            bias = hidden[f"local.{layer}.b"][:, None]
            h = local(torch.baddbmm(bias, h, hidden[f"local.{layer}.w"]))  # [P, S, h]
            if self.global_width:
                g = global_(
                    torch.addmm(hidden[f"global.{layer}.b"], g, hidden[f"global.{layer}.w"])
                )  # [P * S, g]
                w, b = hidden["global.merge.w"], hidden["global.merge.b"]
                mixed = MERGES[self.merge].mix(h.flatten(0, 1), g, w, b, merge)
                h = mixed.view(partitions, samples, -1)
        last = f"local.{self.layers - 1}"
        return torch.baddbmm(weights[f"{last}.b"][:, None], h, weights[f"{last}.w"])  # [P, S, C]

    def inputs(self, path: Path) -> int:  # noqa: ARG002 (coordinates themselves for most families)
        """Features of a position that a path is fed."""
        return len(self.ranges)

    def features(self, coordinates: Tensor, path: Path) -> Tensor:  # noqa: ARG002
        """[..., inputs] from coordinates [..., D]."""
        return coordinates

    @abstractmethod
    def bounds(self, weight: TensorSpec) -> tuple[float, float]:
        """Largest magnitude of the initial weights of a layer [in, out], and of its biases."""

    def prepared(self, weights: TensorWeights) -> TensorWeights:
        """Weights of the hidden layers such that their sums are what `activate` wants."""
        return weights

    @abstractmethod
    def activate(self, sums: Tensor, path: Path, weights: TensorWeights) -> Tensor:
        """Features from the sums of a hidden layer or of the merge operator, elementwise."""

    @property
    @override
    def sizes(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in ("local_width", "global_width", "layers")}

    @property
    @override
    def learning_rate(self) -> float:
        return 3e-3 * sqrt(min(1.0, 16 / self.local_width))

    @override
    def multiplications(self) -> int:
        sizes = [(t.name, t.size) for t in (*self.local_tensors(), *self.global_tensors())]
        once = sum(size for name, size in sizes if name.endswith(".w"))
        merge = dict(sizes).get("merge.w", 0)
        return once + (self.layers - 2) * merge  # the merge is one matrix, used at every depth


def path_of(name: str) -> Path:
    """The path that a weight "local.<name>" or "global.<name>" belongs to."""
    if name.startswith("global.merge."):
        return "merge"
    return "local" if name.startswith("local.") else "global"


def a_float(value: object) -> float:
    """The value itself; TypeError unless it is a float."""
    if type(value) is not float:
        raise TypeError(f"{value!r} is not a float")
    return value
